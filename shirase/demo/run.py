"""One run of the whole on this machine: subscribers, push service, pipeline, documents, account.

`demo` and `replay` differ in their documents and in what they show; this is what they share.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dispatch.registry import load
from dispatch.stub.process import StubProcess
from geo.importers.river_zone_file import save as save_river_zones
from shirase.areas import ensure_table, table_at
from shirase.demo.help_lines import write_demo_wards
from shirase.demo.observer import Observer
from shirase.demo.pipeline import Pipeline, PipelineSettings
from shirase.demo.publish import publish_subscribers
from shirase.demo.river_ground import demo_river_zones
from shirase.demo.synth import synthesize
from shirase.policy_file import policy_at
from streams.brokers.broker import BrokerKind
from streams.brokers.client import Producer

# The network that is made up; everything else is a file.
DEMO_CITY = "demo-city"

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What to run, and on what."""

    subscribers: int
    seed: int
    broker: str
    push: str
    areas: Path
    policy: Path
    workers: int
    area: str
    max_in_flight: int = 4096
    metrics_base_port: int = 0
    gauges: bool = False
    """Watch river levels too."""
    run_dir: Path | None = None
    from_topic: bool = False
    """Subscribers by way of the `subscriptions` topic even where a snapshot would do (Kafka only)."""
    store_every: int = 1
    silence_after_seconds: int | None = None
    """When residents hear that nobody has decided on an order (R6); None: as the policy has it."""
    network: str = ""
    """Walking network of the evacuation worker; empty: none runs."""


@dataclass(frozen=True, slots=True)
class Run:
    """A pipeline that is up, and what a caller needs to feed and judge it."""

    settings: RunSettings
    folder: Path
    pipeline: Pipeline
    observer: Observer
    producer: Producer
    synth: Path
    stub: StubProcess | None


@contextmanager
def running(settings: RunSettings, say: Say, progress: Progress) -> Iterator[Run]:
    """Set everything up, yield it, and take it down again; a run folder of our own is removed."""
    with ExitStack() as stack:
        folder = settings.run_dir or Path(tempfile.mkdtemp(prefix="shirase-"))
        if settings.run_dir is None:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        # Before anything starts: its workers would end at it again and again.
        policy_at(settings.policy)
        say("area table")
        areas = ensure_table(settings.areas, progress).resolve()
        stub = None
        base, authority = settings.push, ""
        origins: tuple[str, ...] = (settings.push,)
        if settings.push == "stub":
            say("push service stub")
            stub = stack.enter_context(StubProcess.start(folder / "stub", store_every=settings.store_every))
            base, origins, authority = stub.origins[0], stub.origins, str(stub.ca_path)
        river_zones = save_river_zones(demo_river_zones(), folder / "river-zones.npz").resolve()
        say(f"{settings.subscribers:,} synthetic subscribers")
        synth = folder / "subscribers"
        synthesize(
            settings.subscribers,
            settings.seed,
            base,
            synth,
            area=settings.area,
            table=table_at(areas),
            progress=progress,
        )
        say(f"broker: {settings.broker}")
        snapshot = None if settings.from_topic else (synth / "registry").resolve()
        pipeline = Pipeline(
            PipelineSettings(
                run_dir=folder.resolve(),
                broker=settings.broker,
                areas=areas,
                policy=settings.policy.resolve(),
                push_origins=origins,
                push_ca=authority,
                snapshot=snapshot,
                workers=settings.workers,
                max_in_flight=settings.max_in_flight,
                network=settings.network,
                metrics_base_port=settings.metrics_base_port,
                river_zones=river_zones,
                wards=write_demo_wards(folder / "wards.toml", settings.silence_after_seconds).resolve(),
                gauges=settings.gauges,
            )
        )
        if settings.from_topic:
            if pipeline.broker.kind is BrokerKind.EMBEDDED:
                raise ValueError("the embedded broker does not keep subscriptions; use --broker HOST:PORT")
            say("subscriptions onto their topic")
            publish_subscribers(load(synth / "registry"), pipeline.broker.bootstrap, pipeline.seal_keys, progress)
        say("workers")
        stack.enter_context(pipeline)
        say(f"for the commands that ask for --broker: {pipeline.broker.bootstrap}; this run's files: {folder}")
        observer = Observer(pipeline.broker.bootstrap)
        stack.callback(observer.close)
        producer = stack.enter_context(Producer(pipeline.broker.bootstrap))
        yield Run(settings, folder, pipeline, observer, producer, synth, stub)
