"""JSON from strangers: what is refused before it is built, and what two readers would read in two ways."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.csv_text import columns_of, parse_csv
from feeds.errors import CsvError, JsonError
from feeds.json_text import JsonLimits, parse_json


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[" * 100_000, "json-too-deep"),
        (b'{"a":' * 100_000, "json-too-deep"),
        (b'{"a": NaN}', "json-number"),
        (b'{"a": -Infinity}', "json-number"),
        (b'{"a": 1e999}', "json-number"),
        (b"[" + b"9" * 5000 + b"]", "json-number"),
        (b"[0." + b"9" * 5000 + b"]", "json-number"),
        (b'{"a": 1, "a": 2}', "json-duplicate-key"),
        (b'{"a": "\\ud800"}', "json-lone-surrogate"),
        (b'{"\\udc00": 1}', "json-lone-surrogate"),
        (b'{"a": [["\\udfff"]]}', "json-lone-surrogate"),
        (b'{"a": "\xff"}', "encoding"),
        ("{}".encode("utf-16"), "encoding"),
        (b'{"a": 1', "json-malformed"),
        (b"{'a': 1}", "json-malformed"),
        (b"{} {}", "json-malformed"),
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b'"' + b"a" * 5_000_000 + b'"', "too-large"),
    ],
)
def test_it_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(JsonError) as error:
        parse_json(raw)
    assert error.value.reason == reason


def test_an_open_text_of_quotes_is_looked_at_once() -> None:
    with pytest.raises(JsonError) as error:
        parse_json(b'["' + b'\\"' * 1_000_000)
    assert error.value.reason == "json-malformed"


def test_brackets_in_a_text_are_no_levels() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": "[[[[\\"[[[[", "b": [1.5, -3, true, null, "\\ud83c\\udf0a"]}') == {
        "a": '[[[["[[[[',
        "b": [1.5, -3, True, None, "🌊"],
    }
    assert parse_json(b"[[[]]]", JsonLimits(max_depth=3)) == [[[]]]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None, derandomize=True)
@given(JSON, st.booleans())
def test_what_is_well_formed_is_read_as_it_is(value: object, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=300), st.sampled_from((b"{", b"[", b"a,b\n", b"")))
def test_no_bytes_raise_anything_else(raw: bytes, begin: bytes) -> None:
    for parse, refused in ((parse_json, JsonError), (parse_csv, CsvError), (columns_of, CsvError)):
        try:
            parse(begin + raw)
        except refused as error:
            assert error.reason  # noqa: PT017


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"a,a\n1,2\n", "csv-duplicate-column"),
        (b"a," * 300 + b"\n", "csv-too-many-columns"),
        (b'a,b\n"1\n', "csv-malformed"),
        (b"a,b\n" + b"x" * 200_000 + b",1\n", "csv-malformed"),
        (b"a,b\n" + b"1,2\n" * 1_100_000, "too-large"),
        (b"a,b\n" + b"1,2\n" * 5_001, "csv-too-many-rows"),
    ],
)
def test_a_table_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(CsvError) as error:
        parse_csv(raw)
    assert error.value.reason == reason


def test_short_rows_and_empty_lines_are_read() -> None:
    table = parse_csv("\ufeffＡ Ｂ,c\n\n 1 ,\n2\n".encode())
    assert table.columns == ("AB", "c")
    assert table.rows == ({"AB": "1", "c": ""}, {"AB": "2"})
