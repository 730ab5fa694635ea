"""An officer's telephone for calls: signed up as a resident's is, by a push that comes back.

Nothing is kept until it did. The proof speaks for one account, one session and one browser, and for no other.
"""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.http.errors import ApiError
from api.residents.postman import Letter, Postman, PostmanBusy
from api.residents.proof import Proofs
from dispatch.curl import CurlSender
from dispatch.device_seal import DeviceSeal
from dispatch.endpoint import check_endpoint
from dispatch.errors import DispatchError
from dispatch.message import PADDED_SIZES
from dispatch.outcomes import PushOutcome
from dispatch.secret_file import read_secret
from dispatch.settings import DispatchSettings
from dispatch.subscription import ID_BYTES, is_on_curve
from dispatch.vapid import Vapid, VapidKey, encode
from dispatch.web_push import Device
from streams.duty.roster import decoded
from streams.settings import SettingMissing

MOST_DEVICES = 5
_NEEDED = ("SHIRASE_DUTY_KEY", "SHIRASE_VAPID_KEY", "SHIRASE_VAPID_SUBJECT")
_TTL_SECONDS = 300
_MOST_IN_FLIGHT = 20


@dataclass(frozen=True, slots=True)
class OfficerSettings:
    """Where the secrets of officers' devices are; the pager has the same three. Read once, at the start."""

    duty_key: Path
    """32 random bytes, 0600: seals officers' devices on `duty`."""

    vapid_key: Path
    """VAPID private key of the pager, 0600: officers' devices subscribe with it."""

    vapid_subject: str
    """Contact that push services see (RFC 8292, 2.1)."""

    push_ca: str = ""
    """CA file for the push services; empty for the system's."""

    push_origins: tuple[str, ...] = ()
    """Extra push origins allowed: the stub's, in tests and demos only."""


def officer_settings(environment: Mapping[str, str]) -> OfficerSettings | None:
    """Return the settings, or None where no key is set. Raises SettingMissing where some are set and others not."""
    if not environment.get("SHIRASE_DUTY_KEY"):
        return None
    missing = [name for name in _NEEDED if not environment.get(name)]
    if missing:
        raise SettingMissing(f"{', '.join(missing)} not set: officers' devices need all of {', '.join(_NEEDED)}")
    return OfficerSettings(
        duty_key=Path(environment["SHIRASE_DUTY_KEY"]),
        vapid_key=Path(environment["SHIRASE_VAPID_KEY"]),
        vapid_subject=environment["SHIRASE_VAPID_SUBJECT"],
        push_ca=environment.get("SHIRASE_PUSH_CA", ""),
        push_origins=tuple(origin for origin in environment.get("SHIRASE_PUSH_ORIGINS", "").split(",") if origin),
    )


@dataclass(frozen=True, slots=True)
class OfficerDevices:
    """What signing a device up needs; made once by the process."""

    proofs: Proofs
    seal: DeviceSeal
    settings: DispatchSettings
    postman: Postman
    public_key: str

    @classmethod
    def at(cls, where: OfficerSettings) -> "OfficerDevices":
        """Read the secrets; the postman starts with the process."""
        settings = DispatchSettings(
            max_in_flight=_MOST_IN_FLIGHT,
            extra_origins=where.push_origins,
            ca_file=where.push_ca,
            vapid_subject=where.vapid_subject,
        )
        key, secret = VapidKey.load(where.vapid_key), read_secret(where.duty_key)
        postman = Postman(lambda: CurlSender(settings), Vapid({0: key}, where.vapid_subject), settings)
        return cls(Proofs(secret), DeviceSeal(secret), settings, postman, key.public_text)

    def device(self, plain: object) -> Device:
        """Return the browser's subscription in *plain*; raises `ApiError`."""
        try:
            assert isinstance(plain, dict)
            keys: dict[str, Any] = plain["keys"]
            device = Device(str(plain["endpoint"]), decoded(str(keys["p256dh"])), decoded(str(keys["auth"])))
            assert is_on_curve(device.p256dh)
            assert len(device.auth) == 16
            check_endpoint(device.endpoint, self.settings)
        except (AssertionError, KeyError, TypeError, ValueError):
            raise ApiError(422, "device-malformed", "この端末の登録を読めません。") from None
        except DispatchError as error:
            raise ApiError(422, error.reason, "この端末の配信サービスには送れません。") from None
        return device

    def welcome(self, device: Device, name: str, session: str) -> "Future[PushOutcome]":
        """Send the push that carries the proof."""
        proof = self.proofs.proof_of(_id(name, session), device.endpoint, device.p256dh, device.auth)
        shown = {"title": "知らせ 呼び出し：届きました", "body": "このまま待つと登録が終わります。", "tag": "device"}
        plain = {"web_push": 8030, "notification": shown, "shirase_proof": encode(proof)}
        payload = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
        padded = next(size for size in PADDED_SIZES if size >= len(payload))
        letter = Letter(device.endpoint, device.p256dh, device.auth, 0, payload, padded, "high", _TTL_SECONDS)
        try:
            return self.postman.post(letter)
        except PostmanBusy:
            raise ApiError(503, "busy", "混み合っています。1分後にもう一度。") from None

    def came_back(self, proof: str, device: Device, name: str, session: str) -> bool:
        """Say whether *proof* is what was sent to this browser for this account in this session."""
        try:
            given = decoded(proof)
        except ValueError:
            return False
        return self.proofs.holds(given, _id(name, session), device.endpoint, device.p256dh, device.auth)


def _id(name: str, session: str) -> bytes:
    return hashlib.sha256(f"officer device\x00{name}\x00{session}".encode()).digest()[:ID_BYTES]
