"""A small push server for a real Firefox: the autopush WebSocket protocol towards the browser.

Towards senders the push-service stub stands in front: it takes the POST, checks VAPID and keeps the body;
from there the bodies are handed over here. Firefox's side: hello, register, notification, ack
(code 100: the page's worker took it). Source: Mozilla's autopush documentation and what Firefox ESR sends.
"""

import base64
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from dispatch.stub.bodies import stored
from dispatch.stub.process import StubProcess

_LOOK_SECONDS = 0.05


@dataclass
class Autopush:
    """Serves one browser; `acks` are the codes that it answered with, by version."""

    stub: StubProcess
    acks: dict[str, int] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)  # token -> channel
    port: int = 0
    _server: Server | None = None
    _connection: ServerConnection | None = None
    _handed: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = serve(
            self._talk, "127.0.0.1", 0, subprotocols=[Subprotocol("push-notification")], max_size=1 << 20
        )
        self.port = self._server.socket.getsockname()[1]
        for work in (self._server.serve_forever, self._hand_over):
            self._threads.append(threading.Thread(target=work, daemon=True))
            self._threads[-1].start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
        for thread in self._threads:
            thread.join(5.0)

    def _talk(self, connection: ServerConnection) -> None:
        self._connection = connection
        try:
            for text in connection:
                said = json.loads(text)
                answer = self._answer(said)
                if answer is not None:
                    connection.send(json.dumps(answer))
        except ConnectionClosed:
            return

    def _answer(self, said: dict[str, Any]) -> dict[str, Any] | None:
        match said.get("messageType"):
            case "hello":
                return {
                    "messageType": "hello",
                    "uaid": uuid.uuid4().hex,
                    "status": 200,
                    "use_webpush": True,
                    "broadcasts": {},
                }
            case "register":
                token = uuid.uuid4().hex
                self.channels[token] = said["channelID"]
                endpoint = f"{self.stub.origins[0]}/push/{token}"
                return {
                    "messageType": "register",
                    "channelID": said["channelID"],
                    "status": 200,
                    "pushEndpoint": endpoint,
                }
            case "unregister":
                return {"messageType": "unregister", "channelID": said["channelID"], "status": 200}
            case "ack":
                self.acks |= {update["version"]: update["code"] for update in said["updates"]}
                return None
            case None:
                return {}  # a ping
            case _:
                return None

    def _hand_over(self) -> None:
        """Give the browser each body that the stub has taken, in order."""
        while not self._stopping.is_set():
            self.stub.flush()
            bodies = list(stored(self.stub.bodies_path)) if self.stub.bodies_path.exists() else []
            for body in bodies[self._handed :]:
                channel = self.channels.get(body.token)
                if channel is not None and self._connection is not None:
                    said = {
                        "messageType": "notification",
                        "channelID": channel,
                        "version": f"v{self._handed}",
                        "data": base64.urlsafe_b64encode(body.body).rstrip(b"=").decode(),
                        "headers": {"encoding": "aes128gcm"},
                    }
                    self._connection.send(json.dumps(said))
                self._handed += 1
            time.sleep(_LOOK_SECONDS)
