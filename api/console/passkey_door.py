"""The routes of passkeys: sign in with one, show one in a code's place, add and remove one.

Answers to the script are JSON with a stable code. Each act and each refusal is in the audit trail.
"""

import json
import time
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Cookie, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.console.filled import filled
from api.console.office import COOKIE, Office, Passkeys
from api.console.passkey_page import passkeys_page, said
from api.console.signing_in import called_to, signed_in
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.officers.accounts import Session, SignInRefused
from api.officers.audit import Act
from api.officers.form import page
from api.officers.passkeys import (
    PasskeyRefused,
    count_of,
    creation_options,
    made,
    request_options,
    shown,
)

_LONGEST = 20_000
_TOKEN = Annotated[str, Cookie(alias=COOKIE)]


def passkey_routes(office: Office, passkeys: Passkeys) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    settings, store, challenges = passkeys.settings, passkeys.store, passkeys.challenges

    def now() -> int:
        return int(office.now().timestamp())

    def refuse(name: str, act: Act, reason: str) -> ApiError:
        office.write_down(name, act, detail=reason)
        return ApiError(403, reason, said(reason))

    def show(plain: dict[str, Any], purpose: str, holder: str, expected: str = "") -> tuple[str, str]:
        """Return whose passkey was shown and its label; *expected* is whose it must be."""
        name = expected
        try:
            answer = shown(settings, plain, challenges, purpose, holder, now())
            owner, label, key = store.owner(answer.id, answer.user)
            if expected and owner != expected:
                raise PasskeyRefused("passkey-other-user")
            name = owner
            if not expected and not answer.user:
                # Found without a name, the device has to say for whom.
                raise PasskeyRefused("passkey-other-user")
            store.used(answer.id, count_of(settings, answer, key), now())
        except PasskeyRefused as error:
            raise refuse(name or "-", Act.PASSKEY_REFUSED, error.reason) from None
        return name, label

    @router.post("/sign-in/passkey/options")
    async def sign_in_options(request: Request, origin: Annotated[str, Header()] = "") -> Response:
        await _read(request, origin)
        return _json(request_options(settings, challenges.give("sign-in", "", now())))

    @router.post("/sign-in/passkey")
    async def sign_in(request: Request, origin: Annotated[str, Header()] = "") -> Response:
        plain = await _read(request, origin)
        address = request.client.host if request.client else ""
        # By address alone: nobody can guess a passkey, and nobody may keep another from hers by trying.
        if office.limit.wait_seconds(f"k:{address}", time.monotonic()):
            raise ApiError(429, "too-many", "Too many attempts", "Wait a minute and try again.")
        return await office.doors.take("", came, plain, address)

    def came(plain: dict[str, Any], address: str) -> Response:
        name, label = show(_credential(plain), "sign-in", "")
        office.limit.forgive(f"k:{address}")
        found = office.accounts.begin(name, now())
        if isinstance(found, SignInRefused):
            raise refuse(name, Act.SIGN_IN_REFUSED, found.value)
        answer = _json(json.dumps({"to": called_to(str(plain.get("to", "")))}))
        return signed_in(office, found, now(), answer, f"passkey {label}")

    @router.post("/passkeys/confirm/options")
    async def confirm_options(request: Request, origin: Annotated[str, Header()] = "", token: _TOKEN = "") -> Response:
        session, _ = await signed_json(office, request, origin, token)
        return await run_in_threadpool(asked_to_confirm, session)

    def asked_to_confirm(session: Session) -> Response:
        known = tuple(one.id for one in store.of(session.account.name))
        if not known:
            raise ApiError(409, "passkey-none", "登録されたパスキーがありません。")
        return _json(request_options(settings, challenges.give("confirm", session.csrf, now()), known))

    @router.post("/passkeys/confirm")
    async def confirm(request: Request, origin: Annotated[str, Header()] = "", token: _TOKEN = "") -> Response:
        session, plain = await signed_json(office, request, origin, token)
        return await office.turns.take(_subject(session), confirmed, session, plain)

    def confirmed(session: Session, plain: dict[str, Any]) -> Response:
        name, label = show(_credential(plain), "confirm", session.csrf, session.account.name)
        office.write_down(name, Act.PASSKEY_SHOWN, str(plain.get("on", ""))[:120], label)
        return _json(json.dumps({"code": office.codes.give_pass(session, now())}))

    @router.get("/passkeys")
    def listed(token: _TOKEN = "") -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere("/sign-in")
        mine = store.of(session.account.name)
        return page(passkeys_page(session, mine, office.now(), head=office.head(session)))

    @router.post("/passkeys/options")
    async def options(request: Request, origin: Annotated[str, Header()] = "", token: _TOKEN = "") -> Response:
        session, plain = await signed_json(office, request, origin, token)
        return await office.turns.take(_subject(session), asked_to_make, session, plain)

    def asked_to_make(session: Session, plain: dict[str, Any]) -> Response:
        name = session.account.name
        # Whoever finds an open screen makes no key to it: a code, or a passkey that is there already, comes first.
        wrong = office.codes.take(session, str(plain.get("code", "")), now())
        if wrong is not None:
            office.write_down(name, Act.PASSKEY_REFUSED, detail=wrong.value)
            raise ApiError(403, wrong.value, "確認コードが違うか、使用済みです。")
        known = tuple(one.id for one in store.of(name))
        challenge = challenges.give("make", session.csrf, now())
        return _json(creation_options(settings, challenge, name, store.handle(name), known))

    @router.post("/passkeys/new")
    async def new(request: Request, origin: Annotated[str, Header()] = "", token: _TOKEN = "") -> Response:
        session, plain = await signed_json(office, request, origin, token)
        return await office.turns.take(_subject(session), added, session, plain)

    def added(session: Session, plain: dict[str, Any]) -> Response:
        name, label = session.account.name, str(plain.get("label", ""))
        try:
            found = made(settings, _credential(plain), challenges, session.csrf, now())
            store.may_add(name, label, found)
            office.write_down(name, Act.PASSKEY_ADDED, found.id.hex()[:32], label)
            store.add(name, label, found, now())
        except PasskeyRefused as error:
            raise refuse(name, Act.PASSKEY_REFUSED, error.reason) from None
        return _json(json.dumps({"to": "/passkeys"}))

    @router.post("/passkeys/remove")
    async def remove(request: Request) -> Response:
        session, fields = await filled(office, request)
        return await office.turns.take(_subject(session), removed, session, fields)

    def removed(session: Session, fields: dict[str, str]) -> Response:
        name = session.account.name
        wrong = office.codes.take(session, fields.get("code", ""), now())
        problem = "" if wrong is None else "確認コードが違うか、使用済みです。"
        reason = "" if wrong is None else wrong.value
        if not reason:
            try:
                identifier = bytes.fromhex(fields.get("id", ""))
                label = store.may_remove(name, identifier)
                office.write_down(name, Act.PASSKEY_REMOVED, identifier.hex()[:32], label)
                store.remove(name, identifier)
                return elsewhere("/passkeys")
            except ValueError:
                reason = "passkey-unknown"
            except PasskeyRefused as error:
                reason = error.reason
            problem = said(reason)
        office.write_down(name, Act.PASSKEY_REFUSED, detail=reason)
        mine = store.of(name)
        return page(passkeys_page(session, mine, office.now(), problem=problem, head=office.head(session)), 403)

    return router


def _subject(session: Session) -> str:
    """Return on what acts with one account's passkeys wait: on each other."""
    return f"passkeys {session.account.name}"


async def signed_json(office: Office, request: Request, origin: str, token: str) -> tuple[Session, dict[str, Any]]:
    """Return who sends what our script sends; raises `ApiError` for anybody else."""
    session = await run_in_threadpool(office.session, token)
    if session is None:
        raise ApiError(401, "not-signed-in", "サインインしてください。")
    plain = await _read(request, origin)
    if plain.get("csrf", "") != session.csrf:
        raise ApiError(403, "other-form", "This form belongs to another session: open the page again")
    return session, plain


async def _read(request: Request, origin: str) -> dict[str, Any]:
    """Return what our script sends; raises 403 for another site's, which cannot leave its origin out."""
    if urlsplit(origin).netloc != request.headers.get("host", ""):
        raise ApiError(403, "other-origin", "This request is not one of ours")
    body = await request.body()
    if len(body) > _LONGEST:
        raise ApiError(413, "form-too-long", "The form is too long")
    try:
        plain = json.loads(body)
        # Half a character, which JSON can write and nothing can keep: the trail could not.
        json.dumps(plain, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise ApiError(422, "form-malformed", "The form cannot be read")
    return plain


def _credential(plain: dict[str, Any]) -> dict[str, Any]:
    found = plain.get("credential")
    return found if isinstance(found, dict) else {}


def json_answer(said: object) -> Response:
    """Return an answer to our script, which nobody keeps."""
    return _json(json.dumps(said))


def _json(body: str) -> Response:
    return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")
