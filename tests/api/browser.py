"""Ask an application without a socket, one request at a time."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx
from fastapi import FastAPI


class Browser:
    """A client of one application; errors inside it come back as answers, as they would over a socket."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        json: object = None,
        data: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Return the answer to one request."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://residents.test") as client:
                return await client.request(method, path, headers=headers, json=json, data=data, content=content)

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(ask())
        # Beside a browser, whose driver has a loop in this thread.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(ask())).result()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Return the answer to a GET."""
        return self.request("GET", path, headers)
