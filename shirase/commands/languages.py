"""`shirase languages`: the languages of the pages, in what their pushes come, and who has reviewed the words."""

import json
import sys
from pathlib import Path

import click

from shirase.commands.exits import WRONG
from shirase.languages import not_reviewed, reviews_at
from shirase.paths import DEFAULT_LANGUAGES
from streams.settings import SettingMissing


@click.command()
@click.option(
    "--languages",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="SHIRASE_LANGUAGES",
    default=DEFAULT_LANGUAGES,
    show_default=True,
    help="As SHIRASE_LANGUAGES.",
)
@click.option("--json", "as_json", is_flag=True, help="Only JSON on standard output.")
def languages(languages: Path, as_json: bool) -> None:
    """List the languages and who has reviewed them; exit code 1 while one is not reviewed as it is now."""
    try:
        found = reviews_at(languages)
    except (ValueError, AttributeError) as error:
        raise SettingMissing(f"SHIRASE_LANGUAGES, {languages}: {error}") from None
    if as_json:
        plain = [
            {
                "code": one.code,
                "push": one.push,
                "state": one.state.value,
                "reviewed_by": one.reviewed_by,
                "digest": one.digest,
            }
            for one in found
        ]
        click.echo(json.dumps(plain, ensure_ascii=False))
    else:
        for one in found:
            by = f"{one.reviewed_by} {one.reviewed_on}".strip() or "nobody"
            click.echo(f"{one.code:8} {one.state.value:14} by {by}; pushes in {one.push}; digest {one.digest or '-'}")
    sys.exit(WRONG if not_reviewed(found) else 0)
