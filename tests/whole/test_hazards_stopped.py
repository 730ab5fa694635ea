"""The hazards process is stopped: nothing goes out and its lag shows it; started again, all of it goes out."""

from itertools import pairwise
from pathlib import Path

import pytest

from shirase.demo.check import check_run
from shirase.demo.evening import evening
from shirase.demo.feeding import drain
from streams.brokers.lag import group_lag
from streams.topics import CLAIMS
from tests.whole.scenes import PATIENCE_SECONDS, Brokers, pipeline_on, submit, until

SUBSCRIBERS = 2_000
SEED = 3
HAZARDS = "hazards-0"


@pytest.mark.kafka
@pytest.mark.slow
def test_what_waits_while_hazards_are_stopped_goes_out_when_they_start(brokers: Brokers, tmp_path: Path) -> None:
    # Two generations of rain warnings and the river's forecast: they cover different shards of the wards.
    documents = [document for document in evening(SEED) if document.expectation == "notice"][:3]
    bootstrap = brokers()
    with pipeline_on(bootstrap, tmp_path / "run", subscribers=SUBSCRIBERS) as run:
        supervisor, account = run.pipeline.supervisor, run.observer.account
        supervisor.stop_role(HAZARDS)
        until(lambda: supervisor.pid(HAZARDS) == 0, "the hazards process to end")

        lags = [group_lag(bootstrap, "hazards", CLAIMS.name)]
        for document in documents:
            receipt = submit(run, document.name, document.raw).receipt
            until(lambda receipt=receipt: receipt in account.reports, f"the report of {document.name}")  # type: ignore[misc]
            lags.append(group_lag(bootstrap, "hazards", CLAIMS.name))
        claims = [account.reports[name].claims for name in account.reports]
        assert all(later > earlier for earlier, later in pairwise(lags))
        assert lags[-1] == sum(claims) > 0
        assert not account.drafts
        assert not account.notices
        assert run.stub is not None
        assert run.stub.verdict()["requests"] == 0

        supervisor.start_role(HAZARDS)
        drain(run.observer, len(documents), workers=1, patience_seconds=PATIENCE_SECONDS)
        verdict = check_run(run)
        until(lambda: group_lag(bootstrap, "hazards", CLAIMS.name) == 0, "the lag to be gone", look_seconds=0.2)

    selected = sum(receipt.selected for receipt in account.receipts.values())
    assert {notice.document for notice in account.notices.values()} == {r.document for r in account.reports.values()}
    # Whom a newer revision speaks to is not sent the older one: it was selected all the same.
    gave_way = sum(receipt.outcomes.get("superseded", 0) for receipt in account.receipts.values())
    assert selected == verdict.brute_force == verdict.stub_accepted + gave_way
    assert verdict.stub_accepted > 0
    assert verdict.stub_duplicates == verdict.decrypt_failures == 0
