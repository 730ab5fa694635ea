"""Wait for what a page comes to, from outside: its own policy forbids the evaluation that Playwright's waiting does."""

import time
from typing import Any

from playwright.sync_api import Page

WITHIN_SECONDS = 30.0
_LOOK_MS = 50


def until_true(page: Page, expression: str, arg: Any = None) -> None:
    """Return when *expression*, JavaScript, is true in *page*; it may be a function, of *arg*, and may be async."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not page.evaluate(expression, arg):
        assert time.monotonic() < deadline, f"never true: {expression}"
        page.wait_for_timeout(_LOOK_MS)
