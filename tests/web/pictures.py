"""Take the documents' pictures from the demo: `python -m tests.web.pictures [FOLDER]`, docs/pictures without one.

The wards are the real ones of the area table; people, streets, rivers, shelters and documents are the demo's own. It
takes some two minutes. With pngquant at hand each picture gets a palette, which makes it three times smaller.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from shirase.areas import DEFAULT_AREAS
from shirase.demo.evening import run_demo
from shirase.demo.page import DemoOfficer, DemoPages
from shirase.demo.run import DEMO_CITY, Run, RunSettings
from tests.conftest import PROJECT
from tests.palette import MOST_BYTES, shrink

PEOPLE = 20_000
# In the ward that has ordered people to leave, where a road leads to a shelter.
LEAVING = {"latitude": 35.7436, "longitude": 139.8550}
_LAPTOP, _TABLET, _PHONE = (1366, 768), (768, 1024), (360, 740)
_CODE_SECONDS = 31_000


def take(browser: Browser, pages: DemoPages, folder: Path) -> None:
    """Take every picture of *pages* into *folder*."""
    residents(browser, pages.residents, folder)
    console(browser, pages, folder)


def residents(browser: Browser, url: str, folder: Path) -> None:
    """Take what a resident sees while an order is in force."""
    with opened(browser, _LAPTOP) as page:
        page.goto(url)
        page.wait_for_selector("svg.map")
        page.screenshot(path=folder / "first-page.png")
    for name, size, scheme, height in (
        ("resident-night", _PHONE, "dark", 1350),
        ("resident-desktop", (1024, 1400), "light", 1400),
    ):
        with opened(browser, size, color_scheme=scheme, geolocation=LEAVING, permissions=["geolocation"]) as page:
            page.goto(url + "map")
            page.locator("#here").click()
            page.wait_for_selector("#guide .turns")
            page.wait_for_timeout(1_000)  # the way from the phone's own point, where there is one
            clip = {"x": 0, "y": 0, "width": size[0], "height": height}
            page.screenshot(path=folder / f"{name}.png", full_page=True, clip=clip)  # type: ignore[arg-type]


def console(browser: Browser, pages: DemoPages, folder: Path) -> None:
    """Take an order's way from a form to the phones, by two people, and the page of drills."""
    writer, second = pages.officers
    with opened(browser, _TABLET, java_script_enabled=False) as page:
        sign_in(page, pages.console, writer)
        page.goto(pages.console + "post")
        page.get_by_label("レベル4 避難指示").check()
        page.get_by_label("江東区").first.check()
        page.get_by_role("button", name="範囲と人数を確かめる").click()
        page.wait_for_selector("svg.map")
        page.screenshot(path=folder / "console-preview.png")
        page.wait_for_timeout(_CODE_SECONDS)  # a code is taken once
        page.get_by_label("確認コード（6桁）").first.fill(writer.code)
        page.get_by_role("button", name="避難情報の案を作る").click()
        page.goto(pages.console + "drill")
        page.set_viewport_size({"width": _LAPTOP[0], "height": _LAPTOP[1]})
        page.screenshot(path=folder / "console-drill.png")
    with opened(browser, _LAPTOP, java_script_enabled=False) as page:
        sign_in(page, pages.console, second)
        while not page.get_by_role("link", name="確かめる").count():
            page.wait_for_timeout(500)
            page.goto(pages.console)
        page.get_by_role("link", name="確かめる").first.click()
        page.screenshot(path=folder / "console-draft.png", full_page=True)
        page.wait_for_timeout(_CODE_SECONDS)
        page.get_by_label("確認コード（6桁）").first.fill(second.code)
        page.get_by_role("button", name="この内容で住民に送る").click()
        page.wait_for_timeout(3_000)
        page.goto(pages.console)
        page.locator("a[href^='/sending/']").first.click()
        page.screenshot(path=folder / "console-sending.png")


@contextmanager
def opened(browser: Browser, size: tuple[int, int], **more: Any) -> Iterator[Page]:
    """Open a page of its own that reads Japanese."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="ja-JP", timezone_id="Asia/Tokyo", **more
    )
    yield context.new_page()
    context.close()


def sign_in(page: Page, url: str, officer: DemoOfficer) -> None:
    """Sign in as *officer* by password and code."""
    page.goto(url)
    page.get_by_label("名前").fill(officer.name)
    page.get_by_label("パスワード").fill(officer.password)
    page.get_by_label("確認コード（6桁）").fill(officer.code)
    page.get_by_role("button", name="サインイン", exact=True).click()
    page.wait_for_url(lambda found: "sign-in" not in found)


def _say(step: str) -> None:
    sys.stderr.write(f"{step}\n")


def main(folder: Path) -> int:
    """Play the evening, take the pictures once it rains again, and say how large they are."""
    folder.mkdir(parents=True, exist_ok=True)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.png")}
    served: list[DemoPages] = []

    def watch(run: Run) -> None:
        served.append(DemoPages.start(run.pipeline.broker.bootstrap, run.folder, network=run.settings.network))

    def conclude(_result: dict[str, Any]) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            browser.new_context()
            take(browser, served[0], folder)
            browser.close()
        served[0].close()

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
    run_demo(settings, seconds=0, say=_say, progress=lambda *_: None, watch=watch, conclude=conclude, stays=True)
    taken = [path for path in sorted(folder.glob("*.png")) if before.get(path) != path.stat().st_mtime_ns]
    sizes = {path.name: shrink(path) for path in taken}
    sys.stdout.write("".join(f"{size:>9,} {name}\n" for name, size in sizes.items()))
    return int(any(size > MOST_BYTES for size in sizes.values()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "docs" / "pictures"))
