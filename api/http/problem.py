"""Errors leave as problem documents (RFC 9457) with a code that stays stable."""

import logging

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.http.elsewhere import elsewhere
from api.http.errors import ApiError, SignInFirst

log = logging.getLogger(__name__)

# Codes of what the framework itself refuses; whatever else it raises is named by its class of status.
_CODES = {404: "not-found", 405: "method-not-allowed"}
_RETRY_SECONDS = "5"


def problem(status: int, code: str, title: str, detail: str = "") -> Response:
    """Return a problem document. It never repeats the request: what was sent may be anything."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    headers = {"cache-control": "no-store"}
    if detail:
        body["detail"] = detail
    if status == 503:
        headers["retry-after"] = _RETRY_SECONDS
    return Response(orjson.dumps(body), status, headers, media_type="application/problem+json")


def answer_problems(app: FastAPI) -> None:
    """Make every error of *app* a problem document."""
    app.add_exception_handler(ApiError, _ours)
    app.add_exception_handler(SignInFirst, _sign_in)
    app.add_exception_handler(ClientDisconnect, _cut_off)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return problem(error.status, error.code, error.title, error.detail)


async def _sign_in(_request: Request, _error: Exception) -> Response:
    return elsewhere("/sign-in")


async def _cut_off(_request: Request, _error: Exception) -> Response:
    # Nobody reads it; but a line that broke while a form was sent is no fault of ours, and counts as none.
    return problem(400, "cut-off", "The request ended before it was whole: nothing was done")


async def _invalid(_request: Request, _error: Exception) -> Response:
    return problem(422, "parameter-invalid", "A parameter has a value that is not allowed")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "refused" if error.status_code < 500 else "internal-error")
    return problem(error.status_code, code, str(error.detail))


async def _unexpected(_request: Request, error: Exception) -> Response:
    return unexpected(error)


def unexpected(error: Exception, detail: str = "") -> Response:
    """Return the answer to what nobody foresaw, with *detail*, or to what a middleware refused."""
    if isinstance(error, ApiError):
        return problem(error.status, error.code, error.title, error.detail)
    # The class only: the message of an unknown error may hold what was sent.
    log.error("a request failed", extra={"reason": type(error).__name__})
    return problem(500, "internal-error", "Something went wrong here", detail)
