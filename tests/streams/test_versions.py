"""R22: a version and the one before read each other's records, and agree on what was approved."""

import dataclasses
import hashlib
import json
import random
import sqlite3
import typing
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pyotp
import pytest
from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry, generate_latest

from alerts.notice import LATER, Notice, NoticePart, Order
from api.http.metrics import ApiMetrics
from api.officers.accounts import Accounts, Role, SignInRefused
from dispatch import progress
from dispatch.columns import columns_of
from dispatch.registry import build, load
from streams.digest import approval_digest, digest_of
from streams.fanout.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from streams.metrics import StreamMetrics
from streams.version import installed_version
from streams.wire import decode, encode
from tests.dispatch.people import KOTO, crowd
from tests.streams.evening import START, Ingest, evening, settled_evening
from tests.streams.test_wire import samples
from tests.streams.wire_shapes import FILE, shapes, types_in

RELEASED = json.loads(FILE.read_text(encoding="utf-8"))
ADVICE = "a process of the last release runs beside this one while one is replaced by the other"


def test_no_field_that_the_last_release_needs_is_gone() -> None:
    records, _ = shapes()
    for name, fields in RELEASED["records"].items():
        gone = {one for one, need in fields.items() if need == "required"} - set(records.get(name, {}))
        assert not gone, f"{name} lost {gone}: {ADVICE}, and cannot read what this one writes"


def test_no_field_is_asked_for_that_the_last_release_does_not_write() -> None:
    records, _ = shapes()
    for name, fields in RELEASED["records"].items():
        asked = {one for one, need in records.get(name, {}).items() if need == "required"}
        new = {one for one in asked if fields.get(one) != "required"}
        assert not new, f"{name} needs {new}: give it a default; {ADVICE}"


def test_no_value_of_an_enum_is_gone() -> None:
    _, enums = shapes()
    for name, values in RELEASED["enums"].items():
        gone = set(values) - set(enums.get(name, ()))
        assert not gone, f"{name} lost {gone}: there are records that say it"


def test_a_new_field_of_what_an_approval_covers_is_marked_as_later() -> None:
    waiting: list[type] = [NoticePart, Order]
    while waiting:
        kind = waiting.pop()
        known, hints = RELEASED["records"].get(kind.__name__, {}), typing.get_type_hints(kind)
        for one in dataclasses.fields(kind):
            later = known and one.name not in known
            assert bool(later) is (LATER in one.metadata), f"{kind.__name__}.{one.name}: see alerts.notice.LATER"
            waiting += [found for found in types_in(hints[one.name]) if dataclasses.is_dataclass(found)]


def with_later_fields(plain: Any) -> Any:
    """Return *plain* as a newer version might write it: each object says one thing more."""
    if isinstance(plain, list):
        return [with_later_fields(one) for one in plain]
    if isinstance(plain, dict):
        return {key: with_later_fields(value) for key, value in plain.items()} | {"said_later": {"by": ["a newer one"]}}
    return plain


def value_of(record: bytes, change: Callable[[Any], Any]) -> bytes:
    envelope = orjson.loads(record)
    return orjson.dumps(envelope | {"d": change(envelope["d"])})


# Fields whose keys are data (counts by ward) would get one more count; they have a test of their own below.
PLAIN = [value for value in samples() if type(value).__name__ != "ReceiptRecord"]


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_a_reader_of_this_version_passes_over_what_a_newer_one_adds(value: object) -> None:
    assert decode(type(value), value_of(encode(value), with_later_fields)) == value


@pytest.mark.parametrize("value", samples(), ids=lambda value: type(value).__name__)
def test_a_reader_of_this_version_fills_in_what_an_older_one_did_not_know(value: Any) -> None:
    optional = {name for name, need in shapes()[0][type(value).__name__].items() if need == "optional"}
    older = value_of(encode(value), lambda plain: {key: one for key, one in plain.items() if key not in optional})
    found = decode(type(value), older)
    for name in shapes()[0][type(value).__name__]:
        if name not in optional:
            assert getattr(found, name) == getattr(value, name)


def test_progress_and_checkpoint_pass_over_what_a_newer_version_adds() -> None:
    state = progress.Progress(7)
    state.mark_final(2)
    checkpoint = Checkpoint(positions={"https://push.example": state})
    checkpoint.outcomes["accepted"] = 3
    checkpoint.accepted("江東区", 5)
    head, _, positions = encode_checkpoint(checkpoint).partition(b"\n")
    newer_head = orjson.dumps(orjson.loads(head) | {"said_later": 1})
    newer_positions = json.loads(positions)
    newer_positions["said_later"] = 1
    newer_positions["origins"]["https://push.example"]["said_later"] = 1
    found = decode_checkpoint(newer_head + b"\n" + json.dumps(newer_positions).encode())
    assert found.outcomes == checkpoint.outcomes
    assert found.wards == checkpoint.wards
    assert found.positions["https://push.example"].plain() == state.plain()
    older = {key: one for key, one in orjson.loads(head).items() if key != "bytes"}
    assert decode_checkpoint(orjson.dumps(older) + b"\n" + positions).ward_bytes == {}


def test_a_registry_snapshot_with_a_newer_manifest_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    manifest = build(columns_of(crowd(random.Random(1), 5, [KOTO])), folder)
    path = folder / "manifest.json"
    newer = json.loads(path.read_text(encoding="utf-8")) | {"said_later": 1}
    path.write_text(json.dumps(newer), encoding="utf-8")
    assert load(folder, verify=True).manifest == manifest


def test_a_series_goes_on_from_a_state_that_a_newer_version_kept() -> None:
    ingest = Ingest()
    for document, settled in settled_evening():
        found = ingest.take(document.raw, START + document.at, document.name)
        assert (found.record.outcome, found.record.reason) == (settled.record.outcome, settled.record.reason)
        for key, kept in ingest.stored.items():
            plain = orjson.loads(kept)
            plain |= {"said_later": 1}
            if "state" in plain:
                plain["state"] |= {"said_later": 1}
            ingest.stored[key] = orjson.dumps(plain)
    assert len(evening()) > 5


# ------------------------------------------------------------------------------------ what was approved


@dataclass(frozen=True, slots=True)
class Then:
    """What an approval covers, as an older version has it."""

    zeal: int
    area: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Now:
    """The same with a field that came later."""

    zeal: int
    area: tuple[int, ...]
    voice: str = field(default="", metadata={LATER: True})


def test_a_later_field_that_says_nothing_is_in_no_digest_and_one_that_says_something_is() -> None:
    assert digest_of({"parts": (Now(1, (2, 3)),)}) == digest_of({"parts": (Then(1, (2, 3)),)})
    assert digest_of((Now(1, (), "loud"),)) != digest_of((Now(1, ()),))


def test_the_digest_is_the_one_of_the_notices_that_are_stored_already() -> None:
    notices = [value for value in samples() if isinstance(value, Notice)]
    assert notices
    for notice in notices:
        covered = {
            name: getattr(notice, name)
            for name in ("lineage", "kind", "lane", "audience", "document", "expires", "parts")
        }
        plain = orjson.loads(orjson.dumps(covered, option=orjson.OPT_SORT_KEYS))
        for part in plain["parts"]:
            # Came later: a notice of before says nothing in it.
            if not part["help_lines"]:
                del part["help_lines"]
        native = hashlib.sha256(orjson.dumps(plain)).hexdigest()
        assert approval_digest(notice) == native
        assert approval_digest(replace(notice, parts=notice.parts[1:])) != native


@pytest.mark.parametrize("metrics", [StreamMetrics, ApiMetrics])
def test_every_process_says_its_version(metrics: Callable[[CollectorRegistry], object]) -> None:
    registry = CollectorRegistry()
    metrics(registry)
    assert f'shirase_build_info{{version="{installed_version()}"}} 1.0' in generate_latest(registry).decode()


def test_officers_stay_signed_in_and_others_sign_in_when_a_newer_version_has_added_columns(tmp_path: Path) -> None:
    path, at = tmp_path / "accounts.sqlite", 1_790_000_000
    with closing(Accounts(path, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))) as accounts:
        key = pyotp.TOTP(accounts.add("aoki", Role.APPROVER, frozenset({"1310800"}), "correct horse battery"))
        signed_in = accounts.sign_in("aoki", "correct horse battery", key.at(at), at)
        assert not isinstance(signed_in, SignInRefused)
        with closing(sqlite3.connect(path)) as newer:
            for table in ("account", "session", "sealed", "identity"):
                newer.execute(f"ALTER TABLE {table} ADD COLUMN said_later TEXT")
            newer.execute("CREATE TABLE later (name TEXT) STRICT")
            newer.commit()
        found = accounts.session(signed_in[0], at + 60)
        assert found is not None
        assert found.account.name == "aoki"
        assert accounts.tie("aoki", "https://id.example", "sub-1")
        assert accounts.seal("aoki")
        assert not isinstance(
            accounts.sign_in("aoki", "correct horse battery", key.at(at + 90), at + 90), SignInRefused
        )
        accounts.add("baba", Role.DRAFTER, frozenset({"1310800"}), "correct horse battery")
