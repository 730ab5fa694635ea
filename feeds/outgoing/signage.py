"""A page for the screens in stations and lobbies: what holds now, in large letters, without a script.

A function of the revisions in force and nothing else, so that the same approval is the same bytes everywhere. It asks
for itself again every minute; a screen that cannot keeps the last one, which says when it was made. An end or an expiry
never reads as safety (R10).
"""

from collections.abc import Sequence
from html import escape

from alerts.claim import Lane
from alerts.notice import ENDS, Notice, NoticePart
from alerts.ward import USUAL_LANGUAGES
from alerts.wording import JAPAN

_REFRESH_SECONDS = 60
_STYLE = (
    "body{margin:0;background:#111;color:#fff;font:4vmin/1.5 sans-serif}"
    "main{padding:3vmin}section{border-left:2vmin solid #b0b0b0;padding:0 0 0 2vmin;margin:0 0 4vmin}"
    ".l3{border-color:#e0462c}.l4{border-color:#a43fc4}.l5{border-color:#fff}"
    "h1{font-size:3vmin;font-weight:400}h2{font-size:8vmin;line-height:1.2;margin:0}"
    ".drill{background:#ffd800;color:#000;font-size:8vmin;text-align:center}"
)


def signage_page(ward: str, in_force: Sequence[Notice], languages: Sequence[str] = USUAL_LANGUAGES) -> bytes:
    """Return the page of *ward*; the greatest danger comes first, a drill stands apart and says so in each line.

    It is in Japanese and then in the other *languages*, as far as the notice was approved in them.
    """
    shown = sorted(in_force, key=lambda one: (one.lane is Lane.DRILL, -_level(one), one.lineage, one.revision))
    newest = max((one.approved_at for one in shown), default=None)
    as_of = f"{newest.astimezone(JAPAN):%m月%d日 %H:%M}現在" if newest else ""
    blocks = "".join(_block(notice, ("ja", *languages)) for notice in shown) or "<p>いまお知らせはありません。</p>"
    drill = '<p class="drill">訓練 / DRILL</p>' if any(one.lane is Lane.DRILL for one in shown) else ""
    page = (
        f'<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>{escape(ward)} 防災情報</title>'
        f'<meta http-equiv="refresh" content="{_REFRESH_SECONDS}"><style>{_STYLE}</style></head><body>{drill}<main>'
        f"<h1>{escape(ward)} 防災情報 {as_of}</h1>{blocks}"
        "<p>期限を過ぎても、解除の知らせがあるまで続いているものとしてください。</p></main></body></html>\n"
    )
    return page.encode()


def _level(notice: Notice) -> int:
    return max((int(part.level) for part in notice.parts if part.level is not None), default=0)


def _block(notice: Notice, languages: Sequence[str]) -> str:
    parts = [part for part in notice.parts if part.texts]
    return "".join(_part(notice, part, languages) for part in sorted(parts, key=lambda one: one.rank))


def _part(notice: Notice, part: NoticePart, languages: Sequence[str]) -> str:
    level = "" if part.level is None or part.phase in ENDS else f' class="l{int(part.level)}"'
    mark = "【訓練】" if notice.lane is Lane.DRILL else ""
    texts = [text for wanted in dict.fromkeys(languages) for text in part.texts if text.language == wanted]
    words = "".join(
        f'<div lang="{escape(text.language)}"><h2>{mark}{escape(text.title)}</h2><p>{escape(text.body)}</p></div>'
        for text in texts or part.texts[:1]
    )
    until = f"{notice.expires.astimezone(JAPAN):%m月%d日 %H:%M}"
    return f"<section{level}>{words}<p>{escape(notice.issuer)} 期限 {until}</p></section>"
