"""What an officer may end, and in whose place: one rule for the list of orders, the board and a notice's own page."""

from collections.abc import Iterator, Mapping

from alerts.claim import Lane
from alerts.notice import Notice
from alerts.order_words import orders_to_leave
from api.console.ending_form import Ending
from api.console.office import Office
from api.http.errors import FormWrong
from api.officers.accounts import Role, Session
from api.officers.approval import MayNot, may_void, stands_in
from api.orders.lifting import ACTING, LIFT, author_of_order, ending_of
from api.orders.wanted import Where, may_not_post
from feeds.console import FEED
from streams.payloads import ReportRecord

# 「区役所が停電」: a word or two is enough, nothing is not.
SHORTEST_GROUND = 4


def way_to_end(office: Office, session: Session, notice: Notice) -> Ending | MayNot | None:
    """Return how *session* ends *notice*, or why it may not; None where the document that ends it is on its way.

    A live order of the console is ended by a document of its own, which the map and the planner read as well.
    """
    told = office.sending.told(notice.lineage)
    if is_rehearsed(office, session, notice):
        return Ending(notice.lineage, told)
    acting = is_in_a_wards_place(office, session, notice)
    if notice.feed != FEED or notice.lane is Lane.DRILL:
        why = may_void(session.account, office.proposal_of(notice))
        return Ending(notice.lineage, told, acting=acting) if why is None else why
    report = order_of(office, notice)
    if report is None:
        return None
    thing = thing_of(report)
    try:
        _, _, wards, cells = ending_of({LIFT: thing}, office.posts, office.ground.lookup)
    except FormWrong:
        return None
    may_not = may_not_post(session.account, Where(cells, wards), office.ground.wards_at)
    if may_not is None and session.account.role is Role.DRAFTER and author_of_order(report) != session.account.name:
        may_not = MayNot.ROLE
    return Ending(notice.lineage, told, thing, acting) if may_not is None else may_not


def standing_orders(office: Office, session: Session) -> Iterator[tuple[ReportRecord, Ending]]:
    """Yield the orders of the console that stand and that *session* may end, the newest first."""
    for notice in office.desk.sent():
        if notice.feed == FEED and notice.lane is not Lane.DRILL:
            report, ending = order_of(office, notice), way_to_end(office, session, notice)
            if report is not None and isinstance(ending, Ending):
                yield report, ending


def order_of(office: Office, notice: Notice) -> ReportRecord | None:
    """Return the document of the order that *notice* gives, None once another has ended it."""
    return next((report for report in office.posts.orders() if report.document == notice.document), None)


def thing_of(report: ReportRecord) -> str:
    """Return the id under which the console wrote *report*."""
    return report.series.split(":", 2)[2]


def is_rehearsed(office: Office, session: Session, notice: Notice) -> bool:
    """Say whether *session* rehearses with *notice*: whoever does so alone ends her own, a drafter too."""
    return notice.lane is Lane.DRILL and office.rehearsals.owner_of(notice.lineage) == session.account.name


def is_in_a_wards_place(office: Office, session: Session, notice: Notice) -> bool:
    """Say whether *session* would end an order in a ward's place, and so writes why (R7)."""
    return stands_in(session.account, office.proposal_of(notice), orders=orders_to_leave(notice))


def acting_ground(form: Mapping[str, str]) -> str:
    """Return the ground that a form gives for acting in a ward's place."""
    return " ".join(form.get(ACTING, "").split())[:200]
