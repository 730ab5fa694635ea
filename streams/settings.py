"""What a worker process is told at its start; read from the environment once, by the process itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingMissing(ValueError):
    """Say which setting has no value and no safe default."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Settings of one worker process."""

    broker: str
    """`embedded` never appears here: a worker is given the HOST:PORT of a running broker."""

    data_dir: Path
    """Private to this process; may be deleted while it is down."""

    instance: str
    """Name of this instance among its role, e.g. `0`: static membership and the lease go by it."""

    areas: Path
    """Area table file (`shirase areas`)."""

    policy: Path
    """`ops/policy.toml` or a deployment's own."""

    metrics_port: int
    """Port of /metrics on `metrics_host`; 0 for any free port, -1 for none."""

    metrics_host: str
    """Loopback unless a deployment says otherwise."""

    workers: int
    """How many fan-out workers share the 256 buckets."""

    snapshot: Path | None
    """Packed subscribers to load instead of the `subscriptions` topic (embedded broker, synth)."""

    vapid_key: Path | None
    """VAPID private key file, 0600. No default: a key made up at start would orphan every subscription."""

    drill_vapid_key: Path | None
    """VAPID private key file of drills, 0600. No default, and never the live key: without it no drill is sent."""

    seal_key: Path | None
    """Key file that unseals the values of `subscriptions`, 0600."""

    envelope_secret: Path | None
    """32 random bytes, 0600, the same for all fan-out workers: a repeat after a crash has the same bytes."""

    push_ca: str
    """CA file for the push services; empty for the system's."""

    push_origins: tuple[str, ...]
    """Extra push origins allowed besides the public services: the stub's, in tests and demos only."""

    vapid_subject: str
    """Contact that push services see (RFC 8292, 2.1): a real mailto: or https: address."""

    network: str
    """Walking network of the evacuation worker: a file of `shirase import roads`, or `demo-city`, which is made up."""

    shelters: Path | None
    """Shelters of the evacuation worker: a file of `shirase import shelters`; the demo city has its own."""

    max_in_flight: int
    """Bound on requests whose end is not durable, per worker; also the bound on repeats."""

    engine: str = "h2"
    """What speaks HTTP to push services: `h2` (HTTP/2 framed by hand) or `curl` (libcurl)."""

    native: str = "auto"
    """Whether C seals and frames pushes: `auto` (where there is a compiler), `on` (or no start), `off` (Python)."""

    river_zones: Path | None = None
    """Table `river_zone` (`shirase areas river-zones`): which ground each river endangers; without one none is."""

    area_sets: Path | None = None
    """Folder of imported areas (`shirase areas import`): where `ingest` looks up 町丁目 and other codes."""

    sources: Path | None = None
    """Register of sources (`ops/sources.toml`): what `collect` fetches, and whose signature `ingest` checks on CAP."""

    pool_depth: int = 0
    """Envelopes made ahead for each subscription: 109 bytes each; made when there is nothing to send."""

    pad_to_bytes: int = 1024
    """The least that a payload is padded to, before it is encrypted: 2600 makes all pushes of one length."""

    site_url: str = ""
    """Address of the residents' pages, to which every push links; ends in a slash. `fanout` does not start without."""

    column_maps: Path | None = None
    """What the columns of a deployment's own gauge tables mean (`ops/gauges.toml`), for `ingest`."""

    sunset_at: tuple[float, float] = (35.69, 139.75)
    """Latitude and longitude of which sunset is the deadline for the night's drafts (R8), and where a storm counts."""

    night_area: str = "130010"
    """Primary subdivision (JMA class10) of the draft for a night of which only a typhoon's path is known."""

    night_area_name: str = "東京地方"
    """Its name, as coordinators read it."""

    seat: str = "alone"
    """Of a `fanout` worker: `alone`, `first` (it has a standby, and holds its share by a lease), or `standby`."""

    wards: Path | None = None
    """Register of wards (`ops/wards.toml`): help lines (`notices`, `pager`), waiting times for an order (`pager`),
    languages of screens (`channels`) and what is done where no shelter can be reached (`evacuation`); without it no
    help line, and all else as the policy, the forms and the plan's own rule say."""

    outlets: Path | None = None
    """Register of outlets (`ops/outlets.toml`): what `channels` gives to which ward's other systems."""

    outlets_ca: str = ""
    """CA file for the webhooks of `SHIRASE_OUTLETS`, where a ward's own signs them; empty for the system's."""

    duty: Path | None = None
    """Rosters of officers (`ops/duty.toml`): whom `pager` wakes when a draft waits."""

    duty_ca: str = ""
    """CA file for the gateways of `SHIRASE_DUTY`, where a ward's own signs them; empty for the system's."""

    duty_key: Path | None = None
    """Key file that unseals officers' devices, which they add on the console (0600); without one `pager` calls none."""

    console_url: str = ""
    """Where officers open the console: what a call links to."""

    zone: str = "Asia/Tokyo"
    """Time zone of nights and of clock times in texts of our own."""

    restarts_after_exit: int = 0
    """Set by the supervisor, for the metrics: how often this worker was started again after it had ended."""

    restarts_after_standing_still: int = 0
    """Set by the supervisor, for the metrics: how often it was started again after it had stood still."""


def worker_settings(environment: Mapping[str, str], *, data_dir: Path, instance: str) -> WorkerSettings:
    """Return the settings in *environment* (names begin with ``SHIRASE_``).

    Raises:
        SettingMissing: a setting without a safe default is absent.
    """

    def path(name: str) -> Path | None:
        value = environment.get(name, "")
        return Path(value) if value else None

    broker = environment.get("SHIRASE_BROKER", "")
    if not broker:
        raise SettingMissing("SHIRASE_BROKER is not set: give the HOST:PORT of a Kafka broker")
    return WorkerSettings(
        broker=broker,
        data_dir=data_dir,
        instance=instance,
        areas=path("SHIRASE_AREAS") or Path(".cache/areas/areas.npz"),
        policy=path("SHIRASE_POLICY") or Path("ops/policy.toml"),
        metrics_port=int(environment.get("SHIRASE_METRICS_PORT", "-1")),
        metrics_host=environment.get("SHIRASE_METRICS_HOST", "127.0.0.1"),
        workers=int(environment.get("SHIRASE_FANOUT_WORKERS", "1")),
        snapshot=path("SHIRASE_SNAPSHOT"),
        vapid_key=path("SHIRASE_VAPID_KEY"),
        drill_vapid_key=path("SHIRASE_DRILL_VAPID_KEY"),
        seal_key=path("SHIRASE_SEAL_KEY"),
        envelope_secret=path("SHIRASE_ENVELOPE_SECRET"),
        push_ca=environment.get("SHIRASE_PUSH_CA", ""),
        push_origins=tuple(origin for origin in environment.get("SHIRASE_PUSH_ORIGINS", "").split(",") if origin),
        vapid_subject=environment.get("SHIRASE_VAPID_SUBJECT", ""),
        network=environment.get("SHIRASE_NETWORK", ""),
        shelters=path("SHIRASE_SHELTERS"),
        max_in_flight=int(environment.get("SHIRASE_MAX_IN_FLIGHT", "4096")),
        pool_depth=int(environment.get("SHIRASE_POOL_DEPTH", "0")),
        pad_to_bytes=int(environment.get("SHIRASE_PAD_TO_BYTES", "1024")),
        site_url=environment.get("SHIRASE_SITE_URL", ""),
        engine=environment.get("SHIRASE_ENGINE", "h2"),
        native=environment.get("SHIRASE_NATIVE", "auto"),
        sources=path("SHIRASE_SOURCES"),
        river_zones=path("SHIRASE_RIVER_ZONES"),
        area_sets=path("SHIRASE_AREA_SETS"),
        column_maps=path("SHIRASE_COLUMN_MAPS"),
        wards=path("SHIRASE_WARDS"),
        outlets=path("SHIRASE_OUTLETS"),
        outlets_ca=environment.get("SHIRASE_OUTLETS_CA", ""),
        seat=environment.get("SHIRASE_SEAT", "alone"),
        duty=path("SHIRASE_DUTY"),
        duty_ca=environment.get("SHIRASE_DUTY_CA", ""),
        duty_key=path("SHIRASE_DUTY_KEY"),
        console_url=environment.get("SHIRASE_CONSOLE_URL", ""),
        sunset_at=_degrees(environment.get("SHIRASE_SUNSET_AT", "35.69,139.75")),
        night_area=environment.get("SHIRASE_NIGHT_AREA", "130010"),
        night_area_name=environment.get("SHIRASE_NIGHT_AREA_NAME", "東京地方"),
        zone=environment.get("SHIRASE_ZONE", "Asia/Tokyo"),
        restarts_after_exit=int(environment.get("SHIRASE_RESTARTS_AFTER_EXIT", "0")),
        restarts_after_standing_still=int(environment.get("SHIRASE_RESTARTS_AFTER_STANDING_STILL", "0")),
    )


def _degrees(text: str) -> tuple[float, float]:
    """Return latitude and longitude of *text*, parted by a comma."""
    try:
        lat, lng = map(float, text.split(","))
    except ValueError:
        raise SettingMissing(f"SHIRASE_SUNSET_AT is {text!r}: write LAT,LNG") from None
    return lat, lng
