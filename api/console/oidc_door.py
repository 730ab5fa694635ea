"""The routes of signing in by the ward's own provider: there, back, and the code of the second factor."""

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from html import escape
from typing import Annotated

from fastapi import APIRouter, Cookie, Header, Request, Response

from api.console.office import Office
from api.console.signing_in import signed_in
from api.drawing.sheet import document
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.officers.accounts import SignInRefused
from api.officers.audit import Act
from api.officers.form import page, read_form
from api.officers.oidc import Oidc, OidcRefused

_STATE_COOKIE = "oidc"
_TICKET_SECONDS = 300
_MOST_TICKETS = 1_000


@dataclass(slots=True)
class Tickets:
    """Who the provider has named and who still owes the code; good for a few minutes, and once."""

    _named: OrderedDict[str, tuple[str, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def give(self, name: str, at: float) -> str:
        """Return a ticket for *name*."""
        ticket = secrets.token_urlsafe(32)
        with self._lock:
            self._named[ticket] = name, at
            while len(self._named) > _MOST_TICKETS:
                self._named.popitem(last=False)
        return ticket

    def name(self, ticket: str, at: float) -> str | None:
        """Return whose *ticket* is, None when it is nobody's or too old."""
        with self._lock:
            name, given = self._named.get(ticket, ("", float("-inf")))
        return name if name and 0 <= at - given <= _TICKET_SECONDS else None

    def take(self, ticket: str) -> None:
        """End *ticket*."""
        with self._lock:
            self._named.pop(ticket, None)


def oidc_routes(office: Office, oidc: Oidc) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/sign-in/oidc")
    tickets = Tickets()

    @router.get("")
    async def go() -> Response:
        return await office.doors.take("", gone)

    def gone() -> Response:
        try:
            address, state = oidc.begin(office.now().timestamp())
        except OidcRefused as error:
            return _refused(office, "", error.reason)
        answer = elsewhere(address)
        # Lax: the way back begins on the provider's site.
        answer.set_cookie(
            _STATE_COOKIE, state, max_age=600, secure=True, httponly=True, samesite="lax", path="/sign-in/oidc"
        )
        return answer

    @router.get("/back")
    async def back(request: Request, kept: Annotated[str, Cookie(alias=_STATE_COOKIE)] = "") -> Response:
        return await office.doors.take("", come, dict(request.query_params), kept)

    def come(query: dict[str, str], kept: str) -> Response:
        at = office.now().timestamp()
        try:
            subject = oidc.back(query, kept, at)
        except OidcRefused as error:
            return _refused(office, "", error.reason)
        name = office.accounts.tied_to(oidc.settings.oidc_issuer, subject)
        if name is None:
            return _refused(office, "", "oidc-subject-unknown")
        answer = page(_code_page(name, tickets.give(name, at), ""))
        answer.delete_cookie(_STATE_COOKIE, path="/sign-in/oidc", secure=True, httponly=True, samesite="lax")
        return answer

    @router.post("/code")
    async def code(request: Request, origin: Annotated[str, Header()] = "") -> Response:
        fields, at = await read_form(request, origin), office.now().timestamp()
        ticket = fields.get("ticket", "")
        name = tickets.name(ticket, at)
        if name is None:
            return await office.doors.take("", _refused, office, "", "oidc-ticket")
        if office.limit.wait_seconds(f"o:{name}", time.monotonic()):
            raise ApiError(429, "too-many", "Too many attempts", "Wait a minute and try again.")
        return await office.doors.take("", tried, ticket, name, fields.get("code", ""), int(at))

    def tried(ticket: str, name: str, given: str, at: int) -> Response:
        found = office.accounts.sign_in_named(name, given, at)
        if isinstance(found, SignInRefused):
            office.write_down(name, Act.SIGN_IN_REFUSED, detail=found.value)
            return page(_code_page(name, ticket, "確認コードが違います。"), 403)
        tickets.take(ticket)
        return signed_in(office, found, at)

    return router


def _refused(office: Office, name: str, reason: str) -> Response:
    office.write_down(name or "-", Act.SIGN_IN_REFUSED, detail=reason)
    said = '<p class="alarm" role="alert">サインインできませんでした。</p>'
    again = '<p><a class="go" href="/sign-in">もう一度</a></p>'
    return page(_narrow("サインイン", f"{said}<p class=soft><code>{escape(reason)}</code></p>{again}"), 403)


def _code_page(name: str, ticket: str, problem: str) -> str:
    alarm = f'<p class="alarm" role="alert">{escape(problem)}</p>' if problem else ""
    code = '<input name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus>'
    form = (
        '<form method="post" action="/sign-in/oidc/code"><section>'
        f'<h2>{escape(name)} <small lang="en">second factor</small></h2>'
        f'<input type="hidden" name="ticket" value="{escape(ticket)}">'
    )
    button = '<button class="go">サインイン</button></section></form>'
    return _narrow("確認コード", f"{alarm}{form}<label>確認コード（6桁）{code}</label>{button}")


def _narrow(title: str, body: str) -> str:
    return document(
        f"知らせ 担当者 {title}",
        f"<header><h1>知らせ 担当者画面</h1></header><main class='narrow'>{body}</main>",
    )
