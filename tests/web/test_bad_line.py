"""Here, now on a bad line: what comes first, and how long it takes.

The seconds are printed and never asserted: `pytest tests/web/test_bad_line.py -s`. The lines are Chromium's, with the
figures that browsers' tools name GPRS (50 kbit/s, 500 ms) and regular 2G (250 kbit/s, 300 ms).
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request

from tests.web.dusk import CELL, SHARD, Dusk
from tests.web.test_now import Site, at_home, site_over

pytestmark = pytest.mark.browser

LINES = {"GPRS": (50_000, 500), "2G": (250_000, 300)}


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[Site]:
    with site_over(Dusk(), built) as opened:
        yield opened


def hearing(into: list[str], what: str) -> Callable[[Request], None]:
    return lambda one: into.append(f"{what} {one.url.rpartition('/')[2]}")


def test_on_a_bad_line_the_level_and_what_to_do_come_before_the_rest(chromium: Browser, site: Site) -> None:
    for name, (bits, latency) in LINES.items():
        for path, useful in (
            (f"/map#c={CELL:x}", "#worst .level"),
            (f"/here/{SHARD:x}", ".notices h3"),
            ("/", ".worst"),
        ):
            context = at_home(chromium, site, workers="block")
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            session.send(
                "Network.emulateNetworkConditions",
                {
                    "offline": False,
                    "latency": latency,
                    "downloadThroughput": bits / 8,
                    "uploadThroughput": bits / 8 / 2,
                },
            )
            asked: list[str] = []
            page.on("request", hearing(asked, "asked"))
            page.on("requestfinished", hearing(asked, "came"))
            page.set_default_timeout(120_000)
            began = time.perf_counter()
            page.goto(site.url + path, wait_until="commit")
            page.wait_for_selector(useful)
            first, before = time.perf_counter() - began, [*asked]
            page.wait_for_load_state("load")
            if path.startswith("/map"):
                page.wait_for_selector("#guide .headline")
                assert not [one for one in before if one.startswith("asked map-")], "no map library before it is wanted"
                order = [
                    one for one in asked if one in ("came notices.json", "asked plan.json", "asked shelters.geojson")
                ]
                assert order[0] == "came notices.json", "the level comes before the rest is even asked for"
                words = [one for one in asked if one.startswith(("asked ja-", "asked en-", "asked ko-", "asked zh-"))]
                assert len(words) == 1, "the words of one language"
            whole = time.perf_counter() - began
            print(  # noqa: T201 - the figure is what it is for
                f"{name:5} {path.split('#')[0]:22} first useful text {first:5.1f} s, whole {whole:5.1f} s"
            )
            context.close()
