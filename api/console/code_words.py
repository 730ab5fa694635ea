"""Codes of what stopped, failed or was set aside, as an officer reads them: in words, the code small for support.

A code that has no words of its own is called by what its table is about: nobody reads a code alone.
"""

from collections.abc import Mapping
from html import escape

Words = tuple[str, str]

# What became of a document (`alerts.report.OutcomeKind`).
OUTCOMES: Mapping[str, Words] = {
    "notice": ("新しい知らせ", "new"),
    "update": ("続報", "update"),
    "cancel": ("取り消し", "cancelled"),
    "drill": ("訓練", "drill"),
    "informational": ("記録だけ", "for the record"),
    "duplicate": ("同じ内容", "the same again"),
    "held": ("保留", "held"),
    "dead-letter": ("読めない", "unreadable"),
}
# Why a document ended as it did; why it is held is in `reason_words`.
DOCUMENTS: Mapping[str, Words] = {
    "cancel-disputed": ("取り消しの相手が合わない", "a cancel that does not fit"),
    "clock-shift": ("発表時刻が合わない", "a clock that is wrong"),
    "lineage-replaced": ("別の知らせに置き換わった", "replaced by another"),
    "original-not-sent": ("もとの知らせが出ていない", "the original never went out"),
    "original-unknown": ("もとの知らせが分からない", "the original is unknown"),
    "same-document": ("同じ文書", "the same document"),
    "same-message": ("同じ知らせ", "the same message"),
    "same-time-restated": ("同じ時刻の言い直し", "restated"),
    "no-danger-left": ("危険はなくなった", "no danger is left"),
    "no-rule": ("当てはまる決まりがない", "no rule for it"),
    "facts": ("道路・避難所などの事実", "a fact"),
    "new-episode": ("新しい出来事", "a new event"),
}
# Why a source gave nothing (`feeds.web.FetchReason`).
SOURCES: Mapping[str, Words] = {
    "fetch-address": ("登録と違う行き先", "an address that is not registered"),
    "fetch-unreachable": ("つながらない", "unreachable"),
    "fetch-timeout": ("時間内に答えない", "no answer in time"),
    "fetch-redirect": ("別の行き先を示された", "sent elsewhere"),
    "fetch-status": ("断られた", "refused"),
    "fetch-too-large": ("大きすぎる", "too large"),
    "fetch-encoding": ("文字の形式が違う", "another encoding"),
    "fetch-broken": ("途中で切れた", "broken off"),
    "fetch-page": ("電文でなく、人向けの画面が返った", "a page for people"),
}
# Why a message did not get through, to a channel's other side or to an officer's device.
PASSAGES: Mapping[str, Words] = {
    "gone": ("登録がなくなった", "gone"),
    "refused": ("断られた", "refused"),
    "too-large": ("大きすぎる", "too large"),
    "busy": ("相手が混んでいる", "busy"),
    "failed": ("失敗した", "failed"),
    "server-error": ("相手の障害", "an error at the other side"),
    "redirect": ("別の行き先を示された", "sent elsewhere"),
    "not-sent": ("送れなかった", "not sent"),
    "unknown": ("届いたか分からない", "unknown"),
    "timeout": ("時間内に答えない", "no answer in time"),
    "expired": ("期限が過ぎた", "expired"),
    "other-bytes": ("違う内容がもうある", "other bytes are there"),
    "overtaken": ("新しい版に置き換わった", "overtaken by a newer one"),
    "no-order-of-its-own": ("この区の避難情報ではない", "no order of this ward"),
    "nothing-said": ("伝える内容がない", "nothing to say"),
    "ways-are-for-telephones": ("道順は電話だけに送る", "ways are for telephones"),
    "nobody-decided": ("だれも決めなかった", "nobody decided"),
    "nobody-decided-nobody-warned": ("だれも決めず、知らせも出ていない", "nobody decided, nobody was told"),
}
# What lies behind SENT, NOT SENT and UNKNOWN (`api.known.verdict.Why`).
VERDICTS: Mapping[str, Words] = {
    "done": ("終わった", "done"),
    "partly": ("終わった。一部は受け付けられていない", "done, not everybody's"),
    "going": ("送信中", "going out"),
    "waits-for-a-person": ("人の承認を待っている", "waits for a person"),
    "not-what-was-approved": ("承認された内容と違う", "not what was approved"),
    "expired-before-it-left": ("出る前に期限が過ぎた", "expired before it left"),
    "nobody-to-send-to": ("送る相手がいない", "nobody to send to"),
    "nobody-accepted-it": ("どこにも受け付けられていない", "nobody accepted it"),
    "no-answer-to-any-push": ("どこからも返事がない", "no answer"),
    "workers-silent": ("送信の係が止まっている", "workers are silent"),
    "state-is-old": ("こちらの情報が古い", "what is known here is old"),
    "no-result-yet": ("結果がまだない", "no result yet"),
}
# What the planner made of a fact, or would.
EFFECTS: Mapping[str, Words] = {
    "blocks": ("通れなくなる", "blocks the way"),
    "lifted": ("通れるようになる", "opens the way"),
    "undone": ("取り消された", "taken back"),
    "caps": ("受け入れる人数を決める", "limits who is taken in"),
    "shelter-open": ("避難所が開く", "a shelter opens"),
    "shelter-full": ("避難所が満員になる", "a shelter is full"),
    "shelter-closed": ("避難所が閉まる", "a shelter closes"),
    "shelter-unknown": ("避難所の状態が分からなくなる", "a shelter is unknown"),
}
SOURCE_ELSE: Words = ("読み取れない", "cannot be read")
PASSAGE_ELSE: Words = ("届いていない", "not delivered")
EFFECT_ELSE: Words = ("行き先は変わらない", "changes nothing")
ENDED_ELSE: Words = ("決まりのとおり", "by the rules")


def coded(code: str, words: Mapping[str, Words], otherwise: Words) -> str:
    """Return HTML: what *code* means, in Japanese and small in English, and the code small; "" for no code."""
    if not code:
        return ""
    japanese, english = words.get(code, otherwise)
    return f'{japanese} <small lang="en">{english}</small> <small><code>{escape(code)}</code></small>'
