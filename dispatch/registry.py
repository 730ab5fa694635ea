"""The registry: packed columns with an index by place, kept in memory-mapped files.

A snapshot folder is a cache that names the topic offsets it holds, never the truth. It holds
personal data, so its files are readable by their owner only.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import ARRAYS, TABLES, U8, U32, U64, Columns, check_columns, columns_of, joined, lengths_of, taken
from dispatch.errors import RegistryUnreadable
from dispatch.subscription import Subscription, bucket_of

FORMAT = 3
_PAGE_BYTES = 4096
_INDEX = ("bucket", "index_cell", "index_row", "index_min_level", "index_terms", "by_row_number")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot folder holds. `topic_offsets` is the next offset to read, per partition.

    `made_at` (seconds since 1970), `source` and `share` say whether it may be gone on with: when it was made, from the
    topic of which cluster, of which buckets.
    """

    format: int
    version: str
    count: int
    places: int
    origins: tuple[str, ...]
    languages: tuple[str, ...]
    wards: tuple[str, ...]
    topic_offsets: Mapping[int, int] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    made_at: int = 0
    source: str = ""
    share: str = ""


class Registry:
    """All subscriptions of a snapshot. Rows are ordinals of this snapshot only.

    Index by place, not by person: (cell, row) pairs of all places, sorted by cell, so that an area is
    a few binary searches, and somebody with a parent's home elsewhere is found through it too.
    """

    def __init__(self, columns: Columns, index: Mapping[str, NDArray[Any]], manifest: Manifest) -> None:
        self.columns = columns
        self.manifest = manifest
        self.bucket: U8 = index["bucket"]
        self.index_cell: U64 = index["index_cell"]
        self.index_row: U32 = index["index_row"]
        self.index_min_level: U8 = index["index_min_level"]
        self.index_terms: U32 = index["index_terms"]
        self._by_row_number: U32 = index["by_row_number"]

    @classmethod
    def of(
        cls,
        columns: Columns,
        *,
        version: str = "",
        topic_offsets: Mapping[int, int] | None = None,
        bucket: U8 | None = None,
    ) -> "Registry":
        """Build a registry in memory; give the *bucket* of each row where it is known, a hash a row is saved."""
        check_columns(columns)
        return cls(columns, _index_of(columns, bucket), _manifest(columns, version, topic_offsets or {}, {}))

    @property
    def count(self) -> int:
        """Return the number of rows."""
        return self.columns.count

    @property
    def size_bytes(self) -> int:
        """Return the bytes that columns and index take."""
        index = (
            self.bucket, self.index_cell, self.index_row, self.index_min_level, self.index_terms, self._by_row_number
        )  # fmt: skip
        columns = (getattr(self.columns, name) for name in ARRAYS)
        return sum(int(array.nbytes) for arrays in (columns, index) for array in arrays)

    def warm(self) -> int:
        """Read a byte of each page, so that the first notice does not wait for the disk; return how many pages."""
        index = (self.bucket, self.index_cell, self.index_row, self.index_min_level, self.index_terms)
        arrays = (*index, self._by_row_number, *(getattr(self.columns, name) for name in ARRAYS))
        pages = [np.ravel(array).view(np.uint8)[::_PAGE_BYTES] for array in arrays]
        # The sum is of no use; it is what reads them.
        return sum(len(page) + 0 * int(page.sum()) for page in pages)

    @cached_property
    def has_terms(self) -> bool:
        """Say whether any place is more than simply its owner's: mostly not, and then nothing is looked up."""
        return bool(self.index_terms.any())

    def origin_of(self, row: int) -> str:
        """Return the origin of the push service of *row*."""
        return self.columns.origins[int(self.columns.origin[row])]

    def endpoint(self, row: int) -> str:
        """Return the whole address of *row*."""
        first, last = int(self.columns.path_offset[row]), int(self.columns.path_offset[row + 1])
        return self.origin_of(row) + self.columns.path[first:last].tobytes().decode("ascii")

    def p256dh(self, row: int) -> bytes:
        """Return the public key of *row* as RFC 8291 wants it."""
        return b"\x04" + bytes(self.columns.p256dh[row])

    def auth(self, row: int) -> bytes:
        """Return the authentication secret of *row*."""
        return bytes(self.columns.auth[row])

    def id_of(self, row: int) -> bytes:
        """Return the subscription id of *row*: the key of its record."""
        return bytes(self.columns.id[row])

    def language_of(self, row: int) -> str:
        """Return the language of *row*."""
        return self.columns.languages[int(self.columns.language[row])]

    def ward_of(self, row: int) -> str:
        """Return the ward label of *row*, for counting only (R25)."""
        return self.columns.wards[int(self.columns.ward[row])]

    def rows_of(self, row_numbers: U64) -> NDArray[np.int64]:
        """Return the ordinal of each row number, -1 for those that are not here any more."""
        if not self.count:
            return np.full(len(row_numbers), -1, dtype=np.int64)
        # By way of the order and not of a sorted copy, which would be eight bytes more a row.
        at = np.searchsorted(self.columns.row_number, row_numbers, sorter=self._by_row_number)
        at[at == self.count] = 0
        rows = self._by_row_number[at].astype(np.int64)
        return np.where(self.columns.row_number[rows] == row_numbers, rows, -1)

    def with_changes(self, upserts: Iterable[Subscription], removals: Iterable[bytes]) -> "Registry":
        """Return a registry with *upserts* added or replaced and the ids of *removals* gone.

        The whole index is built again (1.2 s for a million rows): collect changes and call it once.
        """
        added = {subscription.id: subscription for subscription in upserts}
        gone = set(removals)
        keep = np.ones(self.count, dtype=np.bool_)
        keep[self.rows_with_ids(added.keys() | gone)] = False
        columns = taken(self.columns, keep)
        fresh = [subscription for subscription_id, subscription in added.items() if subscription_id not in gone]
        if fresh:
            columns = joined(columns, columns_of(fresh))
        return Registry.of(columns, version=self.manifest.version, topic_offsets=self.manifest.topic_offsets)

    def rows_with_ids(self, ids: Iterable[bytes]) -> NDArray[np.int64]:
        """Return the ordinals of the subscriptions *ids* that are here, in any order."""
        wanted = set(ids)
        if not wanted or not self.count:
            return np.zeros(0, dtype=np.int64)
        heads = np.ascontiguousarray(self.columns.id).view(np.uint64)[:, 0]
        wanted_heads = np.unique(np.frombuffer(b"".join(one[:8] for one in wanted if len(one) == 16), dtype=np.uint64))
        if not len(wanted_heads):
            return np.zeros(0, dtype=np.int64)
        # Not `isin`, which sorts the million to find the few.
        at = np.minimum(np.searchsorted(wanted_heads, heads), len(wanted_heads) - 1)
        likely = np.flatnonzero(wanted_heads[at] == heads)
        return np.array([row for row in likely if self.id_of(int(row)) in wanted], dtype=np.int64)


def build(
    columns: Columns,
    folder: Path,
    *,
    version: str = "1",
    topic_offsets: Mapping[int, int] | None = None,
    made_at: int = 0,
    source: str = "",
    share: str = "",
    bucket: U8 | None = None,
) -> Manifest:
    """Write *columns* and their index as a snapshot folder, whole or not at all; *bucket* as for `Registry.of`."""
    check_columns(columns)
    index = _index_of(columns, bucket)
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    sums: dict[str, str] = {}
    for name, array in [(name, getattr(columns, name)) for name in ARRAYS] + list(index.items()):
        path = fresh / f"{name}.npy"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
        sums[name] = _sha256(path)
    manifest = replace(
        _manifest(columns, version, topic_offsets or {}, sums), made_at=made_at, source=source, share=share
    )
    # The manifest comes last: a folder without one was never finished.
    (fresh / "manifest.json").write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")
    replaced = folder.with_name(f"{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(replaced)
    fresh.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read what *folder* says it holds."""
    try:
        plain = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if plain["format"] != FORMAT:
            raise RegistryUnreadable("registry-format", f"{folder} is format {plain['format']}, we read {FORMAT}")
        offsets = {int(partition): int(offset) for partition, offset in plain.pop("topic_offsets").items()}
        tables: dict[str, Any] = {name: tuple(plain.pop(name)) for name in TABLES}
        # A newer version of this format may say more: going back to this one must not cost a registry built anew (R22).
        known = {name: plain[name] for name in Manifest.__slots__ if name in plain}
        return Manifest(**known, **tables, topic_offsets=offsets)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise RegistryUnreadable("registry-manifest", f"{folder} is not a finished snapshot; build it again") from None


def load(folder: Path, *, verify: bool = False) -> Registry:
    """Map the snapshot in *folder* into memory; with *verify* compare every checksum first."""
    manifest = read_manifest(folder)
    arrays: dict[str, Any] = {}
    for name in ARRAYS + _INDEX:
        path = folder / f"{name}.npy"
        if verify and _sha256(path) != manifest.sha256.get(name):
            raise RegistryUnreadable("registry-checksum", f"{path} was changed since it was written; build it again")
        try:
            # As a plain array over the mapping: np.memmap's own class costs a microsecond a look.
            arrays[name] = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        except (OSError, ValueError):
            raise RegistryUnreadable("registry-file", f"{path} cannot be read; build it again") from None
    index = {name: arrays.pop(name) for name in _INDEX}
    tables: dict[str, Any] = {name: getattr(manifest, name) for name in TABLES}
    return Registry(check_columns(Columns(**arrays, **tables)), index, manifest)


def _index_of(columns: Columns, bucket: U8 | None = None) -> dict[str, NDArray[Any]]:
    lengths = lengths_of(columns.place_offset)
    row_of_place = np.repeat(np.arange(columns.count, dtype=np.uint32), lengths)
    order = np.argsort(columns.place_cell, kind="stable")
    if bucket is None:
        ids = columns.id.tobytes()
        bucket = np.frombuffer(bytes(bucket_of(ids[at : at + 16]) for at in range(0, len(ids), 16)), dtype=np.uint8)
    return {
        "bucket": bucket,
        "index_cell": columns.place_cell[order],
        "index_row": row_of_place[order],
        "index_min_level": columns.place_min_level[order],
        "index_terms": columns.place_terms[order],
        "by_row_number": np.argsort(columns.row_number, kind="stable").astype(np.uint32),
    }


def _manifest(columns: Columns, version: str, offsets: Mapping[int, int], sums: Mapping[str, str]) -> Manifest:
    return Manifest(
        format=FORMAT,
        version=version,
        count=columns.count,
        places=len(columns.place_cell),
        origins=columns.origins,
        languages=columns.languages,
        wards=columns.wards,
        topic_offsets=dict(offsets),
        sha256=dict(sums),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
