"""Files that hold a secret: readable by their owner only, or not used at all."""

import os
import stat
from pathlib import Path

from dispatch.errors import KeyFileUnsafe


def read_secret(path: Path) -> bytes:
    """Return the bytes of *path* if nobody but its owner can read it."""
    try:
        with path.open("rb") as file:
            # Asked of the open file, not of the name, which could be swapped in between.
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode) or mode & 0o077:
                raise KeyFileUnsafe("key-file-mode", f"{path} can be read by others; run: chmod 600 {path}")
            return file.read()
    except FileNotFoundError:
        raise KeyFileUnsafe("key-file-missing", f"{path} is not there; generate it first") from None


def write_secret(path: Path, raw: bytes) -> None:
    """Write *raw* to a new file of mode 0600; an existing file is never replaced.

    Replacing a key loses every subscription made under it, so that takes a person's own hand.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileUnsafe("key-file-exists", f"{path} is already there; move it away first") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
