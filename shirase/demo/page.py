"""Serve the doors while the demo runs, on loopback: the residents' page, the console, and that of shelters' staff.

The console's two officers are made for this one run, with passwords and second factors that nobody had before
it and that end with it: there is no account to find in the code (R18 asks for two people, so there are two).
"""

import secrets
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyotp
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from api.console.process import build_console
from api.known.census import Census
from api.officers.accounts import Accounts, Role
from api.officers.passkeys import PasskeySettings
from api.residents.process import PublishedAs, build_residents
from shirase.areas import table_at
from shirase.commands.api import people_at
from shirase.demo.at_call import APPROVER, DRAFTER
from shirase.demo.banner import CONSOLE, INTAKE, RESIDENTS, Banner
from shirase.demo.gates import GateDoor, open_gates
from shirase.demo.outlets import SENDER, municipalities
from shirase.demo.river_ground import demo_river_zones
from shirase.demo.town import shown_town
from shirase.demo.wards import WARDS
from shirase.paths import DEFAULT_AREAS, DEFAULT_WEB

_OFFICERS = ((DRAFTER, Role.DRAFTER), (APPROVER, Role.APPROVER))
_PASSWORD_BYTES = 12
_NAME = "localhost"


@dataclass(frozen=True, slots=True)
class DemoOfficer:
    """An officer of this run and how to sign in as one."""

    name: str
    role: str
    password: str
    key: str
    """Key for an authenticator app (RFC 6238)."""

    @property
    def code(self) -> str:
        """Return the code of this half minute; each is taken once."""
        return pyotp.TOTP(self.key).now()


class DemoPages:
    """The applications, each in a thread of the demo's process with a port of its own."""

    def __init__(
        self,
        residents: FastAPI,
        console: FastAPI,
        officers: tuple[DemoOfficer, ...],
        listeners: tuple[socket.socket, socket.socket],
        gates: tuple[GateDoor, socket.socket],
    ) -> None:
        self.officers = officers
        self._gate, gate_listener = gates
        residents_listener, listener = listeners
        self.sheets = self._gate.sheets.as_uri()
        self._servers = (
            _Served(Banner(residents, RESIDENTS), residents_listener),
            _Served(Banner(console, CONSOLE), listener),
            _Served(Banner(self._gate.app, INTAKE), gate_listener),
        )
        self.residents = f"{_address(residents_listener)}/"
        self.console = f"{_named(listener)}/"

    @classmethod
    def start(
        cls, bootstrap: str, folder: Path, areas: Path = DEFAULT_AREAS, web: Path = DEFAULT_WEB, network: str = ""
    ) -> Self:
        """Serve on free loopback ports; the accounts file is made in *folder*."""
        table = table_at(areas) if areas.exists() else None
        town = shown_town(network, None)
        path = folder / "accounts.sqlite"
        registry = folder / "subscribers" / "registry"
        residents_listener, listener, gate_listener = _listening(), _listening(), _listening()
        gate = open_gates(bootstrap, folder.resolve(), town.sites, _named(gate_listener))
        passkeys = PasskeySettings(_NAME, _named(listener))
        census = Census.of(people_at("demo-city"), registry if registry.exists() else None)
        return cls(
            build_residents(
                bootstrap,
                table=table,
                web=web if web.exists() else None,
                town=town,
                take_reports=town.roads is not None,
                published=PublishedAs(SENDER, _address(residents_listener)),
            ),
            build_console(
                bootstrap,
                accounts=path,
                table=table,
                census=census,
                web=web if web.exists() else None,
                passkeys=passkeys,
                courses=demo_river_zones().courses,
                network=town.roads,
                sites=town.sites,
                municipalities=municipalities(),
                cap_sender=SENDER,
            ),
            _officers(path),
            (residents_listener, listener),
            (gate, gate_listener),
        )

    def wait(self, seconds: float) -> bool:
        """Keep serving for *seconds*; say whether all still do."""
        for served in self._servers:
            served.thread.join(seconds / len(self._servers))
        return all(served.thread.is_alive() for served in self._servers)

    def close(self) -> None:
        """Stop serving."""
        for served in self._servers:
            served.server.should_exit = True
        for served in self._servers:
            served.thread.join(5)
        self._gate.producer.close()


class _Served:
    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]}, name="page", daemon=True)
        self.thread.start()


def _listening() -> socket.socket:
    """Return a bound socket to hand over: a port that was free a moment ago may be another program's by now."""
    return socket.create_server(("127.0.0.1", 0))


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _named(listener: socket.socket) -> str:
    # A name and no address: browsers make passkeys for names only, and keep pages for use without network.
    return f"http://{_NAME}:{listener.getsockname()[1]}"


def _officers(path: Path) -> tuple[DemoOfficer, ...]:
    accounts = Accounts(path)
    # Of every ward by its name: an account of all Tokyo acts in the place of a ward, and must say why each time.
    wards = frozenset(ward.code for ward in WARDS)
    made = []
    for name, role in _OFFICERS:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        made.append(DemoOfficer(name, role.value, password, accounts.add(name, role, wards, password)))
    accounts.close()
    return tuple(made)
