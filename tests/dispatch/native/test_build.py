"""Where there is no compiler, or a wrong library, Python does the work and says so; a setting may forbid it."""

import ctypes
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.envelope import Entry
from dispatch.errors import NativeMissing
from dispatch.native import build, library
from dispatch.native.build import FLAGS, built, compile_to
from dispatch.native.library import Native, library_for, load

COMPILER = next((found for name in build.COMPILERS if (found := shutil.which(name))), None)
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler here")


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Let every test, and whoever comes after it, find out anew what there is."""
    library_for.cache_clear()
    load.cache_clear()
    yield
    library_for.cache_clear()
    load.cache_clear()


@needs_compiler
def test_the_source_is_compiled_once_and_without_a_warning(tmp_path: Path) -> None:
    assert COMPILER is not None
    strict = ("-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow", "-Wpedantic")
    compile_to(tmp_path / "strict.so", COMPILER, (*FLAGS, *strict))
    first = built(tmp_path)
    written = first.stat().st_mtime_ns
    assert built(tmp_path, compilers=()) == first, "what is there needs no compiler"
    assert first.stat().st_mtime_ns == written
    assert hasattr(ctypes.CDLL(str(first)), "shirase_seal")
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([first.name, "strict.so"]), "nothing is left over"


@needs_compiler
def test_another_source_is_another_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built(tmp_path)
    for which, source in enumerate(build.SOURCES):
        changed = tmp_path / source.name
        changed.write_bytes(source.read_bytes() + b"/* changed */\n")
        with monkeypatch.context() as other:
            other.setattr(build, "SOURCES", (*build.SOURCES[:which], changed, *build.SOURCES[which + 1 :]))
            other.setattr(build, "compile_to", lambda library, compiler: None)
            assert built(tmp_path) != first


def test_no_compiler_and_one_that_fails_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NativeMissing, match=r"no-compiler.*gcc"):
        built(tmp_path, compilers=("no-such-compiler",))
    with pytest.raises(NativeMissing, match="compiler: /"):
        built(tmp_path, compilers=("false",))
    with pytest.raises(NativeMissing, match="not-writable"):
        built(tmp_path / "away", compilers=("true",))
    assert not list(tmp_path.iterdir()), "no half of a library is left"


def test_without_a_library_auto_is_python_and_says_so_once_and_on_does_not_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def nothing() -> Path:
        raise NativeMissing("no-compiler")

    monkeypatch.setattr(library, "built", nothing)
    with caplog.at_level(logging.WARNING):
        assert [library_for(Native.AUTO), library_for(Native.AUTO)] == [None, None]
    assert [record.getMessage() for record in caplog.records] == ["pushes are sealed by Python, which takes longer"]
    with pytest.raises(NativeMissing):
        library_for(Native.ON)
    assert library_for(Native.OFF) is None


@needs_compiler
def test_a_library_that_seals_otherwise_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def otherwise(entry: Entry, words: bytes) -> bytes:
        return entry.salt + words

    monkeypatch.setattr(library, "seal", otherwise)
    assert library_for(Native.AUTO) is None
    with pytest.raises(NativeMissing, match="other-bytes"):
        load()


def test_a_file_that_is_no_library_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "push.so").write_bytes(b"\x7fELF")
    monkeypatch.setattr(library, "built", lambda: tmp_path / "push.so")
    assert library_for(Native.AUTO) is None
    with pytest.raises(NativeMissing, match="not-loadable"):
        load()


def test_off_is_python_whatever_there_is() -> None:
    assert library_for(Native.OFF) is None
    with pytest.raises(ValueError):
        Native("perhaps")
