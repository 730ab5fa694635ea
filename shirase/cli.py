"""The command line: which words there are, and where each is.

Exit codes: 0 done, 1 it ran and something is wrong, 2 the words are off, 3 a part did not come up.
"""

import logging
import os
import sys
from collections.abc import Mapping
from importlib import import_module

import click

from shirase.commands.exits import Foreseen

# A command is imported when it is typed: all of them take longer to import than most take to run, and every worker
# starts through here.
COMMANDS: Mapping[str, str] = {
    "accounts": "shirase.commands.accounts:accounts",
    "api": "shirase.commands.api:api",
    "approve": "shirase.commands.plan:approve",
    "areas": "shirase.commands.areas:areas_group",
    "audit": "shirase.commands.accounts:audit",
    "channels": "shirase.commands.channels:channels",
    "check": "shirase.commands.check:check",
    "demo": "shirase.commands.demo:demo",
    "escrow": "shirase.commands.escrow:escrow",
    "explain": "shirase.commands.explain:explain",
    "export-static": "shirase.commands.export:export_static",
    "gate": "shirase.commands.gate:gate",
    "gauges": "shirase.commands.gauges:gauges",
    "hazards": "shirase.commands.maps:hazards",
    "import": "shirase.commands.imports:import_group",
    "keys": "shirase.commands.keys:keys",
    "languages": "shirase.commands.languages:languages",
    "plan": "shirase.commands.plan:plan",
    "policy": "shirase.commands.policy:policy",
    "post": "shirase.commands.post:post_group",
    "replay": "shirase.commands.replay:replay",
    "reports": "shirase.commands.reports:reports",
    "seam": "shirase.commands.maps:seam",
    "subscribers": "shirase.commands.subscribers:subscribers",
    "topics": "shirase.commands.topics:topics",
    "usage": "shirase.commands.usage:usage",
    "ward": "shirase.commands.ward:ward",
    "worker": "shirase.commands.worker:worker",
}


class Commands(Foreseen):
    """The commands by their names, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help page."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name; None leaves the complaint to click."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shirase", prog_name="shirase")
@click.option("-v", "--verbose", is_flag=True, help="Say what happens, on standard error.")
def main(verbose: bool) -> None:
    """知らせ: disaster alerts that follow the hazard, not the ward border."""
    level = os.environ.get("SHIRASE_LOG", "INFO" if verbose else "ERROR")
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
