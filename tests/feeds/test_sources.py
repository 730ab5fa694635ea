"""The register of sources: the shipped one, and what is refused before anything is asked."""

import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.source import LONGEST_RETRY_AFTER_SECONDS, LONGEST_WAIT_SECONDS, Pace
from feeds.sources import RegisterError, pinned, registered
from tests.conftest import PROJECT

GOOD: dict[str, Any] = {
    "name": "a",
    "reader": "cap",
    "url": "https://cap.example/index",
    "interval_seconds": 60,
    "grace_seconds": 60,
}


def test_the_shipped_register_names_the_four_feeds_of_the_jma() -> None:
    register = tomllib.loads((PROJECT / "ops" / "sources.toml").read_text(encoding="utf-8"))
    sources = registered(register)
    assert {one.source.name for one in sources} == {"jma-extra", "jma-eqvol", "jma-regular", "jma-other"}
    assert {origin for one in sources for origin in one.origins} == {"https://www.data.jma.go.jp"}
    assert all(one.owner and one.licence and one.contact for one in sources)


def test_documents_may_come_from_the_origins_that_are_named_and_no_other() -> None:
    (one,) = registered({"source": [{**GOOD, "origins": ["https://files.example"]}]})
    assert one.origins == {"https://cap.example", "https://files.example"}


@pytest.mark.parametrize(
    "change",
    [
        {"reader": "gopher"},
        {"reader": ""},
        {"name": None},
        {"url": "file:///etc/passwd"},
        {"url": "https://user:secret@cap.example/"},
        {"interval_seconds": 1},
        {"interval_seconds": True},
        {"interval_seconds": "often"},
        {"grace_seconds": float("nan")},
        {"grace_seconds": -1},
    ],
)
def test_a_source_that_is_off_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RegisterError):
        registered({"source": [{**GOOD, **change}]})


def test_two_sources_of_one_name_would_share_a_metric() -> None:
    with pytest.raises(RegisterError, match="one name"):
        registered({"source": [GOOD, GOOD]})
    assert len(registered({"source": [GOOD, {**GOOD, "on": False}]})) == 1
    with pytest.raises(RegisterError, match="brackets"):
        registered({"source": GOOD})


@settings(deadline=None, derandomize=True)
@given(st.floats(0, 1), st.integers(0, 10_000), st.floats(0, 1e12), st.floats(10, 86_400), st.floats(0, 0.5))
def test_a_wait_is_polite_and_has_an_end(
    draw: float, failures: int, retry_after: float, interval: float, jitter: float
) -> None:
    pace = Pace(interval, 60, jitter)
    wait = pace.wait_seconds(draw, failures, retry_after)
    assert wait >= interval * (1 - jitter) * 0.999
    assert wait >= min(retry_after, LONGEST_RETRY_AFTER_SECONDS)
    assert wait <= max(max(interval, LONGEST_WAIT_SECONDS) * (1 + jitter) * 1.001, LONGEST_RETRY_AFTER_SECONDS)


def test_jitter_spreads_to_both_sides_and_failures_double_the_wait() -> None:
    pace = Pace(60, 60)
    assert (pace.wait_seconds(0), pace.wait_seconds(0.5), pace.wait_seconds(1)) == (54, 60, 66)
    assert [pace.wait_seconds(0.5, failures) for failures in range(5)] == [60, 120, 240, 300, 300]


def test_a_source_is_fresh_for_its_interval_and_its_grace() -> None:
    at = datetime(2026, 11, 25, tzinfo=UTC)
    assert Pace(60, 120).fresh_until(at) == at + timedelta(minutes=3)


def test_certificates_are_pinned_to_senders_by_file() -> None:
    signers = [{"sender": "a@x.example", "certificate": name} for name in ("old.pem", "new.pem")]
    assert pinned({"signer": signers}) == {"a@x.example": ("old.pem", "new.pem")}
    assert pinned({}) == {}
    with pytest.raises(RegisterError, match="certificate"):
        pinned({"signer": [{"sender": "a@x.example"}]})
