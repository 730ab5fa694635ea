"""Make synthetic subscribers: a packed snapshot, their private keys, and a plain list to count on.

Nobody in it exists. The same count, seed, area and address give the same people, keys and files.
Three views are written: `registry/` for dispatch, `receivers.npz` for whoever decrypts, and
`subscribers.csv.gz`, written straight from the draw and not from the registry, so that a count over
it can contradict dispatch.
"""

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.columns import NO_QUIET_HOURS, Columns, Flag
from dispatch.registry import build
from dispatch.subscription import Role
from dispatch.vapid import FIRST_DRILL_KEY
from geo.areas import AreaTable
from shirase.demo.homes import Homes, homes_in
from shirase.demo.receivers import TOKEN_BYTES, Receivers, make

LANGUAGES = ("ja", "en", "zh-Hans", "ko", "ja-Hira")
_LANGUAGE_SHARES = (0.87, 0.06, 0.04, 0.02, 0.01)
# One, two … five places a person; R5 allows five.
_PLACE_SHARES = (0.40, 0.33, 0.16, 0.07, 0.04)
_SECOND_ROLES = (Role.WORK, Role.SCHOOL, Role.FAMILY)
_SECOND_SHARES = (0.60, 0.15, 0.25)
_LATER_ROLES = (Role.SCHOOL, Role.FAMILY, Role.OTHER)
_LATER_SHARES = (0.25, 0.45, 0.30)
# Most take everything; some ask to be spared what is below level 2 or level 3.
_MIN_LEVELS = (0, 2, 3)
_MIN_LEVEL_SHARES = (0.85, 0.05, 0.10)
DRILL_SHARE = 0.01
# Who works, works in the middle: seven in ten, the rest wherever people live.
_CENTRAL_WORK = 0.7

Progress = Callable[[str, int, int], None]  # stage, done, of how many
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SynthManifest:
    """What was made, in `synth.json`. `languages` counts rows; `flags` those set apart from residents."""

    count: int
    seed: int
    area: str
    endpoint_base: str
    places: int
    drill_rows: int
    canary_rows: int
    registry: str = "registry"
    label: str = "架空の登録者"


def synthesize(
    count: int,
    seed: int,
    endpoint_base: str,
    out: Path,
    *,
    area: str = "tokyo23",
    token_bytes: int = TOKEN_BYTES,
    quiet_share: float = 0.0,
    table: AreaTable | None = None,
    progress: Progress | None = None,
) -> SynthManifest:
    """Write *count* subscribers of *area* into *out* and return what was made.

    Endpoints are `<endpoint_base>/push/<token>`; 128 token bytes give addresses as long as those of
    large push services. *quiet_share* of the people keep quiet hours (22 to 7), none by default,
    because they make a count depend on the hour at which it is taken. The area `japan` needs the
    *table* of its areas.
    """
    if "://" not in endpoint_base:
        raise ValueError(f"{endpoint_base} is no origin of a push service, e.g. https://localhost:8443")
    if count < 1:
        raise ValueError("there must be at least one subscriber")
    say = progress or (lambda _stage, _done, _total: None)
    say("people", 0, 1)
    homes = homes_in(area, seed, table)
    drawn = _draw(count, seed, homes, quiet_share)
    say("keys", 0, count)
    receivers = make(count, seed, token_bytes, lambda done, total: say("keys", done, total))
    say("files", 0, 1)
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    build(_columns(drawn, receivers, homes, endpoint_base.rstrip("/")), out / "registry", version=f"synth-{seed}")
    receivers.save(out)
    _write_plain(drawn, homes, out / "subscribers.csv.gz")
    manifest = SynthManifest(
        count=count,
        seed=seed,
        area=area,
        endpoint_base=endpoint_base,
        places=len(drawn.place_cell),
        drill_rows=int((drawn.flags == Flag.DRILL).sum()),
        canary_rows=int((drawn.flags == Flag.CANARY).sum()),
    )
    (out / "synth.json").write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")
    say("files", 1, 1)
    return manifest


@dataclass(frozen=True, slots=True)
class _Drawn:
    row_number: NDArray[np.uint64]
    id: NDArray[np.uint8]
    language: Ints
    ward: Ints
    flags: Ints
    quiet_start: Ints
    quiet_end: Ints
    place_offset: Ints
    place_cell: NDArray[np.uint64]
    place_role: Ints
    place_min_level: Ints


def _draw(count: int, seed: int, homes: Homes, quiet_share: float) -> _Drawn:
    random = np.random.default_rng([seed, 10])
    home = random.choice(len(homes.cells), count, p=homes.weight)
    places = random.choice(len(_PLACE_SHARES), count, p=_PLACE_SHARES) + 1
    offset = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(places)])
    owner = np.repeat(np.arange(count), places)
    number = np.arange(len(owner)) - offset[:-1][owner]
    role = np.where(
        number == 1,
        random.choice([int(r) for r in _SECOND_ROLES], len(owner), p=_SECOND_SHARES),
        random.choice([int(r) for r in _LATER_ROLES], len(owner), p=_LATER_SHARES),
    )
    role[number == 0] = int(Role.HOME)
    where = random.choice(len(homes.cells), len(owner), p=homes.weight)
    where[number == 0] = home
    commutes = (role == Role.WORK) & (random.random(len(owner)) < _CENTRAL_WORK)
    where[commutes] = random.choice(homes.offices, int(commutes.sum()))
    schools = np.flatnonzero(role == Role.SCHOOL)
    where[schools] = _same_ward(random, homes, home[owner[schools]])
    flags = np.where(random.random(count) < DRILL_SHARE, int(Flag.DRILL), 0)
    flags[random.integers(count)] = int(Flag.CANARY)
    quiet = random.random(count) < quiet_share
    return _Drawn(
        row_number=_distinct(random, count),
        id=random.integers(0, 256, (count, 16), dtype=np.uint8),
        language=random.choice(len(LANGUAGES), count, p=_LANGUAGE_SHARES),
        ward=homes.ward[home].astype(np.int64),
        flags=flags,
        quiet_start=np.where(quiet, 22, NO_QUIET_HOURS),
        quiet_end=np.where(quiet, 7, NO_QUIET_HOURS),
        place_offset=offset,
        place_cell=homes.cells[where],
        place_role=role,
        place_min_level=random.choice(_MIN_LEVELS, len(owner), p=_MIN_LEVEL_SHARES),
    )


def _same_ward(random: np.random.Generator, homes: Homes, home: Ints) -> Ints:
    """Return for each home another cell of its ward, every cell of the ward alike."""
    by_ward = np.argsort(homes.ward, kind="stable")
    starts = np.searchsorted(homes.ward[by_ward], np.arange(len(homes.wards) + 1))
    ward = homes.ward[home]
    low, size = starts[ward], starts[ward + 1] - starts[ward]
    chosen: Ints = by_ward[low + (random.random(len(home)) * size).astype(np.int64)]
    return chosen


def _distinct(random: np.random.Generator, count: int) -> NDArray[np.uint64]:
    numbers = np.unique(random.integers(0, 2**64, count, dtype=np.uint64))
    while len(numbers) < count:
        numbers = np.unique(np.concatenate([numbers, random.integers(0, 2**64, 16, dtype=np.uint64)]))
    shuffled: NDArray[np.uint64] = random.permutation(numbers[:count])
    return shuffled


def _columns(drawn: _Drawn, receivers: Receivers, homes: Homes, endpoint_base: str) -> Columns:
    count = len(receivers)
    scheme_end = endpoint_base.index("://") + 3
    cut = endpoint_base.find("/", scheme_end)
    origin, prefix = (endpoint_base, "") if cut < 0 else (endpoint_base[:cut], endpoint_base[cut:])
    paths = [f"{prefix}/push/{receivers.token_text(row)}".encode("ascii") for row in range(count)]
    lengths = np.fromiter(map(len, paths), dtype=np.int64, count=count)
    return Columns(
        id=drawn.id,
        row_number=drawn.row_number,
        origin=np.zeros(count, dtype=np.uint16),
        path=np.frombuffer(b"".join(paths), dtype=np.uint8),
        path_offset=np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)]).astype(np.uint64),
        p256dh=receivers.public,
        auth=receivers.auth,
        language=drawn.language.astype(np.uint8),
        flags=drawn.flags.astype(np.uint8),
        ward=drawn.ward.astype(np.uint16),
        quiet_start=drawn.quiet_start.astype(np.uint8),
        quiet_end=drawn.quiet_end.astype(np.uint8),
        vapid_key=np.where(drawn.flags == Flag.DRILL, FIRST_DRILL_KEY, 0).astype(np.uint8),
        seen=np.zeros(count, dtype=np.uint16),
        place_offset=drawn.place_offset.astype(np.uint32),
        place_cell=drawn.place_cell,
        place_role=drawn.place_role.astype(np.uint8),
        place_min_level=drawn.place_min_level.astype(np.uint8),
        place_terms=np.zeros(len(drawn.place_min_level), dtype=np.uint32),
        origins=(origin,),
        languages=LANGUAGES,
        wards=homes.wards,
    )


def _write_plain(drawn: _Drawn, homes: Homes, path: Path) -> None:
    """Write one line a person: `places` are `cell:role:min_level`, the cell in hexadecimal, by spaces."""
    cells = [f"{cell:x}" for cell in drawn.place_cell.tolist()]
    role, least = drawn.place_role.tolist(), drawn.place_min_level.tolist()
    place = [f"{cells[i]}:{role[i]}:{least[i]}" for i in range(len(cells))]
    offset = drawn.place_offset.tolist()
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("row", "language", "ward", "drill", "canary", "quiet_start", "quiet_end", "places"))
    flags, quiet = drawn.flags.tolist(), (drawn.quiet_start.tolist(), drawn.quiet_end.tolist())
    for row, number in enumerate(drawn.row_number.tolist()):
        lines.writerow(
            (
                number,
                LANGUAGES[int(drawn.language[row])],
                homes.wards[int(drawn.ward[row])],
                int(flags[row] == Flag.DRILL),
                int(flags[row] == Flag.CANARY),
                "" if quiet[0][row] == NO_QUIET_HOURS else quiet[0][row],
                "" if quiet[1][row] == NO_QUIET_HOURS else quiet[1][row],
                " ".join(place[offset[row] : offset[row + 1]]),
            )
        )
    # Level 1 and no time of writing inside: quick, and the same bytes from the same seed.
    path.write_bytes(gzip.compress(text.getvalue().encode(), 1, mtime=0))
