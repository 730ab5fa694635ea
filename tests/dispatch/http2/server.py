"""A strict push service in memory: the `h2` library's state machine, which raises at the first broken rule."""

from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.settings

from dispatch.batch import Batch, BatchAnswer
from dispatch.http2.connection import Connection
from dispatch.http2.terms import Terms

AUTHORITY = "push.example"
ORIGIN = "https://" + AUTHORITY
HEADERS = (("Urgency", "high"), ("Authorization", "vapid t=" + "e" * 220))
TERMS = Terms(max_reply_bytes=16_384, retry_after_cap_seconds=120.0)
WALL = 1_800_000_000.0


@dataclass
class Request:
    """What arrived on one stream."""

    fields: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    ended: bool = False


class Server:
    """The other end of a `Connection`."""

    def __init__(self, **settings: int) -> None:
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        names = {name.lower(): code for name, code in h2.settings.SettingCodes.__members__.items()}
        self.h2.local_settings = h2.settings.Settings(
            client=False,
            initial_values={
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 100,
                **{names[name]: value for name, value in settings.items()},
            },
        )
        self.requests: dict[int, Request] = {}
        self.resets: dict[int, int] = {}
        self.goaway: int | None = None
        self.acknowledges = True
        self.h2.initiate_connection()

    def take(self, data: bytes) -> None:
        """Read what the client sent; raises ProtocolError for anything that is not allowed."""
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                assert event.stream_id is not None
                fields = {str(name): str(value) for name, value in event.headers or []}
                self.requests[event.stream_id] = Request(fields)
            elif isinstance(event, h2.events.DataReceived):
                assert event.stream_id is not None
                self.requests[event.stream_id].body += event.data or b""
                if self.acknowledges:
                    self.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                assert event.stream_id is not None
                self.requests[event.stream_id].ended = True
            elif isinstance(event, h2.events.StreamReset):
                assert event.stream_id is not None
                self.resets[event.stream_id] = int(event.error_code or 0)
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.goaway = int(event.error_code or 0)

    def says(self) -> bytes:
        """Return what it has to say."""
        return self.h2.data_to_send()

    def answer(self, number: int, status: int = 201, body: bytes = b"", **fields: str) -> None:
        """Answer one request whole."""
        named = [(name.replace("_", "-"), value) for name, value in fields.items()]
        self.h2.send_headers(number, [(":status", str(status)), *named], end_stream=not body)
        if body:
            self.h2.send_data(number, body, end_stream=True)


def batch(count: int, body_bytes: int = 617, first_key: int = 0) -> Batch:
    """Return pushes whose bodies differ."""
    keys = range(first_key, first_key + count)
    bodies = [(b"%d." % key * body_bytes)[:body_bytes] for key in keys]
    return Batch(ORIGIN, HEADERS, WALL + 600, keys, [b"/push/%d" % key for key in keys], bodies)


def connected(server: Server, terms: Terms = TERMS) -> Connection:
    """Return a client that has had its first words with *server*."""
    client = Connection(AUTHORITY, terms)
    server.take(client.take_output())
    exchange(client, server)
    assert client.ready
    return client


def exchange(client: Connection, server: Server, now: float = 1.0) -> None:
    """Let both sides talk until neither has anything to say."""
    while True:
        said, heard = client.take_output(), server.says()
        if not said and not heard:
            return
        server.take(said)
        if heard:
            client.receive(heard, now, WALL)


def post(client: Connection, pushes: Batch, begin: int = 0, deadline: float = 21.0) -> int:
    """Begin all that goes now; return how many that were."""
    begun = begin
    while begun < len(pushes.keys):
        count = client.post(pushes, begun, len(pushes.keys) - begun, ttl=600, now=1.0, deadline=deadline)
        if not count:
            break
        begun += count
    return begun - begin


def ends(answers: list[BatchAnswer]) -> dict[int, tuple[str, int]]:
    """Return outcome and status by key; a key that ends twice is an error."""
    found: dict[int, tuple[str, int]] = {}
    for answer in answers:
        for key in answer.keys:
            assert key not in found
            found[key] = answer.outcome.value, answer.status
    return found
