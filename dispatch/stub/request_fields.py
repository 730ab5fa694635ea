"""Tell whether the fields of a request are well formed (RFC 9113, 8.2 and 8.3)."""

import re
from functools import lru_cache

CONNECTION_FIELDS = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})
FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+").fullmatch  # RFC 9113, 8.2.1: lower case
FORBIDDEN_IN_VALUE = re.compile(r"[\x00\r\n]").search
ALLOWED_PSEUDO = frozenset({":method", ":scheme", ":path", ":authority"})


def checked(fields: list[tuple[str, str]]) -> dict[str, str] | None:
    """Return the headers of a request, or None where RFC 9113, 8.2 and 8.3, calls it malformed."""
    headers: dict[str, str] = {}
    pseudo_over = False
    for name, value in fields:
        if name.startswith(":"):
            if pseudo_over or name not in ALLOWED_PSEUDO or name in headers:
                return None
        else:
            pseudo_over = True
            if not _allowed(name) or (name == "te" and value != "trailers"):
                return None
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if FORBIDDEN_IN_VALUE("".join(headers.values())):
        return None
    if ":authority" not in headers and "host" in headers:
        headers[":authority"] = headers["host"]
    return headers if headers.keys() >= ALLOWED_PSEUDO else None


@lru_cache(maxsize=1024)
def _allowed(name: str) -> bool:
    return FIELD_NAME(name) is not None and name not in CONNECTION_FIELDS
