"""Settings of dispatch, read once by the process that starts."""

from dataclasses import dataclass

# A host matches itself; a name that starts with a dot matches every host below it. Sources: the
# endpoints that Chrome and Edge (FCM), Firefox (autopush), Safari (APNs) and Windows (WNS) give out.
DEFAULT_PUSH_HOSTS: tuple[str, ...] = (
    "fcm.googleapis.com",
    "jmt17.google.com",
    "updates.push.services.mozilla.com",
    ".push.services.mozilla.com",
    "web.push.apple.com",
    ".push.apple.com",
    ".notify.windows.com",
)


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """How dispatch behaves; every default is safe for production."""

    engine: str = "h2"
    """What speaks HTTP to push services (`dispatch.engine.Engine`)."""
    native: str = "auto"
    """Who seals and frames pushes (`dispatch.native.library.Native`): C where it can be had, always, or never."""
    max_in_flight: int = 4096
    """Requests open at once in one worker: the bound on repeats after a crash (promise 2)."""
    max_connections_per_origin: int = 48
    """48 connections of 100 streams hold 4,096 open requests with some to spare."""
    connect_timeout_seconds: float = 5.0
    """A push service that does not even shake hands in this time is treated as away."""
    total_timeout_seconds: float = 20.0
    """From hand-over to the last byte of the answer."""
    max_reply_bytes: int = 16_384
    """Of an answer we read the status and Retry-After; a service that talks on is cut off."""
    payload_limit_bytes: int = 2_600
    """Plaintext that Firefox on Android still takes (2,744 B of body)."""
    pad_to_bytes: int = 1_024
    """The least that a payload is padded to: with 2,600 no length tells a warning from a way."""
    pool_depth: int = 0
    """Envelopes made ahead for each subscription (`dispatch.pool`): 109 bytes each, 0 to 4."""
    retry_share: float = 0.05
    """The part of the open requests that retries may hold while first tries wait: a sick service delays nobody else."""
    routine_share: float = 0.5
    """The part that routine, drill and canary pushes may hold; the rest is kept for life safety."""
    origin_share: float = 0.75
    """The part that one push service may hold: a silent one leaves room for the others."""
    retry_first_seconds: float = 1.0
    """The wait before the first retry, doubled each time."""
    retry_cap_seconds: float = 60.0
    """The longest wait between two retries."""
    retry_after_cap_seconds: float = 120.0
    """A longer Retry-After is read as this: one wrong header must not silence a push service for a day."""
    push_hosts: tuple[str, ...] = DEFAULT_PUSH_HOSTS
    """Push services that we send to."""
    extra_origins: tuple[str, ...] = ()
    """Origins outside the rules, spelt in full: for the stub of tests and the demo only."""
    ca_file: str = ""
    """A PEM file of authorities instead of the system's; for the stub only."""
    vapid_subject: str = "mailto:operations@shirase.example"
    """Whom a push service can reach about us (RFC 8292, 2.1)."""
    site_url: str = "https://shirase.example/"
    """The residents' site, to which notices link; ends in a slash. A deployment must name its own."""
    timezone: str = "Asia/Tokyo"
    """The clock that quiet hours are meant in."""
