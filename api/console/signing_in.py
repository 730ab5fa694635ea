"""Coordinators sign in and out: by name, password and code; guesses are slowed, and every attempt is in the trail."""

import re
import time
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Cookie, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.console.office import COOKIE, Office
from api.console.officer_page import sign_in_page
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.officers.accounts import Session, SignInRefused
from api.officers.audit import Act
from api.officers.form import page, read_form
from api.officers.known_browser import COOKIE as KNOWN_COOKIE
from api.officers.known_browser import MARK_SECONDS, known_as, mark

# Where a call leads; whoever was not signed in goes on there afterwards, and nowhere else.
_CALLED_TO = re.compile(r"/drafts/[0-9A-Za-z._-]{1,120}|/sending/[0-9A-Za-z._-]{1,120}(/extend)?")


def signing_in_routes(office: Office) -> APIRouter:
    """Return the routes of signing in and out."""
    router = APIRouter()

    def form_again(problem: str, to: str) -> str:
        return sign_in_page(problem, provider=office.provider, to=called_to(to), head=office.head(None))

    @router.get("/sign-in")
    def form(to: str = "") -> Response:
        return page(form_again("", to))

    @router.post("/sign-in")
    async def sign_in(
        request: Request,
        origin: Annotated[str, Header()] = "",
        given: Annotated[str, Cookie(alias=KNOWN_COOKIE)] = "",
    ) -> Response:
        fields = await read_form(request, origin)
        name, to = fields.get("name", "")[:40], fields.get("to", "")
        address = request.client.host if request.client else ""
        at = int(office.now().timestamp())
        known = known_as(office.accounts.browser_key, name, given, at)
        # By address and by name: guesses at one account from many addresses are as bad. Her own browser has its own
        # tries, or whoever knows her name could keep her out for a night.
        keys = (f"b:{known}",) if known else (f"a:{address}", f"n:{name}")
        if any(office.limit.wait_seconds(key, time.monotonic()) for key in keys):
            raise ApiError(429, "too-many", "Too many attempts", "Wait a minute and try again.")
        return await office.doors.take("", tried, name, fields, at, to)

    def tried(name: str, fields: Mapping[str, str], at: int, to: str) -> Response:
        found = office.accounts.sign_in(name, fields.get("password", ""), fields.get("code", ""), at)
        if isinstance(found, SignInRefused):
            office.write_down(name, Act.SIGN_IN_REFUSED, detail=found.value)
            return page(form_again("名前・パスワード・確認コードのどれかが違います。", to), 403)
        return signed_in(office, found, at, elsewhere(called_to(to)))

    @router.post("/sign-out")
    async def sign_out(
        request: Request,
        origin: Annotated[str, Header()] = "",
        token: Annotated[str, Cookie(alias=COOKIE)] = "",
    ) -> Response:
        session = await run_in_threadpool(office.session, token)
        await read_form(request, origin, session)
        return await office.doors.take("", left, session, token)

    def left(session: Session | None, token: str) -> Response:
        # Ended before it is written down: nobody stays signed in because a broker is slow.
        office.accounts.sign_out(token)
        if session is not None:
            office.write_down(session.account.name, Act.SIGN_OUT)
        answer = elsewhere("/sign-in")
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    return router


def signed_in(
    office: Office, found: tuple[str, Session], at: int, answer: Response | None = None, detail: str = ""
) -> Response:
    """Return the answer that begins a session, which is written down first, however its factors were proved.

    The browser is known from then on: guesses from elsewhere do not keep its owner out of it.
    """
    token, session = found
    name = session.account.name
    office.codes.has_given(session, at)
    office.write_down(name, Act.SIGN_IN, detail=detail)
    answer = answer or elsewhere("/")
    answer.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="strict", path="/")
    known = mark(office.accounts.browser_key, name, at)
    answer.set_cookie(
        KNOWN_COOKIE, known, max_age=MARK_SECONDS, secure=True, httponly=True, samesite="strict", path="/"
    )
    return answer


def called_to(path: str) -> str:
    """Return *path* where a call may have led to it, and the list otherwise: a form sends nobody to another site."""
    return path if _CALLED_TO.fullmatch(path) else "/"
