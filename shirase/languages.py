"""Which languages' words somebody has reviewed, from `ops/languages.toml`, and of which words that is true.

A review is of the texts as they were: a digest over their files says whether they still are. Direction of safety: what
nobody signed, or what changed since, is not reviewed; it is shown all the same, because a warning in words that nobody
reviewed is better than none.
"""

import hashlib
import logging
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from alerts.languages.known import LANGUAGES, TABLES

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
# Where the words of each language stand: a file a language for the pages and one for the pushes; Japanese and English
# pushes are in modules that hold both.
_PAGES = ("web/src/words/{code}.ts", "web/src/now-words/{code}.ts", "api/live/words.py")
_PUSHES_OF_TWO = (
    "alerts/words.py", "alerts/order_words.py", "alerts/quake_words.py", "alerts/river_words.py",
    "alerts/information_words.py", "alerts/silence_words.py", "alerts/check_words.py", "alerts/help_words.py",
    "dispatch/way_words.py", "routing/go_up.py",
)  # fmt: skip
_DIGITS = 16


class ReviewState(StrEnum):
    """How far the words of a language may be relied on."""

    REVIEWED = "reviewed"
    NOBODY = "not-reviewed"
    CHANGED = "changed-since"


@dataclass(frozen=True, slots=True)
class LanguageReview:
    """One language: `push` is the language in which its pushes come."""

    code: str
    name: str
    push: str
    reviewed_by: str
    reviewed_on: str
    digest: str
    state: ReviewState


def reviews_at(path: Path, root: Path = ROOT) -> tuple[LanguageReview, ...]:
    """Return the languages of the file at *path*, in its order; raises ValueError for a row that is not understood."""
    plain = tomllib.loads(path.read_text(encoding="utf-8"))
    found = []
    for code, row in plain.items():
        unknown = set(row) - {"name", "push", "reviewed_by", "reviewed_on", "digest"}
        if unknown or not row.get("push"):
            raise ValueError(f"languages: {code}: {', '.join(sorted(unknown)) or 'push is missing'}")
        now = digest_of(code, row["push"], root)
        by, held = str(row.get("reviewed_by", "")), str(row.get("digest", ""))
        state = ReviewState.NOBODY if not by else ReviewState.REVIEWED if held == now else ReviewState.CHANGED
        name, on = str(row.get("name", code)), str(row.get("reviewed_on", ""))
        found.append(LanguageReview(code, name, str(row["push"]), by, on, now, state))
    return tuple(found)


def digest_of(code: str, push: str, root: Path = ROOT) -> str:
    """Return the first digits of a SHA-256 over the texts for readers of *code*; "" where they are not at hand."""
    said = hashlib.sha256()
    for name in (*(page.format(code=code) for page in _PAGES), *(_pushes(code) if push == code else ())):
        try:
            said.update(name.encode() + b"\0" + (root / name).read_bytes() + b"\0")
        except OSError:
            return ""
    return said.hexdigest()[:_DIGITS]


def _pushes(code: str) -> tuple[str, ...]:
    return (f"alerts/languages/{code.lower().replace('-', '_')}.py",) if code in TABLES else _PUSHES_OF_TWO


def not_reviewed(reviews: Iterable[LanguageReview]) -> tuple[LanguageReview, ...]:
    """Return the languages whose words nobody has reviewed as they are now."""
    return tuple(one for one in reviews if one.state is not ReviewState.REVIEWED)


def unreviewed_at(path: Path) -> frozenset[str]:
    """Return the languages that nobody has reviewed as they are now; all of them where nobody can tell."""
    try:
        return frozenset(one.code for one in not_reviewed(reviews_at(path)))
    except (OSError, ValueError, AttributeError):
        return frozenset(LANGUAGES)


def warn_of_languages(path: Path) -> None:
    """Write down, when a process starts that shows words, which languages nobody has reviewed."""
    try:
        waiting = not_reviewed(reviews_at(path))
    except (OSError, ValueError, AttributeError) as error:
        log.warning("nobody knows which languages are reviewed", extra={"file": str(path), "error": str(error)})
        return
    if waiting:
        extra = {"languages": " ".join(one.code for one in waiting), "file": str(path)}
        log.warning("texts that nobody has reviewed are shown to residents", extra=extra)
