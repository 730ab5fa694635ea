"""Passkeys (WebAuthn level 2): what is asked of a device, and what its answer has to show.

Fails closed: whatever cannot be read or does not fit is refused with a stable code, and nothing that a device
sent stands in it. The device has always verified its user (a finger, a face, a PIN), so that a passkey is two
factors: something she has and something that only she can do. No clock: times are given.
"""

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_attestation_object,
    parse_authentication_credential_json,
    parse_authenticator_data,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorData,
    AuthenticatorSelectionCriteria,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from streams.settings import SettingMissing

# A finger is quick; a second device that is fetched from a bag is not.
CHALLENGE_SECONDS = 120
_NONCE, _UNTIL, _MAC = 16, 8, 16
_LOOPBACK = "localhost"
# What the library raises on bytes that are none of its forms; a hostile device can send anything.
_UNREADABLE = (WebAuthnException, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class PasskeyRefused(Exception):
    """Why a passkey was not taken; `reason` is a stable code and holds nothing that was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PasskeySettings:
    """Which name passkeys are bound to, and where they are used. Read once, at the start; there is no default."""

    passkey_rp_id: str
    """The console's domain, e.g. `console.ward.example`: passkeys made for one name are worthless under another."""

    console_url: str
    """Where officers open the console: the only origin whose answers are taken."""

    def __post_init__(self) -> None:
        """Refuse an origin that could be overheard, and a name that is not the origin's own."""
        parts = urlsplit(self.console_url)
        host = parts.hostname or ""
        if parts.scheme != "https" and host != _LOOPBACK:
            raise ValueError(f"SHIRASE_CONSOLE_URL is an https address, not {self.console_url!r}")
        rp = self.passkey_rp_id
        if host != rp and not host.endswith(f".{rp}"):
            raise ValueError(f"SHIRASE_PASSKEY_RP_ID is the console's domain or one above it, not {rp!r} for {host!r}")
        if rp != _LOOPBACK and ("." not in rp or rp.replace(".", "").isdigit()):
            raise ValueError(f"SHIRASE_PASSKEY_RP_ID is a domain, not {rp!r}: no address and no top level")

    @property
    def origin(self) -> str:
        """Return the one origin, as browsers write it."""
        parts = urlsplit(self.console_url)
        return f"{parts.scheme}://{parts.netloc}".lower()


def passkey_settings(environment: Mapping[str, str]) -> PasskeySettings | None:
    """Return the settings, or None where no passkeys are wanted. Raises SettingMissing where half of them is set."""
    rp = environment.get("SHIRASE_PASSKEY_RP_ID", "")
    if not rp:
        return None
    url = environment.get("SHIRASE_CONSOLE_URL", "")
    if not url:
        raise SettingMissing("SHIRASE_CONSOLE_URL not set: passkeys (SHIRASE_PASSKEY_RP_ID) need the console's address")
    # By name: docs/settings.md is made from this call.
    return PasskeySettings(
        passkey_rp_id=environment["SHIRASE_PASSKEY_RP_ID"], console_url=environment["SHIRASE_CONSOLE_URL"]
    )


@dataclass(slots=True)
class Challenges:
    """What a device signs: good once, for two minutes, for one purpose and one holder.

    Nothing is kept of a challenge until it comes back: whoever asks for a million of them pushes nobody's out.
    A restart of the console makes people begin again.
    """

    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _used: dict[bytes, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def give(self, purpose: str, holder: str, at: int) -> bytes:
        """Return a challenge for *purpose*, which only *holder* may answer."""
        body = secrets.token_bytes(_NONCE) + (at + CHALLENGE_SECONDS).to_bytes(_UNTIL, "big")
        return body + self._mac(body, purpose, holder)

    def take(self, challenge: bytes, purpose: str, holder: str, at: int) -> bool:
        """Use up *challenge* and say whether it was good."""
        body, mac = challenge[: _NONCE + _UNTIL], challenge[_NONCE + _UNTIL :]
        if not hmac.compare_digest(mac, self._mac(body, purpose, holder)):
            return False
        until = int.from_bytes(body[_NONCE:], "big")
        if not until - CHALLENGE_SECONDS <= at <= until:
            return False
        with self._lock:
            if body in self._used:
                return False
            self._used = {one: end for one, end in self._used.items() if end >= at}
            self._used[body] = until
        return True

    def _mac(self, body: bytes, purpose: str, holder: str) -> bytes:
        return hmac.digest(self._key, json.dumps([body.hex(), purpose, holder]).encode(), "sha256")[:_MAC]


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that a device has just made."""

    id: bytes
    public_key: bytes
    sign_count: int
    synced: bool
    """Whether its maker copies it to the person's other devices."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer whose challenge, origin and device have been looked at; its signature has not."""

    id: bytes
    user: bytes
    """The handle of the account that the device thinks it is; empty where it did not say."""
    challenge: bytes
    plain: dict[str, Any]


def creation_options(
    settings: PasskeySettings, challenge: bytes, name: str, user: bytes, known: tuple[bytes, ...]
) -> str:
    """Return what `navigator.credentials.create` is given, as JSON: found without a name, and never without its user.

    A device that has one of the *known* already makes no second.
    """
    options = generate_registration_options(
        rp_id=settings.passkey_rp_id,
        rp_name="知らせ 担当者画面",
        user_name=name,
        user_id=user,
        challenge=challenge,
        timeout=CHALLENGE_SECONDS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options)


def request_options(settings: PasskeySettings, challenge: bytes, known: tuple[bytes, ...] = ()) -> str:
    """Return what `navigator.credentials.get` is given, as JSON; without *known* the device offers what it has."""
    options = generate_authentication_options(
        rp_id=settings.passkey_rp_id,
        challenge=challenge,
        timeout=CHALLENGE_SECONDS * 1000,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known] or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def made(settings: PasskeySettings, plain: dict[str, Any], challenges: Challenges, holder: str, at: int) -> Made:
    """Return the passkey in *plain*; raises `PasskeyRefused`."""
    try:
        response = parse_registration_credential_json(plain).response
        client = parse_client_data_json(response.client_data_json)
        data = parse_attestation_object(response.attestation_object).auth_data
    except _UNREADABLE:
        raise PasskeyRefused("passkey-malformed") from None
    _look(settings, client, data)
    if not challenges.take(client.challenge, "make", holder, at):
        raise PasskeyRefused("passkey-challenge")
    try:
        verified = verify_registration_response(
            credential=plain,
            expected_challenge=client.challenge,
            expected_rp_id=settings.passkey_rp_id,
            expected_origin=settings.origin,
            require_user_verification=True,
        )
    except _UNREADABLE:
        raise PasskeyRefused("passkey-attestation") from None
    return Made(
        verified.credential_id,
        verified.credential_public_key,
        verified.sign_count,
        verified.credential_backed_up,
    )


def shown(
    settings: PasskeySettings, plain: dict[str, Any], challenges: Challenges, purpose: str, holder: str, at: int
) -> Shown:
    """Return whose passkey *plain* claims to be; its challenge is used up. Raises `PasskeyRefused`."""
    try:
        credential = parse_authentication_credential_json(plain)
        client = parse_client_data_json(credential.response.client_data_json)
        data = parse_authenticator_data(credential.response.authenticator_data)
    except _UNREADABLE:
        raise PasskeyRefused("passkey-malformed") from None
    _look(settings, client, data)
    if not challenges.take(client.challenge, purpose, holder, at):
        raise PasskeyRefused("passkey-challenge")
    return Shown(credential.raw_id, credential.response.user_handle or b"", client.challenge, plain)


def count_of(settings: PasskeySettings, answer: Shown, public_key: bytes) -> int:
    """Return the sign counter of *answer*, whose signature was made by *public_key*; raises `PasskeyRefused`."""
    try:
        verified = verify_authentication_response(
            credential=answer.plain,
            expected_challenge=answer.challenge,
            expected_rp_id=settings.passkey_rp_id,
            expected_origin=settings.origin,
            credential_public_key=public_key,
            # Compared by the store, in one step with writing it: two answers at once must not both pass.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _UNREADABLE:
        raise PasskeyRefused("passkey-signature") from None
    return verified.new_sign_count


def _look(settings: PasskeySettings, client: CollectedClientData, data: AuthenticatorData) -> None:
    if client.origin != settings.origin or client.cross_origin:
        raise PasskeyRefused("passkey-origin")
    if not hmac.compare_digest(data.rp_id_hash, hashlib.sha256(settings.passkey_rp_id.encode()).digest()):
        raise PasskeyRefused("passkey-rp")
    if not (data.flags.up and data.flags.uv):
        raise PasskeyRefused("passkey-user-not-verified")
