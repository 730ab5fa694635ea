"""What a request can end with besides an answer.

ApiError            carries status, stable code and a sentence; leaves as application/problem+json
└── NotReady        the topics have not been read to their end: an answer now would be a guess

SignInFirst         nobody is signed in: the browser is sent to the page where that is done

FormWrong           a form of the console asks for what is not to be had; its words are for who filled it in
"""


class ApiError(Exception):
    """End a request with a problem document. *code* is stable: programs test for it."""

    def __init__(self, status: int, code: str, title: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail or title}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail


class NotReady(ApiError):
    """Refuse to answer from a state that is not complete: an empty map would read as an all-clear (R10)."""

    def __init__(self) -> None:
        super().__init__(503, "not-ready", "Still reading what is in force", "Ask again in a few seconds.")


class FormWrong(ValueError):
    """What is wrong with a form, in words for the person who filled it in; `reason` is stable where there is one."""

    def __init__(self, words: str, reason: str = "") -> None:
        super().__init__(words)
        self.reason = reason


class SignInFirst(Exception):
    """Nobody is signed in who could have filled in this form."""
