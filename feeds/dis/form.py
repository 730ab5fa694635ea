"""The published form: one JSON Schema for the document, one for each kind of row."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

FORMAT = "shirase-dis"
SCHEMA_FILE = "report.schema.json"


@cache
def schema() -> Mapping[str, Any]:
    """Return the published schema."""
    text = files("feeds.dis").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


@cache
def _validator(part: str) -> Draft202012Validator:
    whole = schema()
    rule = whole if not part else {"$ref": f"#/$defs/{part}", "$defs": whole["$defs"]}
    return Draft202012Validator(rule)


def first_error(value: object, part: str = "") -> str:
    """Return where and how *value* breaks the form of *part* (the document where empty); "" where it does not.

    Never repeats more than a few words of the value.
    """
    errors: Iterator[ValidationError] = _validator(part).iter_errors(value)
    error = next(errors, None)
    if error is None:
        return ""
    where = "/".join(str(step)[:40] for step in error.absolute_path) or part or "document"
    return f"{where}: {error.validator} {error.validator_value!r}"[:160]
