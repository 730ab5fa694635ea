"""Fields of the console's forms: plain, with a label each, keeping what was typed."""

from collections.abc import Collection, Iterable, Mapping
from html import escape

from api.officers.accounts import Session
from api.orders.wanted import HOURS

_USUAL_HOURS = "6"
_NO_GROUPS: Mapping[str, Iterable[tuple[str, str]]] = {}


def hidden(name: str, value: str) -> str:
    """Return a field that nobody sees."""
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def keys(session: Session, key: str) -> str:
    """Return what every form of ours carries: its session's word, and the key that makes it one reception."""
    return hidden("csrf", session.csrf) + hidden("key", key)


def text(label: str, name: str, example: str, value: str = "", *, needed: bool = False) -> str:
    """Return a line to type into."""
    hint = f' <small class="soft">例 {example}</small>' if example else ""
    kept = f' value="{escape(value)}"' if value else ""
    required = " required" if needed else ""
    return f'<label>{label}{hint}<input name="{name}" autocomplete="off"{kept}{required}></label>'


def area(label: str, name: str, example: str, value: str = "", *, rows: int = 3) -> str:
    """Return several lines to type into."""
    hint = f' <small class="soft">例 {example}</small>' if example else ""
    return f'<label>{label}{hint}<textarea name="{name}" rows="{rows}">{escape(value)}</textarea></label>'


def select(
    label: str,
    name: str,
    choices: Iterable[tuple[str, str]],
    chosen: str = "",
    *,
    groups: Mapping[str, Iterable[tuple[str, str]]] = _NO_GROUPS,
) -> str:
    """Return a list to choose one of; behind *choices* those of *groups*, each under its name."""
    grouped = "".join(
        f'<optgroup label="{escape(group)}">{_options(listed, chosen)}</optgroup>' for group, listed in groups.items()
    )
    return f'<label>{label}<select name="{name}">{_options(choices, chosen)}{grouped}</select></label>'


def _options(choices: Iterable[tuple[str, str]], chosen: str) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(word)}</option>'
        for value, word in choices
    )


def radios(label: str, name: str, choices: Iterable[tuple[str, str]], *, checked: str | None = None) -> str:
    """Return choices of which one is needed; nothing is chosen beforehand where it sends people somewhere."""
    ticks = "".join(
        f'<label class="tick"><input type="radio" name="{name}" value="{escape(value)}" required'
        f"{' checked' if value == checked else ''}>{escape(word)}</label>"
        for value, word in choices
    )
    return f'<fieldset><legend>{label}</legend><div class="ticks">{ticks}</div></fieldset>'


def ticks(label: str, name: str, choices: Mapping[str, str], ticked: Collection[str], none: str) -> str:
    """Return choices of which several may be made; *none* is said where there is nothing to choose."""
    boxes = "".join(
        f'<label class="tick"><input type="checkbox" name="{name}" value="{escape(value)}"'
        f"{' checked' if value in ticked else ''}>{escape(word)}</label>"
        for value, word in choices.items()
    )
    return (
        f'<fieldset><legend>{label}</legend><div class="ticks">{boxes}</div>'
        f"{'' if choices else f'<p>{none}</p>'}</fieldset>"
    )


def hours(label: str, chosen: str = "", *, needed: bool) -> str:
    """Return the times after which something ends by itself."""
    choices = [(str(hours), f"{hours}時間後") for hours in HOURS]
    return select(
        label,
        "hours",
        ([] if needed else [("", "解除するまで")]) + choices,
        chosen or (_USUAL_HOURS if needed else ""),
    )


def code(when: str, *, needed: bool) -> str:
    """Return the field for a fresh code of the second factor."""
    return (
        f'<label>確認コード（6桁）{when}<input name="code" inputmode="numeric" autocomplete="one-time-code"'
        f"{' required' if needed else ''}></label>"
    )
