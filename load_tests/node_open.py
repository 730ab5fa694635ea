"""Open bodies with web-push's own library on Node.js: somebody else's reading of RFC 8291."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

_SCRIPT = Path(__file__).with_name("open_bodies.js")
_WITHIN_SECONDS = 120.0

Sealed = tuple[bytes, bytes, bytes]
"""A body, and its receiver's private scalar and auth."""


def opened_by_node(sealed: Iterable[Sealed], modules: Path) -> list[str | None] | None:
    """Return of each body the SHA-256 of its plaintext, None for one that does not open; None without the library.

    *modules* is the folder that npm put web-push into (`load_tests.peers` does).
    """
    node = shutil.which("node")
    if node is None or not (modules / "http_ece").is_dir():
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as task:
        for body, scalar, auth in sealed:
            line = {"body": _text(body), "private": _text(scalar), "auth": _text(auth)}
            task.write(json.dumps(line) + "\n")
        task.flush()
        said = subprocess.run(
            [node, str(_SCRIPT), task.name],
            env=os.environ | {"NODE_PATH": str(modules)},
            capture_output=True,
            text=True,
            timeout=_WITHIN_SECONDS,
            check=True,
        ).stdout
    opened: list[str | None] = json.loads(said)
    return opened


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
