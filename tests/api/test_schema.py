"""Whatever the description of the residents' API allows is answered as it says, and whatever it does not is refused."""

import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from prometheus_client import CollectorRegistry

from alerts.place import LatLng
from api.http.metrics import ApiMetrics
from api.http.rate import RateLimit
from api.http.reader import Freshness
from api.http.serve import MOST_AT_ONCE
from api.known.state import State
from api.live.board import LiveBoard
from api.live.events import MOST_STREAMS
from api.live.facts import LiveFacts, shard_at
from api.open_data.book import OpenBook
from api.open_data.routes import OpenData
from api.residents.app import Residents, residents_app
from tests.api.evening import KOTO, NINE_PM
from tests.api.test_subscriptions import doors

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.specs.openapi.checks import positive_data_acceptance


def _app() -> object:
    registry = CollectorRegistry()
    residents = Residents(State(), lambda: Freshness(True, 0, 0.0))
    live = LiveBoard(State(), LiveFacts(), [shard_at(LatLng(*KOTO))])
    live.refresh(NINE_PM)
    data = OpenData(OpenBook(), sender="shirase@example.test", site_url="https://shirase.example")
    door = doors(RateLimit(100_000, 1e6)).sign_up
    return residents_app(residents, ApiMetrics(registry), registry, sign_up=door, live=live, open_data=data)


SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", _app())
OPERATIONS: dict[str, Any] = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}  # type: ignore[union-attr]
# A stream has no end that a client of this kind could wait for; tests/api/live/test_events.py listens to it.
del OPERATIONS["GET /live/events"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_an_operation_answers_as_it_is_described(label: str) -> None:
    @given(case=OPERATIONS[label].as_strategy())
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    def asked(case: Any) -> None:
        # What the form allows may still be wrong, e.g. a key off the curve: that is a 422 with its code.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    asked()


def test_every_route_of_the_api_is_described() -> None:
    assert {"POST /subscriptions", "PUT /subscriptions", "GET /subscriptions", "DELETE /subscriptions"} <= set(
        OPERATIONS
    )


def test_every_answer_of_the_live_state_has_an_example_and_every_refusal_a_code() -> None:
    paths = SCHEMA.raw_schema["paths"]
    live = {path: rows["get"] for path, rows in paths.items() if path.startswith(("/live/", "/here/"))}
    assert len(live) >= 9
    for path, row in live.items():
        if path not in ("/live/events", "/live/ways/{shard}"):  # a stream and bytes
            assert all("example" in one for one in row["responses"]["200"]["content"].values()), path
        assert "application/problem+json" in row["responses"]["503"]["content"], path


def test_listeners_leave_room_for_those_who_ask_once() -> None:
    # Each process has its own bounds (R20); within the residents' own, held streams must not be all there is.
    assert MOST_STREAMS <= MOST_AT_ONCE / 2
