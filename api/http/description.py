"""What a program reads of an API before it asks: answers by example, refusals by code."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

# One refusal of each status, as it may be met somewhere.
_REFUSED = {
    401: ("token-wrong", "This is not a token of ours"),
    403: ("proof-wrong", "This is not the proof that was sent to this browser"),
    404: ("not-found", "There is no such page"),
    409: ("place-unclear", "Several roads have that name"),
    413: ("too-large", "The request is too large"),
    422: ("parameter-invalid", "A parameter has a value that is not allowed"),
    429: ("too-many", "Too many sign-ups from this address"),
    503: ("not-ready", "Still reading what is in force"),
    504: ("push-service-silent", "The push service does not answer; try again"),
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457; programs test for `code`, which stays as it is",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string", "minLength": 1},
        "status": {"type": "integer", "minimum": 400},
        "code": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        "detail": {"type": "string"},
    },
}
_HEADERS = {
    "if-none-match": 'W/"5f0c2b1d9e8a47635f0c2b1d9e8a4763"',
    "last-event-id": "5f0c-17",
    "authorization": "Bearer c2hpcmFzZS1leGFtcGxlLXRva2VuLTMyLWJ5dGVzISE",
    "accept": "application/json",
    "origin": "https://console.example",
}
# What nobody may know yet, before the first fact.
_MAYBE = frozenset({"facts_at", "age_seconds", "state_age_seconds", "plans_at"})

Described = dict[int | str, dict[str, Any]]


def refused(*statuses: int) -> Described:
    """Return the description of refusals with these statuses, all of them problem documents."""
    return {status: _refusal(status) for status in statuses}


def answered(description: str, example: Any, media_type: str = "application/json") -> dict[str, Any]:
    """Return the description of an answer that looks like *example*.

    For JSON the schema is taken from the example, so that a test of the API against its description tests the
    example too: what it names is there, and of its type, or null where nobody knows yet.
    """
    content: dict[str, Any] = {"example": example}
    if "json" in media_type:
        content["schema"] = schema_of(example)
    return {"description": description, "content": {media_type: content}}


def schema_of(example: Any) -> dict[str, Any]:
    """Return what every answer has that looks like *example*; None and an empty list leave open what may be there."""
    match example:
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case list():
            return {"type": "array"} | ({"items": schema_of(example[0])} if example else {})
        case dict():
            fields = {name: {} if name in _MAYBE else schema_of(one) for name, one in example.items()}
            return {"type": "object", "required": sorted(fields), "properties": fields}
        case _:
            return {}


def describe(app: FastAPI, more: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """Give *app* a description in which refusals are what they are: the framework's own form never leaves here.

    *more* adds what routes do not say of themselves.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = _mended(get_openapi(title=app.title, version=app.version, routes=app.routes))
            more(found)
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _mended(found: dict[str, Any]) -> dict[str, Any]:
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for rows in found["paths"].values():
        for operation in rows.values():
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                operation["responses"]["422"] = _refusal(422)
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "header":
                    parameter["example"] = _HEADERS[parameter["name"].lower()]
    return found


def _refusal(status: int) -> dict[str, Any]:
    code, title = _REFUSED[status]
    example = {"type": "about:blank", "title": title, "status": status, "code": code}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": "refused, with a stable code", "content": {"application/problem+json": content}}
