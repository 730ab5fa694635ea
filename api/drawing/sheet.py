"""A whole page of the console around what it shows: one style, no script that a page does not ask for."""

from html import escape

from api.drawing.style import CONSOLE
from api.http.web import CONSOLE_SCRIPT, FRESH_SCRIPT

# What it adds is a map; each page is whole without it.
SCRIPT = f'<script type="module" src="/web/{CONSOLE_SCRIPT}"></script>'


def renewed(seconds: int, *, scripts: bool) -> str:
    """Return what has a page ask again every *seconds*.

    A script leaves the focus and what is being typed where they are; without one the browser loads the page anew (R20).
    """
    plain = f'<meta http-equiv="refresh" content="{seconds}">'
    if not scripts:
        return plain
    script = f'<script type="module" src="/web/{FRESH_SCRIPT}" data-seconds="{seconds}"></script>'
    return f"<noscript>{plain}</noscript>{script}"


def document(title: str, body: str, *, head: str = "", drill: bool = False) -> str:
    """Return a whole page; *head* is markup of ours. What belongs to a *drill* has another colour throughout."""
    look = ' class="drill"' if drill else ""
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"{head}<title>{escape(title)}</title><style>{CONSOLE}</style></head><body{look}>{body}</body></html>"
    )
