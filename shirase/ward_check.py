"""What a ward lacks before it may go live, each with a stable code and a sentence in Japanese and English (R24).

Pure: the files are read by `shirase.commands.ward`. Direction of safety: what cannot be read is lacking, and a ward
that nobody described is not ready.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import h3.api.basic_int as h3

from alerts.cap import Severity
from alerts.duty import Duty, Roster
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES, words_of
from alerts.languages.readings import in_latin
from alerts.level import Level
from alerts.notice import Phase
from alerts.order_words import compose_order
from alerts.place import HAZARD_RESOLUTION
from alerts.shelter import SiteClass
from alerts.ward import WardSetting, WithoutSite
from alerts.wording import MAX_TEXT_BYTES, MAX_TITLE_WIDTH, PartFacts, shown_name, width
from alerts.words import HAZARDS_EN, HAZARDS_JA
from api.officers.accounts import Account, Role
from api.officers.roster_form import lacks
from feeds.outgoing.forms import Form, Municipality
from geo.areas import AreaCover
from geo.cells import contains
from routing.shelter import SUDDEN
from routing.site import Site
from streams.outward.outlets import Outlet

FEWEST_APPROVERS = 2
# The columns of the national list: for each of them residents are told where to go, or what else to do.
DANGERS = (
    HazardKind.FLOOD,
    HazardKind.HEAVY_RAIN,
    HazardKind.STORM_SURGE,
    HazardKind.LANDSLIDE,
    HazardKind.TSUNAMI,
    HazardKind.EARTHQUAKE,
    HazardKind.FIRE,
    HazardKind.VOLCANO,
)
_PHONE = re.compile(r"[0-9+][0-9 ()-]{1,18}[0-9]|#[0-9]{4}")
_SOME_TIME = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is lacking or doubtful. `blocks` False: an officer reads it, and the ward may go live."""

    code: str
    blocks: bool
    ja: str
    en: str

    @property
    def plain(self) -> dict[str, Any]:
        """Return it for the JSON line."""
        return {"code": self.code, "blocks": self.blocks, "ja": self.ja, "en": self.en}


@dataclass(frozen=True, slots=True)
class WardFiles:
    """What the deployment's files say. None is "not there"; `unreadable` holds a sentence for each damaged one."""

    code: str
    setting: WardSetting | None = None
    cover: AreaCover | None = None
    accounts: tuple[tuple[Account, bool], ...] | None = None
    duty: Duty | None = None
    partners: tuple[str, ...] = ()
    known_wards: frozenset[str] = frozenset()
    callable_people: frozenset[str] | None = None
    """Who can be called, as the console and the pager say; None where no broker was asked: all of the file's can."""
    sites: tuple[Site, ...] | None = None
    municipalities: Mapping[str, Municipality] = field(default_factory=dict)
    outlets: tuple[Outlet, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    unreviewed: frozenset[str] = frozenset()
    """Languages whose words nobody has reviewed as they are now."""


def check_ward(files: WardFiles) -> tuple[Finding, ...]:
    """Return what *files* lack for the ward to go live, what blocks first; empty when nothing does."""
    found = [
        *(_unreadable(name, why) for name, why in sorted(files.unreadable.items())),
        *_area(files),
        *_people(files),
        *_roster(files),
        *_setting(files),
        *_sites(files),
        *_outlets(files),
    ]
    return tuple(sorted(found, key=lambda one: not one.blocks))


def _unreadable(name: str, why: str) -> Finding:
    return Finding(f"{name}-unreadable", True, f"{name}が読めません：{why}", f"{name} cannot be read: {why}")


def _area(files: WardFiles) -> Iterator[Finding]:
    if "areas" not in files.unreadable and (files.cover is None or not files.cover.cells):
        ja = f"地域の表に{files.code}がありません：警報がどこへ届くか決まりません"
        yield Finding("area-missing", True, ja, f"the area table has no cells for {files.code}: no warning finds it")


def _people(files: WardFiles) -> Iterator[Finding]:
    if files.accounts is None:
        if "accounts" not in files.unreadable:
            yield Finding("accounts-missing", True, "アカウントのファイルがありません", "there is no file of accounts")
        return
    # A metropolitan account is everybody's, and may be busy with the ward next door on the same night.
    own = [
        account
        for account, disabled in files.accounts
        if not disabled and any(ward[:5] == files.code for ward in account.wards)
    ]
    approvers = [account for account in own if account.role is not Role.DRAFTER]
    if len(approvers) < FEWEST_APPROVERS:
        ja = f"承認できる人が{len(approvers)}人です：{FEWEST_APPROVERS}人以上必要です"
        yield Finding(
            "approvers-few", True, ja, f"{len(approvers)} approvers of this ward: at least {FEWEST_APPROVERS}"
        )
    elif len(approvers) == FEWEST_APPROVERS:
        ja = "承認できる人がちょうど2人です：1人が不在だと命に関わる通知を1区では出せません"
        en = "exactly two approvers: with one of them away the ward alone cannot let a life-threatening notice go"
        yield Finding("approvers-no-deputy", False, ja, en)


def _roster(files: WardFiles) -> Iterator[Finding]:
    if files.duty is None:
        return  # unreadable, and said so
    roster = files.duty.rosters.get(files.code)
    if roster is None:
        ja, en = "当番表に区がありません：案が待っていても誰も起こされません", "no roster for the ward: nobody is woken"
        if files.callable_people is None:
            ja, en = f"{ja}（画面で書いた当番表は --broker で読みます）", f"{en} (--broker reads the console's too)"
        yield Finding("roster-missing", True, ja, en)
        return
    if files.callable_people is not None:
        yield from _calls(roster, files.duty.metropolitan, files.callable_people)
    if not roster.deputies:
        yield Finding("deputies-missing", True, "当番の代理がいません", "the roster has no deputies")
    elif set(roster.deputies) <= set(roster.on_duty):
        ja = "代理が当番と同じ人です：次に起こされる人がいません"
        en = "the deputies are those on duty: the next rung wakes nobody new"
        yield Finding("deputies-same", True, ja, en)
    for partner in files.partners:
        if partner not in files.known_wards:
            ja, en = f"協力区{partner}は当番表にありません", f"partner {partner} has no roster of its own"
            yield Finding("partner-unknown", False, ja, en)


def _calls(roster: Roster, metropolitan: Sequence[str], can: frozenset[str]) -> Iterator[Finding]:
    """Yield whom no call reaches: a roster of the console may name somebody who has no telephone here yet."""
    found = {one.code: one.what for one in lacks(roster, can, roster.awake(None) + roster.deputies)}
    on_duty = [person for person in roster.awake(None) if person in can]
    if not on_duty:
        ja, en = "当番の人をだれも呼び出せません", "nobody who is on duty can be called"
        yield Finding("roster-nobody", True, f"{ja}：端末か連絡先がありません", f"{en}: no device and no address")
    if "roster-not-callable" in found:
        who = found["roster-not-callable"]
        yield Finding("roster-not-callable", False, f"呼び出せない人：{who}", f"cannot be called: {who}")
    if on_duty and "roster-uncovered" in found:
        ja, en = (
            f"当番のいない時間：{found['roster-uncovered']}",
            "hours that nobody covers: deputies are woken at once",
        )
        yield Finding("roster-uncovered", False, f"{ja}（代理をすぐに起こします）", en)
    if roster.deputies and not set(roster.deputies) & can:
        ja, en = "代理の人をだれも呼び出せません", "none of the deputies can be called"
        yield Finding("deputies-not-callable", True, ja, en)
    if not set(metropolitan) & can:
        ja, en = (
            "呼び出しの最後になる都の担当者がいません",
            "no metropolitan officer with whom a ladder ends can be called",
        )
        yield Finding("ladder-no-end", True, ja, en)


def _setting(files: WardFiles) -> Iterator[Finding]:
    setting = files.setting
    if setting is None:
        if "wards" not in files.unreadable:
            ja = "wards.tomlに区の行がありません：相談電話・言語・避難の形が決まりません"
            yield Finding("ward-missing", True, ja, "wards.toml has no row: help line, languages and modes are open")
        return
    if not setting.help_line:
        yield Finding("help-line-missing", True, "相談電話がありません", "there is no help line")
    elif not _PHONE.fullmatch(setting.help_line):
        ja, en = "相談電話が電話番号に見えません", "the help line does not read as a telephone number"
        yield Finding("help-line-doubtful", True, f"{ja}：{setting.help_line}", f"{en}: {setting.help_line}")
    if "ja" not in setting.languages:
        yield Finding("language-ja-missing", True, "言語に日本語がありません", "Japanese is not among the languages")
    for language in setting.languages:
        if not {language, language.partition("-")[0]} & set(LANGUAGES):
            ja, en = f"{language}の文はありません：英語を読みます", f"no text is written in {language}: English is read"
            yield Finding("language-reads-english", False, ja, en)
        if language in files.unreviewed:
            ja, en = f"{language}の文を確かめた人がいません", f"nobody has reviewed the words in {language}"
            yield Finding("language-not-reviewed", False, ja, en)
    for language in LANGUAGES:
        why = why_template_fails(setting.name, language)
        if why:
            ja = f"避難情報の定型文（{language}）が使えません：{why}"
            yield Finding("template-fails", True, ja, f"the template of an order ({language}) cannot be used: {why}")
    if files.cover is not None and files.cover.name not in ("", setting.name):
        ja, en = f"地域の表では{files.cover.name}です", f"the area table calls it {files.cover.name}"
        yield Finding("name-differs", False, f"区名が{setting.name}、{ja}", f"the name is {setting.name}; {en}")


def why_template_fails(name: str, language: str) -> str:
    """Return why an order of the ward *name* cannot be written in *language*; "" when each level can be."""
    if shown_name(name) != name:
        return "name-is-not-shown-whole"
    words = words_of(language)
    read = words.names.shown(name) if words is not None else name if language == "ja" else in_latin(name)
    for level in (Level.ELDERLY_LEAVE, Level.ALL_LEAVE, Level.SECURE_LIFE):
        for phase in (Phase.ISSUED, Phase.LIFTED):
            for danger in DANGERS:
                facts = PartFacts(phase, level, Severity.EXTREME, (danger,), (name,), name, _SOME_TIME, _SOME_TIME)
                text = compose_order(facts, language)
                if read not in text.body:
                    return "name-not-in-text"
                if width(text.title) > MAX_TITLE_WIDTH:
                    return "title-too-wide"
                if len((text.title + text.body).encode()) > MAX_TEXT_BYTES:
                    return "too-many-bytes"
    return ""


def _sites(files: WardFiles) -> Iterator[Finding]:
    modes = files.setting.without_site if files.setting is not None else {}
    if files.sites is None:
        if "shelters" not in files.unreadable:
            yield Finding("shelters-missing", True, "避難所の一覧がありません", "there is no list of shelters")
        return
    own = [site for site in files.sites if site.ward[:5] == files.code and not site.out_of_use]
    # A welfare or temporary-stay site has its own people: nobody else is sent there.
    usable = [site for site in own if site.site_class not in (SiteClass.WELFARE, SiteClass.TEMPORARY_STAY)]
    if not usable:
        ja, en = "避難所の一覧に区の避難所がありません", "the list of shelters has none of this ward"
        yield Finding("shelters-none", not _all_answered(modes), ja, en)
    for danger in DANGERS:
        fit = [site for site in usable if danger in site.fit_for]
        ja, en = HAZARDS_JA[danger], HAZARDS_EN[danger]
        if not fit and danger not in modes:
            yield Finding(
                f"no-site-{danger.value}",
                True,
                f"{ja}に使える避難所がなく、どうするかも書かれていません（without_site）",
                f"no site is fit for {en}, and without_site does not say what people do instead",
            )
        elif fit and danger in modes:
            yield Finding(
                f"mode-needless-{danger.value}",
                False,
                f"{ja}に使える避難所が{len(fit)}か所あるのに、{modes[danger].value}とも書かれています",
                f"{len(fit)} sites are fit for {en}, and without_site says {modes[danger].value} as well",
            )
    setting = files.setting
    if setting is not None and WithoutSite.LEAVE_EARLY in modes.values() and not setting.leave_early:
        ja = "早く区の外へ出ると書かれていますが、行き先（leave_early）がありません"
        yield Finding("leave-early-nowhere", False, ja, "a mode is leave-early and leave_early names no place")
    for danger in DANGERS:
        if danger in SUDDEN and modes.get(danger) is WithoutSite.LEAVE_EARLY:
            yield Finding(
                f"leave-early-sudden-{danger.value}",
                False,
                f"{HAZARDS_JA[danger]}は前ぶれなく起きます：早く区の外へ出る時間はなく、建物にとどまる案内になります",
                f"{HAZARDS_EN[danger]} comes without warning: nobody can leave early, and people read to stay inside",
            )
    yield from _places(files, own)


def _all_answered(modes: Mapping[HazardKind, WithoutSite]) -> bool:
    return set(DANGERS) <= set(modes)


def _places(files: WardFiles, own: Sequence[Site]) -> Iterator[Finding]:
    cover = files.cover
    if cover is not None and cover.cells:
        cells = [h3.latlng_to_cell(site.point.lat, site.point.lng, HAZARD_RESOLUTION) for site in own]
        outside = sum(not contains(cover.cells, cell) for cell in cells)
        if outside:
            ja, en = f"{outside}か所の避難所が区の外にあります", f"{outside} of its sites lie outside the ward"
            yield Finding("sites-outside", False, ja, en)
    unknown = sum(site.capacity is None for site in own)
    if unknown:
        ja, en = f"{unknown}か所の定員が分かりません", f"of {unknown} sites nobody knows how many people they take"
        yield Finding("capacity-unknown", False, ja, en)


def _outlets(files: WardFiles) -> Iterator[Finding]:
    if "outlets" in files.unreadable:
        return
    own = [outlet for outlet in files.outlets if outlet.ward.code == files.code]
    if not own:
        ja = "防災無線・Lアラートなど、ほかへの出口がありません"
        yield Finding("outlet-missing", False, ja, "no outlet: nothing leaves for loudspeakers, L-Alert or the ward")
    named = files.municipalities.get(files.code)
    if named is None:
        ja, en = "outlets.tomlに区の名がありません", "outlets.toml does not name the ward"
        yield Finding("municipality-missing", bool(own), ja, en)
        return
    if files.setting is not None and named.name != files.setting.name:
        ja = f"区名が{files.setting.name}と{named.name}で違います：Lアラートに出ません"
        en = f"wards.toml says {files.setting.name}, outlets.toml {named.name}: no L-Alert of its orders would leave"
        yield Finding("outlet-name-differs", True, ja, en)
    if named.name not in named.readings:
        speaks = any(outlet.form is Form.SCRIPT for outlet in own)
        ja, en = "放送文のための読みがありません", "its name has no reading for the loudspeakers' script"
        yield Finding("reading-missing", speaks, ja, en)


def report_of(files: WardFiles, found: Iterable[Finding]) -> dict[str, Any]:
    """Return what `--json` prints."""
    findings = list(found)
    name = files.setting.name if files.setting else files.cover.name if files.cover else ""
    ready = not any(one.blocks for one in findings)
    return {"ward": files.code, "name": name, "ready": ready, "findings": [one.plain for one in findings]}
