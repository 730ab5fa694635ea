"""Measure pywebpush against the same push service: the yardstick that runs beside us.

Two ways, each with the same subscriptions and bodies of the same size: as its README shows (a call with a
key file), and the best that it offers without other libraries (a kept session and a kept key). A process of
its own, so that its processor time is its own and the authority of the stand-in's certificate reaches it.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load_tests.errors import ReferenceFailed

_TTL_SECONDS = 3600
_WARM_UP = 5
_WITHIN_SECONDS = 240.0
_LAST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Measured:
    """How many pushes were accepted, and what they took. `processor_seconds` is the sender's own."""

    pushes: int
    seconds: float
    processor_seconds: float

    @property
    def pushes_per_second(self) -> float:
        """Return the rate of one sender."""
        return self.pushes / self.seconds

    @property
    def processor_us_per_push(self) -> float:
        """Return microseconds of processor time per push."""
        return 1e6 * self.processor_seconds / self.pushes

    def plain(self) -> dict[str, float]:
        """Return the figures for the result."""
        return {
            "pushes": self.pushes,
            "seconds": round(self.seconds, 3),
            "pushes_per_second": round(self.pushes_per_second, 1),
            "processor_us_per_push": round(self.processor_us_per_push, 1),
        }


def measure_reference(
    subscriptions: Sequence[dict[str, Any]], *, body_bytes: int, vapid_key: Path, ca_path: Path, folder: Path
) -> tuple[Measured, Measured]:
    """Return how pywebpush did as its README shows, and with session and key kept.

    Raises:
        ReferenceFailed: it did not run, or a push was refused.
    """
    task = folder / "reference.json"
    task.write_text(
        json.dumps({"subscriptions": list(subscriptions), "body_bytes": body_bytes, "vapid_key": str(vapid_key)}),
        encoding="utf-8",
    )
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "load_tests.reference", str(task)],
            env=os.environ | {"REQUESTS_CA_BUNDLE": str(ca_path)},
            cwd=Path(__file__).resolve().parents[1],
            capture_output=True,
            text=True,
            timeout=_WITHIN_SECONDS,
            check=True,
        )
        said = json.loads(ended.stdout.splitlines()[-1])
        return Measured(**said["readme"]), Measured(**said["kept"])
    except subprocess.CalledProcessError as error:
        raise ReferenceFailed(str(error.stderr)[-_LAST_WORDS:]) from error
    except (subprocess.TimeoutExpired, OSError, ValueError, LookupError, TypeError) as error:
        raise ReferenceFailed(repr(error)[:_LAST_WORDS]) from error
    finally:
        task.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Send both ways and print the two measurements as JSON."""
    import requests
    from py_vapid import Vapid
    from pywebpush import webpush

    parser = argparse.ArgumentParser(prog="python -m load_tests.reference", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("task", type=Path, help="JSON: subscriptions, body_bytes, vapid_key")
    task = json.loads(parser.parse_args(arguments).task.read_text(encoding="utf-8"))
    data = "x" * task["body_bytes"]
    key_path = task["vapid_key"]

    def readme(subscription: dict[str, Any]) -> None:
        claims: dict[str, str | int] = {"sub": "mailto:load-test@shirase.example"}
        webpush(subscription, data, vapid_private_key=key_path, vapid_claims=claims, ttl=_TTL_SECONDS)

    session, key = requests.Session(), Vapid.from_file(key_path)

    def kept(subscription: dict[str, Any]) -> None:
        claims: dict[str, str | int] = {"sub": "mailto:load-test@shirase.example"}
        webpush(
            subscription,
            data,
            vapid_private_key=key,
            vapid_claims=claims,
            ttl=_TTL_SECONDS,
            requests_session=session,
        )

    ways = {"readme": readme, "kept": kept}
    print(json.dumps({name: _timed(way, task["subscriptions"]) for name, way in ways.items()}))
    return 0


def _timed(send: Callable[[dict[str, Any]], None], subscriptions: Sequence[dict[str, Any]]) -> dict[str, float]:
    if not subscriptions:
        raise ValueError("nobody to send to")
    for subscription in subscriptions[:_WARM_UP]:
        send(subscription)
    started, processor = time.perf_counter(), time.process_time()
    for subscription in subscriptions:
        send(subscription)  # raises when a push is refused
    return {
        "pushes": len(subscriptions),
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time() - processor,
    }


if __name__ == "__main__":
    sys.exit(main())
