"""Whatever the description of the residents' API allows is answered as it says, and whatever it does not is refused."""

import warnings
from typing import Any, cast

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
from api.live.reports import RoadReports
from api.open_data.book import OpenBook
from api.open_data.routes import OpenData
from api.residents.app import Residents, residents_app
from streams.brokers.client import Producer
from tests.api.evening import KOTO, NINE_PM
from tests.api.live.test_reports import TOWN, Pipeline
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
    reports = RoadReports(TOWN.network, cast("Producer", Pipeline()), live, RateLimit(100_000, 1e6))
    return residents_app(
        residents, ApiMetrics(registry), registry, sign_up=door, live=live, open_data=data, reports=reports
    )


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


def test_every_question_and_answer_has_an_example_and_every_refusal_a_code() -> None:
    paths = SCHEMA.raw_schema["paths"]
    assert len([path for path in paths if path.startswith(("/live/", "/here/"))]) >= 9
    for path, rows in paths.items():
        for verb, row in rows.items():
            for parameter in row.get("parameters", ()):
                assert parameter.keys() & {"example", "examples"} or parameter["schema"].get("examples"), (path, verb)
            for status, answer in row["responses"].items():
                refusal = int(status) >= 400 and path != "/health"
                for media_type, content in answer.get("content", {}).items():
                    assert "example" in content, (path, verb, status)
                    assert (media_type == "application/problem+json") is refusal, (path, verb, status)


@pytest.mark.parametrize("label", [one for one in sorted(OPERATIONS) if one.startswith("GET ")])
def test_the_example_of_a_question_has_an_answer_that_looks_like_the_example(label: str) -> None:
    operation = OPERATIONS[label]
    row = SCHEMA.raw_schema["paths"][operation.path]["get"]
    given_by = {one["name"]: one["schema"]["examples"][0] for one in row.get("parameters", ()) if one["in"] == "path"}
    answer = operation.Case(path_parameters=given_by).call()
    operation.Case(path_parameters=given_by).validate_response(answer)
    elsewhere = {"GET /subscriptions": 401, "GET /live/ways/{shard}": 404}
    nothing_told_yet = operation.path.startswith("/open/") and given_by
    assert answer.status_code == elsewhere.get(label, 404 if nothing_told_yet else 200), answer.text


def test_listeners_leave_room_for_those_who_ask_once() -> None:
    # Each process has its own bounds (R20); within the residents' own, held streams must not be all there is.
    assert MOST_STREAMS <= MOST_AT_ONCE / 2
