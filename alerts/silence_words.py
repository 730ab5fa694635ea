"""What residents read where nobody has ordered: no order yet (R6), or another ward's and none of their own (R7).

It orders nothing and promises nothing, nor does its end. Level, action and time come first (R15).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.foremost import foremost_en, foremost_ja
from alerts.languages.fill import near_of
from alerts.languages.known import words_of
from alerts.languages.readings import in_latin
from alerts.languages.silence import write_silence, write_silence_end
from alerts.level import Level
from alerts.notice import Text
from alerts.order_words import order_name
from alerts.silence_over import SilenceOver
from alerts.wording import clock, shown_name

_MOST_SHELTERS = 3

_TITLES_OF_END_JA: Mapping[SilenceOver, str] = {
    SilenceOver.NEIGHBOUR: "隣の区の指示についての知らせの終了",
    SilenceOver.ORDERED: "「指示は出ていない」という知らせの終了",
    SilenceOver.UNORDERED: "「指示はまだ」という知らせの終了",
}
_ENDS_JA: Mapping[SilenceOver, str] = {
    SilenceOver.NEIGHBOUR: "周囲の危険に引き続き注意。{time}、{ward}の指示は解除または変更。"
    "「{ward}は指示を出した」という先の知らせは終わりました。",
    SilenceOver.ORDERED: "出ている指示の知らせに従ってください。{time}現在、あなたの場所に指示が出ています。"
    "「指示は出ていない」という先の知らせは終わりました。",
    SilenceOver.UNORDERED: "危険を感じたら、指示を待たずに避難。{time}現在、"
    "あなたの場所に区市町村の指示は出ていません。「指示はまだ出ていない」という先の知らせは終わりました。",
}
_TITLES_OF_END_EN: Mapping[SilenceOver, str] = {
    SilenceOver.NEIGHBOUR: "The notice on the next ward has ended",
    SilenceOver.ORDERED: 'The notice "not ordered" has ended',
    SilenceOver.UNORDERED: 'The notice "no order yet" has ended',
}
_ENDS_EN: Mapping[SilenceOver, str] = {
    SilenceOver.NEIGHBOUR: "Stay alert. {time}: the order of {ward} was lifted or changed."
    " The notice that it has ordered no longer holds.",
    SilenceOver.ORDERED: "Follow the order. {time}: one holds where you are."
    " The notice that nothing was ordered no longer holds.",
    SilenceOver.UNORDERED: "Leave now if you feel in danger. {time}: there is no evacuation order where you are,"
    " do not wait for one. The notice that there is none yet has ended.",
}


@dataclass(frozen=True, slots=True)
class SilenceFacts:
    """`shelters` are names of open sites that are fit for the danger, the nearest first.

    `areas` are what its readers are in and `issuer` whose they are; `neighbour` is the ward beyond the line that has
    ordered, at `level`; "" where none has.
    """

    level: Level
    at: datetime
    shelters: tuple[str, ...] = ()
    neighbour: str = ""
    areas: tuple[str, ...] = ()
    issuer: str = ""


def compose_silence(facts: SilenceFacts, language: str) -> Text:
    """Return title and body in *language*; one that is not known reads English."""
    time = clock(facts.at)
    names = [shown_name(name) for name in facts.shelters[:_MOST_SHELTERS]]
    words = words_of(language)
    if words is not None:
        near = near_of(words.names, facts.areas, facts.issuer) if facts.areas else ""
        return write_silence(words, facts.level, facts.at, names, shown_name(facts.neighbour), near)
    if language.partition("-")[0].lower() == "ja":
        near = "" if facts.neighbour else foremost_ja(facts.areas, facts.issuer)
        body = f"レベル{facts.level.value}相当。危険を感じたら、指示を待たずに避難。{time}現在{near}。"
        if facts.neighbour:
            body += f"{shown_name(facts.neighbour)}は{order_name(facts.level)}を出しました。"
            body += "あなたの場所には、お住まいの区からの指示は出ていません。"
        else:
            body += "区市町村からの避難の指示はまだ出ていません。"
        body += "安全だという知らせではありません。"
        body += f"開いている避難所：{'、'.join(names)}。" if names else "開いている避難所は、まだ確認できていません。"
        return Text(
            "ja", "あなたの区は指示を出していません" if facts.neighbour else "避難の指示はまだ出ていません", body
        )
    near = (
        f"Near {in_latin(shown_name(facts.neighbour))}" if facts.neighbour else foremost_en(facts.areas, facts.issuer)
    )
    body = f"{near} {time}, level {facts.level.value}: leave now if you feel in danger, do not wait."
    if facts.neighbour:
        order = order_name(facts.level, "en")
        body += f" {in_latin(shown_name(facts.neighbour))} has ordered ({order})."
        body += " Your ward has ordered nothing where you are."
    else:
        body += " No evacuation order has been given yet."
    body += " This does not say that you are safe."
    body += f" Open shelters: {', '.join(map(in_latin, names))}." if names else " No shelter is confirmed open yet."
    return Text("en", "Your ward has not ordered" if facts.neighbour else "No evacuation order yet", body)


def compose_silence_end(why: SilenceOver, at: datetime, neighbour: str, language: str) -> Text:
    """Return title and body of the end of what was said, in *language*; *neighbour* as in `SilenceFacts`."""
    words, ward = words_of(language), shown_name(neighbour)
    if words is not None:
        return write_silence_end(words, why, at, ward)
    if language.partition("-")[0].lower() == "ja":
        body = _ENDS_JA[why].format(time=clock(at), ward=ward)
        return Text("ja", _TITLES_OF_END_JA[why], body + "危険がなくなったという知らせではありません。")
    body = _ENDS_EN[why].format(time=clock(at), ward=in_latin(ward))
    return Text("en", _TITLES_OF_END_EN[why], body + " This does not say that the danger is gone.")
