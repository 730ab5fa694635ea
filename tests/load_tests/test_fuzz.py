"""A small share of the fuzz, the same inputs each time; the whole is `python -m load_tests.fuzz.run`."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from lxml import etree

from feeds.errors import FeedError
from load_tests.fuzz.mutate import mutate_bytes, mutate_json, mutate_table, mutate_xml
from load_tests.fuzz.run import LEAST_PAST_SHARE, inputs_of, judge
from load_tests.fuzz.targets import TARGETS, Form, Target, available

INPUTS = 60
SEED = 20261125


@pytest.mark.parametrize("name", [target.name for target in TARGETS])
def test_each_reader_takes_whatever_comes_or_refuses_it_with_a_reason(shared_data: Path, name: str) -> None:
    ((target, samples),) = [found for found in available(shared_data) if found[0].name == name]
    tally = judge(target, inputs_of(target, samples, SEED, INPUTS))
    assert tally.findings == []
    assert tally.read + tally.refused == tally.inputs == INPUTS
    assert tally.read > 0
    assert all(tally.reasons)


def test_most_inputs_pass_the_plain_parser_and_differ(shared_data: Path) -> None:
    inputs = past = 0
    different = set()
    for target, samples in available(shared_data):
        made = list(inputs_of(target, samples, SEED, 20))
        assert list(inputs_of(target, samples, SEED, 20)) == made, "the same seed makes the same inputs"
        tally = judge(target, iter(made))
        inputs, past = inputs + tally.inputs, past + tally.past
        different |= {*made}
    assert past >= LEAST_PAST_SHARE * inputs
    assert len(different) > 0.95 * inputs


def test_what_is_no_typed_error_is_found_and_kept(tmp_path: Path) -> None:
    def careless(raw: bytes) -> object:
        if raw == b"typed":
            raise FeedError("typed")
        return {b"read": 1}[raw]

    target = Target("careless", Form.TABLE, careless, lambda _data: [])
    tally = judge(target, iter([b"read", b"typed", b"else"]), findings=tmp_path)
    assert (tally.read, tally.refused, dict(tally.reasons)) == (1, 1, {"typed": 1})
    (finding,) = tally.findings
    assert "KeyError at test_fuzz.py" in finding
    assert (tmp_path / "careless-2").read_bytes() == b"else"
    assert not tally.good


def test_each_way_to_change_a_sample_changes_it() -> None:
    root = etree.fromstring("<a><b code='1'>2026-01-01T00:00:00Z</b><c><d>text</d></c></a>")
    plain = etree.tostring(root)
    document = {"a": [1, "two", {"b": None}], "c": 3.5}
    table = b"a,b\n1,2\n3,4"
    ways: dict[str, tuple[bytes, Callable[[Random], bytes]]] = {
        "xml": (plain, lambda random: mutate_xml(root, [root], random)),
        "json": (json.dumps(document).encode(), lambda random: mutate_json(document, random)),
        "table": (table, lambda random: mutate_table(table, random)),
        "bytes": (plain, lambda random: mutate_bytes(plain, random)),
    }
    for name, (before, change) in ways.items():
        made = {change(Random(number)) for number in range(200)}
        assert len(made - {before}) > 100, name
    assert etree.tostring(root) == plain, "the sample itself stays as it is"
