"""Pure code asks no clock, and nothing reads the environment when it is imported."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import PROJECT

# Time is an argument there: a decision can be replayed from the record that led to it.
PURE = ("alerts", "feeds", "geo", "routing")
INSTALLED = ("alerts", "feeds", "geo", "routing", "dispatch", "streams", "api", "shirase")

CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now", "datetime.date.today",
    "time.time", "time.monotonic", "time.time_ns", "time.monotonic_ns", "time.perf_counter", "time.sleep",
}  # fmt: skip
ENVIRONMENT = {"os.environ", "os.getenv", "environ", "getenv"}


def _modules(packages: tuple[str, ...]) -> Iterator[Path]:
    for package in packages:
        for path in sorted((PROJECT / package).rglob("*.py")):
            if "importers" not in path.parts:
                yield path


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what runs when the module is imported: everything that is not inside a function."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def clock_calls(source: str) -> list[int]:
    """Return the lines of *source* that ask a clock."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [node.lineno for node in calls if _dotted(node.func) in CLOCKS]


def environment_reads(source: str) -> list[int]:
    """Return the lines of *source* that read the environment at import."""
    return [
        node.lineno
        for node in _at_import(ast.parse(source))
        if isinstance(node, ast.Attribute | ast.Name) and _dotted(node) in ENVIRONMENT
    ]


@pytest.mark.parametrize("path", list(_modules(PURE)), ids=lambda path: str(path.relative_to(PROJECT)))
def test_pure_code_asks_no_clock(path: Path) -> None:
    assert clock_calls(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", list(_modules(INSTALLED)), ids=lambda path: str(path.relative_to(PROJECT)))
def test_nothing_reads_the_environment_at_import(path: Path) -> None:
    assert environment_reads(path.read_text(encoding="utf-8")) == []


def test_the_checks_see_what_they_are_for() -> None:
    assert clock_calls("from datetime import datetime\ndef late():\n    return datetime.now()") == [3]
    assert environment_reads("import os\nHOST = os.environ['HOST']") == [2]
    assert environment_reads("import os\ndef settings():\n    return os.environ") == []
