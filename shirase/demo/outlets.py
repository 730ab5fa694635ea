"""Where approved notices leave in the demo besides the fan-out (R16): folders, and a ward's gateway on loopback.

One ward's gateway refuses what it is given, so that the console has a failure to show and somebody can type it in.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from feeds.outgoing.forms import Form, Municipality
from shirase.demo.gateway import SECRET, Say, gateway
from shirase.demo.run import Run
from shirase.demo.wards import BY_CODE
from shirase.demo.way_out import WARD_CODE
from streams.metrics import Role
from streams.outward.outlets import municipalities_of

SENDER = "alerts@shirase.example"
# The ward that orders, its neighbour across the river's line, and one whose gateway is out of order.
_KATSUSHIKA, _ADACHI, _EDOGAWA = f"{WARD_CODE[:5]}00", "1312100", "1312300"
REFUSING = _EDOGAWA[:5]
_WARDS = (_ADACHI, _KATSUSHIKA, _EDOGAWA)
# For the loudspeakers' script, which is read aloud.
_READINGS = {
    "葛飾区": "かつしかく",
    "足立区": "あだちく",
    "江戸川区": "えどがわく",
    "墨田区": "すみだく",
    "江東区": "こうとうく",
}


@contextmanager
def outlets(run: Run, say: Say) -> Iterator[Path]:
    """Have what *run* approves leave by every form, for three wards, until the block ends; yield the folder."""
    folder = run.folder.resolve() / "outlets"
    with gateway(folder, say, taken) as (origin, authority):
        register = write_outlets(folder / "outlets.toml", origin)
        settings = {"SHIRASE_OUTLETS": str(register), "SHIRASE_OUTLETS_CA": str(authority)}
        run.pipeline.begin(Role.CHANNELS, settings)
        yield folder


def taken(ward: str, notice: Mapping[str, Any]) -> str:
    """Return what the gateway of *ward* says of a *notice*; "" refuses it."""
    if ward == REFUSING:
        return ""
    titles = [text["title"] for part in notice["parts"] for text in part["texts"][:1]]
    return f"区のメール ward's mail  {BY_CODE[f'{ward}00'].name}  {titles[0] if titles else ''}"


def write_outlets(path: Path, origin: str) -> Path:
    """Write the register of outlets to *path*, and return it; webhooks go to a gateway at *origin*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folders = [form for form in Form if form is not Form.WEBHOOK]
    rows = (
        "".join(
            f'[[outlet]]\nward = "{code[:5]}"\nform = "{form}"\nfolder = "{BY_CODE[code].name}/{form}"\ndrills = true\n'
            for form in folders
        )
        + f'[[outlet]]\nward = "{code[:5]}"\nform = "webhook"\nurl = "{origin}/{code[:5]}"\nsecret = "{SECRET}"\n'
        for code in _WARDS
    )
    path.write_text("\n".join((_municipalities_text(), *rows)), encoding="utf-8")
    return path


def municipalities() -> dict[str, Municipality]:
    """Return how the wards of the demo sign, for the console, which shows what left."""
    return municipalities_of(tomllib.loads(_municipalities_text()))


def _municipalities_text() -> str:
    readings = ", ".join(f'"{name}" = "{kana}"' for name, kana in _READINGS.items())
    rows = (
        f'[[municipality]]\ncode = "{code[:5]}"\nname = "{BY_CODE[code].name}"\nreadings = {{ {readings} }}\n'
        for code in _WARDS
    )
    return "\n".join((f'# Made up for the demo.\nsender = "{SENDER}"\n', *rows))
