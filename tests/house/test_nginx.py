"""What stands before the doors writes down no address, no place and no query (R13), and hands on who asks to nobody."""

import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from dispatch.stub.certificate import write_certificates
from load_tests.sinks import free_ports
from tests.house.conftest import PROJECT, system_program

CONF = (PROJECT / "ops" / "nginx.conf").read_text(encoding="utf-8")
# What a log line may be made of: nothing that says who asked, or about which place.
MAY_BE_LOGGED = {"time_iso8601", "server_name", "request_method", "kind", "status", "bytes_sent", "request_time"}
PLACES = ("862f5aad7ffffff", "892f5aad7c3ffff", "Vt3kS4mplePass", "35.67", "139.79", "江東区")


def test_a_line_of_its_log_is_made_of_nothing_that_names_anybody_or_any_place() -> None:
    (line,) = re.findall(r"log_format \w+ \"(.*)\";", CONF)
    assert set(re.findall(r"\$(\w+)", line)) <= MAY_BE_LOGGED
    assert re.findall(r"access_log (.*);", CONF) == ["requests.log kinds"]
    assert re.findall(r"error_log (.*);", CONF) == ["stderr emerg"]
    kinds = re.search(r"map \$uri \$kind \{(.*?)\}", CONF, re.DOTALL)
    assert kinds is not None
    values = {row.split()[-1].rstrip(";") for row in kinds[1].strip().splitlines()}
    assert all(re.fullmatch(r"[a-z-]+", value) for value in values)


class Behind(BaseHTTPRequestHandler):
    """A door that notes what it was told."""

    told: list[dict[str, str]] = []  # noqa: RUF012 - one test, one server

    def do_GET(self) -> None:
        self.told.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_words: object) -> None:
        pass


@contextmanager
def proxied(folder: Path) -> Iterator[int]:
    """Run nginx with the configuration as shipped but for ports and certificates; yield the residents' port."""
    nginx = system_program("nginx")
    _, certificate = write_certificates(folder, ("localhost",), datetime.now(UTC))
    behind = HTTPServer(("127.0.0.1", 0), Behind)
    ports = free_ports(3)
    text = CONF.replace("127.0.0.1:8080;", f"127.0.0.1:{behind.server_port};")
    for shipped, port in zip((8441, 8442, 8445), ports, strict=True):
        text = text.replace(f"127.0.0.1:{shipped} ssl", f"127.0.0.1:{port} ssl")
    text = re.sub(r"(ssl_certificate\w*) +\w+\.pem", rf"\1 {certificate}", text)
    for name in ("requests.log", "nginx.pid"):
        text = text.replace(name, str(folder / name))
    conf = folder / "nginx.conf"
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf.write_text(text.replace("http {", f"http {{ {temporary}", 1), encoding="utf-8")
    checked = subprocess.run([nginx, "-t", "-p", str(folder), "-c", str(conf)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    running = subprocess.Popen(
        [nginx, "-p", str(folder), "-c", str(conf), "-g", "daemon off;"], stderr=(folder / "said").open("wb")
    )
    try:
        yield _when_it_listens(ports[0], running)
    finally:
        running.terminate()
        running.wait(10)
        behind.shutdown()


def _when_it_listens(port: int, process: "subprocess.Popen[bytes]") -> int:
    while True:
        assert process.poll() is None, "nginx ended"
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return port


def test_questions_about_places_leave_no_place_and_no_address_behind(tmp_path: Path) -> None:
    with proxied(tmp_path) as port:
        line = HTTPSConnection("127.0.0.1", port, timeout=10, context=ssl._create_unverified_context())
        for path in (
            "/live/862f5aad7ffffff/plan.json?home=892f5aad7c3ffff",
            "/here/862f5aad7ffffff",
            "/s/Vt3kS4mplePass",
            "/?lat=35.67&lng=139.79",
            "/%E6%B1%9F%E6%9D%B1%E5%8C%BA",
        ):
            line.request("GET", path, headers={"X-Forwarded-For": "203.0.113.9", "Referer": "https://x/35.67"})
            answer = line.getresponse()
            assert answer.read() == b"ok"
            assert answer.headers["strict-transport-security"]
        line.request("GET", "/metrics")
        assert line.getresponse().status == 404
        line.close()
    logged = (tmp_path / "requests.log").read_text(encoding="utf-8")
    assert [row.split()[3] for row in logged.splitlines()] == ["live", "here", "gate", "page", "other", "other"]
    said = logged + (tmp_path / "said").read_text(encoding="utf-8")
    assert not [word for word in (*PLACES, "127.0.0.1", "203.0.113", "?", "%") if word in said]
    # A client cannot say that it is somebody else: its rate is its own.
    assert {told["x-forwarded-for"] for told in Behind.told} == {"127.0.0.1"}


@pytest.mark.parametrize("name", ["residents", "console", "intake"])
def test_each_door_has_a_name_of_its_own(name: str) -> None:
    assert CONF.count(f"server_name {name}.shirase.example;") == 1
    assert CONF.count(f"proxy_pass http://{name};") >= 1
