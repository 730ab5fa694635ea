"""Text of Japanese tables: UTF-8 with or without a mark, else CP932."""

from pathlib import Path


def decoded(path: Path) -> str:
    """Return the text of *path*. CP932 is tried second: valid UTF-8 is hardly ever anything else."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp932", errors="replace")
