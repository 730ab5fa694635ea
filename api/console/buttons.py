"""What the buttons are called that send, stop and end: one name each, for the pages and for the card on the wall."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Button:
    """A button's words: what it does in Japanese, and in English beside it."""

    said: str
    english: str

    def __str__(self) -> str:
        """Return it as markup."""
        return f'{self.said} <small lang="en">{self.english}</small>'


APPROVE = Button("この内容で住民に送る", "Approve and send")
DISCARD = Button("破棄する（だれにも送らない）", "Discard")
LIFT = Button("解除する", "All clear")
CORRECT = Button("誤りとして取り消す", "Correct")
EXTEND = Button("期限を延ばす", "Extend")
# A link, not a button: it changes nothing by itself.
EDIT = "文・期限・範囲を直す"
