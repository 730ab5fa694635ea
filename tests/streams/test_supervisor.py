"""The supervisor's decisions, and the same with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.processes.supervisor import (
    FIRST_HEARTBEAT_WITHIN_SECONDS,
    KILL_AFTER_SECONDS,
    RESTART_AFTER_SECONDS,
    STUCK_AFTER_SECONDS,
    Action,
    Because,
    ChildState,
    Role,
    Supervisor,
    Verb,
    next_action,
)

NOW = 1000.0
RUNNING = ChildState(running=True, started_at=NOW - 500, heartbeat_at=NOW - 0.5)


@pytest.mark.parametrize(
    ("child", "action"),
    [
        (ChildState(), Action(Verb.START, Because.NEW)),
        (RUNNING, Action(Verb.LEAVE, Because.RUNNING)),
        (
            ChildState(started_at=1.0, ended_at=NOW - RESTART_AFTER_SECONDS + 0.1),
            Action(Verb.LEAVE, Because.WAITING_TO_RESTART),
        ),
        (ChildState(started_at=1.0, ended_at=NOW - RESTART_AFTER_SECONDS), Action(Verb.START, Because.DIED)),
        (
            ChildState(running=True, started_at=1.0, heartbeat_at=NOW - STUCK_AFTER_SECONDS),
            Action(Verb.KILL, Because.STUCK),
        ),
        (
            ChildState(running=True, started_at=NOW - STUCK_AFTER_SECONDS),  # still reading its state
            Action(Verb.LEAVE, Because.RUNNING),
        ),
        (
            ChildState(running=True, started_at=NOW - FIRST_HEARTBEAT_WITHIN_SECONDS),
            Action(Verb.KILL, Because.STUCK),
        ),
        (
            ChildState(running=True, started_at=1.0, has_heartbeat=False),
            Action(Verb.LEAVE, Because.RUNNING),
        ),
        (ChildState(wanted=False, running=True, started_at=1.0), Action(Verb.ASK, Because.STOPPING)),
        (
            ChildState(wanted=False, running=True, started_at=1.0, asked_at=NOW - KILL_AFTER_SECONDS + 0.1),
            Action(Verb.LEAVE, Because.STOPPING),
        ),
        (
            ChildState(wanted=False, running=True, started_at=1.0, asked_at=NOW - KILL_AFTER_SECONDS),
            Action(Verb.KILL, Because.IGNORES_SIGTERM),
        ),
        (ChildState(wanted=False, started_at=1.0, ended_at=NOW), Action(Verb.FORGET, Because.STOPPED)),
    ],
)
def test_a_child_gets_what_its_state_asks_for(child: ChildState, action: Action) -> None:
    assert next_action(child, NOW) == action


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


class MovableClock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> float:
        return self.at


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_role_that_died_is_started_again_after_two_seconds() -> None:
    clock = MovableClock()
    supervisor = Supervisor([Role("short", python("pass"))], clock=clock)
    supervisor.start()
    until(lambda: supervisor.pid("short") == 0)
    supervisor.look()
    clock.at += RESTART_AFTER_SECONDS - 0.1
    supervisor.look()
    assert supervisor.starts("short") == 1
    clock.at += 0.1
    supervisor.look()
    assert supervisor.starts("short") == 2


def test_a_worker_learns_how_often_it_was_started_again_and_why(tmp_path: Path) -> None:
    said, heart = tmp_path / "said", tmp_path / "heart"
    ends_twice_then_stands_still = (
        "import os,pathlib,sys,time\n"
        "told = [os.environ['SHIRASE_RESTARTS_AFTER_' + w] for w in ('EXIT', 'STANDING_STILL')]\n"
        f"with open({str(said)!r}, 'a') as out: out.write(','.join(told) + ' ')\n"
        "if told[0] != '2': sys.exit(1)\n"
        f"pathlib.Path({str(heart)!r}).touch(); time.sleep(600)\n"
    )
    clock = MovableClock()
    supervisor = Supervisor([Role("unlucky", python(ends_twice_then_stands_still), heartbeat=heart)], clock=clock)
    supervisor.start()
    for _ in range(2):
        until(lambda: supervisor.pid("unlucky") == 0)
        supervisor.look()
        clock.at += RESTART_AFTER_SECONDS
        supervisor.look()
    until(heart.exists)
    touched = heart.stat().st_mtime - STUCK_AFTER_SECONDS - 1
    supervisor._children["unlucky"].started_wall -= STUCK_AFTER_SECONDS + 2
    os.utime(heart, (touched, touched))
    supervisor.look()
    until(lambda: supervisor.pid("unlucky") == 0)
    supervisor.look()
    clock.at += RESTART_AFTER_SECONDS
    supervisor.look()
    until(lambda: said.read_text().count(" ") == 4)
    supervisor.stop()
    assert said.read_text().split() == ["0,0", "1,0", "2,0", "2,1"]


def test_a_role_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    up = tmp_path / "up"
    deaf = f"import pathlib as p,signal,time; signal.signal(15, 1); p.Path({str(up)!r}).touch(); time.sleep(600)"
    clock = MovableClock()
    supervisor = Supervisor([Role("deaf", python(deaf))], clock=clock)
    supervisor.start()
    until(up.exists)
    pid = supervisor.pid("deaf")
    supervisor.stop_role("deaf")
    supervisor.look()
    assert is_alive(pid)
    clock.at += KILL_AFTER_SECONDS
    supervisor.look()
    until(lambda: supervisor.pid("deaf") == 0)
    supervisor.stop()
    assert not is_alive(pid)


def test_a_role_whose_heartbeat_stops_is_killed_and_started_again(tmp_path: Path) -> None:
    heart = tmp_path / "heart"
    beats_once = f"import pathlib,time; pathlib.Path({str(heart)!r}).touch(); time.sleep(600)"
    clock = MovableClock()
    supervisor = Supervisor([Role("stuck", python(beats_once), heartbeat=heart)], clock=clock)
    supervisor.start()
    until(heart.exists)
    pid = supervisor.pid("stuck")
    supervisor.look()
    assert supervisor.pid("stuck") == pid
    touched = heart.stat().st_mtime - STUCK_AFTER_SECONDS - 1
    supervisor._children["stuck"].started_wall -= STUCK_AFTER_SECONDS + 2
    os.utime(heart, (touched, touched))
    supervisor.look()
    until(lambda: supervisor.pid("stuck") == 0)
    supervisor.look()
    clock.at += RESTART_AFTER_SECONDS
    supervisor.look()
    assert supervisor.starts("stuck") == 2
    supervisor.stop()


def test_a_heartbeat_left_by_the_one_before_does_not_count(tmp_path: Path) -> None:
    heart = tmp_path / "heart"
    heart.touch()
    os.utime(heart, (1.0, 1.0))
    supervisor = Supervisor([Role("new", python("import time; time.sleep(600)"), heartbeat=heart)])
    supervisor.start()
    supervisor.look()
    assert supervisor.pid("new")
    supervisor.stop()


def test_a_role_that_is_added_starts_at_the_next_look_and_ends_with_the_others() -> None:
    supervisor = Supervisor([Role("first", python("import time; time.sleep(600)"))])
    supervisor.start()
    first = supervisor.pid("first")
    supervisor.add(Role("second", python("import time; time.sleep(600)")))
    supervisor.look()
    assert supervisor.pid("second")
    assert supervisor.pid("first") == first
    supervisor.stop()
    assert (supervisor.pid("first"), supervisor.pid("second")) == (0, 0)


SUPERVISING = """
import sys
from pathlib import Path
from streams.processes.supervisor import Role, Supervisor
child = "import os,pathlib,time; pathlib.Path(r'{pid}').write_text(str(os.getpid())); time.sleep(600)"
Supervisor([Role("child", (sys.executable, "-c", child))]).run()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_children_never_outlive_the_supervisor(tmp_path: Path, number: signal.Signals) -> None:
    pid_file = tmp_path / "pid"
    supervising = subprocess.Popen(python(SUPERVISING.replace("{pid}", str(pid_file))))
    until(lambda: pid_file.exists() and bool(pid_file.read_text()))
    child = int(pid_file.read_text())
    assert is_alive(child)
    supervising.send_signal(number)
    assert supervising.wait(20) == (0 if number is not signal.SIGKILL else -signal.SIGKILL)
    until(lambda: not is_alive(child))
