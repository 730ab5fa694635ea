"""Documents come out of folders and archives in the order in which they were sent."""

import gzip
import io
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds import archive
from feeds.archive import documents, sent_of
from feeds.errors import ArchiveError


def _cap(hour: int) -> bytes:
    return (
        b"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><sent>2026-01-01T%02d:00:00-00:00</sent></alert>" % hour
    )


def _tar(path: Path, members: dict[str, bytes], mode: str) -> None:
    with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))


def test_folders_and_archives_are_one_stream_in_order_of_time(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    (below / "late.xml").write_bytes(_cap(9))
    (tmp_path / "early.cap").write_bytes(_cap(1))
    (tmp_path / "broken.xml").write_bytes(b"<nothing/>")
    (tmp_path / "schema.xsd").write_bytes(b"<schema/>")
    _tar(tmp_path / "a.tar.xz", {"./two.xml": _cap(2), "notes.txt": b"no"}, "w:xz")
    _tar(tmp_path / "b.tar", {"three.xml": _cap(3)}, "w")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as packed:
        packed.writestr("four.xml", _cap(4))
    (tmp_path / "five.xml.gz").write_bytes(gzip.compress(_cap(5)))
    skipped: list[str] = []
    names = [telegram.name for telegram in documents([tmp_path], skipped.append)]
    assert names == [
        "broken.xml",
        "early.cap",
        "a.tar.xz/two.xml",
        "b.tar/three.xml",
        "c.zip/four.xml",
        "five.xml",
        "below/late.xml",
    ]
    assert sorted(skipped) == ["a.tar.xz/notes.txt", "schema.xsd"]


def test_a_file_that_is_named_by_itself_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "telegram").write_bytes(_cap(1))
    assert [telegram.name for telegram in documents([tmp_path / "telegram"])] == ["telegram"]


def test_a_gigabyte_of_zeros_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with gzip.open(tmp_path / "bomb.xml.gz", "wb") as packed:
        for _ in range(64):
            packed.write(bytes(1024 * 1024))
    (telegram,) = documents([tmp_path])
    assert len(telegram.raw) == archive.MAX_DOCUMENT_BYTES
    (tmp_path / "bomb.xml.gz").unlink()
    monkeypatch.setattr(archive, "MAX_ARCHIVE_BYTES", 1_000)
    _tar(tmp_path / "bomb.tar.gz", {f"{number}.xml": bytes(400) for number in range(4)}, "w:gz")
    with pytest.raises(ArchiveError) as refused:
        list(documents([tmp_path]))
    assert refused.value.reason == "archive-too-large"


@pytest.mark.parametrize("name", ["a.tar.xz", "a.zip", "a.gz", "a.tar"])
def test_an_archive_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is no archive of any kind")
    with pytest.raises(ArchiveError) as refused:
        list(documents([tmp_path]))
    assert refused.value.reason == "archive-unreadable"


def test_a_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="check the path"):
        list(documents([tmp_path / "nowhere"]))


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        (_cap(3), datetime(2026, 1, 1, 3, tzinfo=UTC)),
        (
            (
                b"<jmx:Report><Control><DateTime>2026-01-01T01:00:00Z</DateTime></Control>"
                b"<Head><ReportDateTime>2026-01-01T12:00:00+09:00</ReportDateTime></Head></jmx:Report>"
            ),
            datetime(2026, 1, 1, 1, tzinfo=UTC),
        ),
        ("<alert><sent>2026-01-01T03:00:00+00:00</sent></alert>".encode("utf-16"), datetime(2026, 1, 1, 3, tzinfo=UTC)),
        (b"<alert><sent>2026-01-01T03:00:00</sent></alert>", None),
        (b"<alert><sent>2026-99-01T03:00:00Z</sent></alert>", None),
        (b"\xff\x00\xff", None),
        (b"", None),
    ],
)
def test_the_time_is_read_cheaply_or_not_at_all(raw: bytes, sent: datetime | None) -> None:
    assert sent_of(raw) == sent


def test_every_document_of_the_shared_data_comes_once(shared_data: Path) -> None:
    found = list(documents([shared_data / "04_jma_xml" / "samples", shared_data / "06_cap"]))
    assert len(found) == len(list((shared_data / "04_jma_xml" / "samples").iterdir())) + sum(
        path.suffix in (".xml", ".cap") for path in (shared_data / "06_cap").rglob("*")
    )
    dated = [telegram.sent for telegram in found if telegram.sent is not None]
    assert dated == sorted(dated)


def test_an_archive_of_lines_is_a_document_a_line(tmp_path: Path) -> None:
    lines = b'{"observedAt":"2026-01-01T02:00:00.000Z"}\n\n{"observedAt":"2026-01-01T01:00:00Z"}\r\nnot json\n'
    (tmp_path / "a.jsonl").write_bytes(lines)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines))
    found = list(documents([tmp_path]))
    # What says no time comes first; the others in order of time, then of name.
    assert [telegram.name for telegram in found] == [
        "a.jsonl/4", "b.jsonl/4", "a.jsonl/3", "b.jsonl/3", "a.jsonl/1", "b.jsonl/1",
    ]  # fmt: skip
    assert found[0].raw == b"not json"
    (tmp_path / "c.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(ArchiveError, match="archive-unreadable"):
        list(documents([tmp_path / "c.jsonl.gz"]))
