"""What both applications measure. Labels are closed lists: routes by their template, never by what was asked."""

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.version import show_version

# A page within 0.1 s at the server is what a bad line leaves room for.
_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Route(StrEnum):
    """The routes of both applications; everything else counts as OTHER, however it was spelled."""

    PAGE = "/"
    REFRESH = "/refresh.js"
    HAZARDS = "/hazards.geojson"
    NOTICES = "/notices.json"
    WARDS = "/wards.geojson"
    LINKED = "/n/{tag}"
    HERE = "/here/{shard}"
    WHOLE_MAP = "/map.svg"
    NIGHT_MAP = "/map-night.svg"
    PLAIN_MAP = "/map/plain"
    LIVE_SHARDS = "/live/shards.json"
    LIVE_EVENTS = "/live/events"
    LIVE_HAZARDS = "/live/{shard}/hazards.geojson"
    LIVE_NOTICES = "/live/{shard}/notices.json"
    LIVE_SHELTERS = "/live/{shard}/shelters.geojson"
    LIVE_CLOSURES = "/live/{shard}/closures.geojson"
    LIVE_PLAN = "/live/{shard}/plan.json"
    LIVE_WAYS = "/live/ways/{shard}"
    LIVE_RIVER = "/live/{shard}/river.json"
    OPEN_FEED = "/open/atom.xml"
    OPEN_CAP = "/open/cap/{name}.xml"
    OPEN_EVENT = "/open/events/{lineage}.json"
    SUBSCRIPTIONS = "/subscriptions"
    SUBSCRIPTION_KEY = "/subscriptions/key"
    SUBSCRIPTION_ALIVE = "/subscriptions/alive"
    WEB = "/web/{path:path}"
    SIGN_UP = "/signup"
    MAP = "/map"
    WORKER = "/sw.js"
    DRILL_WORKER = "/drill-sw.js"
    MANIFEST = "/manifest.webmanifest"
    REPORTS = "/reports"
    REPORT_STREETS = "/reports/streets/{shard}"
    REPORT_FORM = "/reports/form"
    REPORT_FORM_OF = "/reports/form/{shard}"
    GATE = "/s/{token}"
    GATE_SCRIPT = "/s/gate.js"
    GATE_WORKER = "/s/sw.js"
    HEALTH = "/health"
    METRICS = "/metrics"
    SIGN_IN = "/sign-in"
    OIDC = "/sign-in/oidc"
    OIDC_BACK = "/sign-in/oidc/back"
    OIDC_CODE = "/sign-in/oidc/code"
    PASSKEY_SIGN_IN = "/sign-in/passkey"
    PASSKEY_SIGN_IN_OPTIONS = "/sign-in/passkey/options"
    PASSKEYS = "/passkeys"
    PASSKEY_OPTIONS = "/passkeys/options"
    PASSKEY_NEW = "/passkeys/new"
    PASSKEY_CONFIRM = "/passkeys/confirm"
    PASSKEY_CONFIRM_OPTIONS = "/passkeys/confirm/options"
    PASSKEY_REMOVE = "/passkeys/remove"
    DUTY = "/duty"
    DUTY_ROSTER = "/duty/roster"
    DUTY_CALL = "/duty/call"
    DUTY_DEVICES = "/duty/devices"
    DUTY_DEVICES_ASK = "/duty/devices/ask"
    DUTY_DEVICES_REMOVE = "/duty/devices/remove"
    DUTY_WORKER = "/duty/worker.js"
    SIGN_OUT = "/sign-out"
    DRAFT = "/drafts/{draft_id}"
    DECIDE = "/drafts/{draft_id}/{verb}"
    BOARD = "/board"
    POST_FORMS = "/post"
    POST = "/post/{kind}"
    POSTED = "/posts/{receipt}"
    OTHER = "other"


class StatusClass(StrEnum):
    """The hundreds of a status."""

    OK = "2xx"
    ELSEWHERE = "3xx"
    CALLER = "4xx"
    OURS = "5xx"


_HUNDREDS = {int(status.value[0]): status.value for status in StatusClass}


def route_named(template: str) -> Route:
    """Return the route of *template*; OTHER where there is none."""
    try:
        return Route(template)
    except ValueError:
        return Route.OTHER


class ApiMetrics:
    """Requests, and how current the state is from which they are answered."""

    def __init__(self, registry: CollectorRegistry) -> None:
        show_version(registry)
        self._requests = Counter(
            "api_requests_total", "Requests by route and class of status.", ("route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "api_request_seconds", "From the request to the end of the answer.", ("route",), buckets=_BUCKETS,
            registry=registry,
        )  # fmt: skip
        self._age = Gauge(
            "api_state_age_seconds",
            "Since the state was last known to be current; it grows while the broker is away.",
            registry=registry,
        )
        self._lag = Gauge("api_lag_records", "Records of the topics that were not read yet.", registry=registry)
        self._unreadable = Counter(
            "api_unreadable_records_total", "Records that could not be read and are left out.", registry=registry
        )
        self._lost = Counter(
            "api_lost_records_total", "Records that were removed before they were read.", registry=registry
        )
        # Looked up by label a series costs more than the rest of a ready answer.
        self._seconds_of = {route: self._seconds.labels(route.value) for route in Route}
        self._requests_of = {
            (route, status.value): self._requests.labels(route.value, status.value)
            for route in Route
            for status in StatusClass
        }

    def request(self, route: Route, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests_of[route, _HUNDREDS[min(max(status // 100, 2), 5)]].inc()
        self._seconds_of[route].observe(seconds)

    def current(self, age_seconds: float, lag_records: int) -> None:
        """Say how old the state may be and how much is waiting."""
        self._age.set(age_seconds)
        self._lag.set(lag_records)

    def unreadable(self) -> None:
        """Count a record that is left out."""
        self._unreadable.inc()

    def lost(self, records: int) -> None:
        """Count records that are gone unread."""
        self._lost.inc(records)
