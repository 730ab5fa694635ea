"""docs/refusals.md: the code of every refusal, by the door at which it is met, read from the code that refuses."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_API = Path(__file__).resolve().parent.parent / "api"
_DOORS = (
    ("The residents' API", ("residents", "live", "open_data")),
    ("Offices and shelters' staff", ("intake",)),
    ("The console", ("console", "officers", "orders", "practice", "known")),
    ("At every door", ("http",)),
)
_HEAD = """\
# Refusals

Made from `api/` by `make docs`; a test fails when it is out of date. Programs test for `code`, which stays as it is:
a new reason has a new code, and a sentence may change. A refusal leaves as `application/problem+json` (RFC 9457); the
console shows a person a page with the same code in it.
"""
_ELSEWHERE = """
## Codes that come from what was asked of

| code | status | where it is decided |
|---|---|---|
| `push-…` | 422 | what the push service answered to the push that proves a browser: `dispatch/outcomes.py` |
| `endpoint-…` | 422 | an address that is none of a push service's: `dispatch/endpoint.py` |
| `p256dh`, `auth-length`, `proof`, `number-of-places`, `place`, … | 422 | what is wrong: `dispatch/subscription.py` |
| `place-hours`, `place-until` | 422 | hours or an end of a place that cannot be: `dispatch/terms.py` |
| `not-a-tile`, `no-order-here`, `no-way-here`, `ways-off` | 404 | why there is no way tile: `api/live/ways.py` |
| a reader's own reason | 422 | a report that cannot be read: [telegrams.md](telegrams.md) |
| `river-…`, `area-…`, `place-…`, `roster-…`, `passkey-…`, `order-…` | 403 to 422 | [console.md](console.md) |
"""


@dataclass(frozen=True, slots=True, order=True)
class _Refusal:
    code: str
    status: int
    sentence: str


def refusals_page() -> str:
    """Return docs/refusals.md."""
    lines = [_HEAD]
    for title, folders in _DOORS:
        found = sorted(
            {one for folder in folders for path in sorted((_API / folder).rglob("*.py")) for one in _in(path)}
        )
        lines += [f"## {title}", "", "| code | status | what it says |", "|---|---|---|"]
        lines += [f"| `{one.code}` | {one.status} | {one.sentence} |" for one in found]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n" + _ELSEWHERE


def _in(path: Path) -> Iterator[_Refusal]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        # What is refused by its own class says its code where the class is.
        if called not in ("ApiError", "problem", "super().__init__") or len(node.args) < 3:
            continue
        status, code, sentence = node.args[:3]
        if not (isinstance(status, ast.Constant) and isinstance(code, ast.Constant)):
            continue
        said = _text(sentence)
        if said and isinstance(status.value, int) and isinstance(code.value, str):
            yield _Refusal(code.value, status.value, said.replace("|", "/"))


def _text(sentence: ast.expr) -> str:
    """Return what is written there, with … for what is filled in; empty where it is made elsewhere."""
    if isinstance(sentence, ast.JoinedStr):
        return "".join(_text(one) if isinstance(one, ast.Constant) else "…" for one in sentence.values)
    return str(sentence.value) if isinstance(sentence, ast.Constant) else ""
