"""Draw a walking network, its shelters and what people are told, as one small PNG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from routing.columns import BRIDGE, STEPS, UNDERGROUND
from routing.network import RoadNetwork
from routing.plan import Advice, CellAdvice
from routing.shelter import Shelter, ShelterState

_WIDTH_INCHES = 7.2
_DPI = 100
_ROAD, _BRIDGE, _UNDER, _STEPS, _WATER = "#b9b9b4", "#2b6cb0", "#8d6ab8", "#d08a2e", "#9ec5e8"
_CLOSED, _MOVED = "#111111", "#e4572e"
_ADVICE = {
    Advice.GO: "#2f855a",
    Advice.LEAVE_EARLY: "#b7791f",
    Advice.GO_UP: "#9b2c2c",
    Advice.STAY: "#4a5568",
}
_ADVICE_WORDS = {
    Advice.GO: "行く (go)",
    Advice.LEAVE_EARLY: "早めに離れる (leave early)",
    Advice.GO_UP: "上へ (go up)",
    Advice.STAY: "とどまる (stay)",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is drawn on the network. `moved` are cells whose people are told again."""

    shelters: Sequence[Shelter] = ()
    cells: Sequence[CellAdvice] = ()
    closed: frozenset[str] = frozenset()
    moved: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Panel:
    """One map of a picture."""

    network: RoadNetwork
    title: str
    shown: Shown = Shown()


def draw(path: Path, panels: Sequence[Panel], *, credit: str = "") -> None:
    """Write the picture of *panels*, side by side, to *path*. *credit* is what the data's licence asks for."""
    # Imported here: it costs every command half a second, and one of them draws.
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib_fontja
    from matplotlib import pyplot as plt

    matplotlib_fontja.japanize()
    columns = panels[0].network.columns
    aspect = 1 / np.cos(np.radians(float(np.mean(columns.lat))))
    height = float(np.ptp(columns.lat) * aspect / max(1e-9, float(np.ptp(columns.lng))))
    wide = _WIDTH_INCHES / len(panels) if len(panels) > 1 else _WIDTH_INCHES * 0.8
    size = (wide * len(panels), min(9.0, wide * height + 0.8))
    figure, all_axes = plt.subplots(1, len(panels), figsize=size, dpi=_DPI, squeeze=False)
    for axes, panel in zip(all_axes[0], panels, strict=True):
        _panel(axes, panel, aspect)
    # Below the maps: what is at their corners is what people far from a shelter are told.
    keys = {
        label: handle for axes in all_axes[0] for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if keys:
        figure.legend(
            keys.values(), keys, loc="lower left", bbox_to_anchor=(0, 0.02), ncol=5, fontsize=5.5, frameon=False
        )
    if credit:
        figure.text(0.995, 0.004, credit, ha="right", va="bottom", fontsize=5, color="#4a5568")
    figure.tight_layout(pad=0.4, rect=(0, 0.09, 1, 0.99))
    figure.savefig(path, format="png", pil_kwargs={"optimize": True})
    plt.close(figure)


def _panel(axes: Any, panel: Panel, aspect: float) -> None:
    columns, shown = panel.network.columns, panel.shown
    _roads(axes, panel.network, shown.closed)
    _advice(axes, shown)
    routes = (part.general.route for entry in shown.cells for part in entry.parts)
    _shelters(axes, shown.shelters, {route.shelter_id for route in routes if route})
    axes.set_aspect(aspect)
    axes.set_xlim(float(columns.lng.min()), float(columns.lng.max()))
    axes.set_ylim(float(columns.lat.min()), float(columns.lat.max()))
    axes.set_axis_off()
    axes.set_title(panel.title, fontsize=8)


def _roads(axes: Any, network: RoadNetwork, closed: Iterable[str]) -> None:
    from matplotlib.collections import LineCollection

    columns = network.columns
    ends: Any = np.stack(
        (
            np.column_stack((columns.lng[columns.start], columns.lat[columns.start])),
            np.column_stack((columns.lng[columns.end], columns.lat[columns.end])),
        ),
        axis=1,
    )
    flags = np.asarray(columns.flags)
    bridge, under, steps = (flags & flag > 0 for flag in (BRIDGE, UNDERGROUND, STEPS))
    for line in network.barriers:
        axes.plot([p.lng for p in line], [p.lat for p in line], color=_WATER, linewidth=2.5, zorder=0)
    for which, colour, wide, label in (
        (~(bridge | under | steps), _ROAD, 0.5, None),
        (under, _UNDER, 0.5, "地下 (underground)"),
        (steps & ~under, _STEPS, 0.8, "階段 (steps)"),
        (bridge, _BRIDGE, 1.4, "橋 (bridge)"),
    ):
        if which.any():
            axes.add_collection(LineCollection(ends[which], colors=colour, linewidths=wide, zorder=1, label=label))
    shut = [at for at in (columns.road_at(road) for road in closed) if at is not None]
    if shut:
        label = "通行止め (closed)"
        axes.add_collection(LineCollection(ends[shut], colors=_CLOSED, linewidths=4, zorder=5, label=label))


def _advice(axes: Any, shown: Shown) -> None:
    seen: set[str] = set()

    def once(label: str) -> str | None:
        if label in seen:
            return None
        seen.add(label)
        return label

    for entry in shown.cells:
        for part in entry.parts:
            if part.anchor is None:
                continue
            again = entry.cell in shown.moved
            route = part.general.route
            if route is not None:
                colour = _MOVED if again else _ADVICE[Advice.GO]
                label = once("言い直す道 (told again)" if again else "道 (way)")
                xs, ys = [p.lng for p in route.line], [p.lat for p in route.line]
                axes.plot(xs, ys, color=colour, linewidth=2.0 if again else 0.9, zorder=4 if again else 3, label=label)
            advice = part.general.advice
            axes.plot(
                part.anchor.lng, part.anchor.lat, ".", color=_ADVICE[advice], markersize=6, zorder=6,
                label=once(_ADVICE_WORDS[advice]),
            )  # fmt: skip


def _shelters(axes: Any, shelters: Iterable[Shelter], used: set[str]) -> None:
    labels = {True: "避難先 (shelter told)", False: "ほかの避難先 (other)"}
    for shelter in shelters:
        told = shelter.id in used
        face = "#2f855a" if told else ("#cbd5e0" if shelter.state is not ShelterState.CLOSED else "#f5b7b1")
        axes.plot(
            shelter.point.lng, shelter.point.lat, "s", color=face, markeredgecolor="#1a202c", markeredgewidth=0.6,
            markersize=7 if told else 4.5, zorder=7, label=labels.pop(told, None),
        )  # fmt: skip
