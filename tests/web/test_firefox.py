"""A real Firefox is told of a real warning: telegram, Apache Kafka, agents, dispatch, push, the page's worker.

She signs up on our page with three taps; the push server between is ours and speaks Mozilla's protocol, the
decryption is the browser's own.
"""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from marionette_driver.by import By
from marionette_driver.marionette import Marionette

from api.residents.joining import joining_settings
from api.residents.process import build_residents
from geo.areas import AreaTable
from shirase.demo.pipeline import VAPID_SUBJECT, make_secrets
from tests.api.test_end_to_end import served
from tests.web.autopush import Autopush
from tests.web.conftest import SCREENSHOTS, needed
from tests.whole.scenes import Brokers, pipeline_on, submit, until
from tests.whole.test_fanout_kill import heavy_rain_everywhere

# In Kōtō; the phone makes a cell of it, nothing finer leaves it.
HERE = 'data:application/json,{"location":{"lat":35.6727,"lng":139.8169},"accuracy":10}'
SCRIPT_MS = 90_000
TAKEN = 100


@contextmanager
def firefox(path: str, folder: Path, push_port: int) -> Iterator[Marionette]:
    """Run a Firefox without a window whose push service is the one on loopback."""
    driver = Marionette(
        bin=path,
        headless=True,
        gecko_log=str(folder / "gecko.log"),
        workspace=str(folder),
        prefs={
            "dom.push.serverURL": f"ws://127.0.0.1:{push_port}/",
            "dom.push.testing.allowInsecureServerURL": True,
            "permissions.default.desktop-notification": 1,
            "permissions.default.geo": 1,
            "geo.provider.network.url": HERE,
            "geo.provider.testing": True,
            # Without a desktop the system's own way of showing notifications fails.
            "alerts.useSystemBackend": False,
            "dom.push.connection.enabled": True,
            "intl.accept_languages": "ja",
        },
    )
    try:
        driver.start_session()
        driver.timeout.script = SCRIPT_MS / 1000
        yield driver
    finally:
        with suppress(Exception):  # a browser that does not end in order is ended by its runner
            driver.quit(in_app=False)
        driver.cleanup()


def shown_by(driver: Marionette) -> list[dict[str, Any]]:
    """Return what is on the screen."""
    found = driver.execute_async_script(
        """const done = arguments[arguments.length - 1];
           navigator.serviceWorker.ready.then(worker => worker.getNotifications())
             .then(all => done(all.map(one => ({title: one.title, body: one.body, tag: one.tag}))));""",
        sandbox=None,
    )
    assert isinstance(found, list)
    return found


def titles(driver: Marionette) -> list[str]:
    return [str(one["title"]) for one in shown_by(driver)]


@pytest.mark.browser
@pytest.mark.kafka
@pytest.mark.slow
def test_a_real_browser_shows_the_warning_that_the_agency_issued(
    brokers: Brokers, built: Path, area_table: AreaTable, tmp_path: Path
) -> None:
    path = shutil.which("firefox-esr") or ""
    needed("Firefox", bool(path), "apt-get install firefox-esr")
    secrets = make_secrets(tmp_path / "run" / "secrets")
    with pipeline_on(brokers(), tmp_path / "run", subscribers=50) as run:
        assert run.stub is not None
        joining = joining_settings(
            secrets
            | {
                "SHIRASE_VAPID_SUBJECT": VAPID_SUBJECT,
                "SHIRASE_SITE_URL": "https://shirase.example/",
                "SHIRASE_PUSH_CA": str(run.stub.ca_path),
                "SHIRASE_PUSH_ORIGINS": run.stub.origins[0],
            }
        )
        app = build_residents(run.pipeline.broker.bootstrap, table=area_table, joining=joining, web=built)
        with (
            served(app) as client,
            Autopush(run.stub) as push,
            firefox(path, tmp_path, push.port) as driver,
        ):
            until(lambda: client.get("/health").status_code == 200, "the residents' process to have read its topics")
            driver.navigate(str(client.base_url).replace("127.0.0.1", "localhost").rstrip("/") + "/signup")
            driver.find_element(By.CSS_SELECTOR, "#language button[lang='ja']").click()
            driver.find_element(By.ID, "here").click()
            until(lambda: bool(driver.find_elements(By.CSS_SELECTOR, "#chosen li")), "the place")
            driver.find_element(By.ID, "allow").click()
            status = driver.find_element(By.ID, "status")
            until(
                lambda: any(word in status.text for word in ("登録できました", "うまくいき", "受け取れません")),
                "the welcome to come back",
            )
            assert "登録できました" in status.text, status.text
            assert "知らせ：届きました" in titles(driver)

            submit(run, "everywhere.xml", heavy_rain_everywhere(datetime.now(UTC)))
            until(lambda: any("レベル5" in one["body"] for one in shown_by(driver)), "the warning on the screen")
            warned = next(one for one in shown_by(driver) if "レベル5" in one["body"])
            assert "江東区" in warned["title"] + warned["body"]
            assert set(push.acks.values()) == {TAKEN}
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            image = driver.screenshot(full=True)
            (SCREENSHOTS / "firefox-signed-up.png").write_bytes(base64.b64decode(image))

            driver.find_element(By.ID, "forget").click()
            until(lambda: "消しました" in driver.find_element(By.ID, "status").text, "the subscription to be forgotten")
