"""What ingest makes of a record's headers and keys, without a topic."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from alerts.place import Shard
from streams.brokers.record import Record
from streams.ingest.acceptance import HEADER_REPORT_MS
from streams.ingest.agent import acknowledged, arrival_of, shard_key, stage_headers
from tests.geo.documents import claim

AT_MS = 1_790_000_000_000


def test_an_arrival_is_what_acceptance_wrote_beside_the_document() -> None:
    headers = {
        "receipt": b"r-1",
        "t-received": b"1790000000000",
        "arrived": b"1790000005000",
        "name": "警報.xml".encode(),
        "feed": b"jma",
        "clock-shift": b"-3600000",
    }
    arrival = arrival_of(Record("telegrams", 3, 17, b"jma:x", b"<x/>", headers, AT_MS + 9))
    assert (arrival.raw, arrival.receipt, arrival.name, arrival.feed) == (b"<x/>", "r-1", "警報.xml", "jma")
    assert arrival.received == datetime.fromtimestamp((AT_MS + 5000) / 1000, UTC), "by the clock of its life cycle"
    assert arrival.shift == timedelta(hours=-1)


def test_a_record_that_acceptance_did_not_write_has_its_place_as_name_and_its_own_time() -> None:
    arrival = arrival_of(Record("telegrams", 3, 17, b"k", None, {}, AT_MS))
    assert (arrival.raw, arrival.receipt, arrival.name, arrival.feed) == (b"", "telegrams-3-17", "telegrams-3-17", "")
    assert arrival.received == datetime.fromtimestamp(AT_MS / 1000, UTC)
    assert arrival.shift == timedelta(0)


def test_a_stage_adds_its_time_and_keeps_the_others() -> None:
    record = Record("telegrams", 0, 0, b"k", b"", {"t-received": b"1", HEADER_REPORT_MS: b"old"})
    headers = stage_headers(record, HEADER_REPORT_MS)
    assert headers["t-received"] == b"1"
    assert int(headers[HEADER_REPORT_MS]) > AT_MS - 10**11
    assert record.headers[HEADER_REPORT_MS] == b"old"


def test_a_claim_goes_by_its_shard_as_h3_writes_it() -> None:
    assert shard_key(claim(0x862F5A36FFFFFFF)) == b"862f5a36fffffff"
    assert Shard(int(shard_key(claim(0x862F5A36FFFFFFF)), 16)) == 0x862F5A36FFFFFFF


def test_what_could_not_be_stored_is_not_taken_for_stored() -> None:
    async def refused() -> None:
        raise OSError("no")

    async def stored() -> None:
        return None

    asyncio.run(acknowledged([]))
    asyncio.run(acknowledged([stored(), stored()]))
    with pytest.raises(OSError, match="no"):
        asyncio.run(acknowledged([stored(), refused()]))
