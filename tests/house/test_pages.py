"""The pages stay true: made ones are current, links lead somewhere, folders and words have their lines."""

import ast
import re
from pathlib import Path

import pytest

from shirase import documentation
from streams import topics
from tests.house.conftest import PROJECT

PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "changes").glob("*.md")])

UNITS = {"seconds", "bytes", "records", "requests", "rows", "ratio", "subscriptions", "connections", "info"}

# A class of alerts/ that nobody but its module speaks of needs no line.
_INTERNAL = {"SeriesState", "Accepted"}


def test_the_pages_made_from_code_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert documentation.main(["--check"]) == 0, capsys.readouterr().out


def test_every_topic_and_its_rules_are_on_its_page() -> None:
    page = documentation.topics_page()
    for topic in topics.ALL:
        row = next(line for line in page.splitlines() if line.startswith(f"| {topic.name} |"))
        assert documentation.DATA_CLASSES[topic.data_class] in row
        assert all(reader in row for reader in topic.readers)


def test_no_topic_holds_personal_data_of_class_three() -> None:
    assert {topic.data_class for topic in topics.ALL} <= {0, 1, 2}


def test_every_measuring_package_has_its_section() -> None:
    page = documentation.metrics_page()
    packages = {path.parent for path in PROJECT.glob("*/__init__.py")}
    with_metrics = {package.name for package in packages if any(package.rglob("metrics.py"))}
    assert {name for name in with_metrics if f"## {name}\n" not in page} == set()


def test_every_metric_says_what_it_counts_and_has_a_unit_or_is_a_count() -> None:
    rows = re.findall(r"(?m)^\| `([a-z_]+)` \| (\w+) \| .* \| (.+) \|$", documentation.metrics_page())
    assert rows
    for name, kind, what in rows:
        assert what, name
        if kind == "counter":
            assert name.endswith("_total")
        else:
            assert re.search(
                r"_(seconds|bytes|records|requests|rows|ratio|stations|subscriptions|connections|info)$", name
            ), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


def test_every_package_has_its_line_in_the_architecture() -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    assert {name for name in packages if f"| `{name}/` |" not in page} == set()


def test_every_decision_is_listed() -> None:
    folder = PROJECT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    numbered = sorted(path.name for path in folder.glob("0*.md"))
    assert [name for name in numbered if f"({name})" not in listed] == []
    assert [int(name[:4]) for name in numbered] == list(range(1, len(numbered) + 1))


def test_every_word_of_the_shared_values_is_in_the_vocabulary() -> None:
    page = (PROJECT / "docs" / "vocabulary.md").read_text(encoding="utf-8")
    words = {
        node.name
        for module in ("alert", "cap", "claim", "hazard", "level", "notice", "place", "report")
        for node in ast.parse((PROJECT / "alerts" / f"{module}.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    missing = {word for word in words - _INTERNAL if not re.search(rf"(?i)\b{_spoken(word)}\b", page)}
    assert missing == set()


def _spoken(word: str) -> str:
    """Return the pattern of a class name as the page writes it: OutcomeKind is Outcome there."""
    plain = re.sub(r"Kind$", "", word) if word != "HazardKind" else word
    return re.escape(plain)


def test_every_setting_that_the_code_reads_is_on_its_page() -> None:
    read = {
        name
        for package in ("alerts", "feeds", "geo", "routing", "dispatch", "streams", "api", "shirase")
        for path in (documentation.DOCS.parent / package).rglob("*.py")
        for name in re.findall(r"\bSHIRASE_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    page = set(re.findall(r"SHIRASE_[A-Z_]+", documentation.settings_page()))
    assert read - page == set()


def test_no_section_of_the_settings_is_empty() -> None:
    for section in documentation.settings_page().split("\n## ")[1:]:
        assert re.search(r"(?m)^\| `SHIRASE_", section), section
