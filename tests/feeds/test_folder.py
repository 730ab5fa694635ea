"""A watched folder gives whole files only, and shows what became of each; an address gives its document once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.document_pull import DocumentPull, DocumentPullSettings
from feeds.errors import FeedError
from feeds.folder import Folder, FolderSettings
from feeds.pull import MAX_DOCUMENT_BYTES
from feeds.source import Missed, Pace, RawReport
from feeds.sources import RegisterError, registered
from feeds.web import Web
from tests.feeds.municipal import document, raw
from tests.feeds.server import Page, serving

NOON = datetime(2026, 7, 1, 3, 5, tzinfo=UTC)
PACE = Pace(10, 60)


def folder(path: Path) -> Folder:
    return Folder(FolderSettings("ward-folder", path, "dis", PACE))


def look(source: Folder) -> list[RawReport | Missed]:
    with Web(frozenset(), monotonic=lambda: 0.0) as web:
        return list(source.fetch(web, NOON))


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.iterdir()) if path.is_dir() else []


def test_a_file_is_taken_when_it_stands_still_and_then_moved_to_done(tmp_path: Path) -> None:
    source = folder(tmp_path)
    (tmp_path / "report.json").write_bytes(raw(document())[:100])
    assert look(source) == [], "seen for the first time: somebody may still be writing"
    (tmp_path / "report.json").write_bytes(raw(document()))
    assert look(source) == [], "it has grown"
    assert look(source) == [RawReport("report.json", "dis", raw(document()))]
    assert len(names(tmp_path / "done")) == 1
    assert look(source) == look(source) == []


def test_what_cannot_be_read_is_sent_on_and_shown_as_failed(tmp_path: Path) -> None:
    source = folder(tmp_path)
    (tmp_path / "broken.json").write_bytes(b'{"format": "shirase-dis"')
    look(source)
    (item,) = look(source)
    assert isinstance(item, RawReport), "its refusal is accounted for like any other"
    assert names(tmp_path / "failed")[0].startswith("broken.")
    assert names(tmp_path / "done") == []


def test_what_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    source = folder(tmp_path)
    (tmp_path / "large.csv").write_bytes(b"0" * (MAX_DOCUMENT_BYTES + 1))
    look(source)
    assert look(source) == [Missed("large.csv", "too-large", given_up=True)]
    assert names(tmp_path) == ["failed"]


def test_a_file_that_was_not_stored_stays_where_it_is(tmp_path: Path) -> None:
    source = folder(tmp_path)
    (tmp_path / "report.json").write_bytes(raw(document()))
    look(source)
    with Web(frozenset(), monotonic=lambda: 0.0) as web:
        items = source.fetch(web, NOON)
        next(items)
        items.close()  # type: ignore[attr-defined]
    assert names(tmp_path) == ["report.json"]
    assert len(look(source)) == 1


def test_unfinished_names_links_and_folders_are_left_alone(tmp_path: Path) -> None:
    for name in (".report.json", "report.json.part", "report.tmp", "~report.csv"):
        (tmp_path / name).write_bytes(raw(document()))
    (tmp_path / "below").mkdir()
    (tmp_path / "link.json").symlink_to("/etc/hostname")
    source = folder(tmp_path)
    assert look(source) == look(source) == []


def test_one_name_used_again_and_again_writes_nothing_over(tmp_path: Path) -> None:
    source = folder(tmp_path)
    for revision in (1, 2, 3):
        (tmp_path / "report.json").write_bytes(raw(document(revision=revision)))
        look(source)
        assert len(look(source)) == 1
    assert len(names(tmp_path / "done")) == 3


def test_a_folder_that_is_away_is_silence_and_not_calm(tmp_path: Path) -> None:
    with pytest.raises(FeedError) as error:
        look(folder(tmp_path / "not-mounted"))
    assert error.value.reason == "folder-missing"


def test_a_document_at_an_address_is_fetched_when_it_has_changed() -> None:
    with serving() as server, Web(frozenset({server.origin}), monotonic=lambda: 0.0) as web:
        url = f"{server.origin}/report.json"
        server.pages["/report.json"] = Page(raw(document()), etag='"1"')
        settings = DocumentPullSettings("ward", url, "dis", PACE)
        source = DocumentPull(settings)
        assert list(source.fetch(web, NOON)) == [RawReport(url, "dis", raw(document()))]
        assert list(source.fetch(web, NOON)) == []
        after = DocumentPull(settings)
        after.remember(source.memory())
        assert list(after.fetch(web, NOON)) == [], "a restart asks for nothing twice"
        after.remember({"have": [1, 2]})
        server.pages["/report.json"] = Page(raw(document(revision=2)), etag='"2"')
        assert list(after.fetch(web, NOON)) == [RawReport(url, "dis", raw(document(revision=2)))]
    assert [status for _, status in server.asked] == [200, 304, 304, 200]
    assert (source.name, source.pace) == ("ward", PACE)


@pytest.mark.parametrize("feed", ["jma", "", "own"])
def test_whoever_registers_a_source_says_as_what_it_is_believed(feed: str, tmp_path: Path) -> None:
    table = {"name": "f", "reader": "folder", "path": str(tmp_path), "interval_seconds": 10, "grace_seconds": 60}
    (one,) = registered({"source": [{**table, "feed": "l-alert"}]})
    assert one.source.name == "f"
    with pytest.raises(RegisterError):
        registered({"source": [{**table, "feed": feed}]})
