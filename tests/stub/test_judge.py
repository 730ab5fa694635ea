"""The judge counts what was lost and what came twice from the log alone."""

from dataclasses import replace
from pathlib import Path

from dispatch.stub.judge import by_topic, judge, lost
from dispatch.stub.log import Entry, RequestLog, entries

FIRST = Entry(1000, 1, 201, "https://localhost:1", "a", "flood", "60", "high", "aa", 300, "")


def written(path: Path, *seen: Entry) -> Path:
    log = RequestLog(path)
    for entry in seen:
        log.write(entry)
    log.close()
    return path


def test_a_log_reads_as_it_was_written(tmp_path: Path) -> None:
    seen = [FIRST, replace(FIRST, status=429, reason="told"), replace(FIRST, topic="", urgency="")]
    assert list(entries(written(tmp_path / "log", *seen))) == seen


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path: Path) -> None:
    log = written(tmp_path / "log", FIRST, FIRST)
    log.write_bytes(log.read_bytes()[:-5])
    assert list(entries(log)) == [FIRST]


def test_the_same_bytes_twice_are_a_duplicate_and_a_revision_is_not(tmp_path: Path) -> None:
    again, newer = replace(FIRST, wall_ms=1500), replace(FIRST, wall_ms=2000, body_sha="bb")
    other_place = replace(FIRST, topic="office", body_sha="cc")
    said = judge([written(tmp_path / "log", FIRST, again, newer, other_place)])
    assert (said.accepted, said.unique, said.duplicates, said.revisions) == (4, 3, 1, 1)
    assert (said.first_accepted_ms, said.last_accepted_ms, said.tokens) == (1000, 2000, 1)


def test_a_push_that_was_refused_first_is_no_duplicate(tmp_path: Path) -> None:
    said = judge([written(tmp_path / "log", replace(FIRST, status=503), FIRST)])
    assert (said.requests, said.accepted, said.duplicates, said.by_status) == (2, 1, 0, {503: 1, 201: 1})


def test_a_repeat_at_another_stub_counts_across_logs(tmp_path: Path) -> None:
    logs = [written(tmp_path / "one", FIRST), written(tmp_path / "two", FIRST)]
    assert judge(logs).duplicates == 1


def test_lost_are_those_that_no_push_was_accepted_for(tmp_path: Path) -> None:
    log = written(tmp_path / "log", FIRST, replace(FIRST, token="b", status=410), replace(FIRST, token="c", topic="x"))
    assert lost([log], ["a", "b", "c"]) == {"b"}
    assert lost([log], ["a", "b", "c"], topics={"flood"}) == {"b", "c"}


def test_each_topic_has_its_own_verdict(tmp_path: Path) -> None:
    log = written(tmp_path / "log", FIRST, FIRST, replace(FIRST, topic="quake"))
    assert {topic: verdict.duplicates for topic, verdict in by_topic([log]).items()} == {"flood": 1, "quake": 0}


def test_a_note_about_a_connection_is_no_request(tmp_path: Path) -> None:
    note = Entry(1000, 1, 0, "", "?", "", "", "", "", 0, "h2-ping")
    said = judge([written(tmp_path / "log", note)])
    assert (said.requests, said.by_reason) == (0, {"h2-ping": 1})
