"""The form of an order to leave, and the forms that end one: lifted, or taken back as a mistake."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from alerts.order_words import ORDER_NAMES_JA
from alerts.words import HAZARDS_JA
from api.console import fields
from api.console.buttons import EXTEND
from api.console.ending_form import Ending, ending_forms
from api.officers.accounts import Session
from api.orders.named_parts import USUAL_METRES
from api.orders.wanted import LEVELS, ORDER_HAZARDS
from streams.payloads import KeptArea, ReportRecord

_FIRST = "案ができるだけで、住民にはまだ送られません。別の承認者が承認すると送られます。"
_SHAPES = ("line", "geojson")
_STRETCH = ("river_from", "river_to")
# A list to choose from is sent with the page; whoever means another name types it.
_MOST_OFFERED = 300
_LINE = "35.697,139.827 35.703,139.830"


@dataclass(frozen=True, slots=True)
class Standing:
    """An order that has gone out and not ended, and how it is ended."""

    report: ReportRecord
    ending: Ending


@dataclass(frozen=True, slots=True)
class Offered:
    """The names by which a part of a ward may be chosen: rivers, areas of the imported sets, areas that are kept."""

    rivers: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    kept: tuple[KeptArea, ...] = ()


NOTHING_OFFERED = Offered()


def order_fields(
    names: Mapping[str, str], kept: Mapping[str, str], offered: Offered = NOTHING_OFFERED, *, drill: bool = False
) -> str:
    """Return the fields of an order, or of one that is practised (*drill*); *kept* is what was typed before."""
    first = "" if drill else f"<p>{_FIRST}</p>"
    levels = ((str(level.value), f"レベル{level.value} {ORDER_NAMES_JA[level]}") for level in LEVELS)
    hazards = ((one.value, HAZARDS_JA[one]) for one in ORDER_HAZARDS)
    ticked = kept.get("wards", "").split() if kept else (names if len(names) == 1 else ())
    shapes = "".join(
        (
            fields.text("地点か線（緯度,経度 を空白で区切る）", "line", _LINE, kept.get("line", "")),
            fields.text("そのまわりの幅（メートル）", "metres", "300", kept.get("metres", "")),
            fields.area("GeoJSON", "geojson", "地図ソフトから貼り付け", kept.get("geojson", "")),
            fields.text("範囲の呼び名（住民が読みます）", "area_name", "神田川沿い", kept.get("area_name", "")),
        )
    )
    opened = " open" if any(kept.get(name) for name in _SHAPES) else ""
    # One ward is ticked beforehand, and a part that is named beside it is what is meant.
    beside = (
        "ここに書くと、書いた所だけになります。"
        if len(names) == 1
        else "上で区を選ぶと、その区の全部も入ります。一部だけなら、区は選びません。"
    )
    return (
        first
        + fields.radios("レベル", "level", levels, checked=kept.get("level"))
        + fields.ticks("対象の区", "wards", names, ticked, "区の一覧が読み込まれていません。作れません。")
        + f'<fieldset class="parts"><legend>区の一部だけにする</legend><p class="soft">{beside}</p>'
        + fields.text("地名", "places", "亀戸一丁目、亀戸二丁目", kept.get("places", ""))
        + _library(offered, kept)
        + _river(offered, kept)
        + _chosen("取り込んだ範囲の名前", "imported", "", offered.imported, kept)
        + f'<details class="shapes"{opened}><summary>地図・線・GeoJSON で示す</summary>{shapes}</details></fieldset>'
        + fields.select("災害", "hazard", hazards, kept.get("hazard", ""))
        + fields.hours("期限", kept.get("hours", ""), needed=True)
    )


def _library(offered: Offered, kept: Mapping[str, str]) -> str:
    if not offered.kept:
        return ""
    choices = (("", "選ばない"), *((one.id, one.name) for one in offered.kept))
    return fields.select("残してある範囲から選ぶ", "kept", choices, kept.get("kept", ""))


def _river(offered: Offered, kept: Mapping[str, str]) -> str:
    if not offered.rivers:
        return ""
    metres = kept.get("river_metres", "") or USUAL_METRES
    opened = " open" if any(kept.get(name) for name in _STRETCH) else ""
    return (
        _chosen("川の名前（担当する区の中の全部）", "river", offered.rivers[0], offered.rivers, kept)
        + fields.text("川からの幅（メートル）", "river_metres", USUAL_METRES, metres)
        + f"<details{opened}><summary>川の一区間だけにする</summary>"
        + fields.text("ここから（地名か 緯度,経度）", "river_from", "亀戸一丁目", kept.get("river_from", ""))
        + fields.text("ここまで（地名か 緯度,経度）", "river_to", "大島三丁目", kept.get("river_to", ""))
        + "</details>"
    )


def _chosen(label: str, name: str, example: str, listed: Sequence[str], kept: Mapping[str, str]) -> str:
    """Return a line to type into with the names to choose from; nothing where there are none."""
    if not listed:
        return ""
    options = "".join(f'<option value="{escape(one)}">' for one in dict.fromkeys(listed[:_MOST_OFFERED]))
    field = fields.text(label, name, escape(example), kept.get(name, ""))
    # Browsers show the list beneath the line; without one it is typed.
    return f'{field.replace("<input ", f"<input list={name}-names ")}<datalist id="{name}-names">{options}</datalist>'


def preview_button() -> str:
    """Return the button that asks what the order would do, and does nothing; behind it the one that keeps its area.

    It is the form's first button: the key that sends a form looks, and neither keeps nor sends.
    """
    return (
        '<button formaction="/post/order/preview" formnovalidate>範囲と人数を確かめる '
        '<small lang="en">Preview</small></button>'
        "<details><summary>この範囲を名前を付けて残す</summary>"
        + fields.text("残す範囲の名前", "keep_as", "大雨のときの低い土地", "")
        + '<button formaction="/areas" formnovalidate>残す <small lang="en">Keep</small></button> '
        '<a href="/areas">残してある範囲の一覧</a></details>'
    )


def endings(standing: Sequence[Standing], session: Session, new_key: Callable[[], str], *, fresh: bool) -> str:
    """Return the orders in force, each with the two ways to end it; *fresh* says that no code is needed."""
    if not standing:
        return ""
    items = "".join(_ending(one, session, new_key, fresh=fresh) for one in standing)
    return f'<section id="ending" class="ending"><h2>出ている避難情報を終わらせる</h2><ul>{items}</ul></section>'


def _ending(one: Standing, session: Session, new_key: Callable[[], str], *, fresh: bool) -> str:
    report = one.report.report
    assert report is not None
    info = report.alert.infos[0]
    assert info.level is not None
    name = ORDER_NAMES_JA[info.level]
    where = "、".join(area.description for area in info.areas)
    said = f"レベル{int(info.level)} {name}（{HAZARDS_JA[info.hazard]}）{where}"
    there = f"/sending/{escape(one.ending.lineage)}"
    return (
        f"<li><p><strong>{escape(said)}</strong><br><small>前に知らせた人だけに送ります。ほかの人には送りません。</small>"
        f'　<a href="{there}/extend">{EXTEND}</a>　<a href="{there}">状況 <small lang="en">Status</small></a></p>'
        f"{ending_forms(one.ending, session, new_key(), fresh=fresh)}</li>"
    )
