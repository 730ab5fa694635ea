"""Compile the C once for each of its versions, where there is a C compiler.

The library stands beside its sources, under a name made of their digest: it is never older than what it was made
of, and whoever may write there may write our Python too. A folder that cannot be written wants it built before, as the
Dockerfile does (`python -m dispatch.native`).
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dispatch.errors import NativeMissing

HERE = Path(__file__).parent
SOURCES = tuple(HERE / name for name in ("entry.h", "push.c", "entries.c"))
COMPILERS = ("cc", "gcc", "clang")
# No -march: an image is built on one machine and runs on another.
FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared")
_COMPILE_SECONDS = 60.0


def built(folder: Path = HERE, compilers: Sequence[str] = COMPILERS) -> Path:
    """Return the library, made now if need be; raises NativeMissing where it cannot be."""
    how = (" ".join(FLAGS).encode(), platform.machine().encode())
    made_of = hashlib.sha256(b"\0".join((*(source.read_bytes() for source in SOURCES), *how)))
    library = folder / f"push-{made_of.hexdigest()[:16]}.so"
    if not library.exists():
        compiler = next((found for name in compilers if (found := shutil.which(name))), None)
        if compiler is None:
            raise NativeMissing("no-compiler", "install a C compiler, e.g. gcc and libc6-dev")
        try:
            compile_to(library, compiler)
        except OSError as error:
            raise NativeMissing("not-writable", f"run `python -m dispatch.native` as who owns it: {error}") from None
    return library


def compile_to(library: Path, compiler: str, flags: Sequence[str] = FLAGS) -> None:
    """Compile with *compiler*. Whole or not at all: several workers may begin at once, or be killed."""
    with tempfile.TemporaryDirectory(dir=library.parent, prefix=".push-") as folder:
        made = Path(folder) / library.name
        try:
            ended = subprocess.run(
                [compiler, *flags, *(str(one) for one in SOURCES if one.suffix == ".c"), "-o", str(made)],
                capture_output=True,
                text=True,
                timeout=_COMPILE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NativeMissing("compiler", f"{compiler} did not end") from None
        if ended.returncode:
            raise NativeMissing("compiler", f"{compiler}: {ended.stderr.strip()[-500:]}")
        os.replace(made, library)  # noqa: PTH105
