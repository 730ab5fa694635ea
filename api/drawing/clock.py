"""Times as people read them, in the one zone of the service's home."""

from datetime import datetime

from alerts.wording import JAPAN


def clock(at: datetime, *, now: datetime) -> str:
    """Return hour and minute, with the date unless it is today in Japan."""
    local = at.astimezone(JAPAN)
    time = local.strftime("%H:%M")
    return time if local.date() == now.astimezone(JAPAN).date() else f"{local.month}月{local.day}日 {time}"


def ago(at: datetime, *, now: datetime) -> str:
    """Return how long ago *at* was, in the largest unit that says enough."""
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 1:
        return "たった今"
    if minutes < 60:
        return f"{minutes}分前"
    if minutes < 24 * 60:
        return f"{minutes // 60}時間{minutes % 60}分前" if minutes % 60 else f"{minutes // 60}時間前"
    return f"{minutes // (24 * 60)}日前"
