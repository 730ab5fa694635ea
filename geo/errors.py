"""Errors of `geo/`.

::

    GeoError                 everything below; `.reason` is a stable code
    ├── CellError            an H3 index that is none, or of a resolution we do not keep
    ├── ShapeError           a polygon or circle that cannot be read as a place on Earth
    │   └── ShapeTooLarge    a shape that is over a limit before anything was filled
    └── AreaTableError       an area file that is missing, damaged or of another version
"""


class GeoError(Exception):
    """A place that we refuse. `reason` is stable and goes to dead-letters and metrics."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class CellError(GeoError):
    """Refuse an index that is no H3 cell of resolution 6 to 9."""


class ShapeError(GeoError):
    """Refuse a shape with the reason why it is no place on Earth."""


class ShapeTooLarge(ShapeError):
    """Refuse a shape that is over a limit on vertices, rings or cells."""


class AreaTableError(GeoError):
    """Refuse an area file; the message says how to build it again."""
