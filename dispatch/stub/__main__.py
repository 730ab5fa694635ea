"""Run the stub as a process of its own: `python -m dispatch.stub --data DIR`."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from dispatch.stub.behaviour import Rule, rules_from_plain
from dispatch.stub.control import Control
from dispatch.stub.errors import BehaviourMalformed
from dispatch.stub.server import LOOPBACK, PushStub, StubSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; print one JSON line when ready."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.stub", description="Push-service stub on loopback.")
    parser.add_argument("--data", type=Path, required=True, help="folder for certificates, log and bodies")
    parser.add_argument("--port", type=int, default=0, help="first port; 0 picks free ones")
    parser.add_argument("--origins", type=int, default=1, help="how many origins, one port each")
    parser.add_argument("--name", default="localhost", help="host name in the origins")
    parser.add_argument("--known-as", action="append", default=[], help="an origin that leads here too, by a relay")
    parser.add_argument("--control-port", type=int, default=0, help="port of the control requests")
    parser.add_argument("--store-every", type=int, default=1, help="keep one in N accepted bodies; 0 keeps none")
    parser.add_argument("--store-bytes", type=int, default=256 * 1024 * 1024, help="keep at most so many bytes")
    parser.add_argument("--vapid-key", default="", help="the only VAPID key (base64url) that may push")
    parser.add_argument("--behaviour", type=Path, help="JSON file of rules; read again on SIGHUP")
    given = parser.parse_args(arguments)
    try:
        rules = _rules(given.behaviour)
    except (OSError, BehaviourMalformed) as error:
        parser.error(f"--behaviour: {error}")
    settings = StubSettings(
        data=given.data.resolve(),
        ports=tuple(given.port + place if given.port else 0 for place in range(given.origins)),
        name=given.name,
        known_as=tuple(given.known_as),
        store_every=given.store_every,
        store_bytes=given.store_bytes,
        vapid_key=given.vapid_key,
        rules=rules,
    )
    uvloop.run(_serve(settings, given.control_port, given.behaviour))
    return 0


async def _serve(settings: StubSettings, control_port: int, behaviour: Path | None) -> None:
    stub = await PushStub.start(settings)
    control = await Control(stub).listen(control_port)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for end in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(end, ended.set)
    loop.add_signal_handler(signal.SIGHUP, _read_again, stub, behaviour)
    ready = json.dumps(
        {
            "origins": stub.origins,
            "ca": str(stub.ca_path),
            "log": str(stub.log_path),
            "bodies": str(stub.bodies_path),
            "control": f"http://{LOOPBACK}:{control.sockets[0].getsockname()[1]}",
            "pid": os.getpid(),
        }
    )
    unfinished = settings.data / "ready.json.new"
    unfinished.write_text(ready + "\n", encoding="utf-8")
    unfinished.replace(settings.data / "ready.json")
    sys.stdout.write(ready + "\n")
    sys.stdout.flush()
    await ended.wait()
    control.close()
    await stub.stop()


def _rules(behaviour: Path | None) -> tuple[Rule, ...]:
    if behaviour is None:
        return ()
    try:
        return rules_from_plain(json.loads(behaviour.read_bytes()))
    except ValueError as error:
        raise BehaviourMalformed(f"{behaviour.name} is not JSON: {error}") from error


def _read_again(stub: PushStub, behaviour: Path | None) -> None:
    try:
        stub.behaviours.tell(_rules(behaviour))
    except (OSError, BehaviourMalformed) as error:
        sys.stderr.write(f"the rules stay as they were: {error}\n")


if __name__ == "__main__":
    sys.exit(main())
