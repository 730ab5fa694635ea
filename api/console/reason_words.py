"""Reason codes and push services as an officer reads them; the code stays in the records."""

from html import escape

# Why a draft is where it is: what `streams.deciding.decision` writes. A rule of the policy is called by its own name.
REASONS = {
    "already-sent": "もう送られていた",
    "cells-beyond-the-order": "避難情報の範囲の外を含むため保留",
    "check-needs-two-persons": "受信の確認は二人の承認が要るため保留",
    "digest-mismatch": "承認された内容と違うため止めた",
    "for-coordinators-only": "職員だけに知らせる",
    "held-by-policy": "決まりにより保留",
    "help-line-not-approved": "承認されていない連絡先を含むため保留",
    "needs-a-person": "人の承認が要る",
    "no-extension": "延長の案でないので閉じた",
    "nothing-changed": "前の知らせと同じ",
    "draft-superseded": "避難情報がその後に変わったので、延長の案は閉じた",
    "extension-widens": "避難情報の範囲がその後に狭くなったので、延長の案は閉じた",
    "order-ended": "避難情報が終わったので、延長の案は閉じた",
    "order-runs-out": "避難情報の期限を延ばす案。人の承認が要る",
    "nothing-to-extend": "もとの避難情報が出ていないので、延長の案は閉じた",
    "other-lane": "訓練と本番が違うので、延長の案は閉じた",
    "order-not-approved": "もとの避難情報がまだ承認されていないため保留",
    "order-without-independent-sign": "ほかに危険のしるしがないため保留",
    "recorded-only": "記録だけ",
    "repeats-an-official-warning": "公式の警報のとおり",
    "ways-of-an-approved-order": "承認された避難情報の道",
}
EDITED = "edited-by"
CONFIRMED = "confirmed-by"
# Why a document waits outside the drafts: what `alerts` and `streams.ingest` write.
POLICY_DRAFT = "policy-draft"
HELD = {
    POLICY_DRAFT: "人の承認を待つ案になった",
    "policy-hold": "決まりにより保留",
    "area-not-in-table": "地域の符号が分からない",
    "cancel-of-older-revision": "取消が新しい報を指していない",
    "cancel-without-references": "取消が何を指すか書いていない",
    "drill-words-under-actual": "実際の電文に訓練の言葉がある",
    "expires-before-sent": "終わりの時刻が発表より前",
    "identifier-conflict": "同じ番号で中身が違う",
    "references-cycle": "自分か後の電文を指している",
    "revision-after-cancel": "取り消された後の報",
    "revision-back-in-time": "前の報より古い時刻",
    "revision-conflict": "同じ報の中身が二通りある",
    "scope-not-public": "公開の電文でない",
    "sender-mismatch": "ほかの発表元の電文を指している",
    "sent-in-future": "発表の時刻が先の時刻",
    "update-without-references": "更新が何を指すか書いていない",
}
# What could not be read, by how its reason begins.
UNREADABLE = {
    "xml-": "XMLとして読めない",
    "json-": "JSONとして読めない",
    "csv-": "表として読めない",
    "gauge-": "水位の表として読めない",
    "cap-": "CAPとして足りない所がある",
    "jma-": "気象庁の電文として足りない所がある",
    "dis-": "区の報告として足りない所がある",
    "console-": "投稿として足りない所がある",
    "encoding": "文字が読めない",
    "too-large": "大きすぎる",
    "signature-": "署名が確かめられない",
}
# By the end of the host: whose phones and browsers a service speaks to.
SERVICES = {
    "fcm.googleapis.com": "Android・Chrome・Edge",
    "jmt17.google.com": "Android・Chrome・Edge",
    "push.services.mozilla.com": "Firefox",
    "push.apple.com": "iPhone・iPad・Mac",
    "notify.windows.com": "Windows",
}


def reason_said(code: str) -> str:
    """Return HTML: the words of *code*, or that a rule of this name decided; the code in small."""
    kind, _, who = code.partition(":")
    if kind == EDITED and who:
        return f"{escape(who)}が直した。ほかの人の承認が要る"
    if kind == CONFIRMED and who:
        return f"{escape(who)}が一人目として承認した。もう一人の承認で送られる"
    return f"{escape(REASONS.get(code, '決まり'))} <small><code>{escape(code)}</code></small>"


def held_said(code: str) -> str:
    """Return HTML: why a document is held, in words; the code in small."""
    return f"{escape(HELD.get(code, '保留'))} <small><code>{escape(code)}</code></small>"


def unreadable_said(code: str) -> str:
    """Return HTML: why something could not be read, in words; the code in small."""
    words = next((words for begin, words in UNREADABLE.items() if code.startswith(begin)), "読めない")
    return f"{words} <small><code>{escape(code)}</code></small>"


def service_said(origin: str) -> str:
    """Return HTML: whom *origin* reaches, and its host in small; only the host where nobody knows it."""
    host = origin.removeprefix("https://")
    for known, people in SERVICES.items():
        if host == known or host.endswith(f".{known}"):
            return f"{people} <small>{escape(host)}</small>"
    return escape(host)
