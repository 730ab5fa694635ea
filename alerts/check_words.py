"""What a visible check of reception says: that it came, that no danger is meant, and that nothing is to be done (R19).

Place, time and that nothing is to be done begin in the first forty characters (R15).

No word of drill or test: with one under status Actual a notice is held (`alerts.drill`), and it is no drill.
"""

from dataclasses import dataclass
from datetime import datetime

from alerts.languages.fill import issuer_of
from alerts.languages.known import words_of
from alerts.languages.readings import in_latin
from alerts.notice import Text
from alerts.wording import JAPAN, clock, shown_name


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """Who checks, where, and until when a push of it may still come; of several wards `ward` is what holds them."""

    issuer: str
    ward: str
    until: datetime


def compose_check(facts: CheckFacts, language: str) -> Text:
    """Return title and body in *language*; one that is not known reads English."""
    local, time = facts.until.astimezone(JAPAN), clock(facts.until)
    issuer, ward = shown_name(facts.issuer), shown_name(facts.ward)
    words = words_of(language)
    if words is not None:
        names, table = words.names, words.checks
        until = names.day.format(month=local.month, day=local.day, time=time)
        body = table.body.format(until=until, issuer=issuer_of(names, issuer, names.issuer), ward=names.shown(ward))
        return Text(words.language, table.title, body)
    if language.partition("-")[0].lower() == "ja":
        body = f"{local.month}月{local.day}日{time}まで。何もする必要はありません。{ward}に通知が届くことを、"
        body += f"{issuer}が確認しています。危険の知らせではありません。1回押すと、届いたことが分かります。"
        return Text("ja", "受信の確認です", body)
    ward, issuer = in_latin(ward), in_latin(issuer)
    body = f"{ward}, until {time}, {local.day} {local:%b}: No action is needed. This is about no danger: {issuer} "
    body += f"checks that alerts for {ward} reach you. One tap says that it came."
    return Text("en", "Checking that alerts reach you", body)
