"""What was approved leaves by every outlet, once, and each says where it stands (R16)."""

import json
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client import CollectorRegistry

from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, Phase, Recipients, Text
from alerts.place import Cell
from alerts.theme import Audience
from dispatch.channel import ChannelState
from dispatch.webhook import generate_webhook_secret, is_signed, read_webhook_secret
from feeds.outgoing.forms import Form, Municipality
from feeds.read import read
from shirase.commands.channels import channels as command
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer, read_to_end
from streams.digest import approval_digest
from streams.metrics import StreamMetrics
from streams.outward.again import again_key
from streams.outward.metrics import OutwardMetrics
from streams.outward.outlets import OutletError, register_of
from streams.outward.stage import Outward, holds, states, why_kept_in
from streams.payloads import AgainRecord, ChannelRecord
from streams.topics import ALL, CHANNELS, NOTICES
from streams.wire import encode
from tests.dispatch.gateway import Gateway, gateway_at
from tests.dispatch.people import KOTO, part
from tests.dispatch.people import notice as plain_notice

KOTO_WARD = "13108"
PATIENCE_SECONDS = 30.0
ORDER = (
    Text("ja", "レベル4 避難指示", "レベル4 危険な場所から全員避難。"),
    Text("en", "Level 4: evacuation order", "Leave."),
)


@pytest.fixture
def broker() -> Iterator[Broker]:
    with open_broker("embedded") as opened:
        ensure_topics(opened, ALL)
        yield opened


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with gateway_at(tmp_path) as running:
        yield running


def approved(revision: int = 1, phase: Phase = Phase.ISSUED, **changes: object) -> Notice:
    now = datetime.now(UTC).replace(microsecond=0)
    of = plain_notice(
        part(texts=ORDER, phase=phase, level=Level.ALL_LEAVE), revision=revision, expires=now + timedelta(hours=2)
    )
    made = replace(of, issuer="江東区", sent=now, approved_at=now, **changes)  # type: ignore[arg-type]
    return replace(made, digest=approval_digest(made))


def toml_rows(gateway: Gateway, folder: Path) -> dict[str, object]:
    if not (folder / "secret").exists():
        generate_webhook_secret(folder / "secret")
    files = [form for form in Form if form is not Form.WEBHOOK]
    rows: list[dict[str, object]] = [
        {"ward": KOTO_WARD, "form": form.value, "folder": form.value, "drills": form is Form.SIGNAGE} for form in files
    ]
    rows.append({"ward": KOTO_WARD, "form": "webhook", "url": f"{gateway.origin}/hook", "secret": "secret"})
    wards = [{"code": KOTO_WARD, "name": "江東区", "readings": {"江東区": "こうとうく"}}]
    return {"sender": "alerts@shirase.example", "municipality": wards, "outlet": rows}


def outward(broker: Broker, gateway: Gateway, folder: Path, clock: Callable[[], float] = time.time) -> Outward:
    register = register_of(toml_rows(gateway, folder), folder, ca_file=str(gateway.ca))
    registry = CollectorRegistry()
    ground = {KOTO_WARD: (Cell(KOTO),)}
    return Outward(broker.bootstrap, register, ground, OutwardMetrics(registry), StreamMetrics(registry), clock)


def publish(broker: Broker, *notices: Notice) -> None:
    with Producer(broker.bootstrap) as producer:
        for one in notices:
            producer.send(NOTICES.name, one.lineage.encode(), encode(one)).result(30)


def until(
    worker: Outward, broker: Broker, wanted: Callable[[dict[str, ChannelRecord]], bool]
) -> dict[str, ChannelRecord]:
    """Let the worker work until the topic says what is wanted: newest state by "form.revision"."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        assert time.monotonic() < give_up_at, "the states never came"
        for _ in range(5):
            worker.step()
        found = {f"{one.form}.{one.revision}": one for one in states(broker.bootstrap).values()}
        if wanted(found):
            return found


def all_in(state: ChannelState, *names: str) -> Callable[[dict[str, ChannelRecord]], bool]:
    return lambda found: all(name in found and found[name].state is state for name in names)


def test_one_approval_leaves_by_every_outlet_once_and_its_correction_after_it(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    first, second = approved(), approved(2, Phase.CORRECTED)
    forms = [form.value for form in Form]
    publish(broker, first)
    worker = outward(broker, gateway, tmp_path)
    found = until(worker, broker, all_in(ChannelState.ACCEPTED, *(f"{form}.1" for form in forms)))
    assert not any(one.correction or one.drill for one in found.values())
    sent = read((tmp_path / "cap" / "lineage-1.1.cap.xml").read_bytes(), name="x", received=first.sent, feed="")
    assert sent.alert.identifier == "lineage-1.1"
    written = (tmp_path / "l-alert" / "lineage-1.1.l-alert-1.xml").read_bytes()
    order = read(written, name="x", received=first.sent, feed="")
    assert [info.level for info in order.alert.infos] == [Level.ALL_LEAVE]
    assert "避難指示" in (tmp_path / "signage" / f"{KOTO_WARD}.html").read_text()
    assert "こうとうく" in (tmp_path / "loudspeaker" / f"lineage-1.1.{KOTO_WARD}.txt").read_text()
    worker.close()
    # A restart gives nothing again, and the correction leaves with its mark and the next number.
    publish(broker, second)
    again = outward(broker, gateway, tmp_path)
    found = until(again, broker, all_in(ChannelState.ACCEPTED, *(f"{form}.2" for form in forms)))
    assert all(found[f"{form}.2"].correction for form in forms)
    assert [json.loads(came.body)["revision"] for came in gateway.came] == [1, 2]
    again.close()


def test_what_never_got_an_answer_is_given_again_after_a_restart_under_the_same_id_and_bytes(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    gateway.tell(503)
    publish(broker, approved())
    worker = outward(broker, gateway, tmp_path)
    until(worker, broker, all_in(ChannelState.SENT, "webhook.1"))
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not gateway.came:
        assert time.monotonic() < give_up_at
        worker.step()
    worker.close()
    gateway.statuses = [202]
    again = outward(broker, gateway, tmp_path)
    until(again, broker, all_in(ChannelState.ACCEPTED, "webhook.1"))
    again.close()
    assert len({(came.headers["webhook-id"], came.body) for came in gateway.came}) == 1
    secret = (tmp_path / "secret").read_text()
    assert secret not in str([came.headers for came in gateway.came])
    for came in gateway.came:
        assert is_signed(
            [read_webhook_secret(tmp_path / "secret")],
            identifier=came.headers["webhook-id"],
            timestamp=came.headers["webhook-timestamp"],
            signature=came.headers["webhook-signature"],
            body=came.body,
            now=time.time(),
        )


def test_of_what_was_missed_only_the_newest_leaves_and_a_waiting_one_is_overtaken(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    gateway.tell(503)
    publish(broker, approved(1), approved(2, Phase.CHANGED))
    worker = outward(broker, gateway, tmp_path)
    found = until(worker, broker, all_in(ChannelState.SENT, "webhook.2"))
    assert "webhook.1" not in found
    publish(broker, approved(3, Phase.CANCELLED))
    found = until(worker, broker, all_in(ChannelState.FAILED, "webhook.2"))
    assert found["webhook.2"].reason == "overtaken"
    worker.close()


def test_a_form_without_a_document_fails_aloud_and_a_person_says_that_it_was_typed(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    placeless = approved()
    nameless = replace(placeless, parts=(replace(placeless.parts[0], area_names=()),))
    publish(broker, replace(nameless, digest=approval_digest(nameless)))
    worker = outward(broker, gateway, tmp_path)
    found = until(worker, broker, all_in(ChannelState.FAILED, "l-alert.1"))
    assert found["l-alert.1"].reason == "no-document"
    asked = ["typed", "--broker", broker.bootstrap, "--ward", KOTO_WARD, "--form", "l-alert", "--by", "佐藤"]
    done = CliRunner().invoke(command, [*asked, "lineage-1", "1"])
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(command, [*asked, "lineage-9", "1"]).exit_code == 1
    listed = CliRunner().invoke(command, ["list", "--broker", broker.bootstrap]).output
    assert "typed-by-hand  by 佐藤" in listed
    worker.close()
    # Typed is an end: a restart does not try again.
    again = outward(broker, gateway, tmp_path)
    for _ in range(20):
        again.step()
    assert {one.form: one for one in states(broker.bootstrap).values()}["l-alert"].state is ChannelState.TYPED
    again.close()


def test_what_is_not_what_was_approved_leaves_by_no_outlet(broker: Broker, gateway: Gateway, tmp_path: Path) -> None:
    good = replace(approved(), lineage="lineage-2")
    astray = replace(approved(lane=Lane.DRILL), lineage="lineage-3")
    publish(
        broker,
        replace(approved(), digest="0" * 64),
        replace(astray, digest=approval_digest(astray)),
        replace(good, digest=approval_digest(good)),
    )
    worker = outward(broker, gateway, tmp_path)
    until(worker, broker, all_in(ChannelState.ACCEPTED, "webhook.1"))
    assert [json.loads(came.body)["lineage"] for came in gateway.came] == ["lineage-2"]
    keys = [record.key for record in read_to_end(broker.bootstrap, CHANNELS.name)]
    assert not any(key.startswith(b"lineage-3") for key in keys), "a drill on the topic of what is real"
    worker.close()


def test_drills_the_canary_and_what_is_for_officers_stay_in_unless_the_register_lets_drills_out(
    gateway: Gateway, tmp_path: Path
) -> None:
    rows = toml_rows(gateway, tmp_path)
    by_form = {outlet.form: outlet for outlet in register_of(rows, tmp_path).outlets}
    ground = (Cell(KOTO),)
    drill, canary = approved(lane=Lane.DRILL), approved(lane=Lane.CANARY)
    assert why_kept_in(by_form[Form.WEBHOOK], drill, ground) == "drill"
    assert why_kept_in(by_form[Form.SIGNAGE], drill, ground) == ""
    assert {why_kept_in(outlet, canary, ground) for outlet in by_form.values()} == {"canary"}
    staff = approved(audience=Audience.STAFF)
    assert {why_kept_in(outlet, staff, ground) for outlet in by_form.values()} == {"not-for-the-public"}
    assert why_kept_in(by_form[Form.CAP], approved(kind=NoticeKind.GO_THERE), ground) == "ways-are-for-telephones"
    away = replace(approved(), issuer="葛飾区")
    elsewhere = replace(away, parts=(replace(away.parts[0], area_names=("葛飾区",), cells=()),))
    assert why_kept_in(by_form[Form.CAP], elsewhere, ground) == "elsewhere"


def test_a_screen_keeps_an_order_past_its_expiry_until_it_is_lifted() -> None:
    order, later = approved(), datetime.now(UTC) + timedelta(days=2)
    assert holds(order, later)
    lifted = approved(2, Phase.LIFTED)
    assert not holds(lifted, later)
    assert holds(lifted, datetime.now(UTC))
    quiet = replace(order.parts[0], texts=(Text("ja", "洪水 危険警報", "x"),), recipients=Recipients.CELLS)
    assert not holds(replace(order, parts=(quiet,)), later)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"form": "fax"}, "form is one of"),
        ({"ward": "13999"}, "no municipality"),
        ({"folder": ""}, "name it"),
        ({"drills": "yes"}, "true or false"),
        ({"colour": "red"}, "not a field"),
        ({"form": "webhook", "url": "https://gateway.ward.example/x"}, "has a secret"),
        ({"form": "webhook", "url": "https://gateway.ward.example/x", "secret": "absent"}, "key-file-missing"),
        ({"form": "webhook", "url": "http://gateway.ward.example/x", "secret": "secret"}, "endpoint-not-https"),
        ({"form": "webhook", "url": "https://u@gateway.ward.example/x", "secret": "secret"}, "endpoint"),
        ({"form": "cap"}, "twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_that_is_off_stops_the_start_and_says_what_it_should_be(
    gateway: Gateway, tmp_path: Path, change: dict[str, object], why: str
) -> None:
    plain = toml_rows(gateway, tmp_path)
    row = {"ward": KOTO_WARD, "form": "cap", "folder": "x"} | change
    rows = plain["outlet"]
    assert isinstance(rows, list)
    kept = rows if why == "twice" else []
    with pytest.raises(OutletError, match=why):
        register_of({**plain, "outlet": [*kept, row]}, tmp_path)


def test_the_register_as_shipped_is_read_and_lists_no_outlet() -> None:
    folder = Path(__file__).resolve().parents[2] / "ops"
    plain = tomllib.loads((folder / "outlets.toml").read_text(encoding="utf-8"))
    assert register_of(plain, folder).outlets == ()
    wards = [Municipality(row["code"], row["name"], row["readings"]) for row in plain["municipality"]]
    assert len(wards) == 23
    assert {ward.name for ward in wards} == {name for ward in wards for name in ward.readings}


def test_a_gateway_that_is_away_holds_up_no_other_form_and_what_failed_is_sent_again_once_for_each_press(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    gateway.tell(400)
    publish(broker, approved())
    worker = outward(broker, gateway, tmp_path)
    files = [form.value for form in Form if form is not Form.WEBHOOK]
    until(worker, broker, all_in(ChannelState.ACCEPTED, *(f"{form}.1" for form in files)))
    until(worker, broker, all_in(ChannelState.FAILED, "webhook.1"))
    gateway.statuses = [202]
    asked = AgainRecord("lineage-1", 1, KOTO_WARD, "webhook", "aoki", datetime.now(UTC))
    with Producer(broker.bootstrap) as producer:
        for _ in range(2):
            producer.send(CHANNELS.name, again_key("the-form"), encode(asked)).result(30)
    found = until(worker, broker, all_in(ChannelState.ACCEPTED, "webhook.1"))
    for _ in range(5):
        worker.step()
    assert found["webhook.1"].by == "aoki"
    assert len(gateway.came) == 2, "pressed twice is sent once"
    assert len({came.headers["webhook-id"] for came in gateway.came}) == 1, "the receiver counts it once"
    assert gateway.came[0].body == gateway.came[1].body
    worker.close()
    again = outward(broker, gateway, tmp_path)
    for _ in range(10):
        again.step()
    assert len(gateway.came) == 2, "a question that was answered is gone"
    again.close()
