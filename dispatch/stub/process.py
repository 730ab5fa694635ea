"""Start the stub as a child process and talk to it: what tests, the demo and benchmarks use."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from dispatch.stub.behaviour import Rule, rules_to_plain
from dispatch.stub.errors import BehaviourMalformed, StubNotReady

STOP_SECONDS = 10.0
CONTROL_SECONDS = 30.0


class StubProcess:
    """A stub in a process of its own, so that it takes no time from the sender's interpreter."""

    def __init__(self, process: subprocess.Popen[str], ready: dict[str, Any]) -> None:
        self._process = process
        self.origins: tuple[str, ...] = tuple(ready["origins"])
        self.ca_path = Path(ready["ca"])
        self.log_path = Path(ready["log"])
        self.bodies_path = Path(ready["bodies"])
        self.control: str = ready["control"]
        self.pid: int = ready["pid"]

    @classmethod
    def start(
        cls,
        data: Path,
        *,
        origins: int = 1,
        port: int = 0,
        name: str = "localhost",
        store_every: int = 1,
        vapid_key: str = "",
        behaviour: Sequence[Rule] = (),
        known_as: Sequence[str] = (),
    ) -> Self:
        """Start a stub and return when it takes pushes; raise StubNotReady when it does not come up."""
        data.mkdir(parents=True, exist_ok=True)
        words = [
            sys.executable, "-m", "dispatch.stub", "--data", str(data), "--origins", str(origins), "--port", str(port),
            "--name", name, "--store-every", str(store_every), "--vapid-key", vapid_key,
        ]  # fmt: skip
        words += [word for origin in known_as for word in ("--known-as", origin)]
        project = Path(__file__).resolve().parents[2]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=project)
        assert process.stdout is not None
        line = process.stdout.readline()  # ends with the line, or with the process
        try:
            ready = json.loads(line)
        except ValueError:
            process.kill()
            raise StubNotReady(f"the stub ended with code {process.wait()} before it was ready; see stderr") from None
        stub = cls(process, ready)
        if behaviour:
            stub.tell(behaviour)
        return stub

    def tell(self, rules: Sequence[Rule]) -> None:
        """Replace the rules of behaviour."""
        self._ask("PUT", "/behaviour", json.dumps(rules_to_plain(rules)).encode())

    def verdict(self) -> dict[str, Any]:
        """Return the judge's verdict over all that came so far."""
        said = self._ask("GET", "/verdict")
        assert isinstance(said, dict)
        return said

    def flush(self) -> None:
        """Have the log and the bodies written out."""
        self._ask("POST", "/flush")

    def stop(self) -> int:
        """End the stub in order, its files complete, and return its exit code."""
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> object:
        request = Request(self.control + path, data=body, method=method)  # noqa: S310  our own loopback address
        try:
            with urlopen(request, timeout=CONTROL_SECONDS) as reply:  # noqa: S310
                return json.loads(reply.read())
        except HTTPError as error:
            raise BehaviourMalformed(error.read().decode()) from error
