"""What the routes of the console share: accounts and trail, what is known of the topics, the rules put to both.

Each act is written to the audit trail before it is done; an act that cannot be written down is not done.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from alerts.claim import Lane, Provenance
from alerts.duty import AloneRule
from alerts.notice import Notice
from alerts.place import Cells
from alerts.reception_check import is_check
from alerts.road import RoadReport
from api.console.passkey_page import head_for
from api.console.rehearsal_page import rehearsal_bar
from api.http.errors import ApiError
from api.http.rate import RateLimit
from api.http.turns import AT_ONCE, Turns
from api.known.census import Census
from api.known.channels import Channels
from api.known.desk import Desk
from api.known.kept_areas import KeptAreas
from api.known.known_plans import KnownPlans
from api.known.posted import Posts
from api.known.reported import Reported
from api.known.road_map import RoadMap
from api.known.roads import no_line
from api.known.sending import Sending
from api.known.wards import Ground
from api.officers.accounts import Account, Accounts, Session
from api.officers.alone import AloneBook, Asked, LetGo, NotAlone, together, why_not_alone
from api.officers.approval import Proposal, may_not_approve
from api.officers.audit import Act, Trail
from api.officers.codes import FRESH_SECONDS, Codes
from api.officers.passkey_store import PasskeyStore
from api.officers.passkeys import Challenges, PasskeySettings
from api.officers.under_way import UnderWay
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
from geo.extent import extent_of
from streams.brokers.client import Producer
from streams.brokers.errors import StreamsError
from streams.evacuation.preview import PostingSettings
from streams.notices.edit import ground_of
from streams.payloads import Command, Draft, DraftRecord, Verb
from streams.payloads import Preview as Foreseen
from streams.topics import COMMANDS
from streams.wire import encode

COOKIE = "__Host-shirase"
_STORED_WITHIN_SECONDS = 10.0
# What an officer reads where a form has no page of its own: one of three words, and that once more does no harm (R20).
_NOT_SENT = "送られていません（NOT SENT）。Not sent: the broker did not take it"
_NOT_DONE = "送られていません（NOT SENT）。Not done: it could not be written to the audit trail"
_UNKNOWN = "まだ分かりません（UNKNOWN）。Not known yet whether it was taken"
_BUSY = "送られていません（NOT SENT）。混み合っています。Nothing was done: too many acts wait at this moment"
_BEFORE = "まだ分かりません（UNKNOWN）。先の操作が終わっていません。Not known yet: an earlier act has not ended"
SAFE = "もう一度押しても二重には送られません（SAFE TO RETRY）。Safe to try again: nothing is sent twice."
# How many sign in at the same time: argon2 takes 64 MiB for each of them, and a guess takes its time on purpose. Apart
# from those who act, so that neither keeps the other out.
_DOORS_AT_ONCE = 4
_QUESTIONS_AT_ONCE = 8
UNFORESEEN = f"まだ分かりません（UNKNOWN）。{SAFE}"


def _turns(at_once: int) -> Turns:
    return Turns(
        at_once,
        busy=lambda: ApiError(503, "busy", _BUSY, SAFE),
        under_way=lambda: ApiError(503, "under-way", _BEFORE, SAFE),
    )


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
    plans: KnownPlans = field(default_factory=KnownPlans)
    """The plans that drafts of ways name: what these will say is worded from them."""
    kept: KeptAreas = field(default_factory=KeptAreas)
    """Areas that wards keep under a name."""
    turns: Turns = field(default_factory=lambda: _turns(AT_ONCE))
    """Where acts wait for the broker: off the event loop, one at a time for each subject."""
    doors: Turns = field(default_factory=lambda: _turns(_DOORS_AT_ONCE))
    """Where sign-ins do."""
    questions: Turns = field(default_factory=lambda: _turns(_QUESTIONS_AT_ONCE))
    """Where the planner is waited for: nothing is done by it, and it holds up nobody who acts."""
    verdicts: UnderWay = field(default_factory=UnderWay)
    """Who has asked the decider for a verdict a moment ago."""
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
        ground, codes = self.ground, sorted(self.ground.wards_of(cells))
        wards, covers = tuple(ground.names.get(code, code) for code in codes), ground.covers(codes)
        of, at = ground.ward_of, self.now()
        extent = extent_of(cells, covers, ground.land)
        return preview_of(cells, wards, census=self.census, ward_of=of, at=at, lane=lane, extent=extent)

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
        # A page that was asked for meanwhile: what its officer has done since is newer, and stays.
        self.rehearsals.keep(seen, instead_of=running)
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
        # Signing in has a button of its own; beside its code no second one, which would sign in nobody.
        has = session is not None and bool(self.passkeys.store.of(session.account.name))
        return head_for(can_show=has)

    def proposal(self, draft: Draft) -> Proposal:
        """Return what the rule of approval looks at."""
        notice = draft.notice
        cells = ground_of(notice)
        authors = frozenset(filter(None, (author_of(draft.provenance), *draft.edited_by)))
        wards, people = self.ground.wards_of(cells), self.census.residents(cells)
        return Proposal(authors, notice.lane, wards, people, is_check(notice))

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
        """Say whether a person has decided this draft of late, or it has closed."""
        view = self.desk.view()
        return any(one.draft_id == draft_id for one in (*view.decided, *view.closed))

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
        """Ask the decider in the name of *by*; raises `ApiError` when the broker refused it, or nobody knows yet.

        The producer goes on trying for longer than anybody waits here, so only a refusal says that nothing was sent.
        """
        at = self.now()
        command = Command(verb, draft_id, by, at, digest, draft)
        try:
            sent = self.producer.send(COMMANDS.name, lineage.encode(), encode(command))
            self.verdicts.has_asked(verb, draft_id, digest, by, at, sent)
            sent.result(_STORED_WITHIN_SECONDS)
        except StreamsError:
            raise ApiError(503, "not-stored", _NOT_SENT, SAFE) from None
        except TimeoutError:
            raise ApiError(503, "stored-unknown", _UNKNOWN, SAFE) from None

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
            raise ApiError(503, "not-written-down", _NOT_DONE, SAFE) from None


def author_of(source: Provenance) -> str:
    """Return the account that wrote a draft, "" for what a feed said.

    The issuer is what residents read, e.g. the ward; who wrote it is the document's sender (`sender,identifier,sent`).
    """
    if source.feed != FEED:
        return ""
    return source.source_ref.rsplit(",", 2)[0].removeprefix(f"{FEED}:")
