"""The ways as they were published, on a line for an officer and as GeoJSON; a draft that a person lets go."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h3.api.basic_int as h3
import pytest
from click.testing import CliRunner

from alerts.claim import Release
from feeds.read import read
from routing.importers.network_file import write_network
from routing.importers.shelter_file import write_sites
from shirase.cli import main
from shirase.commands.explain import _published
from shirase.demo.town import imported_town, site_of
from shirase.plan_state import explained, facts_at, plans_at, shard_plan
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer, Record, read_to_end
from streams.deciding.decision import Ledger, decide
from streams.ingest.facts import fact_key
from streams.payloads import Command, DraftState, Verb
from streams.topics import CLOSURES, COMMANDS, DRAFTS, PLANS, SHELTERS, TELEGRAMS
from streams.wire import decode, encode
from tests.streams.small_town import AT, CELLS, NETWORK, order_notice, shelter_state, town
from tests.streams.test_evacuation_board import Desk


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[Broker, Desk]]:
    desk = Desk()
    desk.order()
    full = shelter_state("north", "full")
    desk.hear(full)
    with open_broker("embedded") as broker:
        ensure_topics(broker, [PLANS, CLOSURES, SHELTERS, DRAFTS, COMMANDS, TELEGRAMS])
        with Producer(broker.bootstrap) as producer:
            for due in desk.log:
                for plan in due.plans:
                    producer.send(PLANS.name, b"%x" % plan.shard, encode(plan)).result(30)
            producer.send(SHELTERS.name, fact_key(full), encode(full)).result(30)
        yield broker, desk


def test_why_this_shelter_and_why_not_the_nearer_one(told: tuple[Broker, Desk]) -> None:
    broker, _ = told
    plans = plans_at(broker.bootstrap, None)
    shelters = facts_at(broker.bootstrap, town(), None).shelters()
    said = [line for cell in CELLS for line in explained(cell, shard_plan(cell, plans), shelters)]
    assert any("everybody: go to 架空" in line and "walkable" in line for line in said)
    assert any("not 架空north小学校" in line and line.endswith("full") for line in said)
    elsewhere = h3.latlng_to_cell(35.0, 135.0, 9)
    assert explained(elsewhere, None, shelters) == ["way: no order is in force here, so that no way was told"]


def test_a_nearer_shelter_is_one_of_the_lists_that_the_worker_was_given(
    told: tuple[Broker, Desk], tmp_path: Path
) -> None:
    broker, _ = told
    write_network(tmp_path / "roads", NETWORK)
    write_sites(tmp_path / "sites", [site_of(shelter) for shelter in town().sites])
    given = {"network": str(tmp_path / "roads"), "shelters": tmp_path / "sites"}
    said = [_published(cell, broker.bootstrap, **given) for cell in CELLS]  # type: ignore[arg-type]
    assert any("not 架空north小学校" in line and line.endswith("full") for lines in said for line in lines)
    assert not any("避難所" in line for lines in said for line in lines), "none of the demo city's"
    shown = tmp_path / "plan.png"
    place = ["--network", str(given["network"]), "--shelters", str(given["shelters"])]
    ended = CliRunner().invoke(main, ["plan", "--broker", broker.bootstrap, "--png", str(shown), *place])
    assert ended.exit_code == 0, ended.output
    assert shown.read_bytes().startswith(b"\x89PNG")


def test_the_plan_is_written_as_geojson_with_advice_and_reason(told: tuple[Broker, Desk]) -> None:
    broker, _ = told
    ended = CliRunner().invoke(main, ["plan", "--broker", broker.bootstrap, "--geojson"])
    assert ended.exit_code == 0, ended.output
    features = json.loads(ended.stdout)["features"]
    assert {feature["properties"]["cell"] for feature in features} == {f"{cell:x}" for cell in CELLS}
    lines = [feature for feature in features if feature["geometry"]["type"] == "LineString"]
    assert lines
    lng, lat = lines[0]["geometry"]["coordinates"][0]
    assert (round(lat), round(lng)) == (36, 140)
    past = CliRunner().invoke(main, ["plan", "--broker", broker.bootstrap, "--at", "2020-01-01", "--geojson"])
    assert json.loads(past.stdout)["features"] == []


def test_a_draft_is_approved_by_what_it_shows(told: tuple[Broker, Desk]) -> None:
    broker, _ = told
    desk = Desk()
    desk.order()
    desk.hear(*(shelter_state(name, "closed") for name in ("north", "east", "west")))
    (draft,) = desk.hear(shelter_state("north", "open", 2)).drafts
    assert draft.release is Release.DRAFT
    ledger = Ledger()
    ledger.has_sent(order_notice())
    decided = decide(ledger, Command(Verb.CREATE, draft.draft, "evacuation", AT, draft=draft), at=AT)
    assert decided.record is not None
    ledger.knows(decided.record)
    with Producer(broker.bootstrap) as producer:
        producer.send(DRAFTS.name, draft.draft.encode(), encode(decided.record)).result(30)
    ended = CliRunner().invoke(main, ["approve", draft.draft, "--broker", broker.bootstrap, "--by", "当直"])
    assert ended.exit_code == 0, ended.output
    (command,) = [decode(Command, record.value) for record in read_to_end(broker.bootstrap, COMMANDS.name)]
    approved = decide(ledger, command, at=AT + timedelta(minutes=1))
    assert approved.record is not None
    assert approved.record.state is DraftState.APPROVED
    assert approved.notice is not None
    assert approved.notice.approved_by == "当直"
    unknown = CliRunner().invoke(main, ["approve", "no-such-draft", "--broker", broker.bootstrap, "--by", "当直"])
    assert unknown.exit_code == 1
    assert "unknown" in unknown.output


def test_a_town_comes_from_imported_files(tmp_path: Path) -> None:
    write_network(tmp_path / "roads", NETWORK)
    found = imported_town(tmp_path / "roads", None)
    assert found.network.columns.road_count == NETWORK.columns.road_count
    assert set(CELLS) <= set(found.people)


def test_an_order_and_a_cap_are_posted_as_documents_of_the_console(told: tuple[Broker, Desk]) -> None:
    broker, _ = told
    at = ["--broker", broker.bootstrap]
    order = ["post", "order", "o1", *at, "--level", "4", "--hazard", "flood", "--issuer", "江戸川区"]
    ended = CliRunner().invoke(main, [*order, "--area", "1312300=江戸川区"])
    assert ended.exit_code == 0, ended.output
    assert "a draft" in ended.output
    nowhere = CliRunner().invoke(main, order)
    assert nowhere.exit_code == 1
    assert "console-no-place" in nowhere.output
    capped = CliRunner().invoke(main, ["post", "cap", "1310800", "1312300", *at, "--most", "200", "--wait", "0"])
    assert capped.exit_code == 0, capped.output
    said = [read(r.value or b"", name="", received=datetime.now(UTC), feed="console") for r in _telegrams(broker)]
    by_kind = {report.kind: report for report in said}
    assert by_kind["console-order"].alert.infos[0].areas[0].description == "江戸川区"
    assert [(cap.id, cap.most) for cap in by_kind["console-cap"].facts.caps] == [("1310800>1312300", 200)]
    assert len(said) == 2, "what was refused is nowhere"


def _telegrams(broker: Broker) -> list[Record]:
    return list(read_to_end(broker.bootstrap, TELEGRAMS.name))
