"""One station over time: a reading in, and what is known of the station after it.

A reading that was judged before changes nothing, so that a document that is handled twice after a crash has
one effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.gauge import Doubt, GaugeReading, GaugeStation, Quantity, Thresholds
from geo.gauges.doubt import Belief, Neighbour, Stage, believe, is_same
from geo.gauges.level import Held, Judged, judge

# What a forecast and a neighbour look back at; more would only make the record on the topic longer.
KEPT_FOR = timedelta(hours=3)
KEPT_STAGES = 40
# A doubt about the next reading is ended by one that agrees; after so long it is another event.
DOUBTED_FOR = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class GaugeState:
    """What is known of a station. `stages` are those believed, the newest last."""

    station: GaugeStation | None = None
    stages: tuple[Stage, ...] = ()
    doubted: Stage | None = None
    same_since: Stage | None = None
    same_count: int = 0
    held: Held = field(default_factory=Held)
    heard_at: datetime | None = None  # the newest time that any reading spoke of
    doubt: Doubt | None = None
    reason: str = ""

    @property
    def thresholds(self) -> Thresholds:
        """Return the station's thresholds; none where the station itself is not known yet."""
        return self.station.thresholds if self.station is not None else Thresholds()


@dataclass(frozen=True, slots=True)
class Step:
    """The state after a reading; `judged` is None where the reading was not believed."""

    state: GaugeState
    belief: Belief
    judged: Judged | None


def known_as(state: GaugeState, station: GaugeStation) -> GaugeState:
    """Return *state* of a station that is described as *station* now; new thresholds hold from its next reading."""
    return replace(state, station=station)


def step(state: GaugeState, reading: GaugeReading, neighbours: Sequence[Neighbour] = ()) -> Step:
    """Return what *reading* makes of *state*.

    A doubtful reading leaves the level as it is and does not count as the station's stage; that the station
    spoke at all is kept, since a sensor that fails and one that is silent are two things.
    """
    at, value = reading.attribution.fact_at, reading.value
    doubted = state.doubted
    if doubted is not None and at - doubted.at > DOUBTED_FOR:
        doubted = None
    belief = believe(reading, state.thresholds, state.stages, doubted, state.same_since, state.same_count, neighbours)
    if belief.doubt is Doubt.OUT_OF_ORDER:
        return Step(state, belief, None)
    heard_at = at if belief.doubt is not Doubt.FUTURE else state.heard_at
    if belief.doubt is not None or value is None:
        waits = belief.doubt in (Doubt.TOO_FAST, Doubt.NEIGHBOURS_DISAGREE) and value is not None
        return Step(
            replace(
                state,
                doubted=Stage(at, value) if waits and value is not None else doubted,
                heard_at=heard_at,
                doubt=belief.doubt,
                reason=belief.reason,
            ),
            belief,
            None,
        )
    same = is_same(value, state.same_since)
    judged = judge(state.held, value, at, state.thresholds)
    kept = (*(stage for stage in state.stages if at - stage.at <= KEPT_FOR), Stage(at, value))[-KEPT_STAGES:]
    after = GaugeState(
        station=state.station,
        stages=kept,
        doubted=None,
        same_since=state.same_since if same else Stage(at, value),
        same_count=state.same_count + 1 if same else 1,
        held=judged.held,
        heard_at=heard_at,
        doubt=None,
        reason=judged.reason,
    )
    return Step(after, belief, judged)


def is_stage(reading: GaugeReading) -> bool:
    """Say whether *reading* is read against the thresholds of a river; rain and flow are only shown."""
    return reading.quantity is Quantity.STAGE_M
