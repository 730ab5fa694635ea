"""What the scenarios on a scene share as commands: their arguments, the scene itself, and what they print."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol

from load_tests.errors import LoadTestError
from load_tests.scene import Scene, staged


class Outcome(Protocol):
    """A result of a scenario: a dataclass that says which promises were broken."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def failures(self) -> tuple[str, ...]: ...


def arguments_of(name: str, doc: str | None) -> argparse.ArgumentParser:
    """Return the parser of `python -m load_tests.NAME` with what every scenario asks for."""
    parser = argparse.ArgumentParser(prog=f"python -m load_tests.{name}", description=(doc or "").split("\n")[0])
    parser.add_argument("--people", type=int, default=40_000)
    parser.add_argument("--max-in-flight", type=int, default=512)
    parser.add_argument("--broker", default="kafka", help="kafka (its jars are started), or HOST:PORT of an empty one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", dest="as_json", help="only the last line")
    return parser


def play_once(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    play: Callable[[Scene, argparse.Namespace], Outcome],
    *,
    spare: Callable[[argparse.Namespace], int] = lambda _given: 0,
    versions: Callable[[argparse.Namespace], bool] = lambda _given: False,
) -> int:
    """Set the scene, play once and print the result; the last line is JSON. Returns the exit code."""
    given = parser.parse_args(arguments)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="shirase-scene-") as folder,
            staged(
                Path(folder),
                people=given.people,
                seed=given.seed,
                max_in_flight=given.max_in_flight,
                broker=given.broker,
                spare=spare(given),
                versions=versions(given),
            ) as scene,
        ):
            result = play(scene, given)
    except LoadTestError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    said = asdict(result) | {"failures": result.failures, "load_average": os.getloadavg()}
    if not given.as_json:
        print(json.dumps(said, indent=1))
    print(json.dumps(said))
    return 1 if result.failures else 0
