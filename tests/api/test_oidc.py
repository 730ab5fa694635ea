"""Sign-in by a ward's own provider: who was tied beforehand, what can be checked, and never without the code."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec

from api.console.oidc_door import oidc_routes
from api.officers.accounts import AccountExists, Accounts, Role
from api.officers.oidc import Oidc, OidcSettings, oidc_settings
from shirase.cli import main
from streams.settings import SettingMissing
from tests.api.test_office import KOTO_WARD, PASSWORD, QUICK, Room, room_in

ISSUER, CLIENT, SUBJECT = "https://login.koto.example", "shirase", "0f3a-sato"
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


@dataclass
class Provider:
    """An identity provider, in memory: it hands out what the test wants it to say."""

    says: dict[str, Any] = field(default_factory=dict)
    signs: ec.EllipticCurvePrivateKey = KEY
    algorithm: str = "ES256"
    asked: dict[str, list[str]] = field(default_factory=dict)
    challenge: str = ""
    issuer: str = ISSUER
    broken: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.broken:
            raise httpx.ConnectError("away")
        if request.url.path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return httpx.Response(200, json={"issuer": self.issuer, **{k: ISSUER + v for k, v in ends.items()}})
        if request.url.path == "/keys":
            public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
            return httpx.Response(200, json={"keys": [public | {"kid": "k1", "use": "sig"}]})
        self.asked = parse_qs(request.content.decode())
        digest = hashlib.sha256(self.asked["code_verifier"][0].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != self.challenge:
            return httpx.Response(400, json={"error": "invalid_grant"})
        if self.algorithm == "none":
            return httpx.Response(200, json={"id_token": jwt.encode(self.says, "", "none", headers={"kid": "k1"})})
        signer: Any = "s" * 32 if self.algorithm == "HS256" else self.signs
        return httpx.Response(
            200, json={"id_token": jwt.encode(self.says, signer, self.algorithm, headers={"kid": "k1"})}
        )


@dataclass
class Desk:
    room: Room
    provider: Provider

    def begin(self) -> tuple[dict[str, str], str]:
        """Go to the provider; return what it was asked and the cookie of the way."""
        answer = self.room.browser.get("/sign-in/oidc")
        assert answer.status_code == 303, answer.text
        asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        now = self.room.clock.seconds
        self.provider.challenge = asked["code_challenge"]
        self.provider.says = {
            "iss": ISSUER, "aud": CLIENT, "sub": SUBJECT, "nonce": asked["nonce"], "iat": now, "exp": now + 300,
        }  # fmt: skip
        return asked, answer.headers["set-cookie"].split(";")[0]

    def back(self, state: str, cookie: str, **more: str) -> httpx.Response:
        query = httpx.QueryParams({"state": state, "code": "c0de", **more})
        return self.room.browser.get(f"/sign-in/oidc/back?{query}", {"cookie": cookie})

    def refused(self, answer: httpx.Response, reason: str) -> None:
        assert (answer.status_code, reason in answer.text) == (403, True), answer.text
        assert self.room.topics.acts()[-1] == ("-", "sign-in-refused", reason)
        assert "ticket" not in answer.text


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    secret = tmp_path / "oidc.secret"
    secret.write_bytes(b"between us")
    secret.chmod(0o600)
    provider = Provider()
    oidc = Oidc(
        OidcSettings(ISSUER, CLIENT, secret, "https://console.example"),
        httpx.Client(transport=httpx.MockTransport(provider)),
    )
    room = room_in(tmp_path, more=lambda office: oidc_routes(office, oidc))
    room.add("sato")
    assert room.accounts.tie("sato", ISSUER, SUBJECT)
    return Desk(room, provider)


def ticket(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.text.partition('name="ticket" value="')[2].partition('"')[0]


def test_who_was_tied_signs_in_by_the_provider_and_the_code(desk: Desk) -> None:
    asked, cookie = desk.begin()
    assert asked["redirect_uri"] == "https://console.example/sign-in/oidc/back"
    assert (asked["code_challenge_method"], asked["scope"], asked["prompt"]) == ("S256", "openid", "login")
    shown = desk.back(asked["state"], cookie)
    assert desk.provider.asked["redirect_uri"] == [asked["redirect_uri"]]
    given = ticket(shown)
    wrong = desk.room.form("/sign-in/oidc/code", {"ticket": given, "code": "000000"})
    assert wrong.status_code == 403
    answer = desk.room.form("/sign-in/oidc/code", {"ticket": given, "code": desk.room.code("sato")})
    assert answer.headers["location"] == "/"
    session = {"cookie": answer.headers["set-cookie"].split(";")[0]}
    assert desk.room.browser.get("/", session).status_code == 200
    assert desk.room.topics.acts()[-1] == ("sato", "sign-in", "")
    # The ticket was good once.
    again = desk.room.form("/sign-in/oidc/code", {"ticket": given, "code": desk.room.code("sato")})
    assert again.status_code == 403


def test_a_way_back_is_good_once_and_only_for_the_browser_that_went(desk: Desk) -> None:
    asked, cookie = desk.begin()
    desk.refused(desk.back(asked["state"], "oidc=another"), "oidc-state")
    assert ticket(desk.back(asked["state"], cookie))
    desk.refused(desk.back(asked["state"], cookie), "oidc-state")


def test_a_way_back_after_ten_minutes_is_too_late(desk: Desk) -> None:
    asked, cookie = desk.begin()
    desk.room.clock.now = desk.room.clock.now.replace(minute=(desk.room.clock.now.minute + 11) % 60)
    desk.refused(desk.back(asked["state"], cookie), "oidc-state")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"nonce": "another"}, "oidc-nonce"),
        ({"aud": "somebody-else"}, "oidc-token"),
        ({"aud": [CLIENT, "somebody-else"]}, "oidc-token"),
        ({"iss": "https://evil.example"}, "oidc-token"),
        ({"exp": 1}, "oidc-token-time"),
        ({"iat": 1}, "oidc-token-time"),
        ({"exp": "soon"}, "oidc-token"),
        ({"sub": "somebody-else"}, "oidc-subject-unknown"),
        ({"nonce": None}, "oidc-token"),
    ],
)
def test_a_token_that_is_not_for_us_and_now_signs_nobody_in(
    desk: Desk, change: Mapping[str, object], reason: str
) -> None:
    asked, cookie = desk.begin()
    desk.provider.says |= change
    desk.refused(desk.back(asked["state"], cookie), reason)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_nobody_or_everybody_could_sign_is_refused(desk: Desk, algorithm: str) -> None:
    asked, cookie = desk.begin()
    desk.provider.algorithm = algorithm
    desk.refused(desk.back(asked["state"], cookie), "oidc-algorithm")


def test_a_token_of_another_key_a_provider_that_is_away_and_one_that_refuses(desk: Desk) -> None:
    asked, cookie = desk.begin()
    desk.provider.signs = OTHER
    desk.refused(desk.back(asked["state"], cookie), "oidc-token")
    asked, cookie = desk.begin()
    desk.refused(desk.back(asked["state"], cookie, error="access_denied"), "oidc-refused-by-provider")
    asked, cookie = desk.begin()
    desk.refused(desk.back(asked["state"], cookie, iss="https://evil.example"), "oidc-issuer")
    asked, cookie = desk.begin()
    desk.provider.broken = True
    desk.refused(desk.back(asked["state"], cookie), "oidc-provider")


def test_an_account_that_was_ended_is_nobodys(desk: Desk) -> None:
    asked, cookie = desk.begin()
    desk.room.accounts.disable("sato")
    desk.refused(desk.back(asked["state"], cookie), "oidc-subject-unknown")


def test_a_person_is_one_account(tmp_path: Path) -> None:
    path = tmp_path / "accounts.sqlite"
    store = Accounts(path, QUICK)
    for name in ("sato", "aoki"):
        store.add(name, Role.APPROVER, frozenset({KOTO_WARD}), PASSWORD)
    assert store.tie("sato", ISSUER, SUBJECT)
    assert store.tie("sato", ISSUER, SUBJECT)
    assert not store.tie("nobody", ISSUER, "x")
    with pytest.raises(AccountExists):
        store.tie("aoki", ISSUER, SUBJECT)
    store.close()
    words = ["accounts", "tie", "--issuer", ISSUER, "--accounts", str(path)]
    assert CliRunner().invoke(main, [*words, "aoki", "--subject", SUBJECT]).exit_code == 1
    assert CliRunner().invoke(main, [*words, "aoki", "--subject", "0f3a-aoki"]).exit_code == 0
    assert CliRunner().invoke(main, [*words, "nobody", "--subject", "y"]).exit_code == 1


def test_half_of_the_settings_and_an_open_address_are_mistakes(tmp_path: Path) -> None:
    whole = {
        "SHIRASE_OIDC_ISSUER": ISSUER, "SHIRASE_OIDC_CLIENT_ID": CLIENT, "SHIRASE_OIDC_SECRET": str(tmp_path / "s"),
        "SHIRASE_CONSOLE_URL": "https://console.example/",
    }  # fmt: skip
    assert oidc_settings({}) is None
    found = oidc_settings(whole)
    assert found is not None
    assert found.back == "https://console.example/sign-in/oidc/back"
    with pytest.raises(SettingMissing, match="SHIRASE_OIDC_SECRET"):
        oidc_settings({**whole, "SHIRASE_OIDC_SECRET": ""})
    with pytest.raises(ValueError, match="https"):
        oidc_settings({**whole, "SHIRASE_OIDC_ISSUER": "http://login.koto.example"})
