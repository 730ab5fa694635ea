"""Japanese levels 1-5 (警戒レベル), beside CAP's three scales and never in their place.

Source: Cabinet Office, guideline on evacuation information (避難情報に関するガイドライン, 2021);
since 2026-05-28 the JMA's warnings for rain, landslide, storm surge and flood name the level.
"""

from enum import IntEnum


class Level(IntEnum):
    """How far a resident should have got with leaving."""

    PREPARE_MIND = 1
    CHECK_ACTION = 2
    ELDERLY_LEAVE = 3
    ALL_LEAVE = 4
    SECURE_LIFE = 5


LEVEL_NAMES_JA: dict[Level, str] = {
    Level.PREPARE_MIND: "早期注意情報",
    Level.CHECK_ACTION: "注意報",
    Level.ELDERLY_LEAVE: "警報",
    Level.ALL_LEAVE: "危険警報",
    Level.SECURE_LIFE: "特別警報",
}
