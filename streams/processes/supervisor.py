"""Keep worker processes running: restart what died or stands still, and end all of them together.

The judgement is `next_action`, pure and tested without a process. A worker is alive when it makes progress:
it touches a heartbeat file, and one that it stops touching is ended and started again. Children never
outlive the supervisor, whatever ends it.
"""

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from streams.processes.parent_death import die_with_parent

log = logging.getLogger(__name__)

# The normal take-over is a restart in place (static membership keeps the partitions).
RESTART_AFTER_SECONDS = 2.0

# A Faust worker whose broker is gone ignores SIGTERM.
KILL_AFTER_SECONDS = 5.0

# Longer than a rebalance (10 s session), shorter than what promise 8 allows with the restart on top.
STUCK_AFTER_SECONDS = 12.0

# Reading a large topic or building a table happens before the first heartbeat.
FIRST_HEARTBEAT_WITHIN_SECONDS = 60.0

_LOOK_EVERY_SECONDS = 0.1


class Verb(StrEnum):
    """What to do with a child now."""

    LEAVE = "leave"
    START = "start"
    ASK = "ask"  # SIGTERM
    KILL = "kill"  # SIGKILL
    FORGET = "forget"  # it has ended and is not wanted any more


class Because(StrEnum):
    """Why: the same value reaches the log and the test."""

    NEW = "new"
    RUNNING = "running"
    DIED = "died"
    WAITING_TO_RESTART = "waiting-to-restart"
    STUCK = "stuck"
    STOPPING = "stopping"
    IGNORES_SIGTERM = "ignores-sigterm"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Action:
    """A verb and its reason."""

    verb: Verb
    because: Because


@dataclass(frozen=True, slots=True)
class ChildState:
    """What is known of a child; moments are on one clock, in seconds."""

    wanted: bool = True
    running: bool = False
    started_at: float | None = None
    ended_at: float | None = None
    asked_at: float | None = None
    heartbeat_at: float | None = None
    """Newest touch of the heartbeat file since the start, None before the first."""
    has_heartbeat: bool = True
    stuck_after_seconds: float = STUCK_AFTER_SECONDS


def next_action(child: ChildState, at: float) -> Action:
    """Decide what happens to *child* at the moment *at*.

    Safe in this direction: a worker that may be stuck is restarted, since records that it did not commit
    are done again and nothing is lost by it.
    """
    if not child.running:
        return _for_ended(child, at)
    if child.asked_at is not None:
        if at - child.asked_at >= KILL_AFTER_SECONDS:
            return Action(Verb.KILL, Because.IGNORES_SIGTERM)
        return Action(Verb.LEAVE, Because.STOPPING)
    if not child.wanted:
        return Action(Verb.ASK, Because.STOPPING)
    if child.has_heartbeat and child.started_at is not None:
        first = child.heartbeat_at is None
        since = child.started_at if child.heartbeat_at is None else child.heartbeat_at
        patience = FIRST_HEARTBEAT_WITHIN_SECONDS if first else child.stuck_after_seconds
        if at - since >= patience:
            # Not asked first: what stands still does not listen, and its five seconds are in the recovery time.
            return Action(Verb.KILL, Because.STUCK)
    return Action(Verb.LEAVE, Because.RUNNING)


def _for_ended(child: ChildState, at: float) -> Action:
    if not child.wanted:
        return Action(Verb.FORGET, Because.STOPPED)
    if child.started_at is None or child.ended_at is None:
        return Action(Verb.START, Because.NEW)
    if at - child.ended_at < RESTART_AFTER_SECONDS:
        return Action(Verb.LEAVE, Because.WAITING_TO_RESTART)
    return Action(Verb.START, Because.DIED)


@dataclass(frozen=True, slots=True)
class Role:
    """One worker process: its name, its command, and the file it touches while it makes progress."""

    name: str
    command: tuple[str, ...]
    heartbeat: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    log_file: Path | None = None
    stuck_after_seconds: float = STUCK_AFTER_SECONDS


class _Child:
    def __init__(self, role: Role) -> None:
        self.role = role
        self.process: subprocess.Popen[bytes] | None = None
        self.wanted = True
        self.starts = 0
        self.started_at: float | None = None
        self.started_wall: float = 0.0
        self.ended_at: float | None = None
        self.asked_at: float | None = None
        self.forgotten = False
        self.stood_still = False
        self.after_exit = 0
        self.after_standing_still = 0

    def state(self, at: float) -> ChildState:
        running = self.process is not None and self.process.poll() is None
        if not running and self.process is not None and self.ended_at is None:
            self.ended_at = at
        return ChildState(
            wanted=self.wanted,
            running=running,
            started_at=self.started_at,
            ended_at=self.ended_at,
            asked_at=self.asked_at,
            heartbeat_at=self._heartbeat(at),
            has_heartbeat=self.role.heartbeat is not None,
            stuck_after_seconds=self.role.stuck_after_seconds,
        )

    def _heartbeat(self, at: float) -> float | None:
        """Return the newest touch on the monotonic clock: files carry wall time, which may jump."""
        if self.role.heartbeat is None:
            return None
        try:
            touched = self.role.heartbeat.stat().st_mtime
        except OSError:
            return None
        if touched < self.started_wall:
            return None  # left behind by the one before
        return at - max(0.0, time.time() - touched)

    def start(self, at: float, because: Because) -> None:
        if because is Because.DIED and self.stood_still:
            self.after_standing_still += 1
        elif because is Because.DIED:
            self.after_exit += 1
        self.stood_still = False
        environment = os.environ | dict(self.role.environment)
        # A worker's own counters begin anew with it: how often it was restarted only we can tell it.
        environment |= {
            "SHIRASE_RESTARTS_AFTER_EXIT": str(self.after_exit),
            "SHIRASE_RESTARTS_AFTER_STANDING_STILL": str(self.after_standing_still),
        }
        output = None if self.role.log_file is None else self.role.log_file.open("ab")
        try:
            self.process = subprocess.Popen(
                self.role.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,  # Ctrl-C comes to us alone; we end the children in our own order
                preexec_fn=die_with_parent(),
            )
        finally:
            if output is not None:
                output.close()
        self.starts += 1
        self.started_at, self.started_wall, self.ended_at, self.asked_at = at, time.time(), None, None

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


class Supervisor:
    """Run roles as child processes until told to stop.

    Start it from the main thread, or from one that lives as long as the children should: the kernel ends
    them with the thread that started them. `run` installs handlers for SIGINT and SIGTERM; a program that
    has its own calls `start`, `look` and `stop` itself.
    """

    def __init__(self, roles: Sequence[Role], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._children = {role.name: _Child(role) for role in roles}
        self._clock = clock
        self._stopping = threading.Event()

    def start(self) -> None:
        """Start every role now."""
        self.look()

    def look(self) -> None:
        """Do for every child what `next_action` says; call it a few times a second."""
        at = self._clock()
        for child in self._children.values():
            action = next_action(child.state(at), at)
            self._do(child, action, at)

    def stop(self) -> None:
        """End every child: SIGTERM, SIGKILL after 5 s; returns when none runs."""
        for child in self._children.values():
            child.wanted = False
        while not all(child.forgotten for child in self._children.values()):
            self.look()
            self._wait_a_little()

    def run(self) -> None:
        """Keep the roles running until SIGINT or SIGTERM; then end them and return."""
        before = {
            number: signal.signal(number, lambda _number, _frame: self._stopping.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            while not self._stopping.wait(_LOOK_EVERY_SECONDS):
                self.look()
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def pid(self, name: str) -> int:
        """Return the process id of a role, 0 while it does not run."""
        process = self._children[name].process
        return process.pid if process is not None and process.poll() is None else 0

    def starts(self, name: str) -> int:
        """Return how often a role was started; one more than its restarts."""
        return self._children[name].starts

    def add(self, role: Role) -> None:
        """Run *role* as well from the next look on; safe from another thread than that of `look`."""
        self._children = {**self._children, role.name: _Child(role)}

    def stop_role(self, name: str) -> None:
        """End one role and leave it ended (a planned outage, and what a test does)."""
        self._children[name].wanted = False

    def start_role(self, name: str) -> None:
        """Start a role again that `stop_role` ended."""
        child = self._children[name]
        child.wanted, child.forgotten, child.started_at, child.ended_at = True, False, None, None

    def _do(self, child: _Child, action: Action, at: float) -> None:
        if child.forgotten or action.verb is Verb.LEAVE:
            return
        fields = {"role": child.role.name, "reason": action.because.value}
        match action.verb:
            case Verb.START:
                child.start(at, action.because)
                log.info("worker started", extra=fields | {"starts": child.starts})
            case Verb.ASK:
                child.asked_at = at
                child.signal(signal.SIGTERM)
            case Verb.KILL:
                log.warning("worker killed", extra=fields)
                child.stood_still = action.because is Because.STUCK
                child.signal(signal.SIGKILL)
            case Verb.FORGET:
                child.forgotten = True

    def _wait_a_little(self) -> None:
        time.sleep(_LOOK_EVERY_SECONDS)
