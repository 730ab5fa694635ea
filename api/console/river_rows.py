"""The rivers on the coordinators' page: where the gauges stand, what our own forecast says (R23), what is assumed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape

from alerts.gauge import Doubt
from api.drawing.clock import clock
from geo.gauges.silence import Voice
from streams.gauges.river_desk import AssumedTie, DraftClock, GaugeLine

_VOICES = {
    Voice.SPEAKS: "届いています",
    Voice.DOUBTFUL: "疑わしい値",
    Voice.SILENT: '<strong class="alarm">途絶。水位は分かりません</strong>',
    Voice.ASLEEP: "休止中",
}
_DOUBTS = {
    Doubt.SENTINEL: "欠測",
    Doubt.OUT_OF_RANGE: "あり得ない値",
    Doubt.TOO_FAST: "急な変化",
    Doubt.STUCK: "変化なし",
    Doubt.NEIGHBOURS_DISAGREE: "近くの観測所と不一致",
    Doubt.FUTURE: "未来の時刻",
    Doubt.OUT_OF_ORDER: "順序の乱れ",
}
GAUGE_HEADS = ("観測所", "レベル", "水位", "次の基準まで", "観測", "状態", "自前の予測（住民には出しません）")
TIE_HEADS = ("発表元", "災害", "地域", "レベル", "範囲")


def gauge_cells(line: GaugeLine, now: datetime) -> Iterator[str]:
    """Yield the columns of one station, as GAUGE_HEADS names them."""
    yield f"{escape(line.name)}<br><small>{escape(line.river)}</small>" if line.river else escape(line.name)
    yield str(line.level) if line.level else ""
    yield f"{line.stage_m:.2f} m" if line.stage_m is not None else ""
    yield f"レベル{line.next_level}まで{line.to_next_m:.2f} m" if line.to_next_m is not None else ""
    yield clock(line.fact_at, now=now) if line.fact_at is not None else "まだありません"
    yield f"{_VOICES[line.voice]}（{_DOUBTS[line.doubt]}）" if line.doubt is not None else _VOICES[line.voice]
    yield "<br>".join(
        f"{one.horizon_minutes}分後 {one.stage_m:.2f} m（{one.low_m:.2f}～{one.high_m:.2f}）" for one in line.forecasts
    )


def tie_cells(tie: AssumedTie) -> Iterator[str]:
    """Yield the columns of one assumption, as TIE_HEADS names them."""
    yield escape(tie.issuer)
    yield escape(tie.event)
    yield escape(tie.area_name)
    yield str(tie.level) if tie.level is not None else ""
    yield f"{len(tie.cells)} cells。だれにも伝えていません <small lang='en'>river tie assumed</small>"


def decide_by(found: DraftClock | None, now: datetime) -> str:
    """Return until when a draft is to be decided, and how long that is; empty for a draft without a clock."""
    if found is None:
        return ""
    if found.overdue:
        return f'<strong class="alarm">{clock(found.decide_by, now=now)}を過ぎました</strong>'
    minutes = int(found.left / timedelta(minutes=1))
    left = f"あと{minutes}分" if minutes < 120 else f"あと{minutes // 60}時間"
    return f"{clock(found.decide_by, now=now)}まで（{left}）"
