"""Serve the first page with the hazard map while the demo runs: the residents' API on loopback."""

import socket
import threading
from pathlib import Path
from typing import Self

import uvicorn

from api.residents import build_residents
from shirase.areas import DEFAULT_AREAS, table_at


class DemoPage:
    """The residents' app in a thread of the demo's process."""

    def __init__(self, server: uvicorn.Server, address: str) -> None:
        self.address = address
        self._server = server
        self._thread = threading.Thread(target=server.run, name="page", daemon=True)
        self._thread.start()

    @classmethod
    def start(cls, bootstrap: str, areas: Path = DEFAULT_AREAS) -> Self:
        """Serve on a free loopback port."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.close()
        app = build_residents(bootstrap, table=table_at(areas) if areas.exists() else None)
        return cls(
            uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", access_log=False)),
            f"http://127.0.0.1:{port}/",
        )

    def wait(self) -> None:
        """Keep serving until interrupted."""
        try:
            self._thread.join()
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join(5)
