"""Outlets: which ward is given what in which form, and where it goes; the register that a deployment writes.

sender = "alerts@example.org"   # who a CAP alert is from
[[municipality]]
code = "13123"                  # five digits
name = "江戸川区"               # as it signs its orders
[municipality.readings]         # names and their kana, for the loudspeakers' script
"江戸川区" = "えどがわく"
[[outlet]]
ward = "13123"
form = "webhook"                # a value of feeds.outgoing.forms.Form
url = "https://..."             # of a webhook: an address on the list that these rows are
secret = "FILE"                 # beside the register, mode 0600; no default
folder = "..."                  # of every other form
drills = false                  # whether drills leave by it, marked as such
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dispatch.channel import Channel
from dispatch.curl import CurlSender
from dispatch.endpoint import check_endpoint
from dispatch.errors import DispatchError
from dispatch.file_drop import FileDrop
from dispatch.webhook import WebhookTarget, read_webhook_secret, webhook_channel, webhook_settings
from feeds.outgoing.forms import Form, Municipality

_FIELDS = frozenset({"ward", "form", "url", "secret", "folder", "drills"})


class OutletError(ValueError):
    """Say which line of the register is off, and what it should be."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """One row: a form of what concerns *ward*, and the channel by which it leaves. `drills` False keeps drills in."""

    ward: Municipality
    form: Form
    drills: bool
    open: Callable[[], Channel]


@dataclass(frozen=True, slots=True)
class Register:
    """All outlets of a deployment. `sender` is who its CAP alerts are from."""

    sender: str
    outlets: tuple[Outlet, ...]


def register_of(
    plain: Mapping[str, Any], folder: Path, *, ca_file: str = "", languages: Mapping[str, tuple[str, ...]] | None = None
) -> Register:
    """Return the register in *plain*, whose files lie in *folder*; raises `OutletError`. *languages* are each ward's.

    A secret that is missing stops the start: a gateway that gets nothing must be found out before the flood.
    """
    wards = municipalities_of(plain, languages)
    rows = list(plain.get("outlet", ()))
    sender = str(plain.get("sender", ""))
    if rows and not sender:
        raise OutletError('write sender = "...": who a CAP alert of ours is from')
    outlets = tuple(_outlet(row, number, wards, folder, ca_file) for number, row in enumerate(rows, start=1))
    doubled = [one for one in outlets if sum((one.ward, one.form) == (o.ward, o.form) for o in outlets) > 1]
    if doubled:
        raise OutletError(f"{doubled[0].ward.name} has {doubled[0].form} twice: its state would be that of neither")
    return Register(sender, outlets)


def municipalities_of(
    plain: Mapping[str, Any], languages: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, Municipality]:
    """Return the municipalities of the register in *plain* by code, each with its screens' *languages*.

    Raises `OutletError`.
    """
    found = map(_municipality, plain.get("municipality", ()))
    return {ward.code: replace(ward, languages=(languages or {}).get(ward.code, ward.languages)) for ward in found}


def _municipality(row: Mapping[str, Any]) -> Municipality:
    code, name = str(row.get("code", "")), str(row.get("name", ""))
    if len(code) != 5 or not code.isdigit() or not name:
        raise OutletError(f"a municipality has five digits and a name, not {code!r} {name!r}")
    return Municipality(code, name, {str(one): str(kana) for one, kana in row.get("readings", {}).items()})


def _outlet(
    row: Mapping[str, Any], number: int, wards: Mapping[str, Municipality], folder: Path, ca_file: str
) -> Outlet:
    where = f"outlet {number}"
    unknown = sorted(set(row) - _FIELDS)
    if unknown:
        raise OutletError(f"{where}: {unknown[0]!r} is not a field of an outlet")
    ward = wards.get(str(row.get("ward", "")))
    if ward is None:
        raise OutletError(f"{where}: ward {row.get('ward')!r} is no municipality of this register")
    try:
        form = Form(row.get("form", ""))
    except ValueError:
        raise OutletError(f"{where}: form is one of {', '.join(Form)}") from None
    drills = row.get("drills", False)
    if not isinstance(drills, bool):
        raise OutletError(f"{where}: drills is true or false")
    if form is Form.WEBHOOK:
        return Outlet(ward, form, drills, _webhook(row, where, folder, ca_file))
    if not row.get("folder"):
        raise OutletError(f"{where}: {form} is written into a folder; name it")
    into = folder / str(row["folder"])
    return Outlet(ward, form, drills, lambda: FileDrop(into, replaces=form is Form.SIGNAGE))


def _webhook(row: Mapping[str, Any], where: str, folder: Path, ca_file: str) -> Callable[[], Channel]:
    url = str(row.get("url", ""))
    if not row.get("secret"):
        raise OutletError(f"{where}: a webhook has a secret, in a file of its own")
    try:
        target = WebhookTarget(url, read_webhook_secret(folder / str(row["secret"])))
        # The list is what the register names: scheme, host and port of this row and nothing else.
        settings = webhook_settings(["/".join(url.split("/")[:3])], ca_file)
        check_endpoint(url, settings)
    except DispatchError as error:
        raise OutletError(f"{where}: {error.reason}; {error.detail}") from None
    return lambda: webhook_channel(target, CurlSender(settings), settings)
