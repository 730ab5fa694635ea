"""Serve an application with uvicorn on uvloop; no address of anybody is written down."""

import os

import uvicorn
from fastapi import FastAPI

from api.http.processors import keep_to

# Requests at once before the next one is told 503: a rush must not use up the memory of the machine.
MOST_AT_ONCE = 1000
# Residents' pages give way to whatever else runs on their machine: the console, first of all (R20). At 5 the console
# waits four times as long for its turn, and at 19 as long as at 15 (docs/decisions/0064).
GIVE_WAY = 15
_KEEP_ALIVE_SECONDS = 10
_STOP_SECONDS = 5


def serve(
    app: FastAPI, host: str, port: int, *, gives_way: bool = False, processors: frozenset[int] | None = None
) -> None:
    """Serve *app* until the process is told to end; with *gives_way* after everybody else on this machine.

    It runs on *processors*; where none are named, on all that it may use (docs/decisions/0066).
    """
    # Imported by who serves: it needs uvicorn's parser, which nobody else does.
    from api.http.door import door_with

    if gives_way:
        os.nice(GIVE_WAY)
    if processors:
        keep_to(processors)
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=door_with(getattr(app.state, "front", None)),
        access_log=False,
        log_level="warning",
        server_header=False,
        # Only a proxy on this machine is believed about who asks: else everybody behind it would be one address, and
        # share what one address may ask for. Nothing of it is written down.
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
