"""All approvers asleep (R6): who is woken when, what a restart does, and what residents hear when nobody decides."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h3.api.basic_int as h3
import pytest
from prometheus_client import CollectorRegistry

from alerts.claim import Lane, Release
from alerts.duty import Shift, SilenceRule, alone_as
from alerts.fact import Attribution, Confidence
from alerts.hazard import HazardKind
from alerts.level import Level
from alerts.notice import Notice, NoticeKind, Phase, Recipients
from alerts.order_words import compose_order
from alerts.place import SHARD_RESOLUTION, Cell, LatLng, Shard
from alerts.shelter import ShelterReport, ShelterState
from alerts.wording import PartFacts
from dispatch.channel import ChannelState
from dispatch.device_seal import DeviceSeal
from dispatch.settings import DispatchSettings
from dispatch.subscription import Place
from dispatch.vapid import Vapid, VapidKey
from dispatch.web_push import Device
from dispatch.webhook import generate_webhook_secret, is_signed, read_webhook_secret
from geo.change import NOTHING_TOLD
from geo.help_lines import NO_HELP_LINES
from geo.sign import ORDER_WITHOUT_SIGN
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer, read_to_end
from streams.deciding.decision import Ledger, decide
from streams.digest import approval_digest
from streams.duty.called import calls_so_far
from streams.duty.duty_book import DeviceRecord, DutyBook, RosterRecord, TrialRecord
from streams.duty.metrics import PagerMetrics
from streams.duty.pager import SILENCE, Pager
from streams.duty.roster import DutyError, OfficerKey, duty_of
from streams.duty.silence import Ground, nearest_open, silence_draft
from streams.metrics import StreamMetrics
from streams.notices.extending import EXTENSION
from streams.payloads import Command, Draft, DraftRecord, DraftState, PageRecord
from streams.topics import ALL, COMMANDS, DRAFTS, DUTY, NOTICES, SHELTERS
from streams.wire import decode, encode
from tests.dispatch.gateway import Gateway, gateway_at
from tests.dispatch.people import KOTO, part, resident
from tests.dispatch.people import notice as plain_notice
from tests.geo.documents import provenance

# 03:00 in Tokyo; years ahead, because the sender drops by its own clock what has expired.
AT = datetime(2036, 9, 18, 18, 0, tzinfo=UTC)
WARD = "13108"
STEPS = 400


class Clock:
    def __init__(self) -> None:
        self.now = AT.timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def broker() -> Iterator[Broker]:
    with open_broker("embedded") as opened:
        ensure_topics(opened, ALL)
        yield opened


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with gateway_at(tmp_path) as running:
        yield running


def rows(gateway: Gateway, folder: Path) -> dict[str, object]:
    if not (folder / "secret").exists():
        generate_webhook_secret(folder / "secret")
    people = ("koto-1", "koto-2", "tokyo")
    return {
        "metropolitan": ["tokyo"],
        "person": [{"name": name, "url": f"{gateway.origin}/{name}", "secret": "secret"} for name in people],
        "ward": [{"code": WARD, "name": "江東区", "on_duty": ["koto-1"], "deputies": ["koto-2"]}],
    }


def pager(
    broker: Broker,
    gateway: Gateway,
    folder: Path,
    clock: Clock,
    devices: tuple[DeviceSeal, OfficerKey] | None = None,
    silence_after: dict[str, float] | None = None,
) -> Pager:
    register = duty_of(rows(gateway, folder), folder, ca_file=str(gateway.ca))
    registry = CollectorRegistry()
    return Pager(
        broker.bootstrap,
        register,
        {WARD: (Cell(KOTO),)},
        SilenceRule(),
        PagerMetrics(registry),
        StreamMetrics(registry),
        console_url="https://console.example",
        devices=devices,
        silence_after=silence_after,
        clock=clock,
    )


def waiting(
    state: DraftState = DraftState.OPEN, level: Level = Level.ALL_LEAVE, lane: Lane = Lane.LIFE_SAFETY
) -> DraftRecord:
    of = replace(plain_notice(part(level=level), lineage="order-1", lane=lane), feed="console", digest="")
    proposed = replace(of, digest=approval_digest(of))
    source = replace(provenance(1, "order-1"), release=Release.DRAFT, lane=lane, feed="console")
    draft = Draft("draft-1", source, True, Release.DRAFT, proposed, NOTHING_TOLD)
    kept = draft if state in (DraftState.OPEN, DraftState.HELD) else None
    return DraftRecord("draft-1", "order-1", 1, "doc", state, "needs-a-person", True, AT, kept)


def warned(phase: Phase = Phase.ISSUED, revision: int = 1, level: Level = Level.ALL_LEAVE) -> Notice:
    """Return an official warning that went out by itself."""
    of = plain_notice(
        part(level=level, phase=phase), lineage="jma-1", revision=revision, expires=AT + timedelta(hours=6)
    )
    return replace(of, feed="jma")


def ordered(phase: Phase = Phase.ISSUED) -> Notice:
    facts = PartFacts(phase, Level.ALL_LEAVE, part().severity, (HazardKind.FLOOD,), ("江東区",), "江東区", AT, AT)
    said = part(phase=phase, texts=(compose_order(facts, "ja"),))
    return plain_notice(said, lineage="order-0", expires=AT - timedelta(hours=1))


def shelter(name: str, state: ShelterState = ShelterState.OPEN, **more: object) -> ShelterReport:
    said = Attribution("koto", AT, AT, Confidence.OFFICIAL)
    lat, lng = h3.cell_to_latlng(KOTO)
    fields: dict[str, object] = {"point": LatLng(lat, lng), "fit_for": (HazardKind.FLOOD,)} | more
    return ShelterReport(name, name, said, state, **fields)  # type: ignore[arg-type]


def put(broker: Broker, *records: tuple[str, str, object]) -> None:
    with Producer(broker.bootstrap) as producer:
        for topic, key, value in records:
            producer.send(topic, key.encode(), encode(value)).result(30)


def called(broker: Broker, worker: Pager, count: int) -> dict[str, PageRecord]:
    """Let the worker work until *count* calls have ended; return them by person."""
    for _ in range(STEPS):
        worker.step()
        found = calls_so_far(broker.bootstrap).values()
        ended = {page.person: page for page in found if page.state is not ChannelState.SENT}
        if len(ended) >= count:
            return ended
    raise AssertionError(f"{count} calls never ended")


def commands(broker: Broker) -> list[Command]:
    return [decode(Command, one.value) for one in read_to_end(broker.bootstrap, COMMANDS.name) if one.value is not None]


def test_whoever_is_on_duty_is_woken_first_then_the_others_and_at_last_tokyo(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    clock = Clock()
    worker = pager(broker, gateway, tmp_path, clock)
    put(broker, (DRAFTS.name, "draft-1", waiting()))
    assert set(called(broker, worker, 1)) == {"koto-1"}
    clock.now += 60
    assert set(called(broker, worker, 2)) == {"koto-1", "koto-2"}
    clock.now += 60
    pages = called(broker, worker, 3)
    assert {page.state for page in pages.values()} == {ChannelState.ACCEPTED}
    assert [came.path for came in gateway.came] == ["/koto-1", "/koto-2", "/tokyo"]
    said = json.loads(gateway.came[0].body)
    assert (said["draft"], said["level"], said["url"]) == ("draft-1", 4, "https://console.example/drafts/draft-1")
    secret = read_webhook_secret(tmp_path / "secret")
    headers = gateway.came[0].headers
    assert is_signed(
        [secret],
        identifier=headers["webhook-id"],
        timestamp=headers["webhook-timestamp"],
        signature=headers["webhook-signature"],
        body=gateway.came[0].body,
        now=AT.timestamp(),
    )
    worker.close()


def test_an_order_without_a_sign_calls_the_ward_and_the_metropolitan_officer_within_the_same_step(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    worker = pager(broker, gateway, tmp_path, Clock())
    put(broker, (DRAFTS.name, "draft-1", replace(waiting(DraftState.HELD), reason=ORDER_WITHOUT_SIGN)))
    # No second passes by the pager's clock: thirty are promised (R9).
    called(broker, worker, 2)
    assert sorted(came.path for came in gateway.came) == ["/koto-1", "/tokyo"]


def test_a_decision_ends_the_ladder_and_a_restart_wakes_nobody_again(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    clock = Clock()
    worker = pager(broker, gateway, tmp_path, clock)
    put(broker, (DRAFTS.name, "draft-1", waiting(DraftState.HELD)))
    called(broker, worker, 1)
    worker.close()
    again = pager(broker, gateway, tmp_path, clock)
    for _ in range(20):
        again.step()
    assert [came.path for came in gateway.came] == ["/koto-1"]
    put(broker, (DRAFTS.name, "draft-1", waiting(DraftState.VOID)))
    clock.now += 400
    put(broker, (DRAFTS.name, "draft-2", replace(waiting(), draft_id="draft-2", at=AT + timedelta(seconds=400))))
    for _ in range(STEPS):
        again.step()
        if len(gateway.came) > 1:
            break
    assert [json.loads(came.body)["draft"] for came in gateway.came] == ["draft-1", "draft-2"]
    again.close()


def revised(
    revision: int, seconds: float, *, complete: bool = True, state: DraftState = DraftState.OPEN
) -> DraftRecord:
    """Return the draft of a later document of the same lineage, *seconds* after the first."""
    at, name = AT + timedelta(seconds=seconds), f"draft-{revision}-{complete}"
    return replace(waiting(state), draft_id=name, document_revision=revision, complete=complete, at=at)


def test_a_draft_in_anothers_place_ends_its_calls_and_whoever_waits_has_waited_since_the_first(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    clock = Clock()
    worker = pager(broker, gateway, tmp_path, clock)
    # Half of its shards, then all: one draft to decide, one call.
    put(broker, *((DRAFTS.name, one.draft_id, one) for one in (revised(1, 0, complete=False), revised(1, 0))))
    assert set(called(broker, worker, 1)) == {"koto-1"}
    clock.now += 65
    put(broker, (DRAFTS.name, "draft-2-True", revised(2, 65)))
    for _ in range(STEPS):
        worker.step()
        if any(came.path == "/koto-2" and b"draft-2-True" in came.body for came in gateway.came):
            break
    put(broker, (DRAFTS.name, "draft-3-True", revised(3, 70, state=DraftState.APPROVED)))
    # An older one that is read late is nobody's any more.
    put(broker, (DRAFTS.name, "draft-0-True", revised(0, 0)))
    for _ in range(20):
        worker.step()
    clock.now += 400
    for _ in range(20):
        worker.step()
    said = [json.loads(came.body)["draft"] for came in gateway.came]
    assert (said.count("draft-1-True"), "draft-0-True" in said) == (1, False)
    assert [came.path for came in gateway.came if b"draft-2-True" in came.body] == ["/koto-1", "/koto-2"]
    assert all(came.path != "/tokyo" for came in gateway.came)
    assert commands(broker) == [], "nor do residents hear of what was decided"
    worker.close()


def test_a_draft_that_gives_an_order_a_later_end_is_no_older_document_and_wakes_its_ward(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    one = revised(0, 0)
    assert one.draft is not None
    later = replace(one.draft, provenance=replace(one.draft.provenance, kind=EXTENSION))
    clock = Clock()
    worker = pager(broker, gateway, tmp_path, clock)
    sent = revised(3, 0, state=DraftState.APPROVED)
    put(broker, *((DRAFTS.name, said.draft_id, said) for said in (sent, replace(one, draft=later))))
    assert set(called(broker, worker, 1)) == {"koto-1"}
    assert "期限の延長" in json.loads(gateway.came[0].body)["title"]
    # Its order has ended, and the decider has closed it: the next rung sleeps on.
    closed = replace(one, state=DraftState.VOID, reason="order-ended", draft=None)
    put(broker, (DRAFTS.name, one.draft_id, closed), (DRAFTS.name, "draft-9", replace(closed, draft_id="draft-9")))
    for _ in range(20):
        worker.step()
    clock.now += 600
    for _ in range(5):
        worker.step()
    assert [came.path for came in gateway.came] == ["/koto-1"]
    assert commands(broker) == []
    worker.close()


def test_a_danger_that_has_grown_has_a_time_of_its_own(broker: Broker, gateway: Gateway, tmp_path: Path) -> None:
    clock = Clock()
    worker = pager(broker, gateway, tmp_path, clock)
    put(broker, (DRAFTS.name, "draft-1", waiting(level=Level.ELDERLY_LEAVE)))
    assert set(called(broker, worker, 1)) == {"koto-1"}
    clock.now += 400
    put(broker, (DRAFTS.name, "draft-2-True", revised(2, 400)))
    for _ in range(STEPS):
        worker.step()
        if any(b"draft-2-True" in came.body for came in gateway.came):
            break
    for _ in range(20):
        worker.step()
    assert [came.path for came in gateway.came if b"draft-2-True" in came.body] == ["/koto-1"]
    assert all(page.way != SILENCE for page in calls_so_far(broker.bootstrap).values())
    worker.close()


def test_what_one_person_let_go_alone_calls_everybody_at_once_and_once(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    clock = Clock()
    one = replace(plain_notice(part(), lineage="order-1"), approved_by=alone_as("aoki"), approved_at=AT)
    old = replace(one, lineage="order-0", approved_at=AT - timedelta(hours=1))
    by_two = replace(one, lineage="order-2", approved_by="baba")
    put(broker, *((NOTICES.name, notice.lineage, notice) for notice in (one, old, by_two)))
    for _ in range(2):
        worker = pager(broker, gateway, tmp_path, clock)
        pages = called(broker, worker, 3)
        for _ in range(10):
            worker.step()
        worker.close()
    assert {page.draft_id for page in pages.values()} == {"alone.order-1.1"}
    assert sorted(came.path for came in gateway.came) == ["/koto-1", "/koto-2", "/tokyo"], "at once, and no one twice"
    said = json.loads(gateway.came[0].body)
    assert (said["by"], said["url"]) == ("aoki", "https://console.example/sending/order-1")
    assert said["title"].startswith("【ひとりで承認】")


def test_an_order_that_runs_out_calls_its_ward_once_for_each_end(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    clock = Clock()

    def order(revision: int, hours: float, phase: Phase = Phase.ISSUED, lineage: str = "order-9") -> Notice:
        return replace(ordered(phase), lineage=lineage, revision=revision, expires=AT + timedelta(hours=hours))

    put(broker, (NOTICES.name, "order-9", order(1, 2)), (NOTICES.name, "jma-1", warned()))
    put(broker, (NOTICES.name, "order-8", order(1, 1, lineage="order-8")))
    put(broker, (NOTICES.name, "order-8", order(2, 1, Phase.LIFTED, "order-8")))
    drill = replace(order(1, 1, lineage="drill-1"), lane=Lane.DRILL)
    put(broker, (NOTICES.name, "drill-1", drill))
    worker = pager(broker, gateway, tmp_path, clock)
    clock.now += 89 * 60
    for _ in range(20):
        worker.step()
    assert gateway.came == [], "31 minutes before: nobody; what was lifted or is a drill wakes nobody at all"
    clock.now += 60
    # Of its ward those on duty alone: nothing waits that somebody else would have to decide.
    assert set(called(broker, worker, 1)) == {"koto-1"}
    clock.now += 5 * 60
    worker.close()
    worker = pager(broker, gateway, tmp_path, clock)
    for _ in range(20):
        worker.step()
    assert [came.path for came in gateway.came] == ["/koto-1"], "nor once more after a restart"
    said = json.loads(gateway.came[0].body)
    assert (said["notice"], said["url"]) == ("order-9", "https://console.example/sending/order-9/extend")
    assert said["title"].startswith("【期限間近】")
    assert datetime.fromisoformat(said["expires"]) == AT + timedelta(hours=2)
    # Another end, another call, half an hour before it and not sooner; a word changed is none.
    put(broker, (NOTICES.name, "order-9", order(2, 2)), (NOTICES.name, "order-9", order(3, 5, Phase.CHANGED)))
    for _ in range(20):
        worker.step()
    assert len(gateway.came) == 1
    # Nobody was here then: whoever is called is told that it lapsed.
    worker.close()
    clock.now = (AT + timedelta(hours=5, minutes=10)).timestamp()
    worker = pager(broker, gateway, tmp_path, clock)
    for _ in range(STEPS):
        worker.step()
        if len(gateway.came) > 1:
            break
    assert json.loads(gateway.came[1].body)["title"].startswith("【期限切れ】")
    worker.close()


def test_a_gateway_that_refuses_is_written_down_and_the_next_rung_is_woken(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    clock = Clock()
    worker = pager(broker, gateway, tmp_path, clock)
    gateway.tell(404, 202)
    put(broker, (DRAFTS.name, "draft-1", waiting()))
    assert called(broker, worker, 1)["koto-1"].state is ChannelState.FAILED
    clock.now += 60
    assert called(broker, worker, 2)["koto-2"].state is ChannelState.ACCEPTED
    # Nor is an order that runs out nobody's, where the one who is on duty cannot be reached.
    gateway.tell(404, 202)
    put(broker, (NOTICES.name, "order-9", replace(ordered(), lineage="order-9", expires=AT + timedelta(minutes=20))))
    for _ in range(STEPS):
        worker.step()
        if len(gateway.came) > 1:
            break
    for _ in range(10):
        worker.step()
    assert [came.path for came in gateway.came] == ["/koto-1", "/koto-2"]
    assert {json.loads(came.body)["notice"] for came in gateway.came} == {"order-9"}
    worker.close()


def test_nobody_decides_and_those_who_are_warned_hear_that_there_is_no_order_yet(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    clock = Clock()
    # The ward's own number, and not the policy's five minutes.
    worker = pager(broker, gateway, tmp_path, clock, silence_after={WARD: 240.0})
    put(
        broker,
        (NOTICES.name, "jma-1", warned()),
        (SHELTERS.name, "s|koto", shelter("架空小学校")),
        (SHELTERS.name, "f|koto", shelter("満員の学校", ShelterState.FULL)),
        (DRAFTS.name, "draft-1", waiting()),
    )
    called(broker, worker, 1)
    clock.now += 239
    called(broker, worker, 3)
    assert commands(broker) == []
    clock.now += 1
    for _ in range(STEPS):
        worker.step()
        if commands(broker):
            break
    for _ in range(5):
        worker.step()
    (command,) = commands(broker)
    assert command.draft is not None
    decided = decide(Ledger(), command, at=AT)
    assert decided.notice is not None
    assert decided.notice.kind is NoticeKind.HOW_IT_IS_GOING
    japanese = decided.notice.parts[0].texts[0]
    assert "避難の指示はまだ出ていません" in japanese.title
    assert "危険を感じたら、指示を待たずに避難" in japanese.body[:40]
    assert "架空小学校" in japanese.body
    assert "満員の学校" not in japanese.body
    silence = calls_so_far(broker.bootstrap)[f"draft-1|{SILENCE}|{SILENCE}".encode()]
    assert silence.person == "koto-1、koto-2、tokyo"
    worker.close()


def test_a_refused_draft_calls_nobody_and_its_people_still_hear_of_the_silence_and_of_the_neighbours_order(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    clock = Clock()
    worker = pager(broker, gateway, tmp_path, clock)
    next_door = Cell(next(cell for cell in h3.grid_ring(KOTO, 2)))
    warning = replace(warned(), parts=(replace(warned().parts[0], cells=tuple(sorted((Cell(KOTO), next_door)))),))
    order = replace(ordered(), issuer="江戸川区", parts=(replace(ordered().parts[0], cells=(next_door,)),), sent=AT)
    proposed = waiting()
    assert proposed.draft is not None
    longer = replace(proposed.draft, notice=replace(proposed.draft.notice, expires=AT + timedelta(hours=6)))
    open_ = replace(proposed, draft=longer)
    refused = replace(open_, state=DraftState.VOID, reason="void-by:koto-1")
    put(
        broker,
        (NOTICES.name, "jma-1", warning),
        (NOTICES.name, "order-0", order),
        (DRAFTS.name, "draft-1", open_),
        (DRAFTS.name, "draft-1", refused),
    )

    def said(seconds: float) -> list[str]:
        clock.now += seconds
        for _ in range(12):
            worker.step()
        return sorted(command.draft.reason for command in commands(broker) if command.draft is not None)

    assert said(59) == []
    assert said(6) == ["your-ward-has-not-ordered"]
    assert said(234) == ["your-ward-has-not-ordered"]
    assert said(1) == ["no-order-yet", "your-ward-has-not-ordered"]
    assert said(60) == ["no-order-yet", "your-ward-has-not-ordered"]
    pages = [page for page in calls_so_far(broker.bootstrap).values() if page.draft_id == "draft-1"]
    assert [(page.rung, page.reason) for page in pages] == [(SILENCE, "refused")]
    # What went out stands; the neighbour's order ends while nobody is here.
    went_out = [command.draft.notice for command in commands(broker) if command.draft is not None]
    worker.close()
    lifted = replace(order.parts[0], phase=Phase.LIFTED, recipients=Recipients.TOLD)
    ended = replace(order, revision=2, parts=(lifted,))
    put(broker, *((NOTICES.name, one.lineage, one) for one in (*went_out, ended)))
    three = ["no-order-yet", "silence-over", "your-ward-has-not-ordered"]
    worker = pager(broker, gateway, tmp_path, clock)
    assert said(6) == three
    assert said(60) == three, "and it is said once"
    worker.close()
    (over,) = (one.draft.notice for one in commands(broker) if one.draft is not None and one.draft.reason == three[1])
    assert (over.lineage, over.revision) == ("silence|across|order-0", 2)


def test_on_a_dry_day_nobody_hears_of_a_draft_that_waits() -> None:
    assert silence_draft(waiting(), Ground(), (), NO_HELP_LINES, min_level=Level.ALL_LEAVE, at=AT) is None


def test_who_is_under_an_order_already_is_not_told_that_there_is_none() -> None:
    ground = Ground()
    ground.hear(warned())
    assert silence_draft(waiting(), ground, (), NO_HELP_LINES, min_level=Level.ALL_LEAVE, at=AT) is not None
    # Past its expiry: an order holds until it is lifted (R10).
    ground.hear(ordered())
    assert silence_draft(waiting(), ground, (), NO_HELP_LINES, min_level=Level.ALL_LEAVE, at=AT) is None


def test_a_warning_that_is_over_is_no_reason_to_speak() -> None:
    ground = Ground()
    ground.hear(warned())
    ground.hear(warned(Phase.LIFTED, 2))
    assert silence_draft(waiting(), ground, (), NO_HELP_LINES, min_level=Level.ALL_LEAVE, at=AT) is None


@pytest.mark.parametrize("record", [waiting(level=Level.ELDERLY_LEAVE), waiting(lane=Lane.DRILL)])
def test_level_3_and_drills_wait_in_silence(record: DraftRecord) -> None:
    ground = Ground()
    ground.hear(warned())
    assert silence_draft(record, ground, (), NO_HELP_LINES, min_level=Level.ALL_LEAVE, at=AT) is None


def test_the_same_draft_gives_the_same_silence() -> None:
    ground = Ground()
    ground.hear(warned())
    first, second = (
        silence_draft(waiting(), ground, (), NO_HELP_LINES, min_level=Level.ALL_LEAVE, at=AT + timedelta(seconds=later))
        for later in (0, 9)
    )
    assert first is not None
    assert second is not None
    assert first.draft == second.draft


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"metropolitan": []}, "every ladder ends with somebody"),
        ({"metropolitan": ["nobody"]}, "'nobody', who is no"),
        ({"rung_seconds": 0}, "between 1 and 600"),
        ({"person": [{"name": "a b", "url": "https://x.test"}]}, "a name of its own"),
        ({"person": [{"name": "koto-1", "url": "https://x.test/"}]}, "a secret, in a file"),
        ({"person": [{"name": "koto-1"}]}, "a url with its secret, or a device"),
        ({"person": [{"name": "koto-1", "device": "none.json"}]}, "the officers' own key"),
        ({"colour": "red"}, "not a field here"),
    ],
)
def test_a_register_that_could_call_nobody_stops_the_start(
    gateway: Gateway, tmp_path: Path, change: dict[str, object], says: str
) -> None:
    with pytest.raises(DutyError, match=says):
        duty_of(rows(gateway, tmp_path) | change, tmp_path, ca_file=str(gateway.ca))


def test_a_telephone_and_a_roster_of_the_console_are_used_and_a_removed_one_is_not(
    broker: Broker, gateway: Gateway, tmp_path: Path
) -> None:
    clock, seal = Clock(), DeviceSeal(bytes(range(32)))
    key = OfficerKey(
        Vapid({0: VapidKey.generate()}, "mailto:duty@example.org"),
        bytes(32),
        DispatchSettings(extra_origins=(gateway.origin,), ca_file=str(gateway.ca)),
    )
    person = resident(random.Random(5), (Place(KOTO),))

    def phone(identifier: str) -> DeviceRecord:
        device = Device(f"{gateway.origin}/{identifier}", person.p256dh, person.auth)
        return DeviceRecord(identifier, "sato", "電話", seal.seal("sato", identifier, device), AT)

    # At three in the morning the night's officer; by day it would be the file's.
    said = RosterRecord(WARD, ("koto-2",), (Shift("sato", 20, 8), Shift("koto-1", 8, 20)), (), "kanri", AT)
    stale = TrialRecord("old", "sato", AT - timedelta(hours=1))
    put(
        broker,
        (DUTY.name, "roster|" + WARD, said),
        (DUTY.name, "device|d1", phone("d1")),
        (DUTY.name, "device|d2", phone("d2")),
        (DUTY.name, "device|spoilt", replace(phone("d3"), id="spoilt")),
        (DUTY.name, "trial|sato", stale),
    )
    with Producer(broker.bootstrap) as producer:
        producer.send(DUTY.name, b"device|d2", None).result(30)
    worker = pager(broker, gateway, tmp_path, clock, devices=(seal, key))
    put(broker, (DRAFTS.name, "draft-1", waiting()))
    assert set(called(broker, worker, 2)) == {"koto-2", "sato"}
    assert sorted(came.path for came in gateway.came) == ["/d1", "/koto-2"]
    put(broker, (DUTY.name, "trial|sato", TrialRecord("now", "sato", AT)))
    for _ in range(STEPS):
        worker.step()
        page = calls_so_far(broker.bootstrap).get(b"trial-now|sato|push-d1")
        if page is not None and page.state is ChannelState.ACCEPTED:
            break
    assert [came.path for came in gateway.came].count("/d1") == 2
    # The file's one deputy is no rung any more; the ladder ends as ever.
    clock.now += 60
    assert set(called(broker, worker, 3)) == {"koto-2", "sato", "tokyo"}
    book = DutyBook()
    for record in read_to_end(broker.bootstrap, DUTY.name):
        book.apply(record)
    assert book.pager is not None
    assert book.pager.opens
    assert book.pager.metropolitan == ("tokyo",)
    worker.close()


def test_a_shelter_is_named_by_the_newest_word_of_each_source_and_not_once_its_staff_say_that_it_is_full() -> None:
    listed = shelter("第一小学校")
    shard = Shard(h3.cell_to_parent(KOTO, SHARD_RESOLUTION))
    assert [one.id for one in nearest_open([listed], (HazardKind.FLOOD,), shard)] == ["第一小学校"]
    later = replace(listed.attribution, source="console", fact_at=listed.attribution.fact_at + timedelta(minutes=5))
    # What hangs at its door knows neither where it is nor what it is fit for.
    full = ShelterReport(listed.id, "", later, ShelterState.FULL)
    assert nearest_open([full, listed], (HazardKind.FLOOD,), shard) == ()
    opened = replace(full, state=ShelterState.OPEN)
    (named,) = nearest_open([opened, replace(listed, state=ShelterState.UNKNOWN)], (HazardKind.FLOOD,), shard)
    assert (named.name, named.point) == (listed.name, listed.point)
    rumour = replace(full, attribution=replace(later, confidence=Confidence.REPORTED))
    assert nearest_open([listed, rumour], (HazardKind.FLOOD,), shard), "what nobody confirmed moves nobody"
