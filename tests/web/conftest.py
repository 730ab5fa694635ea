"""The residents' process with sign-up, over the embedded broker, and a browser in front of it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from api.residents.joining import joining_settings
from api.residents.process import build_residents
from dispatch.stub.process import StubProcess
from geo.areas import AreaTable
from shirase.areas import table_at
from shirase.demo.pipeline import make_secrets
from shirase.paths import DEFAULT_AREAS
from streams.brokers.broker import Broker, ensure_topics, open_broker
from streams.topics import ALL
from tests.api.test_end_to_end import served, until
from tests.conftest import PROJECT
from tests.whole.conftest import brokers  # noqa: F401

WEB = PROJECT / "web" / "dist"
SCREENSHOTS = PROJECT / ".cache" / "screenshots"


def needed(what: str, there: bool, how: str) -> None:
    """Skip where a part is not at hand; in CI that is a failure of the set-up."""
    if there:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI skips nothing: {how}")
    pytest.skip(f"{what} is missing: {how}")


@pytest.fixture(scope="session")
def built() -> Path:
    needed("the built pages", (WEB / "sw.js").is_file(), "make web (Node 18 or newer)")
    return WEB


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = shutil.which("chromium") or ""
    needed("Chromium", bool(found), "apt-get install chromium")
    return found


@dataclass(frozen=True, slots=True)
class Door:
    """The residents' process, its broker and the push service that its pushes go to."""

    url: str
    broker: Broker
    stub: StubProcess
    secrets: dict[str, str]
    client: httpx.Client


@pytest.fixture(scope="module")
def area_table() -> AreaTable:
    return table_at(PROJECT / DEFAULT_AREAS)


@pytest.fixture(scope="module")
def door(built: Path, tmp_path_factory: pytest.TempPathFactory, area_table: AreaTable) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    secrets = make_secrets(folder / "keys")
    with open_broker("embedded") as broker, StubProcess.start(folder / "stub") as stub:
        ensure_topics(broker, ALL)
        joining = joining_settings(
            secrets
            | {
                "SHIRASE_VAPID_SUBJECT": "mailto:duty@example.org",
                "SHIRASE_PUSH_CA": str(stub.ca_path),
                "SHIRASE_PUSH_ORIGINS": stub.origins[0],
                "SHIRASE_SITE_URL": "https://shirase.example/",
            }
        )
        app = build_residents(broker.bootstrap, table=area_table, joining=joining, web=built)
        with served(app) as client:
            until(lambda: client.get("/health").status_code == 200)
            # Workers and pushes need a secure context: localhost is one, an address is not everywhere.
            url = str(client.base_url).replace("127.0.0.1", "localhost").rstrip("/")
            yield Door(url, broker, stub, secrets, client)


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    # No longer than a module: while Playwright runs, an event loop runs in this thread, and nobody else may have one.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path,
            # A container's root has no sandbox of its own; WebGL is drawn by the processor.
            args=["--no-sandbox", "--enable-unsafe-swiftshader", "--use-gl=angle", "--use-angle=swiftshader"],
        )
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        viewport={"width": 360, "height": 740},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
    )
    context.set_default_timeout(20_000)
    yield context
    context.close()
