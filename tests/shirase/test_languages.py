"""An operator sees which languages nobody has reviewed, and a review ends when a text is changed."""

import json
import logging
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts.cap import Severity
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES, TABLES
from alerts.languages.readings import LATIN, WARDS
from alerts.level import Level
from alerts.notice import Phase, Text
from alerts.order_words import compose_order
from alerts.quake_words import compose_quake, compose_wave
from alerts.river_stage import RiverStage, Stage
from alerts.river_words import RiverFacts, compose_river
from alerts.shaking import Intensity
from alerts.wave import Wave
from alerts.wording import FIRST_CHARACTERS, MAX_TITLE_WIDTH, PartFacts, width
from alerts.words import compose
from dispatch.message import text_for
from shirase.cli import main
from shirase.languages import ROOT, ReviewState, digest_of, reviews_at, warn_of_languages
from shirase.paths import DEFAULT_LANGUAGES
from tests.conftest import PROJECT

SENT = datetime(2026, 9, 8, 3, 30, tzinfo=UTC)
RIVER = RiverStage("1", "亀島川", "隅田川", Stage(SENT, 3.62, 4))


def copied(folder: Path) -> Path:
    for name in ("web/src/words", "web/src/now-words", "alerts", "dispatch", "routing", "api/live"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def signed(path: Path, code: str, digest: str, push: str) -> Path:
    path.write_text(f'[{code}]\npush = "{push}"\nreviewed_by = "a reader"\ndigest = "{digest}"\n')
    return path


def test_as_shipped_every_language_of_the_pages_has_its_row_and_nobody_claims_a_review() -> None:
    reviews = reviews_at(PROJECT / DEFAULT_LANGUAGES)
    pages = {path.stem for path in (PROJECT / "web/src/now-words").glob("*.ts")}
    assert {one.code for one in reviews} == pages
    assert all(one.digest for one in reviews)
    for one in reviews:
        assert one.state is not ReviewState.CHANGED, f"{one.code}: its texts changed since {one.reviewed_by} read them"


def test_the_row_says_in_which_language_pushes_come() -> None:
    texts = tuple(Text(language, "t", "b") for language in LANGUAGES)
    for one in reviews_at(PROJECT / DEFAULT_LANGUAGES):
        assert text_for(texts, one.code).language == one.push == one.code


@pytest.mark.parametrize("code", TABLES)
def test_levels_and_orders_are_called_the_same_on_the_pages_and_in_pushes(code: str) -> None:
    page = (PROJECT / f"web/src/now-words/{code}.ts").read_text()
    names = TABLES[code].names

    def row(key: str) -> dict[int, str]:
        (found,) = re.findall(rf"^  {key}: {{ (.*) }},$", page, re.MULTILINE)
        return {int(number): word for number, word in re.findall(r'(\d): "([^"]+)"', found)}

    assert row("orders") == {int(level): name for level, name in names.orders.items()}
    assert row("levels") == {int(level): name for level, name in names.warnings.items()}
    assert f'  level: "{names.level.format(level="{n}")}",' in page


def test_evacuation_has_one_word_in_korean_on_pages_and_in_pushes() -> None:
    # 피난, as the orders are called; what 0055 says of it.
    texts = (
        "alerts/languages/ko.py", "web/src/words/ko.ts", "web/src/now-words/ko.ts", "api/live/words.py",
        "api/open_data/cap_out.py", "api/residents/welcome.py",
    )  # fmt: skip
    for name in texts:
        assert "대피" not in (PROJECT / name).read_text(), name


@pytest.mark.parametrize(("code", "read"), [("ja-Hira", "ja"), ("zh-Hans", "en"), ("ko", "en"), ("fr", "en")])
def test_a_notice_of_before_is_read_in_the_language_that_was_nearest(code: str, read: str) -> None:
    assert text_for((Text("ja", "t", "b"), Text("en", "t", "b")), code).language == read


def test_in_every_language_the_first_forty_characters_say_what_and_when() -> None:
    facts = PartFacts(
        Phase.ISSUED, Level.ALL_LEAVE, Severity.EXTREME, (HazardKind.FLOOD,),
        ("小笠原諸島父島母島", "神津島村"), "気象庁・国土交通省関東地方整備局", SENT, SENT + timedelta(hours=6),
    )  # fmt: skip
    wave = Wave("大津波警報", "１０ｍ超", 10.0, SENT)
    told: tuple[Callable[[str], Text], ...] = (
        lambda language: compose(facts, language),
        lambda language: compose_order(facts, language),
        lambda language: compose_quake(facts, Intensity.UPPER_6, language),
        lambda language: compose_wave(facts, wave, language),
        lambda language: compose_river(RiverFacts(facts.level, RIVER, "国土交通省", SENT), language),
    )
    for one in reviews_at(PROJECT / DEFAULT_LANGUAGES):
        for number, write in enumerate(told):
            text = text_for(tuple(map(write, LANGUAGES)), one.code)
            assert width(text.title) <= MAX_TITLE_WIDTH
            first = text.body[:FIRST_CHARACTERS]
            assert "12:30" in first, (one.code, text.body)
            assert "4" in text.title + first or number in (2, 3), (one.code, text.body)
            action = re.sub(r"12:30|レベル4|Level 4|警戒级别4|경계레벨4|[,。. ]", "", first)
            assert len(action) >= 8, (one.code, text.body)


@pytest.mark.parametrize(("code", "push"), [("ja", "ja"), ("ko", "ko"), ("zh-Hans", "en")])
def test_a_changed_text_ends_its_review(tmp_path: Path, code: str, push: str) -> None:
    root = copied(tmp_path / "project")
    path = signed(tmp_path / "languages.toml", code, digest_of(code, push, root), push)
    assert [one.state for one in reviews_at(path, root)] == [ReviewState.REVIEWED]
    other = root / "web/src/now-words" / f"{'ko' if code == 'ja' else 'ja'}.ts"
    other.write_text(other.read_text() + "// another language\n")
    assert [one.state for one in reviews_at(path, root)] == [ReviewState.REVIEWED]
    words = root / "web/src/now-words" / f"{code}.ts"
    words.write_text(words.read_text().replace("119", "118"))
    assert [one.state for one in reviews_at(path, root)] == [ReviewState.CHANGED]


def test_the_command_ends_with_1_until_all_are_reviewed(tmp_path: Path) -> None:
    shipped = CliRunner().invoke(main, ["languages", "--languages", str(PROJECT / DEFAULT_LANGUAGES)])
    assert shipped.exit_code == 1
    assert "zh-Hans  not-reviewed" in shipped.output
    path = signed(tmp_path / "languages.toml", "ko", digest_of("ko", "ko"), "ko")
    done = CliRunner().invoke(main, ["languages", "--languages", str(path), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.output)[0]["state"] == "reviewed"


def test_a_process_that_shows_words_warns_at_its_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_languages(PROJECT / DEFAULT_LANGUAGES)
        warn_of_languages(tmp_path / "nowhere.toml")
    assert [record.getMessage() for record in caplog.records] == [
        "texts that nobody has reviewed are shown to residents",
        "nobody knows which languages are reviewed",
    ]
    assert "ko" in caplog.records[0].languages  # type: ignore[attr-defined]


def test_a_row_that_is_not_understood_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "languages.toml"
    for text in ('[ko]\nreviewed_by = "x"\n', '[ko]\npush = "en"\nreviewed = "x"\n'):
        path.write_text(text)
        with pytest.raises(ValueError, match="languages: ko"):
            reviews_at(path)


def test_who_speaks_is_written_the_same_on_english_pages_and_in_pushes() -> None:
    page = (PROJECT / "web/src/now-words/en.ts").read_text()
    (names,) = re.findall(r"^  names: \{\n(.*?)^  \},$", page, re.MULTILINE | re.DOTALL)
    found = dict(re.findall(r'(\w+): "([^"]+)"', names))
    assert found == {name: LATIN[name] for name in found}
    assert set(WARDS) <= set(found)
