"""Run one worker role as a process: `shirase worker ROLE`.

Each role imports what it runs on when it runs: loading Faust costs a fan-out worker a second of the fifteen
in which it must be sending again (promise 8), and most of that second is spent on one core.
"""

import gc
import logging
import threading
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, start_http_server

from alerts.alert import GEOCODE_CLASS10, Area, Geocode
from alerts.place import LatLng
from feeds.cap_signature import Signers
from feeds.gauges.plain_csv import ColumnMap, column_maps
from shirase.policy_file import policy_at
from shirase.role_process import Beat, Stop, hold_lease, keep_lease
from streams.metrics import MissedBy, Role, StreamMetrics
from streams.settings import SettingMissing, WorkerSettings

if TYPE_CHECKING:
    from streams.fanout.subscribers import Subscribers

log = logging.getLogger(__name__)


def run_role(role: Role, settings: WorkerSettings, heartbeat: Path | None) -> None:
    """Run *role* until told to stop."""
    registry = CollectorRegistry()
    metrics = StreamMetrics(registry)
    metrics.restarted(role, MissedBy.EXIT, settings.restarts_after_exit)
    metrics.restarted(role, MissedBy.STUCK, settings.restarts_after_standing_still)
    if settings.metrics_port >= 0:
        start_http_server(settings.metrics_port, addr=settings.metrics_host, registry=registry)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    match role:
        case Role.INGEST:
            from shirase.areas import named_areas_at, river_zones_at, table_at
            from streams.brokers.faust_app import run_worker
            from streams.ingest.agent import build_ingest

            table, policy = table_at(settings.areas), policy_at(settings.policy)
            # Before it counts as ready, so that the first tsunami does not wait for it.
            log.debug("shore", extra={"cells": len(table.near_sea)})
            app = build_ingest(
                settings.broker,
                data_dir=settings.data_dir,
                instance=settings.instance,
                table=table,
                policy=policy,
                metrics=metrics,
                signers=_signers(settings),
                rivers=river_zones_at(settings.river_zones),
                column_maps=column_maps_at(settings.column_maps),
                named=named_areas_at(settings.area_sets, table),
            )
            run_worker(app, heartbeat=heartbeat)
        case Role.HAZARDS:
            from streams.brokers.faust_app import run_worker
            from streams.hazards.agent import build_hazards

            app = build_hazards(
                settings.broker, data_dir=settings.data_dir, instance=settings.instance, metrics=metrics
            )
            run_worker(app, heartbeat=heartbeat)
        case Role.NOTICES:
            _run_notices(settings, metrics, heartbeat)
        case Role.EVACUATION:
            _run_evacuation(settings, metrics, heartbeat)
        case Role.DECIDER:
            from streams.deciding.decider import Decider

            decider = Decider(settings.broker, instance=settings.instance, metrics=metrics)
            decider.run(Stop(), Beat(heartbeat))
            decider.close()
        case Role.FANOUT:
            _run_fanout(settings, metrics, registry, heartbeat)
        case Role.COLLECT:
            _run_collect(settings, metrics, registry, heartbeat)
        case Role.GAUGES:
            _run_gauges(settings, metrics, registry, heartbeat)
        case Role.CHANNELS:
            from shirase.outward_roles import run_channels

            run_channels(settings, metrics, registry, heartbeat)
        case Role.PAGER:
            from shirase.outward_roles import run_pager

            run_pager(settings, metrics, registry, heartbeat)


def column_maps_at(path: Path | None) -> Mapping[str, ColumnMap]:
    """Return the column maps in the TOML file at *path*; none without one."""
    return {} if path is None else column_maps(tomllib.loads(path.read_text(encoding="utf-8")))


def _run_gauges(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    from geo.night_warning import Home
    from shirase.areas import river_zones_at
    from streams.brokers.faust_app import run_worker
    from streams.gauges.agent import Gauges, build_gauges
    from streams.gauges.metrics import GaugeMetrics

    whole = Area(settings.night_area_name, geocodes=(Geocode(GEOCODE_CLASS10, settings.night_area),))
    home = Home(LatLng(*settings.sunset_at), (whole,))
    app = build_gauges(
        settings.broker,
        data_dir=settings.data_dir,
        instance=settings.instance,
        gauges=Gauges(river_zones_at(settings.river_zones), ZoneInfo(settings.zone), home),
        metrics=metrics,
        gauge_metrics=GaugeMetrics(registry),
    )
    run_worker(app, heartbeat=heartbeat)


def _run_notices(settings: WorkerSettings, metrics: StreamMetrics, heartbeat: Path | None) -> None:
    """Wait for the lease, rebuild the board from its logs, then act until the lease is lost."""
    from shirase.help_lines import help_lines_at
    from streams.brokers.faust_app import run_worker
    from streams.notices.stage import build_notices, recall
    from streams.notices.warming import warm

    # Before the lease: a register that is doubtful is told at once.
    lines = help_lines_at(settings.wards, settings.areas)
    warm()
    if not hold_lease(Role.NOTICES, settings, Stop(), Beat(heartbeat)):
        return
    notices = recall(settings.broker, policy_at(settings.policy).sign, lines)
    app = build_notices(
        settings.broker,
        data_dir=settings.data_dir,
        instance=settings.instance,
        metrics=metrics,
        notices=notices,
    )
    run_worker(app, heartbeat=heartbeat)


def _run_evacuation(settings: WorkerSettings, metrics: StreamMetrics, heartbeat: Path | None) -> None:
    """Read network and shelters, wait for the lease, then plan until it is lost."""
    from shirase.demo.town import town_of
    from streams.evacuation.stage import Evacuation

    stop, beat = Stop(), Beat(heartbeat)
    # Before the lease: a standby that takes over must not begin with reading maps.
    town = town_of(settings)
    # The network stays as long as the process: no pass of the collector looks at it again, in the middle of a plan.
    gc.collect()
    gc.freeze()
    if not hold_lease(Role.EVACUATION, settings, stop, beat):
        return
    evacuation = Evacuation(settings.broker, town, metrics)
    evacuation.run(stop, beat)
    evacuation.close()


def _run_fanout(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    from dispatch.engine import batch_sender_of
    from dispatch.metrics import DispatchMetrics
    from dispatch.secret_file import read_secret
    from dispatch.settings import DispatchSettings
    from dispatch.subscription import SealKeys
    from dispatch.vapid import Vapid, keys_of_lanes
    from streams.fanout.dispatcher import PAUSE_SECONDS, Dispatcher, buckets_of
    from streams.fanout.ownership import Heartbeat
    from streams.fanout.subscribers import from_snapshot, from_topic

    worker = int(settings.instance)
    mine = buckets_of(worker, settings.workers)
    vapid_key = _required(settings.vapid_key, "SHIRASE_VAPID_KEY", "shirase keys")
    secret = read_secret(_required(settings.envelope_secret, "SHIRASE_ENVELOPE_SECRET", "shirase keys"))
    if settings.snapshot is not None:
        subscribers = from_snapshot(settings.snapshot, mine)
    else:
        keys = SealKeys.load(_required(settings.seal_key, "SHIRASE_SEAL_KEY", "shirase keys"))
        subscribers = from_topic(settings.broker, keys, settings.data_dir / "registry", mine)
    if not settings.vapid_subject:
        raise SettingMissing("SHIRASE_VAPID_SUBJECT is not set: push services want a mailto: or https: contact")
    if not settings.site_url.endswith("/"):
        raise SettingMissing("SHIRASE_SITE_URL is not set, or does not end in a slash: every push links to it")
    stop, beat = Stop(), Beat(heartbeat)
    if not _take_share(settings, worker, subscribers, stop, beat):
        return
    dispatch = DispatchSettings(
        engine=settings.engine,
        native=settings.native,
        pool_depth=settings.pool_depth,
        max_in_flight=settings.max_in_flight,
        extra_origins=settings.push_origins,
        ca_file=settings.push_ca,
        vapid_subject=settings.vapid_subject,
        pad_to_bytes=settings.pad_to_bytes,
        site_url=settings.site_url,
    )
    last_looked = Heartbeat(PAUSE_SECONDS)
    dispatcher = Dispatcher(
        settings.broker,
        worker=worker,
        workers=settings.workers,
        subscribers=subscribers,
        sender=batch_sender_of(dispatch, last_looked.may_send),
        vapid=Vapid(keys_of_lanes(vapid_key, settings.drill_vapid_key), settings.vapid_subject),
        secret=secret,
        settings=dispatch,
        metrics=DispatchMetrics(registry),
        stream_metrics=metrics,
        heartbeat=last_looked,
    )
    dispatcher.run(stop, beat)
    dispatcher.close()


def _take_share(settings: WorkerSettings, worker: int, subscribers: "Subscribers", stop: Stop, beat: Beat) -> bool:
    """Wait until the share is this process's, with columns that are kept current; False when told to stop first.

    Both seats are static members of the share's group under names of their own: a restart of the holder within its
    session gets the share back, and the other seat gets it only when the holder is gone.
    """
    from streams.brokers.lease import Lease
    from streams.fanout.standby import Standby, share_of

    if settings.seat == "alone":
        return True
    if settings.seat not in ("first", "standby"):
        raise SettingMissing(f"SHIRASE_SEAT is {settings.seat!r}: alone, first or standby")
    lease = Lease(settings.broker, role=share_of(worker, settings.workers), instance=settings.seat)
    held = Standby(subscribers, lease).wait(stop, beat)
    if held:
        keep_lease(lease)
    else:
        lease.close()
    return held


def _run_collect(
    settings: WorkerSettings, metrics: StreamMetrics, registry: CollectorRegistry, heartbeat: Path | None
) -> None:
    from random import Random

    from feeds.sources import RegisterError, registered
    from streams.brokers.client import Producer
    from streams.ingest.collector import Collector, system_clock
    from streams.ingest.second_source import SecondSource, follow
    from streams.metrics import CollectMetrics, SecondSourceMetrics

    try:
        sources = registered(_register(settings))
    except RegisterError as error:
        raise SettingMissing(f"SHIRASE_SOURCES, {settings.sources}: {error}") from None
    if not sources:
        log.warning("no source is registered: nothing will be fetched")
    touch = Beat(heartbeat)

    def beat() -> None:
        touch()
        metrics.progressed(Role.COLLECT, time.time())

    stopped = threading.Event()
    second = SecondSource(SecondSourceMetrics(registry))
    threading.Thread(target=follow, args=(settings.broker, second, stopped), name="second-source", daemon=True).start()
    with Producer(settings.broker) as producer:
        collector = Collector(
            sources,
            producer,
            folder=settings.data_dir / "sources",
            metrics=CollectMetrics(registry, [one.source.name for one in sources]),
            clock=system_clock(time.time, time.monotonic),
            random=Random(),
        )
        collector.run(Stop(), beat)
    stopped.set()


def _register(settings: WorkerSettings) -> dict[str, Any]:
    return tomllib.loads(settings.sources.read_text(encoding="utf-8")) if settings.sources else {}


def _signers(settings: WorkerSettings) -> Signers:
    """Return the certificates that the register pins to senders; their files lie beside it."""
    from feeds.sources import RegisterError, pinned

    try:
        files = pinned(_register(settings))
    except RegisterError as error:
        raise SettingMissing(f"SHIRASE_SOURCES, {settings.sources}: {error}") from None
    folder = settings.sources.parent if settings.sources else Path()
    return {
        sender: tuple((folder / name).read_text(encoding="ascii") for name in names) for sender, names in files.items()
    }


def _required(path: Path | None, setting: str, maker: str) -> Path:
    if path is None:
        raise SettingMissing(f"{setting} is not set: make the file with `{maker}` and keep it secret")
    return path
