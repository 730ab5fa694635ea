"""Take the documents' pictures from the demo: `python -m tests.web.pictures [FOLDER]`, docs/pictures without one.

The wards are the real ones of the area table; people, streets, rivers, shelters and documents are the demo's own, and
each page says so on top. It takes some four minutes: a code of the second factor is taken once.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import http_ece
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from dispatch.stub.bodies import stored
from shirase.demo.evening import run_demo
from shirase.demo.page import DemoOfficer, DemoPages
from shirase.demo.receivers import Receivers
from shirase.demo.run import DEMO_CITY, Run, RunSettings
from shirase.paths import DEFAULT_AREAS
from tests.conftest import PROJECT
from tests.palette import shrink
from tests.web.test_chromium import Worker
from tests.web.way_in_force import Place, way_beside_a_closure

PICTURES = PROJECT / "docs" / "pictures"
MOST_BYTES = 120_000
PEOPLE = 20_000
_LAPTOP, _TABLET, _PHONE = (1366, 768), (768, 1100), (360, 740)
_WIDE = (1024, 1400)
_TIMEOUT_MS = 30_000
_CODE_MS = 500
_ROOM = 40
# Of some 2,100 in the ward whom the demo has as subscribers.
_MOST = 2_000
# A second gauge of the demo's ward rises at the same level: the push that draws the river.
_HOW_IT_IS_GOING = 2
# A browser answers with the place of a moment ago: each press of the button is somewhere else here.
_WALKS = """
let north = 0;
Geolocation.prototype.getCurrentPosition = (found) =>
  found({coords: {latitude: %f + 0.01 * north++, longitude: %f, accuracy: 10}});
"""


@dataclass(frozen=True, slots=True)
class Residents:
    """The residents' door, as a worker's test needs it."""

    url: str


class Codes:
    """The codes of the second factor: each is good once, so the next may have to be waited for."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def next(self, page: Page, officer: DemoOfficer) -> str:
        """Return a code of *officer* that was not used yet."""
        while officer.code in self._used:
            page.wait_for_timeout(_CODE_MS)
        self._used.add(officer.code)
        return officer.code


def residents(browser: Browser, url: str, push: str, shot: Callable[[str, Page | Locator], None]) -> None:
    """Take what a resident sees while an order is in force; *push* is one that draws a river."""
    here = way_beside_a_closure(url)
    with opened(browser, _LAPTOP) as page:
        page.goto(url)
        page.wait_for_selector("svg.map")
        shot("first-page", page)
    for name, size, scheme in (("resident-night", (360, 1500), "dark"), ("resident-desktop", _WIDE, "light")):
        with opened(browser, size, color_scheme=scheme) as page:
            page.goto(f"{url}map#c={here.cell}")
            page.wait_for_selector("#guide ol")
            # The page shows what was found; the picture shows from where on.
            page.evaluate("scrollTo(0, 0)")
            shot(name, page)
    with opened(browser, _PHONE, **standing_at(here)) as page:
        page.goto(f"{url}map")
        page.locator("#here").click()
        page.locator("#guide", has_text="この端末の地点から").wait_for()
        shot("resident-way", page.locator("#way"))
    with opened(browser, _PHONE) as page:
        # A worker wants a secure context; localhost is one, an address is not everywhere.
        page.goto(f"{url}map".replace("127.0.0.1", "localhost"))
        worker = Worker(page.context, Residents(page.url.removesuffix("/map")), page=page)  # type: ignore[arg-type]
        worker.push(push)
        worker.until_any()
        page.goto(f"{worker.page.url}#n={json.loads(push)['notification']['tag']}")
        page.reload()
        page.locator("#pushed figure").first.wait_for()
        shot("resident-river", page.locator("#pushed"))
    with opened(browser, _PHONE) as page:
        places(page, url, here)
        shot("resident-places", page.locator("#places"))


def places(page: Page, url: str, here: Place) -> None:
    """Choose three places, each another's or at another time, as who signs up would."""
    page.add_init_script(_WALKS % (here.point.lat, here.point.lng))
    page.goto(f"{url}signup")
    rows = page.locator("#chosen li")
    for number in range(3):
        page.get_by_role("button", name="いまいる場所を登録").click()
        rows.nth(number).wait_for()
    rows.nth(0).get_by_label("だれの場所ですか").select_option("mine-at-hours")
    rows.nth(0).get_by_label("何時から").select_option("20")
    rows.nth(0).get_by_label("何時まで").select_option("8")
    rows.nth(1).get_by_label("だれの場所ですか").select_option("mine-at-hours")
    rows.nth(2).get_by_label("だれの場所ですか").select_option("someone-elses")
    rows.nth(2).get_by_label("どのレベルから知らせるか").select_option("4")
    page.locator("summary", has_text="レベル1・2").click()
    page.locator("#quiet").check()


def console(browser: Browser, pages: DemoPages, shot: Callable[[str, Page | Locator], None]) -> None:
    """Take an order's way from a form to the phones, by two people, and the page of drills."""
    writer, second = pages.officers
    codes = Codes()
    with opened(browser, _TABLET, java_script_enabled=False) as desk:
        sign_in(desk, pages.console, writer, codes)
        desk.goto(f"{pages.console}post")
        form = desk.locator("#order")
        form.get_by_label("レベル4 避難指示").check()
        form.get_by_label("江東区").check()
        form.get_by_role("button", name="範囲と人数を確かめる").click()
        desk.wait_for_selector("svg.map")
        shot("console-preview", desk)
        desk.get_by_label("確認コード（6桁）").fill(codes.next(desk, writer))
        desk.get_by_role("button", name="避難情報の案を作る").click()
        desk.wait_for_url("**/posts/**")
        desk.set_viewport_size(_sized(_LAPTOP))
        desk.goto(f"{pages.console}drill")
        shot("console-drill", desk)
        with opened(browser, _PHONE) as phone:
            sign_in(phone, pages.console, second, codes)
            add_passkey(phone, pages.console, second, codes)
            until_listed(phone, pages.console)
            phone.get_by_role("link", name="確かめる").first.click()
            approve = phone.get_by_role("button", name="パスキーで：この内容で住民に送る")
            approve.wait_for()
            # From the picture down to the button, which are one page on any phone.
            phone.set_viewport_size({"width": _PHONE[0], "height": _bottom_of(approve)})
            shot("console-passkey-draft-phone", phone)
            phone.set_viewport_size(_sized(_LAPTOP))
            shot("console-draft", phone)
            approve.click()
            phone.wait_for_url("**/?did=**")
            sending = phone.locator("[role=status] a[href^='/sending/']").get_attribute("href") or ""
        desk.goto(pages.console)
        shot("console-list", desk)
        desk.goto(pages.console + sending.removeprefix("/"))
        until_most_are_told(desk)
        shot("console-sending", desk)


def until_listed(page: Page, url: str) -> None:
    """Wait until a draft is on the list."""
    link = page.get_by_role("link", name="確かめる")
    while not link.count():
        page.wait_for_timeout(_CODE_MS)
        page.goto(url)


def until_most_are_told(page: Page) -> None:
    """Wait until the fan-out's figures say about as many people as the preview did; the page loads itself anew."""
    deadline = time.monotonic() + _TIMEOUT_MS / 1000
    while time.monotonic() < deadline:
        told = int(
            page.locator("h2:text('どこまで進んだか') + p").inner_text().split("人")[0].replace(",", "").lstrip("<")
        )
        if told >= _MOST:
            return
        page.wait_for_timeout(_CODE_MS)
    raise TimeoutError("the order has not gone out")


def _bottom_of(button: Locator) -> int:
    box = button.bounding_box()
    assert box is not None
    return round(box["y"] + box["height"] + _ROOM)


def add_passkey(page: Page, url: str, officer: DemoOfficer, codes: Codes) -> None:
    """Add the passkey of a made-up device."""
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    page.goto(f"{url}passkeys")
    page.get_by_label("名前（例 当番の電話）").fill("当番の電話")
    page.get_by_label("確認コード（6桁）").first.fill(codes.next(page, officer))
    page.get_by_role("button", name="パスキーを登録する").click()
    page.get_by_role("cell", name="当番の電話").wait_for()


def sign_in(page: Page, url: str, officer: DemoOfficer, codes: Codes) -> None:
    """Sign in as *officer* by password and code."""
    page.goto(url)
    page.get_by_label("名前").fill(officer.name)
    page.get_by_label("パスワード").fill(officer.password)
    page.get_by_label("確認コード（6桁）").fill(codes.next(page, officer))
    page.get_by_role("button", name="サインイン", exact=True).click()
    page.wait_for_url(lambda found: "sign-in" not in found)


@contextmanager
def opened(browser: Browser, size: tuple[int, int], **more: Any) -> Iterator[Page]:
    """Open a page of its own that reads Japanese, and close it whatever happens to it."""
    context: BrowserContext = browser.new_context(
        viewport=_sized(size), locale="ja-JP", timezone_id="Asia/Tokyo", **more
    )
    context.set_default_timeout(_TIMEOUT_MS)
    try:
        yield context.new_page()
    finally:
        context.close()


def standing_at(place: Place) -> dict[str, Any]:
    """Return what makes a browser stand at *place* and tell it to pages that ask."""
    where = {"latitude": place.point.lat, "longitude": place.point.lng}
    return {"geolocation": where, "permissions": ["geolocation"]}


def river_push(run: Run) -> str:
    """Return the newest push of the run that draws a river, as its receiver opened it."""
    assert run.stub is not None
    run.stub.flush()
    receivers, found = Receivers.load(run.synth), ""
    for body in stored(run.stub.bodies_path):
        receiver = receivers.of(body.token)
        if receiver is None:
            continue
        key, auth = receiver.private_key, receiver.auth
        plain = http_ece.decrypt(body.body, private_key=key, auth_secret=auth, version="aes128gcm")
        text = plain.decode().rstrip("\0 ")
        said = json.loads(text)
        going = said["shirase"]["kind"] == _HOW_IT_IS_GOING and "picture" in said
        if going and said["notification"]["lang"] == "ja":
            found = text
    if not found:
        raise ValueError("no push of this run draws a river")
    return found


def take(pages: DemoPages, push: str, folder: Path) -> dict[str, int]:
    """Take every picture of *pages* into *folder*; return their sizes, by name."""
    sizes: dict[str, int] = {}

    def shot(name: str, of: Page | Locator) -> None:
        path = folder / f"{name}.png"
        of.screenshot(path=path)
        sizes[name] = shrink(path)
        _say(f"{sizes[name]:>9,} {name}")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        residents(browser, pages.residents, push, shot)
        console(browser, pages, shot)
        browser.close()
    return sizes


def _sized(size: tuple[int, int]) -> Any:
    return {"width": size[0], "height": size[1]}


def _say(step: str) -> None:
    sys.stderr.write(f"{step}\n")


def main(folder: Path) -> int:
    """Play the evening, take the pictures once it rains again, and say which are too large."""
    folder.mkdir(parents=True, exist_ok=True)
    runs: list[tuple[Run, DemoPages]] = []
    sizes: dict[str, int] = {}

    def watch(run: Run) -> None:
        pages = DemoPages.start(run.pipeline.broker.bootstrap, run.folder, network=run.settings.network)
        runs.append((run, pages))

    def conclude(_result: dict[str, Any]) -> None:
        run, pages = runs[0]
        try:
            sizes.update(take(pages, river_push(run), folder))
        finally:
            pages.close()

    settings = RunSettings(
        subscribers=PEOPLE,
        seed=1,
        broker="embedded",
        push="stub",
        areas=PROJECT / DEFAULT_AREAS,
        policy=PROJECT / "ops" / "policy.toml",
        workers=2,
        area="tokyo23",
        network=f"{DEMO_CITY}:1",
    )
    began = time.monotonic()
    run_demo(settings, seconds=0, say=_say, progress=lambda *_: None, watch=watch, conclude=conclude, stays=True)
    large = ", ".join(sorted(name for name, size in sizes.items() if size > MOST_BYTES))
    _say(f"{len(sizes)} pictures in {time.monotonic() - began:.0f} s; over {MOST_BYTES:,} bytes: {large or 'none'}")
    return int(bool(large))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES))
