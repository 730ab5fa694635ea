"""A worker whose version another can take the place of, in the middle of a fan-out:

    python -m load_tests.versions FILE worker fanout --instance 0 ...

FILE says which version the process runs that starts now: `this`, `next` (this one, but each record that it writes says
one thing more in every object, as a later version may), or the folder of a checkout with its own `.venv`: the last
release, for the real thing.
"""

import os
import sys
from pathlib import Path
from typing import Any

import orjson

THIS, NEXT = "this", "next"
_LATER = {"said_later": {"by": ["a newer version"]}}
# Counts by ward or by outcome: their keys are data, and one more would be one more ward.
_DATA = frozenset({"wards", "outcomes", "ward_bytes", "bytes", "origins", "topic_offsets", "sha256"})
# By rank, and within it by outcome.
_DATA_BELOW = frozenset({"rings"})


def main(arguments: list[str]) -> None:
    """Become the process that the file names."""
    which, words = Path(arguments[0]).read_text(encoding="utf-8").strip(), arguments[1:]
    if which not in (THIS, NEXT):
        python = Path(which) / ".venv" / "bin" / "python"
        # A checkout is found by its folder: what this process was started with must not come before it.
        os.chdir(which)
        os.execve(python, [str(python), "-m", "shirase", *words], os.environ | {"PYTHONPATH": which})
    if which == NEXT:
        write_more()
    from shirase.cli import main as shirase

    shirase(words)


def write_more() -> None:
    """Make this process write as a later version might; before anything else imports what writes."""
    from streams import wire
    from streams.fanout import checkpoint as progress

    plain_encode, plain_checkpoint = wire.encode, progress.encode_checkpoint

    def encode(value: object) -> bytes:
        return with_more(plain_encode(value))

    def encode_checkpoint(checkpoint: progress.Checkpoint) -> bytes:
        head, _, positions = plain_checkpoint(checkpoint).partition(b"\n")
        return orjson.dumps(_more(orjson.loads(head))) + b"\n" + orjson.dumps(_more(orjson.loads(positions)))

    wire.encode = encode
    progress.encode_checkpoint = encode_checkpoint


def with_more(record: bytes) -> bytes:
    """Return *record* as a later version might have written it."""
    envelope = orjson.loads(record)
    return orjson.dumps(envelope | {"d": _more(envelope["d"])})


def _more(plain: Any, name: str = "") -> Any:
    if isinstance(plain, list):
        return [_more(one) for one in plain]
    if not isinstance(plain, dict) or name in _DATA_BELOW:
        return plain
    return {key: _more(value, key) for key, value in plain.items()} | ({} if name in _DATA else _LATER)


if __name__ == "__main__":
    main(sys.argv[1:])
