"""Say on top of every page of the demo that it is one: what looks real and is not must not be taken for it.

The pages know nothing of it; it is put into what leaves.
"""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

RESIDENTS = (
    "デモです。人・道・川・避難所・警報は架空です。ここで通知の登録はできません。",
    "A demo: people, streets, rivers, shelters and warnings are made up. Nobody can sign up here.",
)
CONSOLE = (
    "デモです。区の名前と境のほかは架空で、送っても実在の人には届きません。",
    "A demo: all but the wards' names and borders is made up; what is sent reaches nobody real.",
)
INTAKE = (
    "デモです。避難所は架空で、押した内容はこのデモの中だけで使われます。",
    "A demo: this shelter is made up, and what is pressed stays within the demo.",
)

_STYLE_PATH = "/demo.css"
# Neither a level's colour nor that of drills.
_STYLE = b"""\
#demo{padding:.4rem .9rem;background:#e8e4da;color:#2a2620;border-bottom:3px dotted #2a2620;font-size:.85rem}
@media (prefers-color-scheme:dark){#demo{background:#2f2b24;color:#f0e8d8;border-color:#f0e8d8}}
"""
_BODY = re.compile(rb"<body[^>]*>")


class Banner:
    """Wraps an application: its pages begin with *said*, in Japanese and in English."""

    def __init__(self, app: ASGIApp, said: tuple[str, str]) -> None:
        japanese, english = said
        self._app = app
        self._line = (
            f'<link rel="stylesheet" href="{_STYLE_PATH}"><aside id="demo" aria-label="デモ Demo">'
            f'<strong>{japanese}</strong> <span lang="en">{english}</span></aside>'
        ).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] == _STYLE_PATH:
            head = [(b"content-type", b"text/css"), (b"content-length", str(len(_STYLE)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": _STYLE})
            return
        # Uncompressed, on loopback: what is compressed cannot be added to.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message | None = None
        body = b""

        async def added(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    whole = _BODY.sub(lambda found: found[0] + self._line, body, count=1)
                    rest = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
                    await send({**start, "headers": [*rest, (b"content-length", str(len(whole)).encode())]})
                    await send({**message, "body": whole})

        await self._app({**scope, "headers": plain}, receive, added)


def _is_page(start: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in start.get("headers", ())
    )
