"""The words of a push in the languages that a page does not show at once: each folded away under its own name."""

from collections.abc import Callable, Iterable
from html import escape

from alerts.notice import Text

NAMES = {"ja": "日本語", "ja-Hira": "やさしい日本語", "en": "English", "zh-Hans": "简体中文", "ko": "한국어"}


def folded(texts: Iterable[Text], shown: Iterable[str], mark: Callable[[str], str] = lambda _: "") -> str:
    """Return *texts* without those in the languages *shown*; *mark* says something more of a language, as HTML."""
    return "".join(
        f'<details class="text" lang="{escape(text.language)}"><summary>{named(text.language)}{mark(text.language)}'
        f"</summary><strong>{escape(text.title)}</strong><p>{escape(text.body)}</p></details>"
        for text in texts
        if text.language not in shown
    )


def named(language: str) -> str:
    """Return what *language* is called by who reads it, as HTML."""
    return NAMES.get(language, escape(language))
