"""R24: the recorded documents that a change of the policy would treat otherwise, and two people for a wider one."""

import csv
import json
import time
from contextlib import closing
from pathlib import Path
from typing import cast

import pyotp
import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from alerts.policy import Policy
from api.officers.accounts import Accounts, Role
from api.officers.audit import Act
from feeds.archive import documents
from geo.areas import AreaTable
from shirase.cli import main
from shirase.policy_file import policy_at
from shirase.policy_replay import Changed, Effect, arrivals_of, replay_both, shown
from tests.golden.make_outcomes import area_codes
from tests.golden.test_golden import CodesOnly

PROJECT = Path(__file__).resolve().parents[2]
SHIPPED = PROJECT / "ops" / "policy.toml"
PASSWORD = "correct horse battery"


def edited(folder: Path, rule: str, release: str) -> Path:
    """Return the shipped policy with another release of *rule*."""
    head, name, tail = SHIPPED.read_text(encoding="utf-8").partition(f'name = "{rule}"')
    before, word, after = tail.partition('release = "')
    path = folder / f"{rule}-{release}.toml"
    path.write_text(head + name + before + word + release + after[after.index('"') :], encoding="utf-8")
    return path


def run(*words: object, answers: str = "") -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=answers)


def changed(shared_data: Path, folder: str, old: Policy, new: Policy) -> list[Changed]:
    table = cast("AreaTable", CodesOnly(area_codes(shared_data)))
    arrivals = arrivals_of(documents([shared_data / folder]))
    return list(replay_both(arrivals, old, new, table=table, reach=lambda _cells: 7))


@pytest.fixture(scope="module")
def held_cap(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Changed]:
    """Return what changes of the recorded CAP messages when the open default becomes a draft."""
    new = edited(tmp_path_factory.mktemp("policy"), "cap-actual-public", "draft")
    return changed(shared_data, "06_cap", policy_at(SHIPPED), policy_at(new))


def test_each_recorded_notice_that_would_wait_is_listed_and_no_other(held_cap: list[Changed]) -> None:
    with (PROJECT / "tests" / "golden" / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        told = {
            row["file"].removeprefix("06_cap/")
            for row in csv.DictReader(file)
            if row["file"].startswith("06_cap/") and row["outcome"] in ("notice", "update", "cancel")
        }
    listed = {one.name for one in held_cap}
    assert listed
    assert listed <= told
    assert {one.effect for one in held_cap} == {Effect.WAITS}
    assert all(one.before.leaves and not one.after.leaves for one in held_cap)
    assert {one.plain["people"] for one in held_cap} == {"<20"}


def test_the_way_back_adds_exactly_what_was_taken(shared_data: Path, held_cap: list[Changed], tmp_path: Path) -> None:
    new = edited(tmp_path, "cap-actual-public", "draft")
    back = changed(shared_data, "06_cap", policy_at(new), policy_at(SHIPPED))
    assert {one.name for one in back} == {one.name for one in held_cap}
    assert {one.effect for one in back} == {Effect.ADDED}


def test_the_same_policy_changes_no_document(shared_data: Path) -> None:
    assert changed(shared_data, "06_cap", policy_at(SHIPPED), policy_at(SHIPPED)) == []


def test_people_under_twenty_are_never_a_number() -> None:
    assert [shown(people) for people in (0, 1, 19, 20)] == [0, "<20", "<20", 20]


def test_the_command_ends_with_one_when_something_widens(tmp_path: Path, shared_data: Path) -> None:
    wider = edited(tmp_path, "own-gauge", "automatic")
    found = run("policy", "diff", SHIPPED, wider)
    assert found.exit_code == 1
    assert "WIDER (released-more-freely): feed gauge" in found.output
    assert "a second administrator" in found.output
    narrower = run("policy", "diff", wider, SHIPPED, "--json")
    assert narrower.exit_code == 0
    report = json.loads(narrower.output)
    assert not report["widens"]
    (outcome,) = report["outcomes"]
    assert (outcome["before"]["release"], outcome["after"]["release"]) == ("automatic", "draft")
    assert "no outcome changes" in run("policy", "diff", SHIPPED, SHIPPED).output
    cap = run(
        "policy", "diff", SHIPPED, edited(tmp_path, "cap-actual-public", "hold"),
        "--documents", next((shared_data / "06_cap").rglob("*.xml")),
    )  # fmt: skip
    assert "recorded documents:" in cap.output


def test_what_is_no_policy_and_words_that_do_not_go_together(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("version = 2\n", encoding="utf-8")
    assert run("policy", "diff", SHIPPED, broken).exit_code == 3
    assert run("policy", "diff", SHIPPED, SHIPPED, "--replay", "7").exit_code == 2
    assert run("policy", "diff", SHIPPED, tmp_path / "none").exit_code == 2


@pytest.fixture
def store(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Return accounts with two administrators and an approver, and the keys of their second factors."""
    path = tmp_path / "accounts.sqlite"
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with closing(Accounts(path, quick)) as accounts:
        roles = {"one": Role.ADMINISTRATOR, "two": Role.ADMINISTRATOR, "three": Role.APPROVER}
        keys = {name: accounts.add(name, role, frozenset({"*"}), PASSWORD) for name, role in roles.items()}
    return path, keys


def codes(keys: dict[str, str], *names: str) -> str:
    return "".join(f"{pyotp.TOTP(keys[name]).at(int(time.time()))}\n" for name in names)


def test_a_wider_policy_is_adopted_by_two_administrators_only(
    tmp_path: Path, store: tuple[Path, dict[str, str]]
) -> None:
    path, keys = store
    current, wider = tmp_path / "policy.toml", tmp_path / "wider.toml"
    narrow = b'version = 1\n[[rule]]\nname = "all"\nrelease = "draft"\n'
    current.write_bytes(narrow)
    wider.write_bytes(narrow.replace(b"draft", b"automatic"))
    adopt = ("policy", "adopt", current, wider, "--accounts", path, "--without-trail")

    def by(*names: str, codes_of: str = "") -> Result:
        words = [word for name in names for word in ("--administrator", name)]
        return run(*adopt, *words, answers=codes_of)

    for refused in (
        by(),
        by("one", codes_of=codes(keys, "one")),
        by("one", "one", codes_of=codes(keys, "one", "one")),
        by("one", "three", codes_of=codes(keys, "one", "three")),
        by("one", "two", codes_of=f"000000\n{codes(keys, 'two')}"),
    ):
        assert refused.exit_code == 1
        assert current.read_bytes() == narrow
    assert by("one", "two", codes_of=codes(keys, "one", "two")).exit_code == 0
    assert current.read_bytes() == wider.read_bytes()
    (line,) = (tmp_path / "policy.toml.adopted.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["by"] == ["one", "two"]
    # The way back narrows: nobody is asked, and the policy before is still there.
    back = ("policy", "adopt", current, tmp_path / "policy.toml.before")
    assert run(*back).exit_code == 2, "where the trail is must be said"
    assert run(*back, "--without-trail").exit_code == 0
    assert current.read_bytes() == narrow


def test_without_a_console_that_writes_it_down_nothing_is_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current, narrower = tmp_path / "policy.toml", tmp_path / "narrower.toml"
    wide = b'version = 1\n[[rule]]\nname = "all"\nrelease = "automatic"\n'
    current.write_bytes(wide)
    narrower.write_bytes(wide.replace(b"automatic", b"draft"))
    monkeypatch.setattr("api.officers.asked.write_down", lambda *_asked: None)
    refused = run("policy", "adopt", current, narrower, "--broker", "127.0.0.1:1")
    assert refused.exit_code == 3
    assert "nothing was changed" in refused.output
    assert sorted(tmp_path.iterdir()) == [narrower, current]
    assert current.read_bytes() == wide


NO_TRAIL = ("--without-trail",)


def test_who_may_approve_is_added_by_two_administrators_once_there_are_two(
    store: tuple[Path, dict[str, str]],
) -> None:
    path, keys = store
    add = ("accounts", "add", "--ward", "1312300", "--password", PASSWORD, "--accounts", path)
    assert run(*add, "drafts", "--role", "drafter").exit_code == 0
    alone = run(*add, "approves", "--role", "approver", *NO_TRAIL)
    assert alone.exit_code == 1
    assert "two different administrators" in alone.output
    names = ("--administrator", "one", "--administrator", "two")
    assert run(*add, "approves", "--role", "approver", *names).exit_code == 2, "where the trail is must be said"
    both = run(*add, "approves", "--role", "approver", *names, *NO_TRAIL, answers=codes(keys, "one", "two"))
    assert both.exit_code == 0
    with closing(Accounts(path)) as accounts:
        assert {account.name for account, _ in accounts.listed()} == {"one", "two", "three", "drafts", "approves"}


def test_without_a_console_that_writes_it_down_nobody_is_granted_a_right(
    store: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, keys = store
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr("api.officers.asked.write_down", lambda *words: asked.append(words))
    add = (
        "accounts",
        "add",
        "--password",
        PASSWORD,
        "--accounts",
        path,
        "--broker",
        "127.0.0.1:1",
        "--ward",
        "1312300",
    )
    names = ("--administrator", "one", "--administrator", "two")
    # Refused before anybody is asked for a code: a name that is taken, a password that is too short.
    assert run(*add, "three", "--role", "approver", *names).exit_code == 1
    assert run(*add, "four", "--role", "approver", *names, "--password", "short").exit_code == 1
    assert asked == []
    refused = run(*add, "approves", "--role", "approver", *names, answers=codes(keys, "one", "two"))
    assert refused.exit_code == 3
    assert "nothing was changed" in refused.output
    with closing(Accounts(path)) as accounts:
        assert {account.name for account, _ in accounts.listed()} == {"one", "two", "three"}
    ((broker, by, act, name, detail, _),) = asked
    assert (broker, by, act, name, detail) == (
        "127.0.0.1:1", "one+two", Act.GRANT, "approves", "approver of 1312300",
    )  # fmt: skip
