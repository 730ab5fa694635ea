"""Made-up residents and notices for the dispatch tests."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import h3.api.basic_int as h3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from alerts.cap import Severity
from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, NoticePart, Phase, Recipients, Text
from alerts.place import Cell, Cells
from dispatch.subscription import Place, QuietHours, Role, Subscription
from dispatch.vapid import FIRST_DRILL_KEY

KOTO = h3.latlng_to_cell(35.6727, 139.8169, 9)
NOON = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)  # 12:00 in Tokyo
NIGHT = datetime(2026, 8, 31, 18, 0, tzinfo=UTC)  # 03:00 in Tokyo
WORDS = (
    Text("ja", "洪水 危険警報", "レベル4 全員避難 12:00 江東区。高い所へ。"),
    Text("en", "Flood: leave now", "Level 4. Leave now. 12:00 Koto."),
)

HERE: Cells = (Cell(KOTO),)
AT_HOME = (Place(Cell(KOTO)),)


def receiver_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


# One valid key for the tests that never encrypt: making one for each of thousands takes seconds.
SOME_POINT = point_of(receiver_key())


def resident(
    rng: random.Random,
    places: Sequence[Place] = AT_HOME,
    *,
    language: str = "ja",
    quiet_hours: QuietHours | None = None,
    drill: bool = False,
    canary: bool = False,
    endpoint: str = "",
    ward: str = "13108",
    p256dh: bytes = SOME_POINT,
) -> Subscription:
    return Subscription(
        id=rng.randbytes(16),
        row=rng.getrandbits(64),
        endpoint=endpoint
        or f"https://{rng.choice(('fcm.googleapis.com', 'web.push.apple.com'))}/send/{rng.getrandbits(80):x}",
        p256dh=p256dh,
        auth=rng.randbytes(16),
        language=language,
        places=tuple(places),
        quiet_hours=quiet_hours,
        drill=drill,
        canary=canary,
        ward=ward,
        vapid_key=FIRST_DRILL_KEY if drill else 0,
    )


def crowd(rng: random.Random, count: int, cells: Sequence[int]) -> list[Subscription]:
    found = []
    for _ in range(count):
        places = [
            Place(Cell(rng.choice(cells)), rng.choice(tuple(Role)), rng.randrange(6)) for _ in range(rng.randint(1, 5))
        ]
        quiet = QuietHours(rng.randrange(24), rng.randrange(24)) if rng.random() < 0.3 else None
        drill, canary = rng.random() < 0.1, rng.random() < 0.05
        language = rng.choice(("ja", "en"))
        found.append(resident(rng, places, language=language, quiet_hours=quiet, drill=drill, canary=canary))
    return found


def part(
    cells: Cells = HERE,
    *,
    rank: int = 0,
    level: Level | None = Level.ALL_LEAVE,
    severity: Severity = Severity.SEVERE,
    recipients: Recipients = Recipients.CELLS,
    phase: Phase = Phase.ISSUED,
    texts: tuple[Text, ...] = WORDS,
) -> NoticePart:
    return NoticePart(rank, phase, recipients, level, severity, (HazardKind.FLOOD,), ("江東区",), cells, texts)


def notice(
    *parts: NoticePart,
    lane: Lane = Lane.LIFE_SAFETY,
    kind: NoticeKind = NoticeKind.DANGER_IS_COMING,
    lineage: str = "lineage-1",
    revision: int = 1,
    expires: datetime = NOON + timedelta(hours=2),
) -> Notice:
    return Notice(
        lineage,
        revision,
        kind,
        lane,
        "d" * 64,
        "jma",
        "気象庁",
        NOON,
        NOON,
        expires,
        parts or (part(),),
        "0" * 64,
        "policy",
        NOON,
    )
