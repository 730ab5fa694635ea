"""The command line as a whole: every word leads somewhere, and what is foreseen ends in one line."""

import logging
import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from feeds.errors import FeedError
from shirase.cli import COMMANDS, main
from shirase.commands.exits import NOT_UP, WRONG, Foreseen
from shirase.demo.pipeline import PipelineFailed
from streams.brokers.errors import BrokerNotReady
from streams.settings import SettingMissing
from tests.house.conftest import PROJECT


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_word_is_a_command_of_that_name_with_a_line_of_help(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str()


def test_the_first_page_has_every_word() -> None:
    page = (PROJECT / "README.md").read_text(encoding="utf-8")
    # A row may say "`shirase import roads|shelters`, `areas import`": the first word is what counts.
    assert set(COMMANDS) - set(re.findall(r"`shirase ([a-z-]+)", page)) == set()


def test_a_word_that_is_none_is_named_and_ends_with_2() -> None:
    found = CliRunner().invoke(main, ["shelter"])
    assert found.exit_code == 2
    assert "No such command 'shelter'" in found.output


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (FeedError("not-xml"), WRONG, "not-xml"),
        (ValueError("12 is no H3 cell"), WRONG, "12 is no H3 cell"),
        (FileNotFoundError(2, "No such file or directory", "areas.bin"), WRONG, "areas.bin"),
        (BrokerNotReady("no broker answers"), NOT_UP, "no broker answers"),
        (SettingMissing("SHIRASE_POLICY is not set"), NOT_UP, "SHIRASE_POLICY is not set"),
        (PipelineFailed("not up in time: fanout"), NOT_UP, "not up in time: fanout"),
        (TimeoutError(), NOT_UP, "the broker did not answer in time"),
    ],
)
def test_what_is_foreseen_ends_with_a_sentence_and_a_code(error: Exception, code: int, said: str) -> None:
    found = CliRunner().invoke(_raising(error), ["go"])
    assert found.exit_code == code
    assert found.stderr.startswith("shirase: ")
    assert said in found.stderr
    assert "Traceback" not in found.output


def test_what_nobody_foresaw_keeps_its_traceback() -> None:
    found = CliRunner().invoke(_raising(KeyError("fault of ours")), ["go"])
    assert isinstance(found.exception, KeyError)


def test_a_bare_value_error_leaves_its_traceback_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        CliRunner().invoke(_raising(ValueError("12 is no H3 cell")), ["go"])
    (entry,) = caplog.records
    assert entry.exc_info is not None


def test_the_words_are_known_before_any_of_them_is_imported() -> None:
    asked = "import sys, shirase.cli; print(*({'numpy', 'confluent_kafka', 'fastapi', 'rich'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def _raising(error: Exception) -> click.Group:
    @click.group(cls=Foreseen)
    def root() -> None:
        """Be the root."""

    @root.command()
    def go() -> None:
        raise error

    return root
