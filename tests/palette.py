"""A picture of flat colours with a palette: a third of the bytes, and a document that opens on a bad line."""

from pathlib import Path

from PIL import Image

MOST_BYTES = 150_000
_COLOURS = 192


def shrink(path: Path) -> int:
    """Give the picture at *path* a palette, and return its size."""
    with Image.open(path) as picture:
        flat = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    flat.save(path, optimize=True)
    return path.stat().st_size
