"""The description of the console for a program: its forms, field by field, and what each may end with.

A form is `application/x-www-form-urlencoded`, as a page without scripts sends it. What stands here is asked of
every page by a test: a field that a page has and this table has not, or the other way round, fails it.
"""

from typing import Any

from fastapi import FastAPI

from api.http.description import answered, describe, refused

_ID = "a2a43bd4c23e12a1281db45b"
_DIGEST = "5f0c2b1d9e8a4763" * 4
# What is said in each field, by example. A key makes a form one act however often it is sent.
FIELDS = {
    "acting": "区の担当者が全員応答しない",
    "area_name": "荒川左岸の低地",
    "band": "some-room",
    "body": "レベル4。江東区は避難してください。",
    "cause": "flooded",
    "clock": "23:00",
    "code": "123456",
    "confidence": "confirmed",
    "confirm": "架空大橋",
    "correct": "1",
    "csrf": "c2Vzc2lvbg",
    "deputies": "baba",
    "digest": _DIGEST,
    "geojson": '{"type":"Point","coordinates":[139.817,35.672]}',
    "hazard": "flood",
    "hours": "6",
    "id": _ID,
    "imported": "亀戸一丁目",
    "incident": "",
    "keep_as": "旧中川沿い",
    "kept": _ID,
    "key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "level": "4",
    "lift": "1",
    "line": "35.672,139.817 35.673,139.818",
    "metres": "200",
    "most": "300",
    "name": "架空大橋",
    "on_duty": "aoki 8-20",
    "other": "",
    "password": "three in the morning",
    "places": "江東区亀戸一丁目",
    "point": "35.672,139.817",
    "reason": "応援が来るまで待てない",
    "reject": "",
    "revision": "2",
    "river": "荒川",
    "river_from": "35.70,139.85",
    "river_metres": "500",
    "river_to": "35.65,139.85",
    "road": "way/1",
    "shelter": "koto-1",
    "state": "open",
    "thing": _ID,
    "title": "架空三丁目の火災",
    "to": "/",
    "undo": "",
    "until": "2026-09-18T23:00+09:00",
    "ward": "1310800",
    "wards": "1310800",
    "without": "",
}
_AREA = (
    "wards", "places", "river", "river_metres", "river_from", "river_to",
    "imported", "kept", "line", "metres", "geojson", "area_name",
)  # fmt: skip
_ORDER = ("level", *_AREA, "hazard", "hours")
_CLOSURE = ("point", "line", "road", "name", "cause", "confidence", "hours", "confirm", "reject", "undo")
_SHELTER = ("shelter", "other", "state", "band")
_INCIDENT = ("incident", "title", "ward", "point")
_ENDS = ("thing", "lift", "correct")
_CROSSING = ("shelter", "ward", "most")
POSTED = ("key", *_ORDER, "keep_as", *_CLOSURE, *_SHELTER, *_INCIDENT, *_ENDS, *_CROSSING, "code")
# Which fields the form of a path has; the session's own word is in each but the one before there is a session.
FORMS: dict[str, tuple[str, ...]] = {
    "/sign-in": ("to", "name", "password", "code"),
    "/sign-out": (),
    "/post/{kind}": tuple(dict.fromkeys(POSTED)),
    "/post/order/preview": ("key", *_ORDER, "keep_as", "code"),
    "/post/closure/preview": ("key", *_CLOSURE, "code"),
    "/post/closure/preview.json": ("key", *_CLOSURE, "code"),
    "/areas": ("key", *_ORDER, "keep_as", "code"),
    "/areas/{identity}/remove": ("key",),
    "/drill": ("key", *_ORDER),
    "/drafts/{draft_id}/{verb}": ("digest", "code", "acting"),
    "/drafts/{draft_id}/alone": ("digest", "code", "reason"),
    "/drafts/{draft_id}/edit": ("digest", "hours", "without", "title", "body"),
    "/sending/{lineage}/{word}": ("code",),
    "/sending/{lineage}/extend": ("revision", "until", "clock"),
    "/channels/{lineage}/{revision}/{ward}/{form}/{word}": ("key",),
    "/console/rehearse/{word}": ("ward", "code", "digest", "road", "state"),
    "/duty/roster": ("ward", "on_duty", "deputies", "code"),
    "/duty/call": (),
    "/duty/devices/remove": ("id", "code"),
    "/passkeys/remove": ("id", "code"),
}
# Texts of a draft are a title and a body for each part and language.
NUMBERED = ("title", "body")
_WORDS = {
    ("/drafts/{draft_id}/{verb}", "verb"): ("approve", "void"),
    ("/post/{kind}", "kind"): ("order", "closure", "shelter", "incident"),
    ("/sending/{lineage}/{word}", "word"): ("lift", "correct"),
}
_PATHS = {
    "draft_id": _ID, "form": "cap", "identity": _ID, "kind": "closure", "lineage": "flood", "receipt": _ID,
    "revision": "1", "shard": "862f5aad7ffffff", "verb": "approve", "ward": "13108", "word": "begin",
}  # fmt: skip
_PREVIEW = {"html": "<section></section>", "reason": ""}
_JSON = {
    "/post/order/preview": ("200", answered("for a page that draws", _PREVIEW)),
    "/post/closure/preview.json": ("200", answered("for a page that draws", {"html": "<p></p>"})),
    "/sending/{lineage}/extend": ("202", answered("a draft", {"draft": _ID, "expires": "2026-09-18T23:00:00+09:00"})),
}
_REFUSALS = (403, 404, 409, 413, 422, 429, 503)


def describe_console(app: FastAPI) -> None:
    """Give the console a description of its pages and forms."""
    describe(app, _pages)


def _pages(found: dict[str, Any]) -> None:
    for path, rows in found["paths"].items():
        for verb, operation in rows.items():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    words = _WORDS.get((path, parameter["name"]))
                    parameter["example"] = words[0] if words else _PATHS[parameter["name"]]
                    if words:
                        parameter["schema"] = {"type": "string", "enum": list(words)}
                elif parameter["in"] != "header":
                    parameter["example"] = ""
            if path == "/metrics":
                operation["responses"] = {"200": answered("for Prometheus", "# HELP", "text/plain")}
            if path in ("/health", "/metrics"):
                continue
            if verb == "post" and path in FORMS:
                operation["requestBody"] = {"required": True, "content": _form(path)}
            operation["responses"] = _answers(path)


def _form(path: str) -> dict[str, Any]:
    names = FORMS[path] if path == "/sign-in" else ("csrf", *FORMS[path])
    fields = {name: {"type": "string", "example": FIELDS[name]} for name in names if name not in NUMBERED}
    schema: dict[str, Any] = {"type": "object", "properties": fields, "required": ["csrf"] if "csrf" in names else []}
    if path == "/drafts/{draft_id}/edit":
        schema["patternProperties"] = {f"^{name}-[0-9]+-[A-Za-z-]+$": {"type": "string"} for name in NUMBERED}
    if "title" in names and path != "/drafts/{draft_id}/edit":
        fields["title"] = {"type": "string", "example": FIELDS["title"]}
    return {"application/x-www-form-urlencoded": {"schema": schema}}


def _answers(path: str) -> dict[str, Any]:
    page = {"text/html": {"example": "<!doctype html>"}}
    answers: dict[str, Any] = {
        "200": {"description": "a page", "content": dict(page)},
        "303": {"description": "where to go on: what became of it, or to sign in"},
    }
    for status, refusal in refused(*_REFUSALS).items():
        # A person reads a page, with the same code in it where there is one.
        answers[str(status)] = refusal | {"content": refusal["content"] | page}
    if path in _JSON:
        status, answer = _JSON[path]
        content = answers.setdefault(status, {"description": answer["description"], "content": {}})["content"]
        content.update(answer["content"])
    return answers
