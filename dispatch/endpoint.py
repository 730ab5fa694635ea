"""Which addresses we send to: an endpoint is input chosen by whoever signs up.

Safe in one direction: an address that two parsers could read differently is refused, even if it is
harmless, because a real push service never gives out such a one.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from dispatch.errors import EndpointRefused
from dispatch.settings import DispatchSettings

# Autopush gives out about 500 characters, APNs 200, WNS 700.
MAX_LENGTH = 2048

# Host as letters, digits, hyphens and dots only. It leaves out brackets (IPv6), percent escapes,
# underscores and everything beyond ASCII, so what curl resolves is what was compared.
_URL = re.compile(r"(?i:https)://(?P<authority>[^/?#\\]*)(?P<path>/[\x21\x24-\x5b\x5d-\x7e]*)?")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


class EndpointRefusal(StrEnum):
    """Why an address is refused; stable codes."""

    NOT_A_URL = "endpoint-not-a-url"
    TOO_LONG = "endpoint-too-long"
    NOT_HTTPS = "endpoint-not-https"
    USERINFO = "endpoint-userinfo"
    PORT = "endpoint-port"
    ADDRESS = "endpoint-ip-address"
    PUNYCODE = "endpoint-punycode"
    HOST = "endpoint-host-not-allowed"
    NO_PATH = "endpoint-no-path"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An allowed address, cut where the registry cuts it."""

    origin: str
    path: str


def check_endpoint(url: str, settings: DispatchSettings) -> Endpoint:
    """Return *url* as origin and path, or raise with a stable reason."""
    found = _examine(url, settings)
    if isinstance(found, EndpointRefusal):
        raise EndpointRefused(found.value)
    return found


def refusal(url: str, settings: DispatchSettings) -> EndpointRefusal | None:
    """Return why *url* is refused, or None when we may send to it."""
    found = _examine(url, settings)
    return found if isinstance(found, EndpointRefusal) else None


def origin_is_allowed(origin: str, settings: DispatchSettings) -> bool:
    """Tell whether a whole origin may be sent to: checked again at every hand-over."""
    return refusal(origin + "/x", settings) is None


def _examine(url: str, settings: DispatchSettings) -> Endpoint | EndpointRefusal:
    if len(url) > MAX_LENGTH:
        return EndpointRefusal.TOO_LONG
    for extra in settings.extra_origins:
        path = url[len(extra) :]
        if url.startswith(extra) and path.startswith("/") and _is_path(path):
            return Endpoint(extra, path)
    match = _URL.fullmatch(url)
    if match is None:
        plain_http = url[:5].lower() != "https" and "://" in url
        return EndpointRefusal.NOT_HTTPS if plain_http else EndpointRefusal.NOT_A_URL
    host = _host_of(match["authority"], settings)
    if isinstance(host, EndpointRefusal):
        return host
    path = match["path"] or ""
    if len(path) < 2:
        return EndpointRefusal.NO_PATH
    return Endpoint(f"https://{host}", path)


def _is_path(path: str) -> bool:
    return _URL.fullmatch("https://h.example" + path) is not None


def _host_of(authority: str, settings: DispatchSettings) -> str | EndpointRefusal:
    if "@" in authority:
        return EndpointRefusal.USERINFO
    host, colon, port = authority.lower().partition(":")
    if host.startswith("[") or _is_numeric(host):
        return EndpointRefusal.ADDRESS
    if colon and port != "443":
        return EndpointRefusal.PORT
    if any(label.startswith("xn--") for label in host.split(".")):
        return EndpointRefusal.PUNYCODE
    if _HOST.fullmatch(host) is None or not _listed(host, settings.push_hosts):
        return EndpointRefusal.HOST
    return host


def _is_numeric(host: str) -> bool:
    """Tell addresses in all the spellings resolvers take: 127.1, 0x7f.1, 2130706433, 0177.0.0.1."""
    last = host.rstrip(".").rpartition(".")[2]
    return last.isdigit() or last.startswith("0x")


def _listed(host: str, push_hosts: tuple[str, ...]) -> bool:
    return any(host == name or (name.startswith(".") and host.endswith(name)) for name in push_hosts)
