"""Who is called in the demo: a roster of made-up posts, and a gateway on loopback that takes their calls.

A ward's own gateway telephones; this one says whom it would have woken.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shirase.demo.gateway import SECRET, Say, gateway
from shirase.demo.run import Run
from shirase.demo.wards import WARDS
from streams.metrics import Role

# The two officers of the console, and a post at the end of every ladder. Whoever may approve is called first.
DRAFTER, APPROVER, METROPOLITAN = "kakuu_tantou", "kakuu_shounin", "kakuu_to"


@dataclass(frozen=True, slots=True)
class Call:
    """Who was called, and the first line of what she heard."""

    person: str
    title: str


Heard = Callable[[Call], None]


@contextmanager
def at_call(run: Run, say: Say, console_url: str, heard: Heard = lambda _call: None) -> Iterator[None]:
    """Have the pager of *run* call the roster of each ward till the block ends; *say* and *heard* hear of each."""
    folder = run.folder.resolve() / "duty"

    def taking(person: str, call: Mapping[str, Any]) -> str:
        heard(Call(person, call["title"]))
        return called(person, call)

    with gateway(folder, say, taking) as (origin, authority):
        roster = write_roster(folder / "duty.toml", origin)
        settings = {
            "SHIRASE_DUTY": str(roster),
            "SHIRASE_DUTY_CA": str(authority),
            "SHIRASE_CONSOLE_URL": console_url,
        }
        run.pipeline.begin(Role.PAGER, settings)
        yield


def called(person: str, call: Mapping[str, Any]) -> str:
    """Return what the gateway says of a *call* to *person*."""
    return f"呼び出し call  {person}  {call['title']}"


def write_roster(path: Path, origin: str) -> Path:
    """Write the register of a gateway at *origin* to *path*, and return it: one and the same roster for each ward."""
    people = (
        f'[[person]]\nname = "{name}"\nurl = "{origin}/{name}"\nsecret = "{SECRET}"\n'
        for name in (APPROVER, DRAFTER, METROPOLITAN)
    )
    wards = (
        f'[[ward]]\ncode = "{ward.code[:5]}"\nname = "{ward.name}"\n'
        f'on_duty = ["{APPROVER}"]\ndeputies = ["{DRAFTER}"]\n'
        for ward in WARDS
    )
    said = f'# Made up for the demo.\nmetropolitan = ["{METROPOLITAN}"]\n'
    path.write_text("\n".join((said, *people, *wards)), encoding="utf-8")
    return path
