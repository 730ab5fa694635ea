"""`shirase escrow`: a deployment's keys in a sealed file, its key in shares, and the rehearsal of opening it (R22)."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from shirase.commands.exits import WRONG

# Twice a year, as the visible test: who holds a share changes office in April.
_REHEARSED_WITHIN = timedelta(days=183)
_folder = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
_sealed = click.argument("sealed", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_shares = click.option(
    "--share", "shares", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with a share, once for each; without any they are typed.",
)  # fmt: skip


@click.group()
def escrow() -> None:
    """The keys that must outlive a machine: sealed, in shares, and opened twice a year."""


@escrow.command("make")
@_folder
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Made new, mode 0700.")
@click.option("--needed", type=click.IntRange(2, 20), default=2, show_default=True, help="Shares that open it.")
@click.option("--holders", type=click.IntRange(2, 20), default=3, show_default=True, help="People who get a share.")
def make(folder: Path, out: Path, needed: int, holders: int) -> None:
    """Seal the key files of FOLDER into OUT/escrow.sealed, and write a share for each holder beside it.

    It is opened with the last shares before this says that it is done. Print the shares, hand them out, delete them.
    """
    from dispatch.errors import EscrowError
    from dispatch.escrow import key_files, open_sealed, seal
    from dispatch.secret_file import write_secret

    if needed > holders:
        raise click.BadParameter("not more than there are holders", param_hint="--needed")
    files = key_files(folder)
    raw, shares = seal(files, needed=needed, holders=holders, at=datetime.now(UTC))
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_secret(out / "escrow.sealed", raw)
    for number, share in enumerate(shares, start=1):
        write_secret(out / f"share-{number}.txt", (share + "\n").encode())
    written = [(out / f"share-{number}.txt").read_text() for number in range(holders - needed + 1, holders + 1)]
    if open_sealed((out / "escrow.sealed").read_bytes(), written) != files:
        raise EscrowError("escrow-not-proven", "what was written does not open to the same keys: do not use it")
    click.echo(f"{len(files)} files in {out / 'escrow.sealed'}, {holders} shares, {needed} of them open it: proven")
    click.echo("keep the sealed file with the backups; print each share for one person, and delete it here")


@escrow.command("restore")
@_sealed
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), required=True, help="No file is replaced.")
@_shares
def restore(sealed: Path, into: Path, shares: tuple[Path, ...]) -> None:
    """Open SEALED and write its key files into a folder, each proven to be what was sealed."""
    from dispatch.errors import EscrowError
    from dispatch.escrow import key_files
    from dispatch.secret_file import write_secret

    files = _opened(sealed, shares)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = sorted(name for name in files if (into / name).exists())
    if there:
        raise EscrowError("escrow-in-the-way", f"{', '.join(there)} is in {into} already; move it away first")
    for name, raw in files.items():
        write_secret(into / Path(name).name, raw)
    if not files.items() <= key_files(into).items():
        raise EscrowError("escrow-not-proven", "what was written is not what was sealed")
    public = _proven(files)
    for name in files:
        click.echo(f"{into / name}{f'  public key {public[name]}' if name in public else ''}")


@escrow.command("rehearse")
@_sealed
@_folder
@_shares
def rehearse(sealed: Path, folder: Path, shares: tuple[Path, ...]) -> None:
    """Open SEALED with its holders and compare it with the keys in use in FOLDER; no key is written anywhere.

    A rehearsal that ended well is a line of SEALED.rehearsed.jsonl. Exit code 1: it does not open, or is of other keys.
    """
    from dispatch.errors import EscrowError
    from dispatch.escrow import differences, head_of, key_files

    files, used = _opened(sealed, shares), key_files(folder)
    _proven(files)
    other = differences(head_of(sealed.read_bytes()), used)
    if other or files != used:
        raise EscrowError(
            "escrow-not-in-use", f"not as they are in use: {', '.join(other)}; make an escrow of these keys"
        )
    with _rehearsals(sealed).open("a", encoding="utf-8") as lines:
        line = {"at": datetime.now(UTC).isoformat(), "id": head_of(sealed.read_bytes()).id, "files": len(files)}
        lines.write(json.dumps(line) + "\n")
    click.echo(f"{len(files)} files, all as they are in use; the next rehearsal within {_REHEARSED_WITHIN.days} days")


@escrow.command("check")
@_sealed
@_folder
def check(sealed: Path, folder: Path) -> None:
    """Say without any share whether SEALED is of the keys in FOLDER and was rehearsed; for a timer.

    Exit code 1: a key in use is not in it, or nobody has opened it for half a year.
    """
    from dispatch.escrow import differences, head_of, key_files

    head = head_of(sealed.read_bytes())
    other = differences(head, key_files(folder))
    newest = last_rehearsal(_rehearsals(sealed), head.id)
    if other:
        click.echo(f"shirase: not as they are in use: {', '.join(other)}", err=True)
    overdue = newest is None or datetime.now(UTC) - newest > _REHEARSED_WITHIN
    if overdue:
        click.echo(f"shirase: last rehearsed: {'never' if newest is None else newest.date()}", err=True)
    if other or overdue:
        sys.exit(WRONG)
    click.echo(f"of the {len(head.files)} keys in use; {head.needed} of {head.holders} shares open it")


def last_rehearsal(path: Path, identifier: str) -> datetime | None:
    """Return when the escrow *identifier* was last opened, None when nobody wrote that down."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    times = [line["at"] for line in map(json.loads, lines) if line["id"] == identifier]
    return datetime.fromisoformat(max(times)) if times else None


def _rehearsals(sealed: Path) -> Path:
    return sealed.with_name(f"{sealed.name}.rehearsed.jsonl")


def _opened(sealed: Path, shares: tuple[Path, ...]) -> dict[str, bytes]:
    from dispatch.escrow import head_of, open_sealed

    raw = sealed.read_bytes()
    needed = head_of(raw).needed
    typed = (
        [] if shares else [str(click.prompt(f"share {at} of {needed}", hide_input=True)) for at in range(1, needed + 1)]
    )
    return open_sealed(raw, [*(path.read_text(encoding="utf-8") for path in shares), *typed])


def _proven(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the public keys of the VAPID keys in *files*: one that does not load is found now, not in the flood."""
    from dispatch.vapid import VapidKey

    return {name: VapidKey.read(raw, name).public_text for name, raw in files.items() if name.endswith(".pem")}
