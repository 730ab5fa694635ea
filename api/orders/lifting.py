"""The end of an order that a coordinator wrote: lifted, or taken back as a mistake.

It names the order's own ground and level, so that nothing but the time is left to fill in: the words were
ready before the order was sent. An all-clear goes to who was told and is there, a correction to all who were
told, wherever they are now (promise 9).
"""

from collections.abc import Mapping
from typing import Any

from alerts.alert import GEOCODE_CLASS20
from alerts.place import Cells
from api.http.errors import FormWrong
from api.known.posted import Posts
from api.orders.area_document import plain_area
from api.orders.area_form import Lookup, cells_of
from streams.payloads import ReportRecord

LIFT, CORRECT = "lift", "correct"
ACTING = "acting"


def is_ending(form: Mapping[str, str]) -> bool:
    """Say whether *form* ends an order that was posted before."""
    return bool(form.get(LIFT) or form.get(CORRECT))


def ending_of(
    form: Mapping[str, str], posts: Posts, lookup: Lookup
) -> tuple[str, dict[str, Any], frozenset[str], Cells]:
    """Return the order that *form* ends, the fields of its document, and its wards and cells beyond those."""
    thing = form.get(LIFT) or form.get(CORRECT, "")
    report = posts.order(thing)
    if report is None or report.report is None or not report.report.alert.infos:
        raise FormWrong("終わらせる避難情報が見つかりません。一覧が古いかもしれません。")
    (info,) = report.report.alert.infos[:1]
    if info.level is None:
        raise FormWrong("終わらせる避難情報が見つかりません。一覧が古いかもしれません。")
    fields = {
        "level": int(info.level),
        "hazard": info.hazard.value,
        "areas": tuple(plain_area(area) for area in info.areas),
        "issuer": info.sender_name,
        # What was a mistake is cancelled, which reaches those who have moved since as well.
        ("undo" if form.get(CORRECT) else "ended"): True,
    }
    wards = frozenset(code.value for area in info.areas for code in area.geocodes if code.value_name == GEOCODE_CLASS20)
    beyond = tuple(area for area in info.areas if not any(code.value in wards for code in area.geocodes))
    return thing, fields, wards, cells_of(beyond, lookup)


def author_of_order(report: ReportRecord) -> str:
    """Return the account that wrote the order of *report*."""
    return "" if report.report is None else report.report.alert.sender.partition(":")[2]
