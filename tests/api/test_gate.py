"""A hundred shelters, a hundred codes: each speaks for its own door, and for the event alone (R17)."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from alerts.fact import Confidence
from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.shelter import OccupancyBand, ShelterState, SiteClass
from alerts.special_wards import ward_said
from alerts.wording import JAPAN
from api.http.errors import ApiError
from api.intake.app import intake_app
from api.intake.gate_page import BANDS, NEEDS
from api.intake.gate_pass import GatePass, issue, keys_in, opened
from feeds.console import FEED, read_console
from routing.importers.shelter_file import write_sites
from routing.site import Site
from shirase.cli import main
from tests.api.browser import Browser
from tests.api.test_intake import Topic, key

NOW = datetime(2026, 9, 18, 18, 0, tzinfo=UTC)
KEY = bytes(range(32))
LATER = int((NOW + timedelta(hours=12)).timestamp())


def gate_of(number: int, event: str = "typhoon-19", expires: int = LATER) -> GatePass:
    return GatePass(event, f"site-{number}", f"架空小学校{number}", "江東区", expires)


def door(topic: Topic, keys: dict[str, bytes], now: datetime = NOW) -> Browser:
    app = intake_app((key(),), topic, CollectorRegistry(), now=lambda: now, monotonic=lambda: 0.0, events=lambda: keys)
    return Browser(app)


def press(browser: Browser, token: str, **fields: str) -> httpx.Response:
    return browser.request("POST", f"/s/{token}", {"accept": "application/json"}, data=fields)


def said(topic: Topic) -> list[tuple[str, ShelterState, OccupancyBand | None, tuple[str, ...], datetime]]:
    found = []
    for _, _, value, headers in topic.sent:
        assert value is not None
        assert headers["feed"] == FEED.encode()
        (shelter,) = read_console(value, received=NOW, feed=FEED).facts.shelters
        assert shelter.attribution.confidence is Confidence.CONFIRMED
        found.append((shelter.id, shelter.state, shelter.band, shelter.needs, shelter.attribution.fact_at))
    return found


def test_each_of_a_hundred_codes_speaks_for_its_own_shelter() -> None:
    topic = Topic()
    browser = door(topic, {"typhoon-19": KEY})
    bands = list(OccupancyBand)
    for number in range(100):
        answer = press(browser, issue(KEY, gate_of(number)), band=bands[number % 4].value)
        assert answer.status_code == 202, answer.text
    states = [ShelterState.FULL if band is OccupancyBand.FULL else ShelterState.OPEN for band in bands]
    wanted = [(f"site-{n}", states[n % 4], bands[n % 4], (), NOW) for n in range(100)]
    assert said(topic) == wanted


def test_a_code_that_was_changed_for_another_shelter_is_none_of_ours() -> None:
    topic = Topic()
    mine, other = issue(KEY, gate_of(1)), issue(KEY, gate_of(2))
    forged = f"{other.partition('.')[0]}.{mine.partition('.')[2]}"
    answer = press(door(topic, {"typhoon-19": KEY}), forged, band="empty")
    assert (answer.status_code, answer.json()["code"]) == (404, "pass-unknown")
    assert topic.sent == []


@pytest.mark.parametrize(
    ("token", "keys", "status"),
    [
        (issue(KEY, gate_of(1)), {}, 410),
        (issue(KEY, gate_of(1, expires=int(NOW.timestamp()))), {"typhoon-19": KEY}, 410),
        (issue(bytes(32), gate_of(1)), {"typhoon-19": KEY}, 404),
        ("nonsense", {"typhoon-19": KEY}, 404),
        ("e30.AA", {"typhoon-19": KEY}, 404),
        ("x" * 700, {"typhoon-19": KEY}, 404),
    ],
    ids=["event-ended", "time-is-up", "another-key", "nonsense", "an-object", "too-long"],
)
def test_what_is_no_pass_opens_nothing(token: str, keys: dict[str, bytes], status: int) -> None:
    topic = Topic()
    browser = door(topic, keys)
    assert browser.get(f"/s/{token}").status_code == status
    assert press(browser, token, band="full").status_code == status
    assert topic.sent == []


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(max_size=80))
def test_no_text_opens_a_door(token: str) -> None:
    with pytest.raises(ApiError):
        opened({"typhoon-19": KEY}, token, NOW.timestamp())


def test_what_was_pressed_without_network_keeps_its_time() -> None:
    topic = Topic()
    browser, token = door(topic, {"typhoon-19": KEY}), issue(KEY, gate_of(1))
    pressed = NOW - timedelta(hours=3)
    assert press(browser, token, band="crowded", at=pressed.isoformat()).status_code == 202
    assert press(browser, token, band="full", at=(NOW + timedelta(days=1)).isoformat()).status_code == 202
    assert [at for *_, at in said(topic)] == [pressed, NOW]
    for at, code in ((NOW - timedelta(hours=13), "too-old"), ("noon", "time-malformed")):
        written = at if isinstance(at, str) else at.isoformat()
        assert press(browser, token, band="empty", at=written).json()["code"] == code


def test_a_call_for_help_says_nothing_of_the_crowd() -> None:
    topic = Topic()
    browser, token = door(topic, {"typhoon-19": KEY}), issue(KEY, gate_of(1))
    for need in NEEDS:
        assert press(browser, token, need=need).status_code == 202
    assert [(state, band, needs) for _, state, band, needs, _ in said(topic)] == [
        (ShelterState.UNKNOWN, None, (need,)) for need in NEEDS
    ]


@pytest.mark.parametrize("fields", [{}, {"band": "tiny"}, {"need": "pizza"}])
def test_only_the_buttons_can_be_pressed(fields: dict[str, str]) -> None:
    topic = Topic()
    answer = press(door(topic, {"typhoon-19": KEY}), issue(KEY, gate_of(1)), **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing-pressed")
    assert topic.sent == []


def test_a_form_without_scripts_comes_back_with_what_was_sent() -> None:
    browser, token = door(Topic(), {"typhoon-19": KEY}), issue(KEY, gate_of(1))
    shown = browser.get(f"/s/{token}")
    assert all(ja in shown.text for ja, _ in (*BANDS.values(), *NEEDS.values()))
    answer = browser.request("POST", f"/s/{token}", data={"band": "full"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/s/{token}?done=full")
    assert "「満員」を送りました" in browser.get(f"/s/{token}?done=full").text


def test_a_name_from_a_list_cannot_run_anything() -> None:
    gate = GatePass("e", "s", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', LATER)
    shown = door(Topic(), {"e": KEY}).get(f"/s/{issue(KEY, gate)}").text
    assert "<script>alert" not in shown
    assert "<img" not in shown


def test_a_broker_that_is_away_is_said_and_a_thumb_that_does_not_stop_is_slowed() -> None:
    token = issue(KEY, gate_of(1))
    assert press(door(Topic(away=True), {"typhoon-19": KEY}), token, band="full").status_code == 503
    browser = door(Topic(), {"typhoon-19": KEY})
    statuses = [press(browser, token, band="full").status_code for _ in range(25)]
    assert statuses[0] == 202
    assert statuses[-1] == 429


def test_a_sheet_says_in_words_until_when_it_is_good_and_whose_it_is(tmp_path: Path) -> None:
    write_sites(tmp_path / "sites.jsonl", listed("13108"))
    words = ["gate", "open", "typhoon-19", "--sites", str(tmp_path / "sites.jsonl"), "--ward", "13108", "--hours", "36"]
    words += ["--url", "https://report.example", "--out", str(tmp_path), "--keys", str(tmp_path / "keys")]
    before = datetime.now(JAPAN) + timedelta(hours=36)
    assert CliRunner().invoke(main, words).exit_code == 0
    after = datetime.now(JAPAN) + timedelta(hours=36)
    sheet = (tmp_path / "typhoon-19.html").read_text()
    assert "江東区 架空1" in sheet
    assert "13108" not in re.sub(r"<svg.*?</svg>", "", sheet)
    assert any(
        f"{at.year}年{at.month}月{at.day}日（{'月火水木金土日'[at.weekday()]}）{at:%H:%M}まで使えます" in sheet
        for at in (before, after)
    )
    assert any(f"Valid until {at:%Y-%m-%d %H:%M} (Japan time)." in sheet for at in (before, after))


def test_a_ward_is_said_by_its_name_however_a_list_writes_it() -> None:
    assert [ward_said(one) for one in ("13108", "131083", "1310800", "江東区")] == ["江東区"] * 4
    assert [ward_said(one) for one in ("", "13999", "川口市", "131")] == ["", "13999", "川口市", "131"]


def listed(ward: str) -> list[Site]:
    return [
        Site(
            id=f"site-{n}", name=f"架空小学校{n}", point=LatLng(35.67, 139.81), fit_for=frozenset({HazardKind.FLOOD}),
            ward=ward if n < 2 else "江戸川区", address="架空1", site_class=SiteClass.STAFFED, capacity=100,
            step_free=None, remark="", out_of_use=False,
        )
        for n in range(3)
    ]  # fmt: skip


def test_an_event_is_opened_with_a_sheet_for_each_door_and_closed_for_all(tmp_path: Path) -> None:
    sites = listed("江東区")
    write_sites(tmp_path / "sites.jsonl", sites)
    words = ["gate", "open", "typhoon-19", "--sites", str(tmp_path / "sites.jsonl"), "--ward", "江東区"]
    words += ["--url", "https://report.example", "--out", str(tmp_path), "--keys", str(tmp_path / "keys")]
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 0, ran.output
    by_code = CliRunner().invoke(main, [word.replace("江東区", "1310800") for word in words])
    assert by_code.exit_code == 1
    assert "江戸川区, 江東区" in by_code.output, "how the list names its wards"
    sheet = (tmp_path / "typhoon-19.html").read_text()
    assert sheet.count("<svg") == 2
    assert "架空小学校2" not in sheet
    keys = keys_in(tmp_path / "keys")
    assert opened(keys, issue(keys["typhoon-19"], gate_of(1)), NOW.timestamp()).shelter == "site-1"
    assert CliRunner().invoke(main, ["gate", "close", "typhoon-19", "--keys", str(tmp_path / "keys")]).exit_code == 0
    assert keys_in(tmp_path / "keys") == {}
    assert CliRunner().invoke(main, ["gate", "close", "typhoon-19", "--keys", str(tmp_path / "keys")]).exit_code == 1


def test_a_short_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        issue(secrets.token_bytes(16), gate_of(1))
