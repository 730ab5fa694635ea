"""Documents of the past: files, folders and archives, in the order in which they were sent.

Archives are other people's too: nothing is written to disk, names are labels and never paths, and
what unpacks to more than its limit is refused before it is unpacked (a gigabyte of zeros is a
megabyte of gzip).
"""

import gzip
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from feeds.csv_text import columns_of, parse_csv
from feeds.dis.clock import UNDATED, time_of
from feeds.dis.table import is_report_table, plain_of
from feeds.errors import ArchiveError, FeedError
from feeds.gauges.recognise import gauge_series_of
from feeds.moment import moment

# Municipal reports and gauges come as JSON and as tables.
DOCUMENT_ENDINGS = (".xml", ".cap", ".atom", ".json", ".geojson", ".csv")
# A document a line.
LINES_ENDINGS = (".jsonl", ".jsonl.gz")
ARCHIVE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip", ".gz")

# One document is read whole; more than the XML reader takes is not worth unpacking.
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024 + 1
MAX_ARCHIVE_BYTES = 2 * 1024 * 1024 * 1024
MAX_ARCHIVE_MEMBERS = 200_000


@dataclass(frozen=True, slots=True)
class Telegram:
    """One document as it lies in a file. `sent` is what it says of itself, None where it says nothing."""

    name: str
    raw: bytes
    sent: datetime | None


def documents(paths: Iterable[Path], skipped: Callable[[str], None] | None = None) -> Iterator[Telegram]:
    """Yield every document under *paths* in order of the time it was sent, then of its name.

    Documents are files with one of DOCUMENT_ENDINGS, in folders and archives too; the name of any
    other file goes to *skipped*. What says no time comes first: its outcome is a refusal, and that
    should be seen early. All documents are held in memory, because order needs them all.
    """
    skip = skipped or _ignore
    found = [telegram for path in paths for telegram in _under(Path(path), skip)]
    dated = sorted(
        (telegram for telegram in found if telegram.sent is not None),
        key=lambda telegram: (telegram.sent, telegram.name),
    )
    yield from sorted((telegram for telegram in found if telegram.sent is None), key=lambda telegram: telegram.name)
    yield from dated


def sent_of(raw: bytes) -> datetime | None:
    """Return the time that *raw* says it was sent, cheaply; None where that cannot be read."""
    header = raw[:_HEADER_BYTES]
    if header.startswith((b"\xff\xfe", b"\xfe\xff")):
        header = header.decode("utf-16", "replace").encode()
    for pattern in _SENT:
        match = pattern.search(header)
        if match is None:
            continue
        sent = moment(match.group(1).decode("ascii"))
        if sent is not None:
            return sent
    return _sent_of_table(raw)


def _sent_of_table(raw: bytes) -> datetime | None:
    try:
        if not is_report_table(columns_of(raw)):
            return None
        sent = time_of(plain_of(parse_csv(raw))["sent"])
    except FeedError:
        return None
    return sent if sent != UNDATED else None


_HEADER_BYTES = 8192


def _element(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"<(?:[\w.\-]{1,40}:)?" + name + rb"(?:\s[^>]{0,200})?>\s*([0-9T:+\-.Z]{10,40})\s*<")


# The time of one entry of an archive of headlines.
_OBSERVED = re.compile(rb'"observedAt"\s*:\s*"([0-9T:+\-.Z]{10,40})"')

# A municipal report; JMA's Control/DateTime, which orders a series; its ReportDateTime where that is empty; CAP; Atom.
_JSON_SENT = re.compile(rb'"sent"\s*:\s*"([0-9T:+\-.Z]{10,40})"')
_SENT = (
    _JSON_SENT,
    _element(b"DateTime"),
    _element(b"ReportDateTime"),
    _element(b"sent"),
    _element(b"updated"),
    _OBSERVED,
)


def _ignore(_name: str) -> None:
    return


def _under(path: Path, skip: Callable[[str], None]) -> Iterator[Telegram]:
    if path.is_dir():
        for below in sorted(path.rglob("*")):
            # A link may lead out of the folder or round in a circle.
            if below.is_file() and not below.is_symlink():
                yield from _in_file(below, str(below.relative_to(path)), skip)
    elif path.is_file():
        # A file that was named by itself is a document whatever it is called.
        yield from _in_file(path, path.name, skip, named=True)
    else:
        raise ArchiveError("archive-missing", f"{path.name}: no such file or folder; check the path")


def _in_file(path: Path, name: str, skip: Callable[[str], None], *, named: bool = False) -> Iterator[Telegram]:
    if name.lower().endswith(LINES_ENDINGS):
        with path.open("rb") as lines:
            yield from _in_lines(lines, name)
    elif name.lower().endswith(ARCHIVE_ENDINGS):
        with path.open("rb") as archive:
            yield from _in_archive(archive, name, skip)
    elif named or name.lower().endswith(DOCUMENT_ENDINGS):
        with path.open("rb") as document:
            yield _telegram(name, document.read(MAX_DOCUMENT_BYTES))
    elif name.lower().endswith(".txt") and gauge_series_of(head_of(path)):
        # The USGS calls its JSON and its tables so; any other text beside documents is somebody's notes.
        with path.open("rb") as document:
            yield _telegram(name, document.read(MAX_DOCUMENT_BYTES))
    else:
        skip(name)


def head_of(path: Path) -> bytes:
    """Return the first kilobytes of a file: enough to tell what it is."""
    with path.open("rb") as document:
        return document.read(_HEADER_BYTES)


def _telegram(name: str, raw: bytes) -> Telegram:
    return Telegram(name, raw, sent_of(raw))


def _in_archive(archive: IO[bytes], name: str, skip: Callable[[str], None]) -> Iterator[Telegram]:
    lower = name.lower()
    try:
        if lower.endswith(".zip"):
            yield from _in_zip(archive, name, skip)
        elif lower.endswith(".gz") and not lower.endswith(".tar.gz"):
            with gzip.GzipFile(fileobj=archive) as unpacked:
                yield _telegram(name.removesuffix(".gz"), unpacked.read(MAX_DOCUMENT_BYTES))
        else:
            yield from _in_tar(archive, name, skip)
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError) as error:
        raise ArchiveError("archive-unreadable", f"{name}: {error}") from None


def _in_lines(file: IO[bytes], name: str) -> Iterator[Telegram]:
    """Yield each line that is not empty, named by its number: a line that is no document is refused by its reader."""
    budget = _Budget(name)
    stem = name.removesuffix(".gz")
    lines = gzip.GzipFile(fileobj=file) if name.lower().endswith(".gz") else file
    number = 0
    try:
        while line := lines.readline(MAX_DOCUMENT_BYTES):
            number += 1
            budget.spend(len(line))
            if line.strip():
                yield _telegram(f"{stem}/{number}", line.rstrip(b"\r\n"))
    except (OSError, EOFError, zlib.error) as error:
        raise ArchiveError("archive-unreadable", f"{name}: {error}") from None


class _Budget:
    """What one archive may still unpack."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bytes = MAX_ARCHIVE_BYTES
        self._members = MAX_ARCHIVE_MEMBERS

    def spend(self, size: int) -> None:
        self._members -= 1
        self._bytes -= size
        if self._members < 0 or self._bytes < 0:
            raise ArchiveError("archive-too-large", f"{self._name} unpacks to more than its limit")


def _in_tar(archive: IO[bytes], name: str, skip: Callable[[str], None]) -> Iterator[Telegram]:
    budget = _Budget(name)
    # As a stream: no member can make the reader jump about in the archive.
    with tarfile.open(fileobj=archive, mode="r|*") as members:
        for member in members:
            budget.spend(member.size)
            if not member.isfile():
                continue
            if not member.name.lower().endswith(DOCUMENT_ENDINGS):
                skip(f"{name}/{member.name}")
                continue
            content = members.extractfile(member)
            if content is not None:
                yield _telegram(f"{name}/{member.name.removeprefix('./')}", content.read(MAX_DOCUMENT_BYTES))


def _in_zip(archive: IO[bytes], name: str, skip: Callable[[str], None]) -> Iterator[Telegram]:
    budget = _Budget(name)
    with zipfile.ZipFile(archive) as members:
        for member in sorted(members.infolist(), key=lambda info: info.filename):
            if member.is_dir():
                continue
            if not member.filename.lower().endswith(DOCUMENT_ENDINGS):
                skip(f"{name}/{member.filename}")
                continue
            budget.spend(member.file_size)
            with members.open(member) as content:
                yield _telegram(f"{name}/{member.filename}", content.read(MAX_DOCUMENT_BYTES))
