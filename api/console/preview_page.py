"""What an order would do, shown before it is one: picture, wards, people, who can be reached, seams."""

from collections.abc import Mapping
from html import escape

from alerts.cap import Severity
from alerts.level import Level
from alerts.place import Cells
from api.console import fields
from api.console.order_page import Offered, order_fields, preview_button
from api.drawing.area_picture import draw_area
from api.drawing.look import look_of
from api.drawing.sheet import document
from api.http.errors import FormWrong
from api.officers.accounts import Session
from api.officers.approval import WIDE_PEOPLE
from api.orders.preview import Preview
from geo.cells import count
from geo.seam import SEAM_M, SeamReport, shown

_MOST_SEAMS = 8
_UNKNOWN = "数えていません"
_LEAST_SHARE = 0.1
NOTHING_WRONG = FormWrong("")


def preview_page(
    form: Mapping[str, str],
    names: Mapping[str, str],
    seen: Preview | None,
    problem: FormWrong,
    wards: Mapping[str, Cells],
    session: Session,
    *,
    key: str,
    offered: Offered,
) -> str:
    """Return the preview of *form*, and the form itself to go on or to change."""
    level = form.get("level", "")
    found = "" if problem is NOTHING_WRONG else problem_said(problem, "alarm")
    if seen is not None:
        found += preview_section(seen, level, wards)
    return document(
        "知らせ 範囲と人数",
        f"<header><h1>範囲と人数</h1><small>{escape(session.account.name)}　"
        '<a href="/post">入力画面へ</a></small></header>'
        f'<main class="forms"><div>{found}</div>'
        '<section id="order"><h2>避難情報の案を作る <small lang="en">Order to leave (draft)</small></h2>'
        f'<form method="post" action="/post/order">{fields.keys(session, key)}'
        f"{order_fields(names, form, offered)}{preview_button()}{fields.code('', needed=True)}"
        '<button class="go">避難情報の案を作る</button></form></section></main>',
    )


def problem_said(problem: FormWrong, look: str) -> str:
    """Return what is wrong with a form, in words, with its code small beside them."""
    code = f" <small><code>{escape(problem.reason)}</code></small>" if problem.reason else ""
    return f'<p class="{look}" role="alert">{escape(str(problem))}{code}</p>'


def preview_section(seen: Preview, level: str, wards: Mapping[str, Cells]) -> str:
    """Return picture and figures of *seen*."""
    look = look_of(Level(int(level)) if level in ("3", "4", "5") else Level.ALL_LEAVE, Severity.UNKNOWN)
    said = f"対象の範囲。{'、'.join(seen.wards) or '区は分かりません'}。{count(seen.cells):,}区画。"
    rows = "".join(f"<tr><th scope='row'>{name}</th><td>{value}</td></tr>" for name, value in preview_rows(seen))
    return (
        '<section class="preview"><h2>住民にはまだ送られていません <small lang="en">Nothing is sent yet</small></h2>'
        f"{draw_area(seen.cells, wards, look.value, said)}<table>{rows}</table>{seams(seen.seam)}</section>"
    )


def preview_rows(seen: Preview, *, written: bool = True) -> tuple[tuple[str, str], ...]:
    """Return the figures of *seen* with their names; none of people under 20.

    What nobody here has *written* needs no second person, however wide it is.
    """
    reach = seen.reach
    of = "広域" if reach.residents is not None or len(seen.wards) > 1 else "人数が分からないので広域と同じ"
    wide = "" if not seen.is_wide else f"（{of}：別の人の承認が要ります）" if written else f"（{of}）"
    share = _share(reach.reachable, reach.residents)
    lasts = "分かりません"
    if seen.last_push_seconds is not None:
        lasts = f"承認から約{max(1, round(seen.last_push_seconds)):,}秒で最後の1件"
    return (
        ("区", escape("、".join(seen.wards)) or "分かりません"),
        (
            "広さ",
            f"約{seen.km2:.1f}km²{'（水面を含む）' if seen.with_water else ''}（{count(seen.cells):,}区画）{wide}",
        ),
        (
            "住んでいる人",
            _people(reach.residents) + _across(seen) + (f"（{WIDE_PEOPLE:,}人を超えます）" if _many(seen) else ""),
        ),
        ("登録のある人", _people(reach.subscribers)),
        ("いま届く人", _people(reach.reachable) + share),
        ("かかる時間", lasts),
    )


def seams(report: SeamReport | None) -> str:
    """Return who across a ward line is told and who is not."""
    if report is None:
        return ""
    items = "".join(
        f"<li>{escape(seam.ward)}から{escape(seam.across)}へ：伝わる{_shown(seam.told)}人、"
        f"<strong>伝わらない{_shown(seam.not_told)}人</strong></li>"
        for seam in report.seams[:_MOST_SEAMS]
    )
    outside = f"<p>範囲の外{SEAM_M}m以内に住んでいて、伝わらない人：{_shown(report.beyond)}人</p>"
    line = (
        f"<p>区の境から{SEAM_M}m以内で、伝わる人と伝わらない人：</p><ul>{items}</ul>"
        if items
        else "<p>区の境にはかかりません。</p>"
    )
    ward = report.by_ward
    return (
        f'<details class="seams"><summary>区の境目 <small lang="en">Seams</small></summary>{outside}{line}'
        f"<p>区単位（{escape('、'.join(ward.wards)) or 'なし'}）で出すと{_shown(ward.told)}人。"
        f"うち必要のない人{_shown(ward.told_without_need)}人、危険なのに伝わらない人{_shown(ward.in_danger_untold)}人。</p></details>"
    )


def _share(reachable: int | None, residents: int | None) -> str:
    """Return which part of the people a push reaches: few among many are never rounded to nobody."""
    if not residents or not reachable:
        return ""
    share = min(100.0, 100 * reachable / residents)
    return f"（住民の{share:.1f}％）" if share >= _LEAST_SHARE else f"（住民の{_LEAST_SHARE}％未満）"


def _across(seen: Preview) -> str:
    """Return how many of the people live across the line: they are told, and are not the ward's."""
    return f"（うち境の区画の、区の外の人が約{_shown(seen.across)}人）" if seen.across else ""


def _people(number: int | None) -> str:
    return _UNKNOWN if number is None else f"{_shown(number)}人"


def _shown(people: int) -> str:
    return escape(shown(people))


def _many(seen: Preview) -> bool:
    return seen.reach.residents is not None and seen.reach.residents > WIDE_PEOPLE
