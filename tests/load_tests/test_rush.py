"""What the load test of a rush of sign-ups counts as told twice."""

from dispatch.stub.log import Entry
from load_tests.rush import arrivals


def push(token: str, topic: str, wall_ms: int) -> Entry:
    return Entry(wall_ms, wall_ms * 1_000_000, 201, "https://fcm.example", token, topic, "7200", "high", "", 600, "")


def test_who_hears_of_two_notices_is_told_of_each_once() -> None:
    moved = [push("m", "old", 90), push("m", "other", 130), push("m", "new", 120)]
    repeated = [push("r", "new", 140), push("r", "new", 110)]
    came = arrivals([*moved, *repeated, push("nobody", "new", 200)], {"m": 100.0, "r": 100.0, "lost": 100.0})
    assert came == {("m", "other"): [130], ("m", "new"): [120], ("r", "new"): [110, 140]}
