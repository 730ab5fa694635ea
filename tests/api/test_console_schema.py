"""Whatever an officer's forms allow is answered as the console says, and a field that a page has is described."""

import re
import warnings
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.console.board_routes import board_routes
from api.console.description import FIELDS, FORMS, NUMBERED
from api.known.board import Orders
from api.officers.accounts import Role
from api.officers.codes import Codes
from streams.payloads import DraftRecord
from tests.api.test_office import Room, Seat, room_in
from tests.api.test_posting import Stages
from tests.api.test_reported import says
from tests.streams.evening import wards_table

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.specs.openapi.checks import (
        ignored_auth,
        negative_data_rejection,
        positive_data_acceptance,
        unsupported_method,
    )


_NOT_ASKED = [ignored_auth, negative_data_rejection, positive_data_acceptance, unsupported_method]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    folder: Path = tmp_path_factory.mktemp("console")
    room = room_in(folder, wards_table(), more=lambda office: board_routes(office, Orders()))
    room.add("metro", Role.ADMINISTRATOR, ("*",))
    room.add("aoki")
    stages = Stages(room)
    sent = room.drafts["feed"]
    assert room.sign_in("metro").decide("approve", sent.draft_id).status_code == 303
    stages.ledger.knows(sent)
    stages.go_on()
    says(room, 0, room.clock.now)
    return room


@pytest.fixture
def any_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take whatever is typed as a code: what lies behind it is asked, and not how codes are guessed."""
    monkeypatch.setattr(Codes, "take", lambda *_: None)
    monkeypatch.setattr(Codes, "is_fresh", lambda *_: True)


def operations(room: Room) -> dict[str, Any]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", room.app)
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}  # type: ignore[union-attr]


def csrf_of(seat: Seat) -> str:
    found = re.search(r'action="/sign-out"><input type="hidden" name="csrf" value="([^"]*)"', seat.get("/").text)
    assert found is not None
    return found[1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("any_code")
def test_each_form_and_page_answers_as_it_is_described_to_whoever_is_signed_in(room: Room) -> None:
    waiting: DraftRecord = room.drafts["own"]
    known = {"draft_id": waiting.draft_id, "lineage": room.drafts["feed"].lineage, "word": "begin"}
    asked = operations(room)
    assert {"POST /post/{kind}", "POST /drafts/{draft_id}/{verb}", "POST /drill", "GET /board"} <= set(asked)
    for label, operation in sorted(asked.items()):
        seat = room.sign_in("metro")
        csrf = csrf_of(seat)
        _ask(operation, seat, "" if label == "POST /sign-out" else csrf, known, waiting)


def _ask(operation: Any, seat: Seat, csrf: str, known: dict[str, str], waiting: DraftRecord) -> None:
    """Ask *operation* a few times, half of them of what is there."""
    assert waiting.draft is not None
    digest = waiting.draft.notice.digest

    @given(case=operation.as_strategy(), real=st.booleans())
    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def answered(case: Any, real: bool) -> None:
        case.cookies.clear()
        case.headers = {"cookie": seat.cookie}
        if real:
            case.path_parameters |= {name: one for name, one in known.items() if name in case.path_parameters}
        if isinstance(case.body, dict):
            case.body |= {"csrf": csrf} if csrf else {}
            case.body |= {"digest": digest} if real and "digest" in case.body else {}
        # Whoever is signed in is answered by a page, and a field that says nothing of use by one that says so.
        case.call_and_validate(excluded_checks=_NOT_ASKED)

    answered()


def test_an_address_that_somebody_typed_is_sent_back_as_an_address(room: Room) -> None:
    seat = room.sign_in("metro")
    for typed, back in (("避難", "%E9%81%BF%E9%9B%A3"), ("a%0d%0aset-cookie:x", "a%0D%0Aset-cookie:x")):
        answer = room.form(f"/sending/{typed}/lift", {"csrf": csrf_of(seat)}, {"cookie": seat.cookie})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sending/{back}")
        assert "set-cookie" not in answer.headers


def test_every_field_of_every_form_is_described_and_every_form_that_changes_something_too(room: Room) -> None:
    seats = [room.sign_in(name) for name in ("metro", "aoki")]
    draft, lineage = room.drafts["own"].draft_id, room.drafts["feed"].lineage
    pages = (
        "/sign-in", "/", "/post", "/drill", "/areas", "/board", "/channels", "/console/rehearse",
        f"/drafts/{draft}", f"/drafts/{draft}/edit", f"/sending/{lineage}",
    )  # fmt: skip
    met: dict[str, set[str]] = {}
    for seat in seats:
        for path in pages:
            for form in lxml.html.fromstring(seat.get(path).text).iter("form"):
                names = {str(one.get("name")).partition("-")[0] for one in form.iter("input", "select", "textarea")}
                buttons = [one.get("formaction") for one in form.iter("button") if one.get("formaction")]
                for action in (str(form.get("action")), *map(str, buttons)):
                    met.setdefault(_template(action, draft, lineage), set()).update(names - {"csrf"})
    for path, names in met.items():
        assert names <= set(FORMS[path]), path
    assert {"/sign-in", "/post/{kind}", "/post/order/preview", "/drill", "/areas", "/drafts/{draft_id}/edit"} <= set(
        met
    )
    described = operations(room)
    for label in described:
        verb, _, path = label.partition(" ")
        if verb == "POST":
            assert path in FORMS, label
    assert {name for names in FORMS.values() for name in names} - {*NUMBERED} <= set(FIELDS)


def _template(action: str, draft: str, lineage: str) -> str:
    if action.startswith("/post/") and action not in FORMS:
        return "/post/{kind}"
    if action.startswith("/console/rehearse/"):
        return "/console/rehearse/{word}"
    action = action.replace(draft, "{draft_id}").replace(f"/sending/{lineage}/", "/sending/{lineage}/")
    if action in FORMS:
        return action
    return "/".join((*action.split("/")[:-1], "{verb}" if "draft" in action else "{word}"))
