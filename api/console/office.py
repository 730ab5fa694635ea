"""Coordinators act: sign in, look at a draft as it would go out, approve or discard it.

Plain forms and pages, no script: they work through screen transfer, without WebGL, EventSource,
clipboard or download (R20). Each act is written to the audit trail before it is done; an act that cannot
be written down is not done.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Cookie, Header, Request, Response

from alerts.claim import Lane, Provenance
from alerts.duty import AloneRule
from alerts.notice import Notice
from alerts.order_words import orders_to_leave
from alerts.place import Cells
from alerts.road import RoadReport
from api.console.alone_page import alone_form
from api.console.officer_page import draft_page, refused_page, sign_in_page
from api.console.passkey_page import head_for
from api.console.rehearsal_page import rehearsal_bar
from api.http.elsewhere import elsewhere
from api.http.errors import ApiError
from api.http.rate import RateLimit
from api.known.census import Census
from api.known.channels import Channels
from api.known.desk import Desk
from api.known.kept_areas import KeptAreas
from api.known.posted import Posts
from api.known.reported import Reported
from api.known.road_map import RoadMap
from api.known.roads import no_line
from api.known.sending import Sending
from api.known.wards import Ground
from api.officers.accounts import Account, Accounts, Session, SignInRefused
from api.officers.alone import SHORTEST_REASON, AloneBook, Asked, LetGo, NotAlone, together, why_not_alone
from api.officers.approval import MayNot, Proposal, may_not_approve, may_void, stands_in
from api.officers.audit import Act, Trail
from api.officers.codes import FRESH_SECONDS, Codes
from api.officers.form import page, read_form
from api.officers.known_browser import COOKIE as KNOWN_COOKIE
from api.officers.known_browser import MARK_SECONDS, known_as, mark
from api.officers.passkey_store import PasskeyStore
from api.officers.passkeys import Challenges, PasskeySettings
from api.orders.area_sources import AreaSources, ImportedOfDay, River
from api.orders.keeping import offered_to
from api.orders.lint import Found, lint
from api.orders.preview import Preview, preview_of
from api.orders.wanted import Known
from api.practice.rehearsal import Rehearsal, Rehearsals, watched
from dispatch.settings import DispatchSettings
from feeds.console import FEED
from feeds.outgoing.forms import Municipality
from geo.cells import union
from streams.brokers.client import Producer
from streams.brokers.errors import StreamsError
from streams.evacuation.preview import PostingSettings
from streams.notices.edit import ground_of
from streams.payloads import Command, Draft, DraftRecord, Verb
from streams.payloads import Preview as Foreseen
from streams.topics import COMMANDS
from streams.wire import encode

COOKIE = "__Host-shirase"
# 「区役所が停電」: a word or two is enough, nothing is not.
_SHORTEST_GROUND = 4
_STORED_WITHIN_SECONDS = 10.0
# Where a call leads; whoever was not signed in goes on there afterwards, and nowhere else.
_CALLED_TO = re.compile(r"/drafts/[0-9A-Za-z._-]{1,120}")

SAID = {
    MayNot.ROLE: "この役割では承認・破棄できません。",
    MayNot.OTHER_WARD: "担当する区の外の区画を含みます。都または関係する区の承認者に回してください。",
    MayNot.OWN: "自分で作った案は承認できません。もう一人の承認者に回してください。",
    MayNot.NO_WARD: "区が分からない区画です。都の承認者に回してください。",
    MayNot.OTHER_WAY: "この避難情報は、投稿の画面の「出ている避難情報を終わらせる」から終わらせます。",
}


_REHEARSED = "リハーサルの案です。承認は、作った人の「訓練の手順」の画面から行います。"


@dataclass(frozen=True, slots=True)
class Passkeys:
    """What passkeys need; a console without them has codes alone."""

    settings: PasskeySettings
    store: PasskeyStore
    challenges: Challenges = field(default_factory=Challenges)


@dataclass(frozen=True, slots=True)
class Office:
    """What the routes need; made once by the process."""

    accounts: Accounts
    trail: Trail
    producer: Producer
    desk: Desk
    settings: DispatchSettings
    ground: Ground
    limit: RateLimit
    posts: Posts = field(default_factory=Posts)
    sending: Sending = field(default_factory=Sending)
    reported: Reported = field(default_factory=Reported)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    scripts: bool = False
    """Whether the built script is at hand: a map to draw on, and the preview while it is drawn."""
    census: Census = field(default_factory=Census)
    """How many people live where, and how many a push can reach."""
    foresee: Callable[[RoadReport], Foreseen | None] = lambda _: None
    """What a closure would do, as the planner says; None when it does not answer in time. It may take seconds."""
    posting: PostingSettings = field(default_factory=PostingSettings)
    ask_name_above: Mapping[str, int] = field(default_factory=dict)
    """Of wards that set it otherwise than `posting`, by five digits."""
    channels: Channels = field(default_factory=Channels)
    municipalities: Mapping[str, Municipality] = field(default_factory=dict)
    """Wards as they sign, by their five digits: by it a document that left is shown as it was."""
    cap_sender: str = ""
    alone_rule: AloneRule = field(default_factory=AloneRule)
    """When one person may let go what needs two (R14); off unless a policy says otherwise."""
    alone: AloneBook = field(default_factory=AloneBook)
    is_current: Callable[[], bool] = lambda: True
    """Whether what was read from the topics is as new as the broker's; nothing is certain of an old state."""
    provider: bool = False
    """Whether people may sign in by the ward's own provider as well."""
    passkeys: Passkeys | None = None
    """Passkeys beside the codes of an authenticator app."""
    rehearsals: Rehearsals = field(default_factory=Rehearsals)
    roads: RoadMap | None = None
    """The network that the planner walks on; without it a road is closed by a point, a line or an id."""
    rivers: tuple[River, ...] = ()
    """Rivers by name: along them an area is made."""
    unreviewed: frozenset[str] = frozenset()
    """Languages whose words nobody who speaks them has been over: said beside the text, and it stops nothing."""
    kept: KeptAreas = field(default_factory=KeptAreas)
    """Areas that wards keep under a name."""
    codes: Codes = field(init=False)
    imported: ImportedOfDay = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", Codes(self.accounts))
        object.__setattr__(self, "imported", ImportedOfDay(self.ground.sets))
        self.accounts.on_sealed = lambda name, left: self.write_down(name, Act.SEALED_CODE, detail=f"{left} left")

    def known(self, account: Account) -> Known:
        """Return what forms of *account* are read against."""
        line_of = no_line if self.roads is None else self.roads.line_of
        ground = self.ground
        return Known(self.posts, ground.names, ground.lookup, ground.wards_of, line_of, self.sources(account))

    def sources(self, account: Account) -> AreaSources:
        """Return what *account* chooses areas from by name, within the wards that it may choose."""
        wards, cells = self.wards_offered(account), self.ground.cells
        kept = offered_to(account, self.kept.listed())
        return AreaSources(
            self.rivers, self.imported, kept, wards, lambda: union(*(cells.get(name, ()) for name in wards.values()))
        )

    def wards_offered(self, account: Account) -> dict[str, str]:
        """Return the wards that *account* may choose, by code."""
        names = self.ground.names
        return {code: name for code, name in names.items() if account.everywhere or code in account.wards}

    def preview(self, cells: Cells, lane: Lane = Lane.LIFE_SAFETY) -> Preview:
        """Return what an order in *cells* would do."""
        wards = tuple(self.ground.names.get(code, code) for code in sorted(self.ground.wards_of(cells)))
        return preview_of(cells, wards, census=self.census, ward_of=self.ground.ward_of, at=self.now(), lane=lane)

    def bar(self, session: Session, lineage: str) -> str:
        """Return what stands above a page of *lineage* while its reader rehearses with it; empty otherwise."""
        running = self.rehearsals.of(session.account.name)
        if running is None or not running.has(lineage):
            return ""
        return rehearsal_bar(self.watch(running), self.real_drafts(session), now=self.now())

    def watch(self, running: Rehearsal) -> Rehearsal:
        """Return *running* as far as its own draft and notices have come, and keep it."""

        def found(draft_id: str) -> tuple[Found, ...] | None:
            record = self.desk.draft(draft_id)
            return None if record is None or record.draft is None else self.lint(record.draft.notice)

        seen = watched(running, found=found, newest=self.sending.newest, at=self.now())
        self.rehearsals.keep(seen)
        return seen

    def real_drafts(self, session: Session) -> tuple[DraftRecord, ...]:
        """Return the drafts of real notices that wait for *session*: no rehearsal may hide one."""
        return tuple(
            record
            for record in self.desk.view().drafts
            if record.draft is not None
            and record.draft.notice.parts
            and record.draft.notice.lane is not Lane.DRILL
            and may_not_approve(session.account, self.proposal(record.draft)) is None
        )

    def session(self, token: str) -> Session | None:
        """Return who is signed in."""
        return self.accounts.session(token, int(self.now().timestamp())) if token else None

    def head(self, session: Session | None) -> str:
        """Return the script by which *session*, or whoever signs in, shows a passkey; nothing where there is none."""
        if self.passkeys is None or not self.scripts:
            return ""
        has = session is None or bool(self.passkeys.store.of(session.account.name))
        return head_for(can_show=has)

    def proposal(self, draft: Draft) -> Proposal:
        """Return what the rule of approval looks at."""
        notice = draft.notice
        cells = ground_of(notice)
        authors = frozenset(filter(None, (author_of(draft.provenance), *draft.edited_by)))
        return Proposal(authors, notice.lane, self.ground.wards_of(cells), self.census.residents(cells))

    def why_not_alone(self, account: Account, record: DraftRecord, draft: Draft, reason: str) -> NotAlone | None:
        """Return why *account* cannot let *draft* go alone, None when it can; all that went alone of late counts."""
        if self.alone_rule.on and not self.is_current():
            return NotAlone.NO_NEWS
        at, rule, wards_of = self.now(), self.alone_rule, self.ground.wards_of
        asked = Asked(self.proposal(draft), record.lineage, ground_of(draft.notice), record.at)
        standing = union(*(ground_of(one) for one in self.desk.sent(record.lineage)))
        earlier = (*self.alone.earlier(), *self._asked_alone(record.draft_id))
        ground = together(asked, account.name, earlier, standing, rule=rule, wards_of=wards_of, at=at)
        return why_not_alone(
            account, asked, ground, reason, rule=rule, wards_of=wards_of, residents=self.census.residents, at=at
        )

    def _asked_alone(self, but: str) -> Iterator[LetGo]:
        """Yield what the trail says was let go alone and waits for the decider still, the draft *but* left out."""
        for by, on, at in self.trail.latest(Act.ALONE):
            record = self.desk.draft(on) if on != but else None
            if record is not None and record.draft is not None:
                yield LetGo(by, datetime.fromisoformat(at), record.lineage, ground_of(record.draft.notice))

    def has_decided(self, draft_id: str) -> bool:
        """Say whether a person has decided this draft of late."""
        return any(one.draft_id == draft_id for one in self.desk.view().decided)

    def lint(self, notice: Notice) -> tuple[Found, ...]:
        """Return what is wrong with *notice*, beside what is live."""
        return lint(notice, at=self.now(), settings=self.settings, live=self.sending.in_force())

    def proposal_of(self, notice: Notice) -> Proposal:
        """Return what the rules look at of *notice*, which has gone out: nobody's own any more."""
        return Proposal(frozenset(), notice.lane, self.wards_of(notice))

    def wards_of(self, notice: Notice) -> frozenset[str]:
        """Return the fewest wards that hold all that *notice* speaks to."""
        return self.ground.wards_of(ground_of(notice))

    def command(
        self, verb: Verb, draft_id: str, lineage: str, by: str, digest: str, draft: Draft | None = None
    ) -> None:
        """Ask the decider in the name of *by*; raises `ApiError` when the broker did not take it: nothing happened."""
        command = Command(verb, draft_id, by, self.now(), digest, draft)
        try:
            sent = self.producer.send(COMMANDS.name, lineage.encode(), encode(command))
            sent.result(_STORED_WITHIN_SECONDS)
        except (StreamsError, TimeoutError):
            raise ApiError(503, "not-stored", "Not sent: the broker did not take it", "Safe to try again.") from None

    def did(self, by: str, act: Act, on: str, detail: str) -> bool:
        """Say whether *by* has done exactly this a short while ago: the same form again is an answer that was lost.

        Its code is used up, and nothing new is asked for: the decider and the ingest take it once.
        """
        at = self.trail.done_at(by, act, on, detail)
        return bool(at) and (self.now() - datetime.fromisoformat(at)).total_seconds() <= FRESH_SECONDS

    def write_down(self, by: str, act: Act, on: str = "", detail: str = "") -> None:
        """Write to the trail; raises `ApiError` when that fails: the act is then not done."""
        try:
            self.trail.add(by, act, on, detail)
        except (StreamsError, TimeoutError):
            raise ApiError(503, "not-written-down", "Not done: it could not be written to the audit trail") from None


def signed_in(
    office: Office, found: tuple[str, Session], at: int, answer: Response | None = None, detail: str = ""
) -> Response:
    """Return the answer that begins a session, which is written down first, however its factors were proved.

    The browser is known from then on: guesses from elsewhere do not keep its owner out of it.
    """
    token, session = found
    name = session.account.name
    office.codes.has_given(session, at)
    office.write_down(name, Act.SIGN_IN, detail=detail)
    answer = answer or elsewhere("/")
    answer.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="strict", path="/")
    known = mark(office.accounts.browser_key, name, at)
    answer.set_cookie(
        KNOWN_COOKIE, known, max_age=MARK_SECONDS, secure=True, httponly=True, samesite="strict", path="/"
    )
    return answer


def called_to(path: str) -> str:
    """Return *path* where a call may have led to it, and the list otherwise: a form sends nobody to another site."""
    return path if _CALLED_TO.fullmatch(path) else "/"


def author_of(source: Provenance) -> str:
    """Return the account that wrote a draft, "" for what a feed said.

    The issuer is what residents read, e.g. the ward; who wrote it is the document's sender (`sender,identifier,sent`).
    """
    if source.feed != FEED:
        return ""
    return source.source_ref.rsplit(",", 2)[0].removeprefix(f"{FEED}:")


def office_routes(office: Office) -> APIRouter:
    """Return the routes of signing in and deciding."""
    router = APIRouter()

    def form_again(problem: str, to: str) -> str:
        return sign_in_page(problem, provider=office.provider, to=called_to(to), head=office.head(None))

    @router.get("/sign-in")
    def form(to: str = "") -> Response:
        return page(form_again("", to))

    @router.post("/sign-in")
    async def sign_in(
        request: Request,
        origin: Annotated[str, Header()] = "",
        given: Annotated[str, Cookie(alias=KNOWN_COOKIE)] = "",
    ) -> Response:
        fields = await read_form(request, origin)
        name, to = fields.get("name", "")[:40], fields.get("to", "")
        address = request.client.host if request.client else ""
        at = int(office.now().timestamp())
        known = known_as(office.accounts.browser_key, name, given, at)
        # By address and by name: guesses at one account from many addresses are as bad. Her own browser has its own
        # tries, or whoever knows her name could keep her out for a night.
        keys = (f"b:{known}",) if known else (f"a:{address}", f"n:{name}")
        if any(office.limit.wait_seconds(key, time.monotonic()) for key in keys):
            raise ApiError(429, "too-many", "Too many attempts", "Wait a minute and try again.")
        found = office.accounts.sign_in(name, fields.get("password", ""), fields.get("code", ""), at)
        if isinstance(found, SignInRefused):
            office.write_down(name, Act.SIGN_IN_REFUSED, detail=found.value)
            return page(form_again("名前・パスワード・確認コードのどれかが違います。", to), 403)
        return signed_in(office, found, at, elsewhere(called_to(to)))

    @router.post("/sign-out")
    async def sign_out(
        request: Request,
        origin: Annotated[str, Header()] = "",
        token: Annotated[str, Cookie(alias=COOKIE)] = "",
    ) -> Response:
        session = office.session(token)
        await read_form(request, origin, session)
        office.accounts.sign_out(token)
        if session is not None:
            office.write_down(session.account.name, Act.SIGN_OUT)
        answer = elsewhere("/sign-in")
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    @router.get("/drafts/{draft_id}")
    def look(draft_id: str, token: Annotated[str, Cookie(alias=COOKIE)] = "") -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere(f"/sign-in?to={path}" if (path := called_to(f"/drafts/{draft_id}")) != "/" else "/sign-in")
        record, draft = waiting(office, draft_id)
        notice = draft.notice
        proposal = office.proposal(draft)
        refusal = may_not_approve(session.account, proposal)
        return page(
            draft_page(
                record,
                notice,
                proposal,
                office.lint(notice),
                session,
                _REHEARSED if office.rehearsals.owner_of(notice.lineage) else "" if refusal is None else SAID[refusal],
                office.preview(ground_of(notice), notice.lane),
                office.ground.cells,
                alone=alone_section(office, session, record, draft),
                now=office.now(),
                head=office.head(session),
                bar=office.bar(session, notice.lineage),
                unreviewed=office.unreviewed,
            )
        )

    @router.post("/drafts/{draft_id}/{verb}")
    async def decide(
        draft_id: str,
        verb: str,
        request: Request,
        origin: Annotated[str, Header()] = "",
        token: Annotated[str, Cookie(alias=COOKIE)] = "",
    ) -> Response:
        session = office.session(token)
        if session is None:
            return elsewhere("/sign-in")
        fields = await read_form(request, origin, session)
        act = {
            "approve": (Verb.APPROVE, Act.APPROVE, Act.APPROVE_REFUSED),
            "void": (Verb.VOID, Act.VOID, Act.VOID_REFUSED),
        }
        if verb not in act:
            raise ApiError(404, "not-found", "There is no such page")
        asked, done, refused = act[verb]
        return _decided(office, session, draft_id, asked, done, refused, fields)

    return router


def _decided(
    office: Office, session: Session, draft_id: str, asked: Verb, done: Act, refused: Act, fields: dict[str, str]
) -> Response:
    account = session.account
    if office.has_decided(draft_id):
        # Sent again after the answer was lost, or by the second of two: what became of it is the answer to both.
        return elsewhere(f"/?did={draft_id}")
    record, draft = waiting(office, draft_id)
    notice = draft.notice
    proposal = office.proposal(draft)
    warned: tuple[str, ...] = ()
    may_not = may_not_approve(account, proposal) if asked is Verb.APPROVE else may_void(account, proposal)
    if may_not is not None:
        office.write_down(account.name, refused, draft_id, may_not.value)
        return page(refused_page(SAID[may_not], draft_id), 403)
    if asked is Verb.APPROVE and office.rehearsals.owner_of(notice.lineage):
        office.write_down(account.name, refused, draft_id, "rehearsed")
        return page(refused_page(_REHEARSED, draft_id), 409)
    if asked is Verb.APPROVE:
        found = office.lint(notice)
        stops = [one.finding.value for one in found if one.stops]
        warned = tuple(dict.fromkeys(one.finding.value for one in found if not one.stops))
        if stops:
            office.write_down(account.name, refused, draft_id, ",".join(stops))
            return page(refused_page(f"このままでは送れません（{'、'.join(stops)}）。", draft_id), 409)
        if fields.get("digest", "") != notice.digest:
            # What was on the screen is not what would go out: the officer looks again (R14).
            office.write_down(account.name, refused, draft_id, "digest-differs")
            return page(refused_page("見ていた内容が変わりました。もう一度確かめてください。", draft_id), 409)
        if stands_in(account, proposal, orders=orders_to_leave(notice)) and len(_ground(fields)) < _SHORTEST_GROUND:
            office.write_down(account.name, refused, draft_id, "acting-for-without-ground")
            return page(refused_page("区に代わって発令する理由を書いてください。", draft_id), 422)
    ground = _ground(fields) if stands_in(account, proposal, orders=orders_to_leave(notice)) else ""
    passed = f" passed: {','.join(warned)}" if warned else ""
    detail = f"{notice.digest}{f' acting for: {ground}' if ground else ''}{passed}"
    if not office.did(account.name, done, draft_id, detail):
        wrong = office.codes.take(session, fields.get("code", ""), int(office.now().timestamp()))
        if wrong is not None:
            office.write_down(account.name, refused, draft_id, wrong.value)
            return page(refused_page("確認コードが違うか、使用済みです。新しいコードで送ってください。", draft_id), 403)
        # Written down first: an act that nobody can find again must not happen.
        office.write_down(account.name, done, draft_id, detail)
    office.command(asked, draft_id, record.lineage, account.name, notice.digest)
    return elsewhere(f"/?did={draft_id}")


def alone_section(office: Office, session: Session, record: DraftRecord, draft: Draft) -> str:
    """Return the form of one person alone, where this is her own draft; "" where somebody else's would do."""
    if may_not_approve(session.account, office.proposal(draft)) is not MayNot.OWN:
        return ""
    why = office.why_not_alone(session.account, record, draft, "x" * SHORTEST_REASON)
    waited = (office.now() - record.at).total_seconds()
    left = max(0, round(office.alone_rule.after_seconds - waited))
    return alone_form(record.draft_id, draft.notice.digest, session, why, left)


def _ground(fields: Mapping[str, str]) -> str:
    return " ".join(fields.get("acting", "").split())[:200]


def waiting(office: Office, draft_id: str) -> tuple[DraftRecord, Draft]:
    """Return a draft that waits; raises `ApiError` when somebody has decided it."""
    record = office.desk.draft(draft_id)
    if record is None or record.draft is None:
        raise ApiError(404, "draft-gone", "This draft does not wait any more", "Somebody has decided it: see the list.")
    return record, record.draft
