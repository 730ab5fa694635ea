"""Sign-in by the ward's own identity provider (OpenID Connect Core 1.0, authorization code with PKCE, RFC 7636).

The provider says who it is; the code of the account's own second factor says that she is here now, at signing in and
at sending. Nobody becomes an account by signing in: an administrator ties an account to a subject beforehand.
Direction of safety: whatever cannot be checked is refused.
"""

import base64
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt

from dispatch.secret_file import read_secret
from streams.settings import SettingMissing

# Signed with the provider's private key: a secret that both sides know, or none at all, proves nothing to us.
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_NAMES = ("SHIRASE_OIDC_ISSUER", "SHIRASE_OIDC_CLIENT_ID", "SHIRASE_OIDC_SECRET", "SHIRASE_CONSOLE_URL")
_TIMEOUT_SECONDS = 5.0
_LONGEST_ANSWER = 200_000
_BEGUN_LIVES_SECONDS = 600
_MOST_BEGUN = 1_000
_LEEWAY_SECONDS = 60
_CLAIMS = ("exp", "iat", "aud", "iss", "sub", "nonce")
# An id_token that was made long before it was handed over was kept by somebody.
_OLDEST_TOKEN_SECONDS = 600


class OidcRefused(Exception):
    """Why nobody is signed in; `reason` is a stable code and never holds what the provider sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The ward's own identity provider, who we are to it, and where the console is. Read once, at the start."""

    oidc_issuer: str
    """The provider: an https address, exactly as it names itself."""

    oidc_client_id: str
    """Who the console is to the provider."""

    oidc_secret: Path
    """File with the client's secret, 0600; there is no default."""

    console_url: str
    """Where officers open the console; the provider sends them back to `/sign-in/oidc/back` below it."""

    def __post_init__(self) -> None:
        """Refuse addresses over which a code could be read; loopback is for tests and stands alone."""
        for name, url in (("SHIRASE_OIDC_ISSUER", self.oidc_issuer), ("SHIRASE_CONSOLE_URL", self.console_url)):
            parts = urlsplit(url)
            if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
                raise ValueError(f"{name} is an https address, not {url!r}")

    @property
    def back(self) -> str:
        """Return where the provider sends people back to."""
        return f"{self.console_url.rstrip('/')}/sign-in/oidc/back"


def oidc_settings(environment: Mapping[str, str]) -> OidcSettings | None:
    """Return the settings, or None without a provider. Raises SettingMissing where half of them is set."""
    if not environment.get("SHIRASE_OIDC_ISSUER"):
        return None
    missing = [name for name in _NAMES if not environment.get(name)]
    if missing:
        raise SettingMissing(f"{', '.join(missing)} not set: an identity provider needs all of {', '.join(_NAMES)}")
    return OidcSettings(
        oidc_issuer=environment["SHIRASE_OIDC_ISSUER"],
        oidc_client_id=environment["SHIRASE_OIDC_CLIENT_ID"],
        oidc_secret=Path(environment["SHIRASE_OIDC_SECRET"]),
        console_url=environment["SHIRASE_CONSOLE_URL"],
    )


@dataclass(frozen=True, slots=True)
class _Begun:
    verifier: str
    nonce: str
    at: float


@dataclass(slots=True)
class Oidc:
    """One provider. What was begun is in memory: a restart makes people begin again."""

    settings: OidcSettings
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False))
    _begun: OrderedDict[str, _Begun] = field(default_factory=OrderedDict)
    _provider: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, at: float) -> tuple[str, str]:
        """Return where to send the browser, and the state that its cookie keeps."""
        state, verifier, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        with self._lock:
            self._begun[state] = _Begun(verifier, nonce, at)
            while len(self._begun) > _MOST_BEGUN:
                self._begun.popitem(last=False)
        asked = {
            "response_type": "code",
            "client_id": self.settings.oidc_client_id,
            "redirect_uri": self.settings.back,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": _text(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
            # Whoever left a browser open does not sign the next one in.
            "prompt": "login",
        }
        return f"{self._known('authorization_endpoint')}?{urlencode(asked)}", state

    def back(self, query: Mapping[str, str], kept: str, at: float) -> str:
        """Return the subject who signed in. *kept* is the cookie's state. Raises `OidcRefused`."""
        state = query.get("state", "")
        if not state or not hmac.compare_digest(state.encode(), kept.encode()):
            raise OidcRefused("oidc-state")
        with self._lock:
            # Taken out whatever comes of it: a state is good once.
            begun = self._begun.pop(state, None)
        if begun is None or not 0 <= at - begun.at <= _BEGUN_LIVES_SECONDS:
            raise OidcRefused("oidc-state")
        if query.get("error") or not query.get("code"):
            raise OidcRefused("oidc-refused-by-provider")
        if query.get("iss", self.settings.oidc_issuer) != self.settings.oidc_issuer:
            raise OidcRefused("oidc-issuer")  # RFC 9207: another provider answers in this one's name
        return self._subject(self._token(query["code"], begun), begun, at)

    def _secret(self) -> str:
        return read_secret(self.settings.oidc_secret).decode("utf-8", "replace").strip()

    def _token(self, code: str, begun: _Begun) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.back,
            "code_verifier": begun.verifier,
        }
        auth = (self.settings.oidc_client_id, self._secret())
        answer = self._asked("POST", self._known("token_endpoint"), data=form, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise OidcRefused("oidc-no-token")
        return token

    def _subject(self, token: str, begun: _Begun, at: float) -> str:
        try:
            head = jwt.get_unverified_header(token)
            key = self._key(str(head.get("kid", "")), str(head.get("alg", "")))
            said = jwt.decode(
                token,
                key=key,
                algorithms=list(_ALGORITHMS),
                audience=self.settings.oidc_client_id,
                issuer=self.settings.oidc_issuer,
                leeway=_LEEWAY_SECONDS,
                # Times are compared here, by our own clock, which tests can set.
                options={
                    "require": ["exp", "iat", "aud", "iss", "sub", "nonce"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError:
            raise OidcRefused("oidc-token") from None
        expires, made = said["exp"], said["iat"]
        if not isinstance(expires, int | float) or not isinstance(made, int | float):
            raise OidcRefused("oidc-token")
        if at >= expires + _LEEWAY_SECONDS or not -_LEEWAY_SECONDS <= at - made <= _OLDEST_TOKEN_SECONDS:
            raise OidcRefused("oidc-token-time")
        if not hmac.compare_digest(str(said["nonce"]).encode(), begun.nonce.encode()):
            raise OidcRefused("oidc-nonce")
        others = said["aud"] if isinstance(said["aud"], list) else [said["aud"]]
        if len(others) > 1 and said.get("azp") != self.settings.oidc_client_id:
            raise OidcRefused("oidc-token")
        return str(said["sub"])

    def _key(self, kid: str, algorithm: str) -> jwt.PyJWK:
        if algorithm not in _ALGORITHMS:
            raise OidcRefused("oidc-algorithm")
        found = self._asked("GET", self._known("jwks_uri")).get("keys")
        for plain in found if isinstance(found, list) else ():
            if isinstance(plain, dict) and plain.get("kid", "") == kid and plain.get("use", "sig") == "sig":
                return jwt.PyJWK(plain, algorithm)
        raise OidcRefused("oidc-key-unknown")

    def _known(self, field_: str) -> str:
        """Return an endpoint of the provider, from its own configuration, which is asked for once."""
        if not self._provider:
            found = self._asked("GET", f"{self.settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.settings.oidc_issuer:
                raise OidcRefused("oidc-issuer")
            self._provider = found
        address = self._provider.get(field_)
        if not isinstance(address, str) or urlsplit(address).scheme != urlsplit(self.settings.oidc_issuer).scheme:
            raise OidcRefused("oidc-provider")
        return address

    def _asked(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            with self.client.stream(method, url, **more) as answer:
                body = bytearray()
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > _LONGEST_ANSWER:
                        raise OidcRefused("oidc-provider")
                if answer.status_code != 200:
                    raise OidcRefused("oidc-provider")
            found = httpx.Response(200, content=bytes(body)).json()
        except (httpx.HTTPError, ValueError):
            raise OidcRefused("oidc-provider") from None
        if not isinstance(found, dict):
            raise OidcRefused("oidc-provider")
        return found


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
