"""`shirase accounts` and `shirase audit`: who may act at the console, and whether the trail of acts is whole."""

import re
import time
from pathlib import Path

import click

from shirase.commands.exits import NOT_UP, stop
from shirase.commands.options import broker_option
from shirase.paths import DEFAULT_ACCOUNTS

_store = click.option(
    "--accounts", "path", type=click.Path(path_type=Path), default=DEFAULT_ACCOUNTS, show_default=True,
    help="The file beside the console; made with mode 0600.",
)  # fmt: skip
# Whoever mistypes the file's name is told so, and not that an officer has no account.
_store_there = click.option(
    "--accounts", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=DEFAULT_ACCOUNTS,
    show_default=True, help="The file beside the console.",
)  # fmt: skip
_WARD = re.compile(r"[0-9]{7}|\*")


@click.group()
def accounts() -> None:
    """Coordinators' accounts; there is none until you add one."""


@accounts.command()
@click.argument("name")
@click.option("--role", type=click.Choice(["drafter", "approver", "administrator"]), required=True)
@click.option("--ward", "wards", multiple=True, required=True, help="class20 code, e.g. 1310800; * for all wards.")
@click.password_option(help="12 characters or more; asked for when it is not given.")
@click.option("--administrator", "administrators", multiple=True, help="Twice: whose codes are asked for.")
@click.option("--broker", envvar="SHIRASE_BROKER", default="", help="HOST:PORT of Apache Kafka: where the trail is.")
@click.option("--without-trail", is_flag=True, help="Where no console runs: nothing but the file knows who granted it.")
@_store
def add(
    name: str,
    role: str,
    wards: tuple[str, ...],
    password: str,
    administrators: tuple[str, ...],
    broker: str,
    without_trail: bool,
    path: Path,
) -> None:
    """Add NAME and print the key for its authenticator app, once.

    Once there are two administrators, whoever may approve is added by two of them (R24), and who granted what to whom
    is an entry of the audit trail, which the running console writes before anything is changed. Exit code 1: NAME may
    not be added; 3: the broker or the console is away. Nothing was changed.
    """
    import pyotp

    from api.officers.accounts import AccountExists, Accounts, Role
    from shirase.second_administrator import NEEDED, administrators_in, prove_two

    for ward in wards:
        if not _WARD.fullmatch(ward):
            raise click.BadParameter(f"{ward} is no class20 code: seven digits, e.g. 1310800", param_hint="--ward")
    store = Accounts(path)
    try:
        if Role(role) is not Role.DRAFTER and len(administrators_in(store)) >= NEEDED:
            if not broker and not without_trail:
                raise click.UsageError("give --broker, where the audit trail is, or --without-trail")
            store.refuse_unfit(name, frozenset(wards), password)
            prove_two(store, administrators, _code_of, int(time.time()))
            if not without_trail:
                _written_down(broker, administrators, name, role, wards)
        key = store.add(name, Role(role), frozenset(wards), password)
    except AccountExists:
        stop(f"there is an account {name}; a name is never given twice")
    except ValueError as error:
        stop(error)
    finally:
        store.close()
    click.echo(pyotp.TOTP(key).provisioning_uri(name=name, issuer_name="Shirase"))


def _written_down(broker: str, administrators: tuple[str, ...], name: str, role: str, wards: tuple[str, ...]) -> None:
    """Let the trail have it that *administrators* grant *role* to *name*; without an entry nothing is granted."""
    from datetime import UTC, datetime

    from api.officers.asked import write_down
    from api.officers.audit import Act
    from streams.brokers.errors import StreamsError

    detail = f"{role} of {' '.join(sorted(set(wards)))}"
    try:
        entry = write_down(broker, "+".join(administrators), Act.GRANT, name, detail, datetime.now(UTC))
    except (StreamsError, TimeoutError) as error:
        stop(f"nothing was changed: {str(error) or 'the broker did not answer'}", NOT_UP)
    if entry is None:
        stop("nothing was changed: no console wrote it into the audit trail; is one running?", NOT_UP)


def _code_of(name: str) -> str:
    return str(click.prompt(f"code of {name}", hide_input=True))


@accounts.command()
@click.argument("name")
@_store_there
def seal(name: str, path: Path) -> None:
    """Print a new sheet of one-time codes for NAME, for an envelope in a safe; the sheet before is void.

    Each stands in for the code of the authenticator once, and its use is in the audit trail.
    """
    from api.officers.accounts import Accounts

    store = Accounts(path)
    codes = store.seal(name)
    store.close()
    if codes is None:
        stop(f"there is no account {name}")
    click.echo(f"{name}: one-time codes, each good once; using one is written down\n")
    for number, code in enumerate(codes, start=1):
        click.echo(f"{number:>3}  {code}")


@accounts.command()
@click.argument("name")
@click.option("--issuer", required=True, help="The provider, as SHIRASE_OIDC_ISSUER names it.")
@click.option("--subject", required=True, help="The provider's `sub` of this person, never a name or an address.")
@_store_there
def tie(name: str, issuer: str, subject: str, path: Path) -> None:
    """Let a person of the ward's own identity provider sign in as NAME; the code of the second factor stays."""
    from api.officers.accounts import AccountExists, Accounts

    store = Accounts(path)
    try:
        found = store.tie(name, issuer, subject)
    except AccountExists as error:
        stop(f"this subject signs in as {error}")
    finally:
        store.close()
    if not found:
        stop(f"there is no account {name}")


@accounts.command("lost-code")
@click.argument("name")
@_store_there
def lost_code(name: str, path: Path) -> None:
    """End the authenticator key of NAME, as of a lost telephone. Refused where it is her last factor."""
    from api.officers.accounts import Accounts

    store = Accounts(path)
    ended = store.end_code(name)
    store.close()
    if not ended:
        stop(f"{name} has no passkey, or no key to end: nothing was changed")


@accounts.command("list")
@_store_there
def list_accounts(path: Path) -> None:
    """List every account, its role and its wards."""
    from api.officers.accounts import Accounts

    store = Accounts(path)
    for account, disabled in store.listed():
        state = "disabled" if disabled else "active"
        click.echo(f"{account.name:<24} {account.role.value:<14} {state:<9} {' '.join(sorted(account.wards))}")
    store.close()


@accounts.command()
@click.argument("name")
@_store_there
def disable(name: str, path: Path) -> None:
    """End the account NAME and all its sessions, at once."""
    from api.officers.accounts import Accounts

    store = Accounts(path)
    found = store.disable(name)
    store.close()
    if not found:
        stop(f"there is no account {name}")


@click.group()
def audit() -> None:
    """The trail of what coordinators did."""


@audit.command()
@click.option("--broker", help="HOST:PORT of Apache Kafka.")
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An export.")
def verify(broker: str | None, path: Path | None) -> None:
    """Say whether the trail is whole: an edit, a gap or a swap ends with exit code 1.

    Of an export the last entry's hash is compared with the broker's, or with what was written down when it was made:
    nothing in a file shows that its end is missing.
    """
    from api.officers.audit import broken_at, last_hash

    if (broker is None) == (path is None):
        raise click.UsageError("give --broker or --file, and not both")
    records = path.read_bytes().splitlines() if path is not None else _records(broker or "")
    broken = broken_at(records)
    if broken:
        stop(f"the audit trail is broken: {broken}")
    click.echo(f"{len(records):,} entries, whole; the last is {last_hash(records)}")


@audit.command()
@broker_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Made new, never replaced.")
def export(broker: str, out: Path) -> None:
    """Write the trail as it is stored, an entry a line, to be kept apart and verified without us."""
    from api.officers.audit import last_hash

    records = _records(broker)
    try:
        with out.open("xb") as file:
            file.writelines(record + b"\n" for record in records)
    except FileExistsError:
        raise click.ClickException(f"{out} is there already") from None
    click.echo(f"{len(records):,} entries; the last is {last_hash(records)}: write it down elsewhere")


def _records(broker: str) -> list[bytes]:
    from streams.brokers.client import read_to_end
    from streams.topics import AUDIT

    return [record.value or b"" for record in read_to_end(broker, AUDIT.name)]
