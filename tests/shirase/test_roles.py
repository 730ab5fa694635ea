"""How a worker says that it is alive, and when that it is ready."""

from shirase.role_process import when_waiting_long


def test_who_gets_its_lease_at_once_gives_no_sign_of_life_before_it_acts_and_a_standby_does() -> None:
    beats: list[float] = []
    now = 100.0
    beat = when_waiting_long(lambda: beats.append(now), clock=lambda: now)
    beat()
    now = 119.9
    beat()
    assert beats == []
    now = 120.0
    beat()
    now = 500.0
    beat()
    assert beats == [120.0, 500.0]
