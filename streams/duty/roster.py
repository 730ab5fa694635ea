"""Rosters: who is woken for which ward and by which way; the register that a deployment writes.

rung_seconds = 60                    # until the next rung of the ladder is woken as well
metropolitan = ["tokyo-duty"]        # with whom every ladder ends
[[person]]
name = "koto-1"                      # of the post, never of the person who holds it tonight
url = "https://..."                  # a signed webhook: a gateway to mail, telephone or pager
secret = "FILE"                      # beside the register, mode 0600; no default
device = "FILE"                      # a browser's push subscription (JSON), mode 0600; instead of or beside a webhook
[[ward]]
code = "13108"                       # five digits
name = "江東区"
on_duty = ["koto-1"]
deputies = ["koto-2"]
partners = ["13123"]                 # wards whose approvers may be the second person here
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from alerts.duty import Duty, Roster
from dispatch.channel import Channel
from dispatch.curl import CurlSender
from dispatch.endpoint import check_endpoint
from dispatch.errors import DispatchError
from dispatch.secret_file import read_secret
from dispatch.settings import DispatchSettings
from dispatch.vapid import Vapid
from dispatch.web_push import Device, web_push_channel
from dispatch.webhook import WebhookTarget, read_webhook_secret, webhook_channel, webhook_settings

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_PERSON = frozenset({"name", "url", "secret", "device"})
_WARD = frozenset({"code", "name", "on_duty", "deputies", "partners"})
_FIELDS = frozenset({"rung_seconds", "metropolitan", "person", "ward"})


class DutyError(ValueError):
    """Say which line of the register is off, and what it should be."""


class Way(StrEnum):
    """How a person is called. All ways of a person are used at once."""

    PUSH = "push"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class OfficerKey:
    """The officers' own VAPID key, and the secret that makes a call the same bytes at every try."""

    vapid: Vapid
    secret: bytes
    settings: DispatchSettings


@dataclass(frozen=True, slots=True)
class DutyRegister:
    """The rosters, the ways to each person, and each ward's name and partners by its code."""

    duty: Duty
    ways: Mapping[str, Mapping[Way, Callable[[], Channel]]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    partners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def duty_of(
    plain: Mapping[str, Any], folder: Path, *, key: OfficerKey | None = None, ca_file: str = ""
) -> DutyRegister:
    """Return the register in *plain*, whose files lie in *folder*; raises `DutyError`.

    A roster that names somebody who cannot be called stops the start: it must be found out before the flood.
    """
    _known(plain, _FIELDS, "the register")
    ways: dict[str, dict[Way, Callable[[], Channel]]] = {}
    for number, row in enumerate(plain.get("person", ()), start=1):
        where = f"person {number}"
        _known(row, _PERSON, where)
        name = str(row.get("name", ""))
        if not _NAME.fullmatch(name) or name in ways:
            raise DutyError(f"{where}: every post has a name of its own (letters, digits, -), not {name!r}")
        ways[name] = _ways(row, f"{where} ({name})", folder, key, ca_file)
    rosters, names, partners = {}, {}, {}
    for number, row in enumerate(plain.get("ward", ()), start=1):
        where = f"ward {number}"
        _known(row, _WARD, where)
        code = str(row.get("code", ""))
        if len(code) != 5 or not code.isdigit() or code in rosters:
            raise DutyError(f"{where}: a ward has five digits of its own, not {code!r}")
        on_duty, deputies = _people(row, "on_duty", where, ways), _people(row, "deputies", where, ways)
        if not on_duty:
            raise DutyError(f"{where}: nobody is on duty for {code}")
        rosters[code] = Roster(code, on_duty, deputies)
        names[code] = str(row.get("name", code))
        partners[code] = tuple(str(one) for one in row.get("partners", ()))
    metropolitan = _people(plain, "metropolitan", "the register", ways)
    if rosters and not metropolitan:
        raise DutyError('write metropolitan = ["..."]: every ladder ends with somebody')
    seconds = plain.get("rung_seconds", Duty().rung_seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= 600:
        raise DutyError(f"rung_seconds is {seconds!r}, between 1 and 600")
    return DutyRegister(Duty(rosters, metropolitan, float(seconds)), ways, names, partners)


def _ways(
    row: Mapping[str, Any], where: str, folder: Path, key: OfficerKey | None, ca_file: str
) -> dict[Way, Callable[[], Channel]]:
    found: dict[Way, Callable[[], Channel]] = {}
    try:
        if "url" in row:
            found[Way.WEBHOOK] = _webhook(str(row["url"]), str(row.get("secret", "")), where, folder, ca_file)
        if "device" in row:
            if key is None:
                raise DutyError(f"{where}: a device needs the officers' own key (SHIRASE_VAPID_KEY)")
            found[Way.PUSH] = _device(folder / str(row["device"]), where, key)
    except DispatchError as error:
        raise DutyError(f"{where}: {error.reason}; {error.detail}") from None
    if not found:
        raise DutyError(f"{where}: give a url with its secret, or a device")
    return found


def _webhook(url: str, secret: str, where: str, folder: Path, ca_file: str) -> Callable[[], Channel]:
    if not secret:
        raise DutyError(f"{where}: a webhook has a secret, in a file of its own")
    target = WebhookTarget(url, read_webhook_secret(folder / secret))
    # The list is what the register names: scheme, host and port of this row and nothing else.
    settings = webhook_settings(["/".join(url.split("/")[:3])], ca_file)
    check_endpoint(url, settings)
    return lambda: webhook_channel(target, CurlSender(settings), settings)


def _device(path: Path, where: str, key: OfficerKey) -> Callable[[], Channel]:
    try:
        plain = json.loads(read_secret(path))
        keys = plain["keys"]
        device = Device(str(plain["endpoint"]), decoded(keys["p256dh"]), decoded(keys["auth"]))
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise DutyError(f"{where}: {path} is not a browser's push subscription as JSON") from None
    if len(device.p256dh) != 65 or len(device.auth) != 16:
        raise DutyError(f"{where}: {path} has keys of another length than RFC 8291 says")
    return device_channel(device, key)


def device_channel(device: Device, key: OfficerKey) -> Callable[[], Channel]:
    """Return what opens the channel to *device*; raises `EndpointRefused` for an address that is no push service's."""
    check_endpoint(device.endpoint, key.settings)
    return lambda: web_push_channel(device, CurlSender(key.settings), key.vapid, key.secret, key.settings)


def decoded(text: str) -> bytes:
    """Return the bytes of base64url *text*; raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _people(row: Mapping[str, Any], field_: str, where: str, known: Mapping[str, Any]) -> tuple[str, ...]:
    names = tuple(str(name) for name in row.get(field_, ()))
    for name in names:
        if name not in known:
            raise DutyError(f"{where}: {field_} names {name!r}, who is no [[person]] of this register")
    return names


def _known(row: Mapping[str, Any], fields: frozenset[str], where: str) -> None:
    unknown = sorted(set(row) - fields)
    if unknown:
        raise DutyError(f"{where}: {unknown[0]!r} is not a field here; known are {', '.join(sorted(fields))}")
