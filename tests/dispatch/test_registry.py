"""Packed columns hold what was put in, whole or not at all."""

import random
from dataclasses import replace
from pathlib import Path

import h3.api.basic_int as h3
import numpy as np
import pytest

from dispatch.columns import Columns, columns_of
from dispatch.errors import RegistryUnreadable
from dispatch.registry import Registry, build, load, read_manifest
from dispatch.subscription import Subscription, bucket_of
from tests.dispatch.people import KOTO, crowd

CELLS = h3.grid_disk(KOTO, 5)


def assert_holds(registry: Registry, people: list[Subscription]) -> None:
    assert registry.count == len(people)
    rows = registry.rows_of(np.array([person.row for person in people], dtype=np.uint64))
    assert sorted(rows) == list(range(len(people)))
    for person, row in zip(people, map(int, rows), strict=True):
        assert registry.endpoint(row) == person.endpoint
        assert person.endpoint.startswith(registry.origin_of(row) + "/")
        assert (registry.p256dh(row), registry.auth(row), registry.id_of(row)) == (
            person.p256dh,
            person.auth,
            person.id,
        )
        assert (registry.language_of(row), registry.ward_of(row)) == (person.language, person.ward)
        assert registry.bucket[row] == bucket_of(person.id)
    pairs = sorted((place.cell, person.row) for person in people for place in person.places)
    numbers = registry.columns.row_number[registry.index_row]
    assert sorted(zip(registry.index_cell.tolist(), numbers.tolist(), strict=True)) == pairs
    assert registry.index_cell.tolist() == sorted(registry.index_cell.tolist())


@pytest.mark.parametrize("count", [0, 1, 500])
def test_a_snapshot_holds_what_was_put_in(tmp_path: Path, count: int) -> None:
    people = crowd(random.Random(1), count, CELLS)
    manifest = build(columns_of(people), tmp_path / "snapshot", version="7", topic_offsets={0: 12, 3: 9})
    registry = load(tmp_path / "snapshot", verify=True)
    assert_holds(registry, people)
    assert registry.manifest == manifest == read_manifest(tmp_path / "snapshot")
    assert (manifest.count, manifest.version, manifest.topic_offsets) == (count, "7", {0: 12, 3: 9})
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "snapshot").glob("*.npy")} == {0}


def test_a_snapshot_is_replaced_as_a_whole(tmp_path: Path) -> None:
    first, second = (crowd(random.Random(seed), 50, CELLS) for seed in (1, 2))
    build(columns_of(first), tmp_path / "snapshot")
    mapped = load(tmp_path / "snapshot")
    build(columns_of(second), tmp_path / "snapshot")
    assert_holds(mapped, first)
    assert_holds(load(tmp_path / "snapshot"), second)
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot"]


def test_changes_replace_add_and_remove() -> None:
    rng = random.Random(3)
    people = crowd(rng, 300, CELLS)
    registry = Registry.of(columns_of(people), version="1", topic_offsets={1: 2})
    moved = [replace(person, language="zh", ward="new", endpoint="https://other.example/x") for person in people[:20]]
    joined = crowd(rng, 15, CELLS)
    gone = people[20:60]
    changed = registry.with_changes(moved + joined + gone[:3], [person.id for person in gone] + [b"unknown", bytes(16)])
    assert_holds(changed, moved + people[60:] + joined)
    assert_holds(registry, people)
    assert list(changed.rows_of(np.array([gone[0].row], dtype=np.uint64))) == [-1]
    assert_holds(Registry.of(columns_of([])).with_changes(joined, []), joined)


def test_a_flood_of_unheard_of_languages_does_not_break_the_registry() -> None:
    people = crowd(random.Random(7), 600, CELLS)
    strange = [replace(person, language=f"x{number}") for number, person in enumerate(people)]
    registry = Registry.of(columns_of(people[:1] + strange[1:300])).with_changes(strange[300:], [])
    assert registry.count == 600
    row = int(registry.rows_of(np.array([people[0].row], dtype=np.uint64))[0])
    assert registry.language_of(row) == people[0].language


def test_a_damaged_or_unfinished_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    build(columns_of(crowd(random.Random(4), 40, CELLS)), folder)
    raw = bytearray((folder / "auth.npy").read_bytes())
    raw[-1] ^= 1
    (folder / "auth.npy").write_bytes(raw)
    with pytest.raises(RegistryUnreadable, match="registry-checksum"):
        load(folder, verify=True)
    (folder / "auth.npy").write_bytes(raw[:-7])
    with pytest.raises(RegistryUnreadable):
        load(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(RegistryUnreadable, match="registry-manifest"):
        load(folder)


def _with(columns: Columns, name: str, value: object) -> Columns:
    return replace(columns, **{name: value})  # type: ignore[arg-type]


def test_columns_that_do_not_fit_each_other_are_refused() -> None:
    columns = columns_of(crowd(random.Random(5), 10, CELLS))
    for name, value in (
        ("origins", columns.origins[:0]),
        ("auth", columns.auth[:, :15]),
        ("auth", columns.auth[:9]),
        ("row_number", columns.row_number.astype(np.int64)),
        ("place_offset", columns.place_offset[:-1]),
        ("place_offset", columns.place_offset[::-1]),
        ("place_role", columns.place_role[:-1]),
        ("path_offset", columns.path_offset + np.uint64(1)),
    ):
        with pytest.raises(RegistryUnreadable):
            Registry.of(_with(columns, name, value))


def test_a_subscriber_takes_no_more_than_450_bytes() -> None:
    people = [
        replace(person, endpoint="https://fcm.googleapis.com/fcm/send/" + "x" * 163)
        for person in crowd(random.Random(6), 2000, CELLS)
    ]
    registry = Registry.of(columns_of(people))
    assert registry.size_bytes / registry.count <= 450
