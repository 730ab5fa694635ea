"""Two sentences that every page must be able to say, in the five languages: reviewed here, with blanks only (R10)."""

from collections.abc import Mapping
from datetime import datetime

from alerts.wording import clock, shown_name

_LAPSED: Mapping[str, str] = {
    "ja": "{at}から更新がありません。有効なものとして行動してください。",
    "ja-Hira": "{at}から あたらしい おしらせが ありません。いまも つづいていると おもって うごいて ください。",
    "en": "Not renewed at {at}; treat it as in force.",
    "zh-Hans": "{at}起没有更新，请视为仍然有效。",
    "ko": "{at} 이후 갱신되지 않았습니다. 계속 유효한 것으로 여기고 행동하세요.",
}
_SILENT: Mapping[str, str] = {
    "ja": "{at}から{source}のデータが届いていません。これは解除の知らせではありません。",
    "ja-Hira": "{at}から {source}の じょうほうが とどいて いません。あんぜんに なったという いみでは ありません。",
    "en": "No data from {source} since {at}. This is not an all-clear.",
    "zh-Hans": "自{at}起没有收到{source}的数据。这并不表示警报已解除。",
    "ko": "{at} 이후 {source}의 데이터가 오지 않고 있습니다. 해제를 뜻하지 않습니다.",
}
_NEVER: Mapping[str, str] = {
    "ja": "{source}のデータはまだ届いていません。これは解除の知らせではありません。",
    "ja-Hira": "{source}の じょうほうは まだ とどいて いません。あんぜんという いみでは ありません。",
    "en": "No data from {source} yet. This is not an all-clear.",
    "zh-Hans": "尚未收到{source}的数据。这并不表示警报已解除。",
    "ko": "{source}의 데이터가 아직 오지 않았습니다. 해제를 뜻하지 않습니다.",
}


def lapsed(since: datetime) -> Mapping[str, str]:
    """Return "not renewed at HH:MM, treat as in force"."""
    return {language: text.format(at=clock(since)) for language, text in _LAPSED.items()}


def silent(source: str, since: datetime | None) -> Mapping[str, str]:
    """Return "no data from X since HH:MM"; without a time nothing ever came."""
    name = shown_name(source)
    if since is None:
        return {language: text.format(source=name) for language, text in _NEVER.items()}
    return {language: text.format(source=name, at=clock(since)) for language, text in _SILENT.items()}
