"""The last hop: an engine asks whether its worker may still send, before it writes."""

import time
from collections.abc import Iterator

import pytest

from dispatch.batch import Batch
from dispatch.engine import Engine, batch_sender_of
from dispatch.settings import DispatchSettings
from dispatch.stub.process import StubProcess


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StubProcess]:
    with StubProcess.start(tmp_path_factory.mktemp("stub")) as running:
        yield running


@pytest.mark.parametrize("engine", list(Engine), ids=str)
def test_no_engine_writes_anything_while_its_worker_may_have_been_replaced(stub: StubProcess, engine: Engine) -> None:
    allowed = [False]
    origin, before = stub.origins[0], stub.verdict()["requests"]
    one = Batch(
        origin, (("Urgency", "high"),), time.time() + 60, range(2), [b"/push/f1", b"/push/f2"], [b"x" * 617] * 2
    )
    settings = DispatchSettings(extra_origins=stub.origins, ca_file=str(stub.ca_path), engine=engine.value)
    sender = batch_sender_of(settings, lambda: allowed[0])
    sender.submit_batch(one)
    for _ in range(5):
        assert sender.poll_batches(0.02) == []
    assert stub.verdict()["requests"] == before
    assert sender.in_flight == 2, "kept, and not given up"
    allowed[0] = True
    give_up_at, ended = time.monotonic() + 30, 0
    while ended < 2:
        assert time.monotonic() < give_up_at
        ended += sum(len(answer.keys) for answer in sender.poll_batches(0.05))
    assert stub.verdict()["requests"] == before + 2
    sender.close()
