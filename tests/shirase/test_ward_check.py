"""R24: what a ward lacks before it may go live: a finding for each thing that is missing, none for a whole ward."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import h3.api.basic_int as h3
import pytest
from click.testing import CliRunner

from alerts.duty import Duty, Roster, Shift
from alerts.errors import WardError
from alerts.hazard import HazardKind
from alerts.place import Cell, LatLng
from alerts.shelter import SiteClass
from alerts.ward import WardSetting, WithoutSite, wards_from_plain
from api.officers.accounts import Account, Role
from dispatch.file_drop import FileDrop
from dispatch.stub.certificate import write_certificates
from feeds.outgoing.forms import Form, Municipality
from geo.areas import AreaCover
from routing.importers.shelters import read_shelters
from routing.site import Site
from shirase.cli import main
from shirase.paths import DEFAULT_AREAS
from shirase.ward_check import DANGERS, WardFiles, check_ward, report_of, why_template_fails
from streams.brokers.broker import ensure_topics, open_broker
from streams.brokers.client import Producer
from streams.duty.duty_book import DeviceRecord, RosterRecord, device_key, roster_key
from streams.outward.outlets import Outlet
from streams.topics import DUTY
from streams.wire import encode

HERE = LatLng(35.706, 139.868)
FAR = LatLng(35.60, 139.60)
CELL = Cell(h3.latlng_to_cell(HERE.lat, HERE.lng, 9))
SIGNS = Municipality("13123", "江戸川区", {"江戸川区": "えどがわく"})


def site(name: str = "a", **changes: object) -> Site:
    first = Site(name, name, HERE, frozenset(DANGERS), ward="13123", capacity=100)
    return replace(first, **changes)  # type: ignore[arg-type]


def account(name: str, role: Role, ward: str = "1312300", *, disabled: bool = False) -> tuple[Account, bool]:
    return Account(name, role, frozenset({ward})), disabled


def outlet(form: Form) -> Outlet:
    return Outlet(SIGNS, form, False, lambda: FileDrop(Path("nowhere"), replaces=False))


WHOLE = WardFiles(
    "13123",
    setting=WardSetting("13123", "江戸川区", help_line="03-0000-0000"),
    cover=AreaCover("江戸川区", "1312300", (CELL,)),
    accounts=tuple(account(name, Role.APPROVER) for name in ("one", "two", "three")),
    duty=Duty({"13123": Roster("13123", ("duty",), ("deputy",))}, ("tokyo",)),
    known_wards=frozenset({"13123"}),
    sites=(site(),),
    municipalities={"13123": SIGNS},
    outlets=(outlet(Form.L_ALERT),),
)


def setting(**changes: object) -> Callable[[WardFiles], WardFiles]:
    return lambda files: replace(files, setting=replace(files.setting, **changes))  # type: ignore[type-var]


def changed(**changes: object) -> Callable[[WardFiles], WardFiles]:
    return lambda files: replace(files, **changes)  # type: ignore[arg-type]


def people(*given: tuple[Account, bool]) -> Callable[[WardFiles], WardFiles]:
    return changed(accounts=given)


def roster(*deputies: str) -> Callable[[WardFiles], WardFiles]:
    return changed(duty=Duty({"13123": Roster("13123", ("duty",), deputies)}, ("tokyo",)))


def test_a_ward_that_has_everything_lacks_nothing() -> None:
    assert check_ward(WHOLE) == ()
    assert report_of(WHOLE, ()) == {"ward": "13123", "name": "江戸川区", "ready": True, "findings": []}


TWO = (account("one", Role.APPROVER), account("two", Role.ADMINISTRATOR))
DRY = frozenset(DANGERS) - {HazardKind.FLOOD}

BLOCKS: dict[str, Callable[[WardFiles], WardFiles]] = {
    "area-missing": changed(cover=None),
    "accounts-missing": changed(accounts=None),
    "approvers-few": people(account("one", Role.APPROVER), account("two", Role.DRAFTER)),
    "roster-missing": changed(duty=Duty({}, ("tokyo",))),
    "deputies-missing": roster(),
    "deputies-same": roster("duty"),
    "roster-nobody": changed(callable_people=frozenset({"deputy", "tokyo"})),
    "deputies-not-callable": changed(callable_people=frozenset({"duty", "tokyo"})),
    "ladder-no-end": changed(callable_people=frozenset({"duty", "deputy"})),
    "duty-topic-unreadable": changed(unreadable={"duty-topic": "no broker answers"}),
    "ward-missing": changed(setting=None),
    "help-line-missing": setting(help_line=""),
    "help-line-doubtful": setting(help_line="区役所"),
    "language-ja-missing": setting(languages=("en",)),
    "shelters-missing": changed(sites=None),
    "no-site-flood": changed(sites=(site(fit_for=DRY),)),
    "outlet-name-differs": changed(municipalities={"13123": replace(SIGNS, name="江戸川")}),
    "reading-missing": changed(municipalities={"13123": replace(SIGNS, readings={})}, outlets=(outlet(Form.SCRIPT),)),
    "municipality-missing": changed(municipalities={}),
    "policy-unreadable": changed(unreadable={"policy": "rule 3 has no name"}),
}
NOTES: dict[str, Callable[[WardFiles], WardFiles]] = {
    "approvers-no-deputy": people(*TWO),
    "partner-unknown": changed(partners=("13108",)),
    "language-reads-english": setting(languages=("ja", "vi")),
    "roster-uncovered": changed(
        callable_people=frozenset({"duty", "deputy", "tokyo"}),
        duty=Duty({"13123": Roster("13123", (), ("deputy",), (Shift("duty", 8, 20),))}, ("tokyo",)),
    ),
    "roster-not-callable": changed(
        callable_people=frozenset({"duty", "deputy", "tokyo"}),
        duty=Duty({"13123": Roster("13123", ("duty", "sato"), ("deputy",))}, ("tokyo",)),
    ),
    "mode-needless-flood": setting(without_site={HazardKind.FLOOD: WithoutSite.GO_UP}),
    "sites-outside": changed(sites=(site(), site("b", point=FAR))),
    "capacity-unknown": changed(sites=(site(capacity=None),)),
    "outlet-missing": changed(outlets=()),
    "reading-missing": changed(municipalities={"13123": replace(SIGNS, readings={})}),
    "name-differs": changed(cover=AreaCover("江戸川", "1312300", (CELL,))),
}


@pytest.mark.parametrize("code", list(BLOCKS))
def test_what_a_ward_must_not_go_live_without(code: str) -> None:
    found = {one.code: one for one in check_ward(BLOCKS[code](WHOLE))}
    assert found[code].blocks
    assert not report_of(WHOLE, found.values())["ready"]
    # A sentence for each reader; a code alone helps nobody at a counter.
    assert len(found[code].ja) > 5
    assert found[code].en.isascii() or code in ("outlet-name-differs", "help-line-doubtful")


@pytest.mark.parametrize("code", list(NOTES))
def test_what_an_officer_reads_and_may_pass(code: str) -> None:
    found = {one.code: one for one in check_ward(NOTES[code](WHOLE))}
    assert set(found) == {code}
    assert not found[code].blocks


@pytest.mark.parametrize(
    "given",
    [
        (account("one", Role.APPROVER), account("two", Role.APPROVER, disabled=True)),
        (account("one", Role.APPROVER), account("two", Role.APPROVER, "1310800")),
        (account("one", Role.APPROVER), account("two", Role.APPROVER, "*")),
    ],
    ids=["disabled", "of-another-ward", "metropolitan"],
)
def test_who_does_not_count_as_the_second_approver(given: tuple[tuple[Account, bool], ...]) -> None:
    assert "approvers-few" in {one.code for one in check_ward(replace(WHOLE, accounts=given))}


@pytest.mark.parametrize(
    "unfit", [site(out_of_use=True), site(site_class=SiteClass.WELFARE), site(ward="13108")], ids=lambda one: one.name
)
def test_a_site_that_takes_nobody_is_no_site(unfit: Site) -> None:
    codes = {one.code for one in check_ward(replace(WHOLE, sites=(unfit,)))}
    assert {"shelters-none", *(f"no-site-{danger.value}" for danger in DANGERS)} <= codes


def test_a_ward_without_any_site_may_go_live_when_it_says_what_people_do_instead() -> None:
    modes = dict.fromkeys(DANGERS, WithoutSite.LEAVE_EARLY)
    bare = replace(WHOLE, sites=(), setting=replace(WHOLE.setting or WardSetting("", ""), without_site=modes))
    found = check_ward(bare)
    assert not any(one.blocks for one in found)
    sudden = {f"leave-early-sudden-{danger}" for danger in ("tsunami", "earthquake", "fire", "volcano")}
    assert {one.code for one in found} == {"shelters-none", "leave-early-nowhere", *sudden}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", ["江戸川\u202e区", "あ" * 25, " 江戸川区"])
def test_a_name_that_no_order_can_carry_whole_is_found(name: str, language: str) -> None:
    assert why_template_fails(name, language) == "name-is-not-shown-whole"
    assert why_template_fails("江戸川区", language) == ""


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"code": "1312", "name": "江戸川区"}, "five digits"),
        ({"code": "１３１２３", "name": "江戸川区"}, "five digits"),
        ({"code": "13123", "name": ""}, "a name"),
        ({"code": "13123", "name": "江戸川区", "helpline": "1"}, "helpline"),
        ({"code": "13123", "name": "江戸川区", "help_line": 119}, "quotes"),
        ({"code": "13123", "name": "江戸川区", "languages": "ja"}, "list of codes"),
        ({"code": "13123", "name": "江戸川区", "without_site": {"flod": "go-up"}}, "flod"),
        ({"code": "13123", "name": "江戸川区", "without_site": {"flood": "swim"}}, "swim"),
        ({"code": "13123", "name": "江戸川区", "thresholds": {"silence_after_seconds": 59}}, "from 60 to 600"),
        ({"code": "13123", "name": "江戸川区", "thresholds": {"ask_name_above": True}}, "from 20 to 50000"),
        ({"code": "13123", "name": "江戸川区", "thresholds": {"level": 3}}, "thresholds is a table"),
        ({"code": "13123", "name": "江戸川区", "thresholds": 3}, "thresholds is a table"),
    ],
)
def test_a_doubtful_row_refuses_the_register(row: dict[str, object], why: str) -> None:
    with pytest.raises(WardError, match=why):
        wards_from_plain({"ward": [row]})


def test_a_ward_that_stands_twice_refuses_the_register() -> None:
    row = {"code": "13123", "name": "江戸川区"}
    with pytest.raises(WardError, match="twice"):
        wards_from_plain({"ward": [row, row]})


def test_edogawa_and_adachi_have_no_flood_fit_site_in_the_national_list(shared_data: Path) -> None:
    sites = read_shelters([shared_data / "02_shelters"]).sites
    for code in ("13121", "13123"):
        found = {one.code for one in check_ward(replace(WHOLE, code=code, sites=sites))}
        assert "no-site-flood" in found
    # The emergency list of Katsushika is absent: what is left are places to stay, after an earthquake.
    katsushika = {one.code for one in check_ward(replace(WHOLE, code="13122", sites=sites))}
    assert {"no-site-flood", "no-site-landslide"} <= katsushika
    assert "no-site-earthquake" not in katsushika


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["ward", "check", *words])
    return result.exit_code, result.output


def test_the_command_says_it_in_both_languages_and_by_its_exit_code(tmp_path: Path) -> None:
    assert DEFAULT_AREAS.exists(), "the area table is not built yet: make unit, or shirase areas"
    wards = tmp_path / "wards.toml"
    wards.write_text('[[ward]]\ncode = "13123"\nname = "江戸川区"\nhelp_line = "03-0000-0000"\n', encoding="utf-8")
    nothing = ["--accounts", str(tmp_path / "none"), "--shelters", str(tmp_path / "none"), "--wards", str(wards)]
    code, out = run("13123", *nothing, "--json")
    report = json.loads(out)
    assert code == 1
    assert {one["code"] for one in report["findings"] if one["blocks"]} == {
        "accounts-missing",
        "roster-missing",
        "shelters-missing",
    }
    assert all(one["ja"] and one["en"] for one in report["findings"])
    assert "13123 江戸川区: 3件が足りません" in run("13123", *nothing)[1]
    assert "13123 江戸川区: 3 things are lacking" in run("1312300", *nothing, "--language", "en")[1]
    assert run("江戸川区")[0] == 2
    assert run("13123", "--areas", str(tmp_path / "none"))[0] == 3


def test_what_the_consoles_duty_page_says_is_read_from_the_broker(tmp_path: Path) -> None:
    assert DEFAULT_AREAS.exists(), "the area table is not built yet: make unit, or shirase areas"
    at = datetime(2026, 9, 18, tzinfo=UTC)
    duty = tmp_path / "duty.toml"
    duty.write_text("rung_seconds = 60\n", encoding="utf-8")

    def said(ward: str, *names: str, deputies: tuple[str, ...] = ()) -> tuple[bytes, RosterRecord]:
        return roster_key(ward), RosterRecord(ward, names, (), deputies, "kanri", at)

    def phone(person: str) -> tuple[bytes, DeviceRecord]:
        return device_key(person), DeviceRecord(person, person, "電話", "sealed", at)

    def of_the_duty(broker: str) -> set[str]:
        _, out = run("13123", "--duty", str(duty), "--broker", broker, "--json")
        words = ("roster", "deput", "ladder", "duty")
        return {one["code"] for one in json.loads(out)["findings"] if one["code"].startswith(words)}

    with open_broker("embedded") as broker:
        ensure_topics(broker, [DUTY])
        assert of_the_duty(broker.bootstrap) == {"roster-missing"}
        with Producer(broker.bootstrap) as producer:
            for key, record in (
                said("13123", "sato", deputies=("endo",)),
                said("metropolitan", "tokyo"),
                phone("sato"),
                phone("tokyo"),
            ):
                producer.send(DUTY.name, key, encode(record)).result(30)
            # Endo has no telephone here yet.
            assert of_the_duty(broker.bootstrap) == {"deputies-not-callable", "roster-not-callable"}
            producer.send(DUTY.name, device_key("endo"), encode(phone("endo")[1])).result(30)
            assert of_the_duty(broker.bootstrap) == set()
            producer.send(DUTY.name, device_key("sato"), b"{").result(30)
            assert of_the_duty(broker.bootstrap) == {"duty-topic-unreadable", "roster-missing"}


def test_a_damaged_file_is_named_and_the_others_are_still_read(tmp_path: Path) -> None:
    wards, duty = tmp_path / "wards.toml", tmp_path / "duty.toml"
    wards.write_text("[[ward]\n", encoding="utf-8")
    duty.write_text('[[ward]]\ncode = "13123"\non_duty = ["nobody"]\n', encoding="utf-8")
    code, out = run("13123", "--wards", str(wards), "--duty", str(duty), "--shelters", str(wards), "--json")
    found = {one["code"]: one for one in json.loads(out)["findings"]}
    assert code == 1
    assert {"wards-unreadable", "duty-unreadable", "shelters-unreadable"} <= set(found)
    assert "nobody" in found["duty-unreadable"]["en"]
    assert "ward-missing" not in found


def test_the_authority_that_the_pager_trusts_is_looked_at(tmp_path: Path) -> None:
    def of_the_authority(text: str | None) -> list[str]:
        path = tmp_path / "gateways.pem"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")
        result = CliRunner().invoke(main, ["ward", "check", "13123", "--json"], env={"SHIRASE_DUTY_CA": str(path)})
        found = {one["code"]: one for one in json.loads(result.output)["findings"] if one["blocks"]}
        assert not {"duty-unreadable"} & set(found), "the roster itself is whole"
        return [found["duty-ca-unreadable"]["en"]] if "duty-ca-unreadable" in found else []

    missing = of_the_authority(None)
    assert str(tmp_path / "gateways.pem") in missing[0]
    assert "SHIRASE_DUTY_CA" in missing[0]
    assert of_the_authority("no certificate") != []
    authority, _ = write_certificates(tmp_path, ("localhost",), datetime.now(UTC))
    assert of_the_authority(authority.read_text(encoding="utf-8")) == []
