"""What residents read where a draft waits and nobody has decided: no order yet, and what that does not mean (R6).

It orders nothing and promises nothing. Level, action and time come first (R15).
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.languages.known import words_of
from alerts.languages.silence import write_silence
from alerts.level import Level
from alerts.notice import Text
from alerts.wording import clock, shown_name

_MOST_SHELTERS = 3


@dataclass(frozen=True, slots=True)
class SilenceFacts:
    """`shelters` are names of open sites that are fit for the danger, the nearest first."""

    level: Level
    at: datetime
    shelters: tuple[str, ...] = ()


def compose_silence(facts: SilenceFacts, language: str) -> Text:
    """Return title and body in *language*; one that is not known reads English."""
    time = clock(facts.at)
    names = [shown_name(name) for name in facts.shelters[:_MOST_SHELTERS]]
    words = words_of(language)
    if words is not None:
        return write_silence(words, facts.level, facts.at, names)
    if language.partition("-")[0].lower() == "ja":
        body = f"レベル{facts.level.value}相当。危険を感じたら、指示を待たずに避難。{time}現在。"
        body += "区市町村からの避難の指示はまだ出ていません。安全だという知らせではありません。"
        body += f"開いている避難所：{'、'.join(names)}。" if names else "開いている避難所は、まだ確認できていません。"
        return Text("ja", "避難の指示はまだ出ていません", body)
    body = f"Level {facts.level.value}, {time}. Do not wait if you feel in danger: leave now."
    body += " No evacuation order has been given yet. This does not say that you are safe."
    body += f" Open shelters: {', '.join(names)}." if names else " No shelter is confirmed open yet."
    return Text("en", "No evacuation order yet", body)
