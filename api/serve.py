"""Serve an application with uvicorn on uvloop; no address of anybody is written down."""

import uvicorn
from fastapi import FastAPI

# Requests at once before the next one is told 503: a rush must not use up the memory of the machine.
MOST_AT_ONCE = 1000
_KEEP_ALIVE_SECONDS = 10
_STOP_SECONDS = 5


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve *app* until the process is told to end."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
