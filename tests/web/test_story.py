"""The whole story on Apache Kafka: an order drafted, checked, approved by another, fanned out, shown, and taken back.

Coordinators act in Chromium with scripts switched off. The push that the push service took is opened with the
phone's own keys and given to the page's worker, which shows it.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from api.console.process import build_console
from api.known.census import Census
from api.officers.accounts import Accounts, Role
from api.residents.joining import joining_settings
from api.residents.process import build_residents
from dispatch.stub.bodies import stored
from dispatch.stub.opened import open_body
from geo.areas import AreaTable
from shirase.commands.api import people_at
from shirase.demo.pipeline import VAPID_SUBJECT, make_secrets
from shirase.demo.run import Run
from tests.api.test_end_to_end import served
from tests.api.test_office import KOTO_WARD, PASSWORD
from tests.api.test_subscriptions import wish
from tests.stub.pushes import Phone
from tests.web.conftest import Door
from tests.web.test_chromium import Worker, shot
from tests.whole.scenes import Brokers, pipeline_on, until

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.slow]

_STEP_SECONDS = 30


class Officer:
    """An account whose codes are taken one after the other: a phone's clock may be a step off either way."""

    def __init__(self, accounts: Accounts, name: str) -> None:
        self.name = name
        self._totp = pyotp.TOTP(accounts.add(name, Role.APPROVER, frozenset({KOTO_WARD}), PASSWORD))
        self._last = 0

    def code(self) -> str:
        now = int(datetime.now(UTC).timestamp()) // _STEP_SECONDS
        self._last = max(self._last + 1, now - 1)
        return self._totp.at(self._last * _STEP_SECONDS)


@contextmanager
def at_her_desk(chromium: Browser, url: str, officer: Officer) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, java_script_enabled=False, locale="ja-JP")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(url)
    page.get_by_label("名前").fill(officer.name)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_label("確認コード（6桁）").fill(officer.code())
    page.get_by_role("button", name="サインイン").click()
    page.wait_for_url(lambda where: "sign-in" not in where)
    yield page
    context.close()


def said_to(run: Run, phone: Phone, token: str) -> list[dict[str, Any]]:
    """Return what was pushed to *phone*, opened with its own keys."""
    assert run.stub is not None
    run.stub.flush()
    bodies = [one.body for one in stored(run.stub.bodies_path) if one.token == token]
    return [json.loads(open_body(body, phone.receiver)) for body in bodies]


def test_an_order_goes_from_a_form_to_a_phone_and_is_taken_back_by_one_person(
    brokers: Brokers, built: Path, area_table: AreaTable, chromium: Browser, phone: BrowserContext, tmp_path: Path
) -> None:
    secrets = make_secrets(tmp_path / "run" / "secrets")
    accounts = Accounts(tmp_path / "accounts.sqlite")
    author, second, third = (Officer(accounts, name) for name in ("aoki", "baba", "chiba"))
    accounts.close()
    with pipeline_on(brokers(), tmp_path / "run", subscribers=50) as run:
        assert run.stub is not None
        bootstrap = run.pipeline.broker.bootstrap
        joining = joining_settings(
            secrets
            | {
                "SHIRASE_VAPID_SUBJECT": VAPID_SUBJECT,
                "SHIRASE_SITE_URL": "https://shirase.example/",
                "SHIRASE_PUSH_CA": str(run.stub.ca_path),
                "SHIRASE_PUSH_ORIGINS": run.stub.origins[0],
            }
        )
        residents = build_residents(bootstrap, table=area_table, joining=joining, web=built)
        census = Census.of(people_at("demo-city"), None)
        console = build_console(
            bootstrap, accounts=tmp_path / "accounts.sqlite", table=area_table, census=census, web=built
        )
        with served(residents) as client, served(console) as office:
            for one in (client, office):
                until(lambda one=one: one.get("/health").status_code == 200, "both doors")  # type: ignore[misc]
            keys, token = Phone(), "a-phone-of-koto"
            signed_up(client, run, keys, token)
            desk = str(office.base_url).replace("127.0.0.1", "localhost").rstrip("/")
            url = str(client.base_url).replace("127.0.0.1", "localhost").rstrip("/")
            worker = Worker(phone, Door(url, run.pipeline.broker, run.stub, secrets, client))

            with at_her_desk(chromium, desk + "/", author) as page:
                page.goto(desk + "/post")
                form = page.locator("#order")
                form.get_by_label("レベル4 避難指示").check()
                form.get_by_label("確認コード（6桁）").fill(author.code())
                form.get_by_role("button", name="避難情報の案を作る", exact=True).click()
                page.wait_for_url("**/posts/**")
                # The page asks again by itself, without a script.
                page.get_by_role("link", name="案を確かめる").click()
                assert "自分で作った案は承認できません" in page.inner_text("main")
                draft = page.url
            with at_her_desk(chromium, desk + "/", second) as page:
                page.goto(draft)
                assert page.locator(".findings .stop").count() == 0, "the linter has nothing against it"
                assert "住んでいる人" in page.inner_text("main")
                page.get_by_label("確認コード（6桁）").first.fill(second.code())
                page.get_by_role("button", name="この内容で住民に送る").click()
                page.get_by_role("link", name="送信の状況").click()
                page.wait_for_url("**/sending/**")
                until(lambda: len(said_to(run, keys, token)) == 2, "the order on the phone")
                order = said_to(run, keys, token)[-1]
                assert order["notification"]["title"] == "レベル4 避難指示"
                assert "江東区" in order["notification"]["body"]
                worker.push(json.dumps(order))
                worker.until_shown("レベル4 避難指示")
                page.get_by_text("送り終わりました（SENT）").wait_for()
                shot(page, "console-sending-laptop")

                # It runs out before the danger does: whoever let it go asks for more, and another lets that go.
                page.get_by_role("link", name="期限を延ばす").click()
                page.get_by_role("button", name="＋3時間").click()
                page.get_by_role("link", name="その案へ").click()
                page.wait_for_url("**/drafts/**")
                assert "自分で作った案は承認できません" in page.inner_text("main")
                draft = page.url
            with at_her_desk(chromium, desk + "/", third) as page:
                page.goto(draft)
                assert page.locator(".findings .stop").count() == 0
                assert "から延長。範囲と指示は承認されたときのまま" in page.inner_text("main")
                shot(page, "console-extension-laptop")
                page.get_by_label("確認コード（6桁）").first.fill(third.code())
                page.get_by_role("button", name="この内容で住民に送る").click()
                until(lambda: len(said_to(run, keys, token)) == 3, "that it goes on, on the phone")
                goes_on = said_to(run, keys, token)[-1]
                assert goes_on["notification"]["title"] == "レベル4 避難指示は続いています"
                assert goes_on["notification"]["tag"] == order["notification"]["tag"], "it replaces what it extends"
                # To the whole minute, as the button said.
                assert 0 <= goes_on["shirase"]["expires"] - order["shirase"]["expires"] - 3 * 3600 < 60
                worker.push(json.dumps(goes_on))
                worker.until_shown("レベル4 避難指示は続いています")

                page.get_by_role("link", name="送信の状況").click()
                page.wait_for_url("**/sending/**")
                page.get_by_text(re.compile("送った：延長した（.*まで）")).wait_for()
                # One click from where it is followed, no code: she gave one a moment ago.
                correct = page.locator("#ending").get_by_role("button", name="誤りとして取り消す")
                until(
                    lambda: re.search("（([0-9,]+人|20人未満)に送る）", correct.inner_text()) is not None,
                    "how many it tells",
                )
                shot(page, "console-ending-laptop")
                correct.click()
                page.get_by_text("取り消しを送りました（SENT）").wait_for()
            until(lambda: len(said_to(run, keys, token)) == 4, "the correction on the phone")
            correction = said_to(run, keys, token)[-1]
            assert correction["notification"]["title"] == "レベル4 避難指示の取消"
            assert correction["notification"]["tag"] == order["notification"]["tag"], "it replaces what it corrects"
            worker.push(json.dumps(correction))
            worker.until_shown("レベル4 避難指示の取消")


def signed_up(client: httpx.Client, run: Run, keys: Phone, token: str) -> None:
    """Sign a phone of Kōtō up; the welcome push comes back to it."""
    assert run.stub is not None
    asked = wish(keys, endpoint=f"{run.stub.origins[0]}/push/{token}")
    answer = client.post("/subscriptions", json=asked)
    assert answer.status_code == 202, answer.text
    bearer = {"authorization": f"Bearer {answer.json()['token']}"}
    until(lambda: bool(said_to(run, keys, token)), "the welcome")
    asked |= {"proof": said_to(run, keys, token)[0]["shirase"]["proof"]}
    assert client.put("/subscriptions", json=asked, headers=bearer).json()["state"] == "active"
