"""The whole pipeline on this machine: broker, workers under their supervisor, and a push service.

What `demo`, `replay` and the tests of the whole use. The workers are the same processes that a
deployment runs (`shirase worker ROLE`), with the same settings.
"""

import os
import secrets
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dispatch.secret_file import write_secret
from dispatch.subscription import SealKeys
from dispatch.vapid import generate_key_file
from shirase.errors import PartNotUp
from streams.brokers.broker import Broker, BrokerKind, changelog_of, ensure_topics, open_broker
from streams.metrics import Role
from streams.processes.supervisor import STUCK_AFTER_SECONDS, Supervisor
from streams.processes.supervisor import Role as Child
from streams.topics import ALL, CLAIMS, READINGS, TELEGRAMS, Topic

VAPID_SUBJECT = "https://shirase.example/contact"
_LOOK_SECONDS = 0.1
STUCK_EMBEDDED_SECONDS = 60.0
# One step of these looks at the whole country; killed within it, they would begin the same step again, for ever.
STUCK_THINKING_SECONDS = 45.0
# The planner reads the streets of a city first: seconds, but minutes on a machine that is busy with something else.
_READY_WITHIN_SECONDS = 240.0
_STARTS_BEFORE_GIVING_UP = 2


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """What to run."""

    run_dir: Path
    broker: str
    areas: Path
    policy: Path
    push_origins: tuple[str, ...]
    push_ca: str
    snapshot: Path | None
    workers: int = 1
    max_in_flight: int = 4096
    network: str = ""
    """Walking network of the evacuation worker, which runs when there is one."""
    river_zones: Path | None = None
    wards: Path | None = None
    """Register of wards with their help lines."""
    gauges: bool = False
    """Watch river levels too: one process more, which only documents of gauges need."""
    metrics_base_port: int = 0
    """First of the ports on which the workers serve /metrics; 0 for none."""
    pool_depth: int = 0
    """Envelopes that fan-out workers make ahead for each subscription."""
    pad_to_bytes: int = 1024
    """The least that a payload is padded to."""
    site_url: str = "https://shirase.example/"
    """The residents' pages, to which pushes link: nobody's, unless somebody serves them."""


class PipelineFailed(PartNotUp):
    """Say which worker did not come up, and what it said last."""


class Pipeline:
    """Start and stop the workers; use it as a context manager."""

    def __init__(self, settings: PipelineSettings, broker: Broker | None = None) -> None:
        self._settings = settings
        self.broker = broker or open_broker(settings.broker)
        ensure_topics(self.broker, [*ALL, *changelog_topics()])
        self._secrets = make_secrets(settings.run_dir / "secrets")
        self._children = self._roles()
        self.supervisor = Supervisor(self._children)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=False)

    def __enter__(self) -> "Pipeline":
        self._thread.start()
        try:
            self.wait_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, then the broker if it is ours."""
        self._stop.set()
        self._thread.join()
        self.broker.close()

    def begin(self, role: Role, settings: Mapping[str, str]) -> None:
        """Run a worker of *role* as well, with *settings* of its own, and return when it is up."""
        child = self._child(role, "0", len(self._children), settings)
        self._children.append(child)
        self.supervisor.add(child)
        self.wait_ready()

    def wait_ready(self) -> None:
        """Return when every worker has shown a first sign of life."""
        until = time.monotonic() + _READY_WITHIN_SECONDS
        waiting = {child.name: child.heartbeat for child in self._children if child.heartbeat is not None}
        while waiting:
            waiting = {name: beat for name, beat in waiting.items() if not beat.exists()}
            # Once may be the machine; who ends twice before a first sign of life is missing something.
            ended = [name for name in waiting if self.supervisor.starts(name) > _STARTS_BEFORE_GIVING_UP]
            if ended or time.monotonic() > until:
                raise PipelineFailed(self._why_not_up(sorted(ended or waiting)))
            if waiting:
                time.sleep(_LOOK_SECONDS)

    def _why_not_up(self, names: list[str]) -> str:
        """Return each worker's last line: a run folder of ours, with the logs in it, is gone before anybody looks."""
        said = []
        for name in names:
            log_file = self._settings.run_dir / f"{name}.log"
            lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines() if log_file.exists() else []
            said.append(f"{name}: {lines[-1] if lines else 'it has said nothing'}")
        return f"not up: {'; '.join(said)}"

    @property
    def seal_keys(self) -> SealKeys:
        """Return the keys under which subscriptions are sealed on their topic."""
        return SealKeys.load(Path(self._secrets["SHIRASE_SEAL_KEY"]))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the workers."""
        return tuple(child.name for child in self._children)

    def metrics_ports(self) -> Mapping[str, int]:
        """Return where each worker serves its metrics; empty when it does not."""
        base = self._settings.metrics_base_port
        return {name: base + place for place, name in enumerate(self.names)} if base else {}

    def _keep(self) -> None:
        # The kernel ends the children with the thread that started them: it lives until they have ended.
        self.supervisor.start()
        while not self._stop.wait(_LOOK_SECONDS):
            self.supervisor.look()
        self.supervisor.stop()

    def _roles(self) -> list[Child]:
        instances = [(role, "0") for role in (Role.INGEST, Role.HAZARDS, Role.NOTICES, Role.DECIDER)]
        if self._settings.network:
            instances.append((Role.EVACUATION, "0"))
        if self._settings.gauges:
            instances.append((Role.GAUGES, "0"))
        instances += [(Role.FANOUT, str(worker)) for worker in range(self._settings.workers)]
        return [self._child(role, instance, place) for place, (role, instance) in enumerate(instances)]

    def _child(self, role: Role, instance: str, place: int, settings: Mapping[str, str] | None = None) -> Child:
        run_dir = self._settings.run_dir
        name = f"{role.value}-{instance}"
        data_dir, heartbeat = run_dir / "data" / name, run_dir / "beats" / name
        base = self._settings.metrics_base_port
        environment = {
            # Officers, and a ward's other systems, are told by ways of their own: there no resident's key is seen.
            **(self._secrets if role not in (Role.PAGER, Role.CHANNELS) else {}),
            "SHIRASE_BROKER": self.broker.bootstrap,
            "SHIRASE_AREAS": str(self._settings.areas),
            "SHIRASE_POLICY": str(self._settings.policy),
            "SHIRASE_RIVER_ZONES": str(self._settings.river_zones or ""),
            "SHIRASE_WARDS": str(self._settings.wards or ""),
            "SHIRASE_METRICS_PORT": str(base + place if base else -1),
            "SHIRASE_NETWORK": self._settings.network,
            "SHIRASE_FANOUT_WORKERS": str(self._settings.workers),
            "SHIRASE_SNAPSHOT": str(self._settings.snapshot or ""),
            "SHIRASE_PUSH_CA": self._settings.push_ca,
            "SHIRASE_PUSH_ORIGINS": ",".join(self._settings.push_origins),
            "SHIRASE_VAPID_SUBJECT": VAPID_SUBJECT,
            "SHIRASE_MAX_IN_FLIGHT": str(self._settings.max_in_flight),
            "SHIRASE_POOL_DEPTH": str(self._settings.pool_depth),
            "SHIRASE_PAD_TO_BYTES": str(self._settings.pad_to_bytes),
            "SHIRASE_SITE_URL": self._settings.site_url,
            "PYTHONUNBUFFERED": "1",
            **(settings or {}),
        }
        command = (
            sys.executable, "-m", "shirase", "worker", role.value, "--instance", instance,
            "--data-dir", str(data_dir), "--heartbeat", str(heartbeat),
        )  # fmt: skip
        # What a worker forgets in a restart it reads again, but the embedded broker keeps only its newest records:
        # there a slow worker is left alone for longer.
        thinks = role in (Role.NOTICES, Role.EVACUATION)
        patience = STUCK_THINKING_SECONDS if thinks else STUCK_AFTER_SECONDS
        if self.broker.kind is BrokerKind.EMBEDDED:
            patience = STUCK_EMBEDDED_SECONDS
        log_file = run_dir / f"{name}.log"
        return Child(name, command, heartbeat, environment, log_file, stuck_after_seconds=patience)


def changelog_topics() -> tuple[Topic, ...]:
    """Return the changelogs of the apps that have tables; created before the apps start."""
    return (
        changelog_of("gauges", "stations", READINGS),
        changelog_of("ingest", "series", TELEGRAMS),
        changelog_of("hazards", "shards", CLAIMS),
    )


def make_secrets(folder: Path) -> dict[str, str]:
    """Make the key files of a run that has none, and return the settings that name them."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    vapid, seal, envelope = folder / "vapid.pem", folder / "seal.json", folder / "envelope.bin"
    drill = folder / "drill-vapid.pem"
    signup = folder / "signup.bin"
    if not vapid.exists():
        generate_key_file(vapid)
    if not drill.exists():
        generate_key_file(drill)
    if not seal.exists():
        SealKeys.generate_file(seal)
    if not envelope.exists():
        write_secret(envelope, secrets.token_bytes(32))
    if not signup.exists():
        write_secret(signup, secrets.token_bytes(32))
    return {
        "SHIRASE_VAPID_KEY": os.fspath(vapid),
        "SHIRASE_DRILL_VAPID_KEY": os.fspath(drill),
        "SHIRASE_SEAL_KEY": os.fspath(seal),
        "SHIRASE_ENVELOPE_SECRET": os.fspath(envelope),
        "SHIRASE_SIGNUP_SECRET": os.fspath(signup),
    }


def make_officer_secrets(folder: Path) -> dict[str, str]:
    """Make the two keys of officers' telephones, for the console and the pager; the console sees no resident's key."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    vapid, duty = folder / "officers-vapid.pem", folder / "duty.bin"
    if not vapid.exists():
        generate_key_file(vapid)
    if not duty.exists():
        write_secret(duty, secrets.token_bytes(32))
    return {"SHIRASE_DUTY_KEY": os.fspath(duty), "SHIRASE_VAPID_KEY": os.fspath(vapid)}
