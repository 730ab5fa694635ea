"""Read tables from strangers: UTF-8 with or without a byte order mark, else CP932, within limits.

A municipal office saves a table as its spreadsheet does, which in Japan is CP932. Bytes that fit
neither are refused: a guessed name of a street sends people somewhere else.
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from feeds.errors import CsvError


@dataclass(frozen=True, slots=True)
class CsvLimits:
    """How large a table may be."""

    max_bytes: int = 4 * 1024 * 1024
    max_rows: int = 5_000
    max_columns: int = 200
    max_field_characters: int = 2_000


DEFAULT_LIMITS = CsvLimits()

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table: its columns in order, and each row by its columns. Row 0 is the first below the header."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str


def parse_csv(raw: bytes, limits: CsvLimits = DEFAULT_LIMITS) -> CsvTable:
    """Return the table in *raw*, or raise `CsvError` with a stable reason.

    Names of columns are normalised (full-width letters and spaces are the same words); values are as
    written, without the spaces around them. A row that is longer than its header is refused with the
    whole table, because nobody can tell which of its values moved.
    """
    if len(raw) > limits.max_bytes:
        raise CsvError("too-large", f"{len(raw)} bytes, the limit is {limits.max_bytes}")
    if not raw.strip():
        raise CsvError("empty", "no bytes")
    text, encoding = _decoded(raw)
    # Its own limit for a field is the process's, and is above ours.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    columns: tuple[str, ...] = ()
    try:
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if any(len(field) > limits.max_field_characters for field in fields):
                raise CsvError("csv-field-too-long", f"line {reader.line_num}")
            if not columns:
                columns = _columns(fields, limits)
                continue
            if len(fields) > len(columns):
                raise CsvError("csv-row-too-long", f"line {reader.line_num}: {len(fields)} values")
            if len(rows) >= limits.max_rows:
                raise CsvError("csv-too-many-rows", f"more than {limits.max_rows}")
            rows.append(dict(zip(columns, (field.strip() for field in fields), strict=False)))
    except csv.Error as error:
        raise CsvError("csv-malformed", f"line {reader.line_num}: {error}") from None
    return CsvTable(columns, tuple(rows), encoding)


def _decoded(raw: bytes) -> tuple[str, str]:
    content = raw.removeprefix(codecs.BOM_UTF8)
    for encoding in ("utf-8", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise CsvError("csv-malformed", "a NUL character")
        return text, encoding
    raise CsvError("encoding", "neither UTF-8 nor CP932")


def _columns(fields: list[str], limits: CsvLimits) -> tuple[str, ...]:
    names = tuple("".join(unicodedata.normalize("NFKC", field).split()) for field in fields)
    if len(names) > limits.max_columns:
        raise CsvError("csv-too-many-columns", f"{len(names)}, the limit is {limits.max_columns}")
    named = [name for name in names if name]
    if len(set(named)) != len(named):
        raise CsvError("csv-duplicate-column", next(name for name in named if named.count(name) > 1)[:80])
    return names


_HEADER_BYTES = 16_384
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def columns_of(raw: bytes) -> tuple[str, ...]:
    """Return the names in the first line of *raw*; none where it is no table, `CsvError` where it is a broken one.

    What a table is must be known before it is read: its bytes have no other name.
    """
    first = raw[:_HEADER_BYTES].removeprefix(codecs.BOM_UTF8).lstrip().partition(b"\n")[0]
    if first[:1] in (b"", b"<", b"{", b"[") or b"," not in first or raw.startswith(_UTF_16):
        return ()
    return parse_csv(first).columns
