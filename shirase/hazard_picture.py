"""The hazard map as a picture: cells by level, in the colours that the government set, with a legend in words."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import h3.api.basic_int as h3
import matplotlib as mpl
import matplotlib_fontja
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from alerts.place import Cells
from alerts.wording import JAPAN
from api.drawing.faces import Face
from api.drawing.look import APPEARANCES, PAINT_ORDER, Look, look_of
from geo.cells import expand

_SIZE_INCHES = (11.0, 9.0)
_DPI = 120
# Around what is drawn, so that no cell touches the frame.
_MARGIN_DEGREES = 0.01
_GROUND, _WATER, _LINE = "#F4F1EA", "#DCE6EE", "#9A9488"


def draw_png(
    faces: Iterable[Face],
    path: Path,
    *,
    title: str,
    at: datetime,
    wards: Iterable[tuple[str, Cells]] = (),
    attribution: str = "",
) -> Path:
    """Write the map of *faces* to *path*; *wards* lie beneath it, for orientation."""
    mpl.use("Agg")
    matplotlib_fontja.japanize()
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor(_WATER)
    grounds = [(name, expand(cells)) for name, cells in wards]
    for _, cells in grounds:
        axes.add_collection(PolyCollection(_outlines(cells), facecolor=_GROUND, edgecolor=_GROUND, linewidth=0.3))
    by_look: dict[Look, list[int]] = {}
    for face in faces:
        by_look.setdefault(look_of(face.verdict.level, face.verdict.severity), []).extend(expand(face.cells))
    for look in PAINT_ORDER:
        if look in by_look:
            fill = APPEARANCES[look].fill
            axes.add_collection(
                PolyCollection(_outlines(by_look[look]), facecolor=fill, edgecolor=fill, linewidth=0.2, alpha=0.85)
            )
    for name, cells in grounds:
        shape = h3.cells_to_h3shape(cells)
        polygons = shape if isinstance(shape, h3.LatLngMultiPoly) else [shape]
        for polygon in polygons:
            ring = np.array(polygon.outer)[:, ::-1]
            axes.plot(ring[:, 0], ring[:, 1], color=_LINE, linewidth=0.7)
        middle = np.mean([h3.cell_to_latlng(cell) for cell in cells], axis=0)
        axes.annotate(name, (middle[1], middle[0]), ha="center", va="center", fontsize=8, color="#333333")
    _frame(axes, [cell for cells in by_look.values() for cell in cells] or [c for _, cells in grounds for c in cells])
    clock = at.astimezone(JAPAN).strftime("%Y年%m月%d日 %H:%M")
    axes.set_title(f"{title}（{clock}）", fontsize=15)
    legend = [
        Patch(facecolor=APPEARANCES[look].fill, edgecolor="#333333", label=_label(look))
        for look in reversed(PAINT_ORDER)
        if look in by_look
    ]
    axes.legend(
        handles=legend or [Patch(facecolor=_GROUND, label="出ている情報はありません")], loc="lower left", fontsize=11
    )
    axes.set_xlabel(f"色のない所も安全とは限りません。{attribution}", fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")
    return path


def _label(look: Look) -> str:
    appearance = APPEARANCES[look]
    return f"レベル{appearance.mark} {appearance.word}" if appearance.mark.isdigit() else appearance.word


def _outlines(cells: Iterable[int]) -> list[list[tuple[float, float]]]:
    return [[(lng, lat) for lat, lng in h3.cell_to_boundary(cell)] for cell in cells]


def _frame(axes: "mpl.axes.Axes", cells: list[int]) -> None:
    if not cells:
        return
    points = np.array([h3.cell_to_latlng(cell) for cell in cells])
    (south, west), (north, east) = points.min(axis=0), points.max(axis=0)
    axes.set_xlim(west - _MARGIN_DEGREES, east + _MARGIN_DEGREES)
    axes.set_ylim(south - _MARGIN_DEGREES, north + _MARGIN_DEGREES)
    # A degree of longitude is shorter on the ground.
    axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
