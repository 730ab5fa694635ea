"""Both applications over a broker: from a record on a topic to what a browser reads."""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import h3.api.basic_int as h3
import httpx
import pyotp
import pytest
import uvicorn
from click.testing import CliRunner, Result
from fastapi import FastAPI

from alerts.place import LatLng
from api.console.process import build_console
from api.live.facts import shard_at
from api.officers.accounts import Accounts, Role
from api.officers.asked import write_down
from api.officers.audit import Act, read
from api.residents.joining import joining_settings
from api.residents.process import build_residents
from dispatch.stub.bodies import stored
from dispatch.stub.opened import open_body
from dispatch.stub.process import StubProcess
from feeds.cap import read_cap
from feeds.feed_entries import read_entries
from shirase.cli import main
from shirase.demo.pipeline import make_secrets
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.brokers.client import Producer, read_to_end
from streams.settings import SettingMissing
from streams.topics import ALL, AUDIT, DEAD_LETTERS, HAZARDS
from tests.api.evening import KOTO, Evening, around, danger, provenance
from tests.api.test_subscriptions import wish
from tests.stub.pushes import Phone

WITHIN_SECONDS = 30.0


@pytest.fixture
def broker() -> Iterator[Broker]:
    with open_broker("embedded") as opened:
        ensure_topics(opened, ALL)
        yield opened


@contextmanager
def served(app: FastAPI) -> Iterator[httpx.Client]:
    """Serve *app* on a free loopback port for as long as the block lasts."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=WITHIN_SECONDS) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(WITHIN_SECONDS)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


# H3 names finer than a shard: no request that we log, count or cache may hold one (R13).
# Not in the middle of a number: a time in seconds has as many digits.
FINER = re.compile(r"(?<![0-9a-f.])8[7-9a-f][0-9a-f]{13}(?![0-9a-f])")


def test_a_notice_on_the_topic_is_on_the_page(broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    evening = Evening()
    (notice,) = evening.say(provenance(), [danger(around(*KOTO))])
    with served(build_residents(broker.bootstrap)) as client:
        until(lambda: client.get("/health").status_code == 200)
        assert client.get("/hazards.geojson").json()["features"] == []
        with_poison = [(HAZARDS.name, b"x", b"not json")]
        with Producer(broker.bootstrap) as producer:
            for topic, key, value in with_poison + [(r.topic, r.key, r.value or b"") for r in evening.records]:
                producer.send(topic, key, value).result(WITHIN_SECONDS)
        until(lambda: notice.parts[0].texts[0].title in client.get("/").text)
        until(lambda: client.get("/hazards.geojson").json()["features"] != [])
        assert "api_unreadable_records_total 1.0" in client.get("/metrics").text
        health = client.get("/health").json()
        assert health["ready"] is True
        assert health["state_age_seconds"] is not None
        # The same by shard, by event, as a plain page, as CAP, and as files for another web server.
        shard = f"{shard_at(LatLng(*KOTO)):x}"
        until(lambda: client.get(f"/live/{shard}/notices.json").json().get("in_force", []) != [])
        with client.stream("GET", "/live/events") as events:
            assert "event: index" in next(text for text in events.iter_text() if "event:" in text)
        assert "レベル4" in client.get(f"/here/{shard}").text
        assert client.get(f"/live/{h3.latlng_to_cell(*KOTO, 9):x}/notices.json").status_code == 422
        (entry,) = read_entries(client.get("/open/atom.xml").content).entries
        message = client.get(entry.link.removeprefix("http://localhost"))
        assert read_cap(message.content, "x", notice.received).alert.infos
        said = CliRunner().invoke(
            main, ["export-static", str(tmp_path), "--broker", broker.bootstrap, "--areas", str(tmp_path), "--once"]
        )
        assert said.exit_code == 0, said.output
        copy = json.loads((tmp_path / "live" / shard / "notices.json").read_bytes())
        assert copy["in_force"][0]["lineage"] == notice.lineage
        assert FINER.search(client.get("/metrics").text) is None
    ours = [f"{one.getMessage()} {one.__dict__}" for one in caplog.records if not one.name.startswith("http")]
    assert ours
    assert not [line for line in ours if FINER.search(line)]


def test_the_console_lists_a_dead_letter(broker: Broker) -> None:
    with Producer(broker.bootstrap) as producer:
        letter = producer.send(DEAD_LETTERS.name, b"claims-0-1", b"???", {"reason": b"wire-malformed"})
        letter.result(WITHIN_SECONDS)
    with served(build_console(broker.bootstrap)) as client:
        until(lambda: "wire-malformed" in client.get("/").text)


def test_a_console_that_ends_has_stored_what_it_wrote_and_closes_its_accounts(broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "accounts.sqlite"
    with served(build_console(broker.bootstrap, accounts=path)) as client:
        until(lambda: client.get("/health").status_code == 200)
        refused = client.post("/sign-in", data={"name": "nobody", "password": "x", "code": "0"})
        assert refused.status_code == 403
        beside = path.with_name("accounts.sqlite-wal")
        assert beside.exists(), "the file is open"
    assert not beside.exists(), "and closed by its last reader"
    (entry,) = (read(record.value)[0] for record in read_to_end(broker.bootstrap, AUDIT.name) if record.value)
    assert (entry.by, entry.act) == ("nobody", "sign-in-refused")


def grant_by_two(broker: Broker, path: Path) -> Result:
    """Add an approver by two administrators of the console's own accounts, with the trail of *broker*."""
    with closing(Accounts(path)) as store:
        keys = [store.add(name, Role.ADMINISTRATOR, frozenset({"*"}), "p" * 12) for name in ("first", "second")]
    codes = "".join(f"{pyotp.TOTP(key).now()}\n" for key in keys)
    add = ["accounts", "add", "approves", "--role", "approver", "--ward", "1310800", "--password", "p" * 12]
    names = ["--administrator", "first", "--administrator", "second"]
    where = ["--accounts", str(path), "--broker", broker.bootstrap]
    return CliRunner().invoke(main, [*add, *names, *where], input=codes)


def test_a_policy_and_a_right_are_granted_once_the_running_console_has_them_in_its_trail(
    broker: Broker, tmp_path: Path
) -> None:
    current, narrower = tmp_path / "policy.toml", tmp_path / "narrower.toml"
    current.write_text('version = 1\n[[rule]]\nname = "all"\nrelease = "automatic"\n', encoding="utf-8")
    narrower.write_text('version = 1\n[[rule]]\nname = "all"\nrelease = "draft"\n', encoding="utf-8")
    before = current.read_bytes()
    adopt = ["policy", "adopt", str(current), str(narrower), "--broker", broker.bootstrap]
    # Nobody took it in time: it is no act any more when a console comes.
    old = datetime.now(UTC) - timedelta(minutes=1)
    assert write_down(broker.bootstrap, "two", Act.POLICY_ADOPT, "p", "old", old, within_seconds=0.0) is None
    with served(build_console(broker.bootstrap, accounts=tmp_path / "accounts.sqlite")) as client:
        until(lambda: client.get("/health").status_code == 200)
        done = CliRunner().invoke(main, adopt)
        assert done.exit_code == 0, done.output
        granted = grant_by_two(broker, tmp_path / "accounts.sqlite")
        assert granted.exit_code == 0, granted.output
    assert current.read_bytes() == narrower.read_bytes()
    verified = CliRunner().invoke(main, ["audit", "verify", "--broker", broker.bootstrap])
    assert verified.exit_code == 0, verified.output
    entries = [read(record.value)[0] for record in read_to_end(broker.bootstrap, AUDIT.name) if record.value]
    (grant,) = (one for one in entries if one.act == "grant")
    assert (grant.by, grant.on) == ("first+second", "approves")
    assert grant.detail.startswith("approver of 1310800 asked=")
    (entry,) = (one for one in entries if one.act == "policy-adopt")
    assert entry.by.startswith("shell:")
    assert entry.on == "policy.toml"
    assert f"{sha256(before).hexdigest()}->{sha256(narrower.read_bytes()).hexdigest()}" in entry.detail
    (line,) = (tmp_path / "policy.toml.adopted.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["trail"] == {"number": entry.number, "hash": entry.hash}


def test_a_broker_that_does_not_answer_is_not_ready_and_says_so() -> None:
    with served(build_residents("127.0.0.1:1")) as client:
        assert client.get("/health").status_code == 503
        assert client.get("/notices.json").json()["code"] == "not-ready"


@pytest.fixture
def secrets_of_a_run(tmp_path: Path) -> dict[str, str]:
    return make_secrets(tmp_path / "keys")


def test_a_resident_signs_up_by_a_push_that_her_own_keys_open(
    broker: Broker, tmp_path: Path, secrets_of_a_run: dict[str, str]
) -> None:
    phone = Phone()
    with StubProcess.start(tmp_path / "stub") as stub:
        origin = stub.origins[0]
        joining = joining_settings(
            secrets_of_a_run
            | {
                "SHIRASE_VAPID_SUBJECT": "mailto:duty@example.org",
                "SHIRASE_SITE_URL": "https://shirase.example/",
                "SHIRASE_PUSH_CA": str(stub.ca_path),
                "SHIRASE_PUSH_ORIGINS": origin,
            }
        )
        with served(build_residents(broker.bootstrap, joining=joining)) as client:
            until(lambda: client.get("/health").status_code == 200)
            asked = wish(phone, endpoint=f"{origin}/push/one")
            answer = client.post("/subscriptions", json=asked)
            assert answer.status_code == 202, answer.text
            bearer = {"authorization": f"Bearer {answer.json()['token']}"}
            stub.flush()
            (pushed,) = stored(stub.bodies_path)
            said = json.loads(open_body(pushed.body, phone.receiver))
            asked |= {"proof": said["shirase"]["proof"]}
            assert client.put("/subscriptions", json=asked, headers=bearer).json()["state"] == "active"
            until(lambda: client.get("/subscriptions", headers=bearer).status_code == 200)
            assert client.get("/subscriptions", headers=bearer).json()["push_service"] == origin.split("/")[2]
            assert client.delete("/subscriptions", headers=bearer).status_code == 204
            until(lambda: client.get("/subscriptions", headers=bearer).status_code == 404)


def test_half_of_the_keys_is_a_mistake_and_none_means_that_nobody_can_sign_up(
    broker: Broker, secrets_of_a_run: dict[str, str]
) -> None:
    assert joining_settings({}) is None
    with pytest.raises(SettingMissing, match="SHIRASE_VAPID_SUBJECT"):
        joining_settings(secrets_of_a_run)
    with pytest.raises(SettingMissing, match="SHIRASE_SITE_URL"):
        joining_settings(secrets_of_a_run | {"SHIRASE_VAPID_SUBJECT": "mailto:duty@example.org"})
    with served(build_residents(broker.bootstrap)) as client:
        assert client.post("/subscriptions", json={}).status_code == 404
