"""How a command ends: its exit code, and the errors we foresee as one sentence instead of a traceback."""

import logging
import sys
from typing import Any, NoReturn

import click

from alerts.errors import AlertsError, PolicyError
from dispatch.errors import DispatchError, KeyFileUnsafe
from feeds.errors import FeedError
from geo.errors import AreaTableError, GeoError
from routing.errors import RoutingError
from shirase.errors import PartNotUp, ShiraseError
from streams.brokers.errors import StreamsError
from streams.settings import SettingMissing

# Click itself ends with 2 where the words are off.
WRONG, NOT_UP = 1, 3
# What a process is given before it starts is a part of it: starting again alone does not help.
_PART_MISSING = (PartNotUp, StreamsError, SettingMissing, TimeoutError, PolicyError, AreaTableError, KeyFileUnsafe)
_REFUSED = (AlertsError, DispatchError, FeedError, GeoError, RoutingError, ShiraseError, ValueError, OSError)

_log = logging.getLogger(__name__)


def stop(why: object, code: int = WRONG) -> NoReturn:
    """End the command with *code* and the sentence *why* on standard error."""
    click.echo(f"shirase: {why}", err=True)
    sys.exit(code)


class Foreseen(click.Group):
    """The root of the commands: what they raise on purpose ends with its sentence and an exit code.

    A bare ValueError or OSError may be a fault of ours as well as a file of theirs: its traceback is logged, which
    `-v` and a worker's log show.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except _PART_MISSING as error:
            stop(str(error) or "the broker did not answer in time", NOT_UP)
        except BrokenPipeError:
            raise  # Click ends quietly when the reader of a pipe has gone.
        except _REFUSED as error:
            if type(error).__module__ == "builtins":
                _log.warning("%s", error, exc_info=True)
            stop(_sentence(error))


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        # Without number and brackets: "[Errno 2]" helps nobody who types.
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__
