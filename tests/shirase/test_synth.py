"""Synthetic subscribers: the same from the same seed, decryptable, and counted two ways alike."""

import gzip
import json
import random
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h3.api.basic_int as h3
import http_ece
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients
from alerts.place import Cell
from dispatch.columns import Flag
from dispatch.layers import People
from dispatch.registry import Registry, load
from dispatch.selection import Before, select
from geo.areas import AreaEntry, AreaName, AreaSource, table_of
from geo.cells import compact
from shirase.demo import receivers as receivers_module
from shirase.demo.brute import BruteForce, load_people
from shirase.demo.homes import homes_in
from shirase.demo.receivers import Receivers
from shirase.demo.synth import LANGUAGES, SynthManifest, synthesize
from shirase.errors import ReceiversUnreadable, SubscribersUnreadable, UnknownArea

COUNT = 3000
EVENING = datetime(2026, 9, 18, 10, 0, tzinfo=UTC)  # 19:00 in Tokyo
NIGHT = datetime(2026, 9, 18, 15, 0, tzinfo=UTC)  # midnight in Tokyo


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SynthManifest]:
    folder = tmp_path_factory.mktemp("synth")
    return folder, synthesize(COUNT, 5, "https://localhost:40001", folder, quiet_share=0.2)


@pytest.fixture(scope="module")
def registry(made: tuple[Path, SynthManifest]) -> Registry:
    return load(made[0] / "registry", verify=True)


@pytest.fixture(scope="module")
def brute(made: tuple[Path, SynthManifest]) -> BruteForce:
    return BruteForce(load_people(made[0]))


def test_the_same_seed_gives_the_same_people_keys_and_files(made: tuple[Path, SynthManifest], tmp_path: Path) -> None:
    folder, manifest = made
    again = synthesize(COUNT, 5, "https://localhost:40001", tmp_path / "again", quiet_share=0.2)
    assert again == manifest
    for name in ("subscribers.csv.gz", "registry/p256dh.npy", "registry/path.npy", "registry/place_cell.npy"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    other = synthesize(50, 6, "https://localhost:40001", tmp_path / "other")
    assert other.count == 50
    assert Receivers.load(tmp_path / "other").token_text(0) != Receivers.load(folder).token_text(0)


def test_every_row_can_be_decrypted_for_with_the_key_found_by_its_token(
    made: tuple[Path, SynthManifest], registry: Registry
) -> None:
    """Encrypted by pywebpush's own library to the registry's key, opened with the receivers' file."""
    receivers = Receivers.load(made[0])
    sender = ec.generate_private_key(ec.SECP256R1())
    for row in random.Random(1).sample(range(COUNT), 25):
        token = registry.endpoint(row).rpartition("/push/")[2]
        assert len(token) >= 22
        receiver = receivers.of(token)
        assert receiver is not None
        assert receiver.p256dh == registry.p256dh(row)
        sealed = http_ece.encrypt(
            "水位が上がった".encode(), private_key=sender, dh=registry.p256dh(row), auth_secret=registry.auth(row)
        )
        opened = http_ece.decrypt(sealed, private_key=receiver.private_key, auth_secret=receiver.auth)
        assert opened.decode() == "水位が上がった"
    assert receivers.of("nobody") is None
    assert receivers.of("é") is None


def test_small_sets_of_keys_are_also_written_as_text(made: tuple[Path, SynthManifest], registry: Registry) -> None:
    with gzip.open(made[0] / "receivers.json.gz", "rt") as lines:
        first = json.loads(next(lines))
    assert registry.endpoint(0).endswith("/push/" + first["token"])
    assert urlsafe_b64decode(first["p256dh"] + "=") == registry.p256dh(0)
    assert (made[0] / "receivers.npz").stat().st_mode & 0o077 == 0


def test_who_is_made_up_as_the_shares_say(registry: Registry, made: tuple[Path, SynthManifest]) -> None:
    columns = registry.columns
    assert registry.count == COUNT
    assert len(set(columns.row_number.tolist())) == COUNT
    places = np.diff(columns.place_offset.astype(np.int64))
    assert (int(places.min()), int(places.max())) == (1, 5)
    assert 1.8 < float(places.mean()) < 2.3
    assert all(h3.get_resolution(cell) == 9 for cell in set(columns.place_cell.tolist()))
    assert int((columns.flags == Flag.CANARY).sum()) == made[1].canary_rows == 1
    assert 10 <= made[1].drill_rows <= 60
    spoken = Counter(registry.language_of(row) for row in range(COUNT))
    assert set(spoken) == set(LANGUAGES)
    assert 0.84 < spoken["ja"] / COUNT < 0.91
    assert (columns.place_role[columns.place_offset[:-1]] == 0).all()


def test_plain_list_and_registry_hold_the_same_people(registry: Registry, brute: BruteForce) -> None:
    columns = registry.columns
    for row in random.Random(2).sample(range(COUNT), 200):
        person = brute.people[row]
        low, high = int(columns.place_offset[row]), int(columns.place_offset[row + 1])
        assert person.row == int(columns.row_number[row])
        assert [place.cell for place in person.places] == columns.place_cell[low:high].tolist()
        assert [place.min_level for place in person.places] == columns.place_min_level[low:high].tolist()
        assert (person.ward, person.language) == (registry.ward_of(row), registry.language_of(row))


def part(rank: int, cells: Sequence[int], level: Level | None, recipients: Recipients = Recipients.CELLS) -> NoticePart:
    return NoticePart(
        rank, Phase.ISSUED, recipients, level, Severity.SEVERE, (HazardKind.FLOOD,), ("架空",), compact(cells), ()
    )


def notice(*parts: NoticePart, lane: Lane = Lane.LIFE_SAFETY, revision: int = 1) -> Notice:
    return Notice(
        "lineage", revision, NoticeKind.DANGER_IS_COMING, lane, "d", "jma", "気象庁", EVENING, EVENING,
        EVENING + timedelta(hours=6), parts, "x", "policy", EVENING,
    )  # fmt: skip


@pytest.mark.parametrize("at", [EVENING, NIGHT])
@pytest.mark.parametrize("lane", [Lane.LIFE_SAFETY, Lane.ROUTINE, Lane.DRILL, Lane.CANARY])
def test_brute_force_and_dispatch_choose_the_same_rows_and_parts(
    registry: Registry, brute: BruteForce, lane: Lane, at: datetime
) -> None:
    """Cells of several resolutions, disjoint parts of levels 4, 2 and none, people of several places."""
    lived_in = sorted(set(registry.columns.place_cell.tolist()))
    shuffled = random.Random(3).sample(lived_in, len(lived_in))
    for size in (1, 40, 900):
        coarse = compact(h3.cell_to_children(h3.cell_to_parent(shuffled[0], 7), 9))
        inside = set(h3.cell_to_children(h3.cell_to_parent(shuffled[0], 7), 9))
        rest = [Cell(cell) for cell in shuffled if cell not in inside]
        sent = notice(
            part(0, list(coarse), Level.ALL_LEAVE),
            part(1, rest[:size], Level.CHECK_ACTION),
            part(2, rest[size : 2 * size], None),
            lane=lane,
        )
        chosen = select(People(registry), sent, at=at)
        rows = registry.columns.row_number[chosen.rows].tolist()
        counted = brute.count(sent, at=at)
        assert dict(zip(rows, chosen.parts.tolist(), strict=True)) == counted.part_of_row
        if lane is Lane.LIFE_SAFETY:
            assert counted.selected > 0


def test_those_who_were_told_are_counted_over_the_lineage(registry: Registry, brute: BruteForce) -> None:
    cells = sorted(set(registry.columns.place_cell.tolist()))
    first = notice(part(0, cells[:300], Level.ALL_LEAVE))
    lifted = notice(part(0, cells[:100], Level.ALL_LEAVE, Recipients.TOLD), revision=2)
    ended = notice(part(0, [], None, Recipients.ALL_TOLD), revision=3)
    counts = brute.count_all([(first, EVENING), (lifted, EVENING), (ended, EVENING)])
    told = np.array(sorted(counts[0].part_of_row), dtype=np.uint64)
    for sent, counted in ((lifted, counts[1]), (ended, counts[2])):
        chosen = select(People(registry), sent, at=EVENING, told=Before(told, np.zeros(len(told), dtype=np.uint8)))
        assert set(registry.columns.row_number[chosen.rows].tolist()) == set(counted.part_of_row)
    assert 0 < counts[1].selected < counts[0].selected == counts[2].selected
    assert counts[0].digest == counts[2].digest != counts[1].digest


def test_people_all_over_japan_live_in_their_own_municipality(tmp_path: Path) -> None:
    """A small table: one area of a coarse cell, one whose cells all lie on a border."""
    centre = h3.latlng_to_cell(43.06, 141.35, 7)
    border = h3.latlng_to_cell(34.69, 135.50, 9)
    entries = (
        AreaEntry(AreaName("0110000", "札幌市", "Sapporo"), "016010", compact([centre]), ()),
        AreaEntry(AreaName("2710000", "大阪市", "Osaka"), "270000", compact([border]), compact([border])),
    )
    table = table_of(AreaSource("test", "1", "2026-09-18", "架空", ()), entries, ())
    manifest = synthesize(400, 1, "https://localhost:1", tmp_path, area="japan", table=table)
    columns = load(tmp_path / "registry").columns
    cells = set(columns.place_cell.tolist())
    assert manifest.area == "japan"
    assert border in cells
    assert len(cells) > 10
    assert all(cell == border or h3.cell_to_parent(cell, 7) == centre for cell in cells)
    home = columns.place_cell[columns.place_offset[:-1]]
    assert [columns.wards[w] for w in columns.ward] == ["2710000" if c == border else "0110000" for c in home]
    with pytest.raises(UnknownArea, match="table"):
        synthesize(1, 1, "https://localhost:1", tmp_path, area="japan")


def test_missing_files_and_unknown_areas_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ReceiversUnreadable, match="shirase subscribers synth"):
        Receivers.load(tmp_path)
    with pytest.raises(SubscribersUnreadable, match="shirase subscribers synth"):
        load_people(tmp_path)
    with pytest.raises(UnknownArea, match="tokyo23"):
        homes_in("atlantis", 1)
    with pytest.raises(ValueError, match="at least one"):
        synthesize(0, 1, "https://localhost:1", tmp_path)


def test_addresses_may_be_as_long_as_those_of_large_push_services(tmp_path: Path) -> None:
    synthesize(3, 1, "https://localhost:40001/base/", tmp_path, token_bytes=128)
    endpoint = load(tmp_path / "registry").endpoint(0)
    assert endpoint.startswith("https://localhost:40001/base/push/")
    assert len(endpoint) > 190


def test_keys_made_in_several_processes_are_the_same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = receivers_module.make(20, 3)
    monkeypatch.setattr(receivers_module, "_PARALLEL_FROM", 10)
    monkeypatch.setattr(receivers_module, "_CHUNK", 8)
    together = receivers_module.make(20, 3)
    for name in ("token", "private", "public", "auth"):
        assert np.array_equal(getattr(alone, name), getattr(together, name))


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"a,b\n1,2\n", mtime=0), gzip.compress(b"", mtime=0)],
    # Without names the bytes would name the test, and a gzip of this second has other bytes in each process.
    ids=["empty", "no gzip", "other columns", "nothing packed"],
)
def test_a_damaged_plain_list_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "subscribers.csv.gz").write_bytes(content)
    with pytest.raises(SubscribersUnreadable):
        load_people(tmp_path)
