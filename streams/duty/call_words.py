"""What a call to an officer says: what waits, or what runs out; where, since when, and where to look. Pure.

A browser shows a notification (`navigate` opens the page); a gateway gets the same as plain fields.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from alerts.claim import Lane
from alerts.duty import alone_by
from alerts.notice import Notice
from alerts.notice_title import title_of
from alerts.wording import clock
from streams.duty.duty_book import TrialRecord
from streams.duty.roster import Way
from streams.duty.silence import level_of
from streams.duty.standing import OrderStanding
from streams.notices.extending import is_extension
from streams.payloads import DraftRecord

TRIAL = "trial"
EXPIRY = "expiry"


def draft_words(record: DraftRecord, since: datetime, way: str, console_url: str) -> bytes:
    """Return what a call says of a draft that waits since *since*. Both forms say the same."""
    assert record.draft is not None
    notice, level = record.draft.notice, level_of(record)
    drill = "【訓練】" if notice.lane is Lane.DRILL else ""
    names = list(dict.fromkeys(name for part in notice.parts for name in part.area_names))
    places = "、".join(names[:3]) + (f"ほか{len(names) - 3}か所" if len(names) > 3 else "")
    what = title_of(notice, "案")
    plain = {
        "draft": record.draft_id,
        "title": f"{drill}【{'要判断・期限の延長' if is_extension(record.draft) else '要判断'}】{what}",
        "places": places,
        "level": None if level is None else int(level),
        "reason": record.reason,
        "waiting_since": since.isoformat(),
        "lane": notice.lane.value,
        "url": _page(console_url, f"drafts/{record.draft_id}"),
    }
    return _said(way, plain, f"{places}。承認を待っています。", record.draft_id)


def expiry_words(order: OrderStanding, about: str, now: datetime, way: str, console_url: str) -> bytes:
    """Return what a call says of an order that runs out, or has run out while nobody could be called (R10)."""
    lapsed = order.expires <= now
    when = f"{clock(order.expires)}に期限が切れ{'ました' if lapsed else 'ます'}"
    plain = {
        "notice": order.lineage,
        "title": f"【{'期限切れ' if lapsed else '期限間近'}】{order.title}",
        "level": None if order.level is None else int(order.level),
        "reason": EXPIRY,
        "expires": order.expires.isoformat(),
        "lane": Lane.LIFE_SAFETY.value,
        "url": _page(console_url, f"sending/{quote(order.lineage, safe='')}/extend"),
    }
    do = "続けるなら期限を延ばし、危険が去ったなら解除してください。解除までは有効です。"
    return _said(way, plain, f"{when}。{do}", about)


def trial_words(trial: TrialRecord, way: str, console_url: str) -> bytes:
    """Return what a call says that somebody asked for."""
    plain = {
        "draft": trial.page,
        "title": "【呼び出しの確認】届きました",
        "places": "",
        "level": None,
        "reason": TRIAL,
        "waiting_since": trial.at.isoformat(),
        "lane": Lane.DRILL.value,
        "url": _page(console_url, "duty"),
    }
    return _said(way, plain, "判断を待つ案が出たとき、この形で呼び出します。", trial.page)


def alone_words(notice: Notice, about: str, way: str, console_url: str) -> bytes:
    """Return what a call says of a notice that one person let go alone."""
    by = alone_by(notice.approved_by)
    what = title_of(notice, "知らせ")
    plain = {
        "notice": notice.lineage,
        "title": f"【ひとりで承認】{what}",
        "by": by,
        "at": notice.approved_at.isoformat(),
        "lane": notice.lane.value,
        "url": _page(console_url, f"sending/{quote(notice.lineage, safe='')}"),
    }
    return _said(way, plain, f"{by}がひとりで承認し、住民に送りました。内容を確かめてください。", about)


def kind_of(way: str) -> str:
    """Return the kind of *way*, without the device."""
    return way.partition("-")[0]


def _page(console_url: str, path: str) -> str:
    return f"{console_url.rstrip('/')}/{path}" if console_url else ""


def _said(way: str, plain: Mapping[str, object], body: str, tag: str) -> bytes:
    """Return a call by *way*: as a notification that browsers can show, or as it is."""
    if kind_of(way) != Way.PUSH.value:
        return _json(plain)
    shown = {"title": plain["title"], "body": body, "navigate": plain["url"], "tag": tag}
    return _json({"web_push": 8030, "notification": shown, "shirase_call": plain})


def _json(plain: Mapping[str, object]) -> bytes:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
