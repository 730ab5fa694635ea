"""A push service on the `h2` library, which ends the connection at the first broken rule.

    python -m tests.dispatch.interop.strict_server CERTIFICATE LOG STREAMS

Prints its port, writes "path TAB sha256 of the body" for each request, and "broken TAB reason" for a broken rule.
"""

import hashlib
import socket
import ssl
import sys
import threading
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings


def serve(certificate: str, log: Path, streams: int) -> None:
    """Take connections until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            raw, _ = listener.accept()
            threading.Thread(target=_connection, args=(context, raw, log, streams), daemon=True).start()


def _connection(context: ssl.SSLContext, raw: socket.socket, log: Path, streams: int) -> None:
    try:
        with context.wrap_socket(raw, server_side=True) as link:
            _talk(link, log, streams)
    except OSError:
        return


def _talk(link: ssl.SSLSocket, log: Path, streams: int) -> None:
    peer = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    if streams:
        # Said with the first words: what is changed later is not in force before it is acknowledged.
        allowed = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: streams}
        peer.local_settings = h2.settings.Settings(client=False, initial_values=allowed)
    peer.initiate_connection()
    link.sendall(peer.data_to_send())
    bodies: dict[int, bytearray] = {}
    paths: dict[int, str] = {}
    while data := link.recv(65_536):
        lines = []
        try:
            events = peer.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            lines.append(f"broken\t{type(error).__name__} {error}\n")
            events = []
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                fields = {str(name): str(value) for name, value in event.headers or []}
                paths[event.stream_id] = fields[":path"]
                bodies[event.stream_id] = bytearray()
            elif isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] += event.data
                peer.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                digest = hashlib.sha256(bodies.pop(event.stream_id)).hexdigest()
                lines.append(f"{paths.pop(event.stream_id)}\t{digest}\n")
                peer.send_headers(event.stream_id, [(":status", "201"), ("location", "/m/1")], end_stream=True)
        with log.open("a", encoding="utf-8") as file:
            file.write("".join(lines))
        link.sendall(peer.data_to_send())


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
