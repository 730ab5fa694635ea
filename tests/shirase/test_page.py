"""Both doors of the demo: the residents' page, and a console whose officers exist for this run alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from alerts.place import LatLng
from api.officers.accounts import Accounts
from routing.site import Site
from shirase.demo.gates import open_gates
from shirase.demo.page import DemoPages
from shirase.demo.terminal import doors
from streams.brokers.broker import ensure_topics, open_broker
from streams.topics import ALL
from tests.api.browser import Browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def pages(folder: Path) -> Iterator[DemoPages]:
    with open_broker("embedded") as broker:
        ensure_topics(broker, ALL)
        started = DemoPages.start(broker.bootstrap, folder, areas=folder / "none", web=folder / "none")
        yield started
        started.close()


def test_an_officer_of_the_run_signs_in_with_what_the_terminal_shows(pages: DemoPages) -> None:
    officer = pages.officers[0]
    shown = [str(cell) for column in doors(pages).columns for cell in column.cells]
    assert any(officer.name in text and officer.password in text and officer.code in text for text in shown)
    with httpx.Client(base_url=pages.console) as client:
        form = {"name": officer.name, "password": officer.password, "code": officer.code}
        answer = client.post("/sign-in", data=form, headers={"origin": pages.console.rstrip("/")})
        assert answer.status_code == 303, answer.text
        # A browser takes a Secure cookie from loopback; this client does not, so it is handed over.
        session = {"cookie": answer.headers["set-cookie"].split(";")[0]}
        assert client.get("/", headers=session).status_code in (200, 503)


def test_two_people_are_there_and_no_run_shares_a_password(pages: DemoPages, folder: Path) -> None:
    accounts = Accounts(folder / "accounts.sqlite")
    assert {account.role.value for account, _ in accounts.listed()} == {"drafter", "approver"}
    # Each speaks for every ward as the ward itself: an account of all Tokyo must say why it acts in its place.
    assert all(not account.everywhere and len(account.wards) == 23 for account, _ in accounts.listed())
    accounts.close()
    assert len({officer.password for officer in pages.officers}) == len(pages.officers)


def test_the_residents_door_is_another_origin(pages: DemoPages) -> None:
    assert pages.residents != pages.console
    assert httpx.get(f"{pages.residents}health").status_code in (200, 503)
    assert httpx.get(f"{pages.residents}sign-in").status_code == 404


def test_every_page_says_that_it_is_a_demo_and_an_answer_for_a_program_is_left_as_it_is(pages: DemoPages) -> None:
    for url in (pages.residents, f"{pages.console}sign-in"):
        answer = httpx.get(url)
        assert answer.text.partition("<body")[2].partition("</aside>")[0].count("デモです") == 1, url
        assert len(answer.content) == int(answer.headers["content-length"])
        assert httpx.get(httpx.URL(url).join("/demo.css")).headers["content-type"] == "text/css"
    for path in ("health", "metrics", "notices.json"):
        assert "デモ" not in httpx.get(f"{pages.residents}{path}").text


def test_a_sheet_hangs_at_each_shelter_of_the_ordering_ward_and_leads_to_its_page(tmp_path: Path) -> None:
    own, elsewhere = (
        Site(id=f"kaku:{ward}", name=f"架空{ward}避難所", point=LatLng(35.7, 139.8), fit_for=frozenset(), ward=ward)
        for ward in ("1312200", "1310100")
    )
    with open_broker("embedded") as broker:
        ensure_topics(broker, ALL)
        door = open_gates(broker.bootstrap, tmp_path, (own, elsewhere), "http://localhost:1")
        sheet = door.sheets.read_text(encoding="utf-8")
        found = re.findall(r'href="http://localhost:1(/s/[^"]+)"', sheet)
        (path,) = found
        phone = Browser(door.app)
        assert own.name in phone.get(path).text
        assert phone.request("POST", path, data={"band": "full"}).status_code == 303
        assert phone.request("POST", "/reports").status_code == 401, "no office has a key of this door"
        # Whoever ends the event ends its codes.
        (tmp_path / "gates" / "kakuu-demo.key").unlink()
        assert phone.get(path).status_code == 410
        door.producer.close()
    assert door.sheets.stat().st_mode & 0o077 == 0
    assert elsewhere.name not in sheet
