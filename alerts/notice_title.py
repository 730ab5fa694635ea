"""What a notice is called in one line, by whoever is to decide it or looks back at it. Pure."""

from alerts.notice import Notice, NoticeKind

WAYS = "避難経路"


def title_of(notice: Notice, unnamed: str) -> str:
    """Return the title that people read; ways have none before they go out and are called by whose they are.

    *unnamed* is what a notice is called that says nothing.
    """
    if notice.kind is NoticeKind.GO_THERE:
        return f"{WAYS} {notice.issuer}（{len(notice.parts):,}区画の行き先・行き方）"
    texts = notice.parts[0].texts if notice.parts else ()
    return texts[0].title if texts else unnamed
