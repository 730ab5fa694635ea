"""The buttons that end what went out, each with how many people it tells: on its own page and on the list of orders."""

from dataclasses import dataclass
from html import escape

from api.console import fields
from api.console.buttons import CORRECT, LIFT, Button
from api.officers.accounts import Session
from api.orders import lifting
from geo.seam import FEWEST_SHOWN, shown

# The metropolitan role ends in a ward's place only where the ward cannot, and writes why (R7), for the audit trail.
_ACTING = (
    '<label>区に代わって終わらせる理由 <small class="soft">例 区役所が停電・区から依頼</small>'
    f'<input name="{lifting.ACTING}" maxlength="200" autocomplete="off" required></label>'
)
_ONLY_TOLD = "前に知らせた人だけに送ります。ほかの人には送りません。"


@dataclass(frozen=True, slots=True)
class Ending:
    """What may be ended: an order of the console by its id (`thing`), anything else by its `lineage` alone.

    `told` is how many people it was sent to, `acting` whether it would be ended in a ward's place.
    """

    lineage: str
    told: int
    thing: str = ""
    acting: bool = False

    def action(self, word: str) -> str:
        """Return where the form for *word*, which is lift or correct, is sent."""
        return "/post/order" if self.thing else f"/sending/{escape(self.lineage)}/{word}"


def touches(told: int) -> str:
    """Return how many people it tells; no figure under 20 is shown."""
    return f"{FEWEST_SHOWN}人未満に送る" if 0 < told < FEWEST_SHOWN else f"{told:,}人に送る"


def ending_forms(ending: Ending, session: Session, key: str, *, fresh: bool) -> str:
    """Return both forms, of one button each: *fresh* says that no code is asked for."""

    def form(word: str, said: Button) -> str:
        what = fields.keys(session, key) + fields.hidden(word, ending.thing) if ending.thing else ""
        carried = what or fields.hidden("csrf", session.csrf)
        return (
            f'<form method="post" action="{ending.action(word)}">{carried}{_ACTING if ending.acting else ""}'
            f"{'' if fresh else fields.code('', needed=True)}"
            f"<button>{said.said}（{touches(ending.told)}） "
            f'<small lang="en">{said.english}: {escape(shown(ending.told))} people</small></button></form>'
        )

    return f'<div class="pair">{form(lifting.LIFT, LIFT)}{form(lifting.CORRECT, CORRECT)}</div>'


def ending_section(ending: Ending, session: Session, key: str, *, fresh: bool, reloads: bool, scripts: bool) -> str:
    """Return the section of a notice's own page, which *reloads* while it goes out, by *scripts* or by the browser.

    Where something is to be typed, a page that the browser loads anew would take it away: there the way to one that
    stands still stands in the place of the buttons.
    """
    types = not fresh or ending.acting
    forms = ending_forms(ending, session, key, fresh=fresh)
    if types and reloads:
        number = escape(shown(ending.told))
        still = (
            f'<p><a class="go" href="/sending/{escape(ending.lineage)}?stay=1#ending">書いて終わらせる'
            f'（{touches(ending.told)}） <small lang="en">End it: {number} people</small></a></p>'
        )
        forms = f"{forms}<noscript>{still}</noscript>" if scripts else still
    return f'<section id="ending" class="ending"><h2>終わらせる</h2><p>{_ONLY_TOLD}</p>{forms}</section>'
