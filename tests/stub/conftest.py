"""One stub process for a module of tests; each test begins with no rules."""

import ssl
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from dispatch.stub.process import StubProcess
from tests.stub.pushes import Phone, Sender

Headers = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StubProcess]:
    with StubProcess.start(tmp_path_factory.mktemp("stub"), origins=2) as stub:
        yield stub


@pytest.fixture
def stub(running: StubProcess) -> StubProcess:
    running.tell(())
    return running


@pytest.fixture(scope="module")
def sender() -> Sender:
    return Sender()


@pytest.fixture(scope="module")
def phone() -> Phone:
    return Phone()


@pytest.fixture
def headers(stub: StubProcess, sender: Sender) -> Headers:
    """Return a maker of correct headers; a value of None leaves one out."""

    def make(origin: str = stub.origins[0], **changed: str | None) -> dict[str, str]:
        said: dict[str, str | None] = {
            "authorization": sender.authorization(origin, time.time() + 3600),
            "ttl": "600",
            "content-encoding": "aes128gcm",
            "topic": "lineage_place-1",
            "urgency": "high",
        }
        said |= {name.replace("_", "-"): value for name, value in changed.items()}
        return {name: value for name, value in said.items() if value is not None}

    return make


@pytest.fixture
def client(stub: StubProcess) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=str(stub.ca_path))
    with httpx.Client(http2=True, verify=context, base_url=stub.origins[0], timeout=20) as made:
        yield made
