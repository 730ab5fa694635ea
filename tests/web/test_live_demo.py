"""`shirase demo` as whoever has just cloned us starts it: what it prints leads to three doors, and Ctrl-C ends it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from shirase.commands.exits import WRONG
from shirase.paths import DEFAULT_AREAS
from tests.conftest import PROJECT
from tests.whole.scenes import until

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.slow]

ENDED_SECONDS = 120.0


class Demo:
    """The command, in a session of its own as in a terminal; `said` are the lines that it printed."""

    def __init__(self, folder: Path) -> None:
        command = (
            sys.executable, "-m", "shirase", "demo",
            "--subscribers", "100", "--workers", "1", "--seconds", "0.1", "--silence-seconds", "60",
        )  # fmt: skip
        # Without a screen no browser of the tester's is opened.
        quiet = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        self.folder = folder
        self.said: list[str] = []
        self.process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=quiet | {"TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_heed_ctrl_c,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def until_said(self, pattern: str) -> re.Match[str]:
        """Return the first line that holds *pattern*."""
        found: list[re.Match[str]] = []

        def is_said() -> bool:
            found.extend(match for line in list(self.said) if (match := re.search(pattern, line)))
            assert found or self.process.poll() is None, "".join(self.said)
            return bool(found)

        until(is_said, pattern)
        return found[0]

    def processes(self) -> list[str]:
        """Return the command lines of all that works in this run's folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        return [line for line in found if str(self.folder) in line]

    def interrupt(self) -> int:
        """Press Ctrl-C, which goes to everything in the terminal, and return how the command ended."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(ENDED_SECONDS)

    def kill(self) -> None:
        """End what a failed test left."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDED_SECONDS)
        self.process.kill()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.said.extend(self.process.stderr)


def _heed_ctrl_c() -> None:
    """Undo what a background job begins with, in the child: there Ctrl-C is ignored, and a terminal's is not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def demo(built: Path, tmp_path: Path) -> Iterator[Demo]:
    assert (PROJECT / DEFAULT_AREAS).exists(), "the area table is not built yet: make unit, or shirase areas"
    started = Demo(tmp_path)
    yield started
    started.kill()


def shows(page: Page, url: str, pattern: str) -> None:
    """Return once *url* shows *pattern*: what the demo plays last is still on its way when it says that it stays up."""

    def is_there() -> bool:
        page.goto(url)
        return re.search(pattern, page.locator("body").inner_text()) is not None

    until(is_there, pattern)


def test_a_newcomer_finds_every_door_by_what_the_demo_prints_and_ctrl_c_ends_it_all(
    demo: Demo, chromium: Browser, phone: BrowserContext
) -> None:
    residents = demo.until_said(r"residents' page: (\S+)")[1]
    console = demo.until_said(r"console: +(\S+)")[1]
    sheets = demo.until_said(r"shelters' codes: (\S+)")[1]
    _, name, password, key = demo.until_said(r"officer: +((\S+) \(approver\))  (\S+)  key (\S+)").groups()
    demo.until_said("everything stays up")
    assert demo.processes(), "the workers are found by the run's folder"

    page = phone.new_page()
    page.goto(residents)
    expect(page.locator("#demo")).to_contain_text("デモです")
    shows(page, residents, "葛飾区が葛飾区に避難指示（洪水）を出しました")

    desk = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="ja-JP").new_page()
    desk.goto(console)
    desk.get_by_label("名前").fill(name)
    desk.get_by_label("パスワード").fill(password)
    desk.get_by_label("確認コード（6桁）").fill(pyotp.TOTP(key).now())
    desk.get_by_role("button", name="サインイン", exact=True).click()
    desk.wait_for_url(lambda where: "sign-in" not in where)
    # An order where it does not rain waits for her, and she is called for it; of channels one has failed.
    shows(desk, console, "ほかに危険のしるしがないため保留")
    demo.until_said(f"呼び出し call  {name}")
    for state in ("受け取られた", "失敗した"):
        shows(desk, f"{console}channels", state)

    # A code leads its shelter's staff to a page of its own, and what is pressed there stands on the residents' map.
    page.goto(sheets)
    shelter = page.locator("h1").first.inner_text()
    page.locator("section a").first.click()
    page.wait_for_url("**/s/**")
    assert urlsplit(page.url).port not in (urlsplit(residents).port, urlsplit(console).port)
    page.get_by_role("button", name="満員 full").click()
    expect(page.get_by_role("status")).to_contain_text("「満員」を送りました")

    shows(page, f"{residents}map/plain", rf"葛飾区：開設[^\n]*\n開設：(?![^\n]*{shelter}(?:、|\n|$))")
    desk.context.close()
    # Its documents came faster than they could be told, so that its account may differ (1); nothing else may.
    assert demo.interrupt() in (0, WRONG)
    assert "Traceback" not in "".join(demo.said)
    assert demo.processes() == []
    assert list(demo.folder.iterdir()) == [], "nothing is left on the disk"
