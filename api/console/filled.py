"""A form of somebody who is signed in: who it is, and what it says. Nobody signed in is sent to the sign-in page."""

from fastapi import Request

from api.console.office import COOKIE, Office
from api.http.errors import SignInFirst
from api.officers.accounts import Session
from api.officers.form import read_form


async def filled(office: Office, request: Request) -> tuple[Session, dict[str, str]]:
    """Return the session and the fields of a form of ours.

    Raises SignInFirst without a session, and `ApiError` 403 for a form that another site or another session has made.
    """
    session = office.session(request.cookies.get(COOKIE, ""))
    if session is None:
        raise SignInFirst
    return session, await read_form(request, request.headers.get("origin", ""), session)
