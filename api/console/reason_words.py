"""Reason codes and push services as an officer reads them; the code stays in the records."""

from html import escape

# Why a draft is where it is: what `streams.deciding.decision` writes. A rule of the policy is called by its own name.
REASONS = {
    "already-sent": "もう送られていた",
    "cells-beyond-the-order": "避難情報の範囲の外を含むため保留",
    "digest-mismatch": "承認された内容と違うため止めた",
    "for-coordinators-only": "職員だけに知らせる",
    "held-by-policy": "決まりにより保留",
    "needs-a-person": "人の承認が要る",
    "nothing-changed": "前の知らせと同じ",
    "order-not-approved": "もとの避難情報がまだ承認されていないため保留",
    "order-without-independent-sign": "ほかに危険のしるしがないため保留",
    "recorded-only": "記録だけ",
    "repeats-an-official-warning": "公式の警報のとおり",
    "ways-of-an-approved-order": "承認された避難情報の道",
}
EDITED = "edited-by"
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
    return f"{escape(REASONS.get(code, '決まり'))} <small><code>{escape(code)}</code></small>"


def service_said(origin: str) -> str:
    """Return HTML: whom *origin* reaches, and its host in small; only the host where nobody knows it."""
    host = origin.removeprefix("https://")
    for known, people in SERVICES.items():
        if host == known or host.endswith(f".{known}"):
            return f"{people} <small>{escape(host)}</small>"
    return escape(host)
