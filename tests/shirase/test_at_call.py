"""The demo's roster and its gateway, and the setting by which a pager trusts a gateway of a ward's own authority."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from alerts.duty import Rung, ladder
from dispatch.channel import ChannelState, Outgoing, Passage
from shirase.demo.at_call import APPROVER, DRAFTER, METROPOLITAN, write_roster
from shirase.demo.at_call import called as called_by_pager
from shirase.demo.gateway import gateway
from shirase.demo.page import _OFFICERS
from shirase.demo.wards import WARDS
from shirase.outward_roles import duty_at
from streams.duty.roster import DutyRegister, Way
from streams.settings import SettingMissing, WorkerSettings, worker_settings

PATIENCE_SECONDS = 20.0


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def served(tmp_path: Path, said: list[str]) -> Iterator[tuple[str, Path]]:
    with gateway(tmp_path, said.append, called_by_pager) as (origin, authority):
        yield origin, authority


def settings_with(folder: Path, origin: str, authority: str) -> WorkerSettings:
    roster = write_roster(folder / "duty.toml", origin)
    told = {"SHIRASE_BROKER": "b:1", "SHIRASE_DUTY": str(roster), "SHIRASE_DUTY_CA": authority}
    return worker_settings(told, data_dir=folder, instance="0")


def called(register: DutyRegister, person: str) -> Passage | None:
    """Return the end of one call, None where it has none yet after the first try."""
    channel = register.ways[person][Way.WEBHOOK]()
    now = time.time()
    channel.send(Outgoing("draft.1", '{"title":"【要判断】避難指示"}'.encode(), "application/json", now + 900), now)
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < until:
            for passage in channel.poll(time.time(), 0.05):
                return passage
        return None
    finally:
        channel.close()


def test_every_ward_has_the_runs_two_officers_and_an_end(served: tuple[str, Path], tmp_path: Path) -> None:
    register = duty_at(settings_with(tmp_path, served[0], str(served[1])))
    assert {name for name, _ in _OFFICERS} == {APPROVER, DRAFTER}
    for ward in WARDS:
        calls = ladder(register.duty, [ward.code[:5]])
        assert [(call.rung, call.person) for call in calls] == [
            (Rung.ON_DUTY, APPROVER),
            (Rung.DEPUTIES, DRAFTER),
            (Rung.METROPOLITAN, METROPOLITAN),
        ]


def test_a_call_reaches_a_gateway_of_another_authority_by_the_setting_and_is_said(
    served: tuple[str, Path], tmp_path: Path, said: list[str]
) -> None:
    passage = called(duty_at(settings_with(tmp_path, served[0], str(served[1]))), APPROVER)
    assert passage is not None
    assert passage.state is ChannelState.ACCEPTED
    assert len(said) == 1
    assert APPROVER in said[0]
    assert "【要判断】避難指示" in said[0]
    assert "taken" in said[0]


def test_what_is_not_signed_is_not_taken(served: tuple[str, Path], said: list[str]) -> None:
    answer = httpx.post(f"{served[0]}/{APPROVER}", content=b"{}", verify=ssl.create_default_context(cafile=served[1]))
    assert answer.status_code == 401
    assert len(said) == 1
    assert "not taken" in said[0]


def test_an_authority_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingMissing, match="SHIRASE_DUTY_CA"):
        duty_at(settings_with(tmp_path, "https://localhost:1", str(tmp_path / "none.pem")))
