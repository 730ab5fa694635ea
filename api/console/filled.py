"""Who looks at a page, and what a form says: of somebody who is signed in. All others are sent to sign in."""

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from api.console.office import COOKIE, Office
from api.http.errors import SignInFirst
from api.officers.accounts import Session
from api.officers.form import read_form


def seen_by(office: Office, request: Request) -> Session:
    """Return the session of whoever asks for a page; raises SignInFirst without one."""
    session = office.session(request.cookies.get(COOKIE, ""))
    if session is None:
        raise SignInFirst
    return session


async def filled(office: Office, request: Request) -> tuple[Session, dict[str, str]]:
    """Return the session and the fields of a form of ours.

    Raises SignInFirst without a session, and `ApiError` 403 for a form that another site or another session has made.
    """
    session = await run_in_threadpool(seen_by, office, request)
    return session, await read_form(request, request.headers.get("origin", ""), session)
