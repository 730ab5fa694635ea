"""Real JMA telegrams, and small changes to them that the samples do not hold."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from alerts.alert import AlertInfo
from alerts.report import Report
from feeds.jma.telegram import read_jma
from feeds.xml import parse

RECEIVED = datetime(2026, 11, 22, tzinfo=UTC)


def samples(shared_data: Path) -> list[Path]:
    """Return every JMA sample; an empty folder would make its tests pass by doing nothing."""
    found = sorted((shared_data / "04_jma_xml" / "samples").glob("*.xml"))
    assert len(found) > 200
    return found


@cache
def all_read(shared_data: Path) -> tuple[tuple[Path, bytes, Report], ...]:
    """Return every sample with its bytes and what the reader makes of it; read once for all tests."""
    return tuple((path, path.read_bytes(), read_bytes(path.read_bytes())) for path in samples(shared_data))


def raw_sample(shared_data: Path, name: str) -> bytes:
    return (shared_data / "04_jma_xml" / "samples" / f"{name}.xml").read_bytes()


def read_bytes(raw: bytes) -> Report:
    return read_jma(parse(raw), raw, received=RECEIVED)


def read_sample(shared_data: Path, name: str) -> Report:
    return read_bytes(raw_sample(shared_data, name))


def changed(raw: bytes, *replacements: tuple[str, str]) -> bytes:
    """Return *raw* with each text replaced everywhere; a text that is not there is a mistake in the test."""
    text = raw.decode()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


def codes_of(info: AlertInfo) -> set[str]:
    return {code.value for area in info.areas for code in area.geocodes}


def by_event(report: Report) -> dict[str, list[AlertInfo]]:
    found: dict[str, list[AlertInfo]] = {}
    for info in report.alert.infos:
        found.setdefault(info.event, []).append(info)
    return found
