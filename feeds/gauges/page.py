"""The page that a broken source sends instead of its data, under the same address and with 200 OK."""

import re

_BOM = b"\xef\xbb\xbf"
_PAGE = re.compile(
    rb"^\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body|script)\b", re.IGNORECASE | re.DOTALL
)


def looks_like_a_page(raw: bytes) -> bool:
    """Say whether *raw* is a web page: what a log-in form, a portal or a proxy answers."""
    return _PAGE.match(raw[:4096].removeprefix(_BOM)) is not None
