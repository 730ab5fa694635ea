"""`shirase reports`: the orders that went out, as files for other channels."""

from collections.abc import Iterator
from pathlib import Path

import click

from alerts.notice import Notice
from shirase.commands.options import broker_option


@click.command("reports")
@broker_option
@click.option("--code", required=True, help="The municipality's five digits.")
@click.option("--name", required=True, help="Its name as it signs its orders.")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def reports(broker: str, code: str, name: str, out: Path) -> None:
    """Write the newest revision of each order of a municipality as DIS JSON, table and L-Alert into OUT."""
    from streams.brokers.client import read_to_end
    from streams.topics import NOTICES
    from streams.wire import decode

    newest: dict[str, Notice] = {}
    for record in read_to_end(broker, NOTICES.name):
        if record.value is not None:
            notice = decode(Notice, record.value)
            newest[notice.lineage] = max(newest.get(notice.lineage, notice), notice, key=lambda one: one.revision)
    out.mkdir(parents=True, exist_ok=True)
    written = 0
    for notice in newest.values():
        if notice.issuer == name:
            for file, content in files_of(notice, code):
                (out / file).write_bytes(content)
                click.echo(file)
                written += 1
    if not written:
        click.echo(f"no order of {name} has gone out: nothing was written", err=True)


def files_of(notice: Notice, code: str) -> Iterator[tuple[str, bytes]]:
    """Return the files of an order's *notice* by name; none for a notice that is no order."""
    from feeds.dis.outgoing import document_of, is_outgoing
    from feeds.dis.write import to_json, to_table
    from feeds.lalert.write import write_orders

    if not is_outgoing(notice):
        return
    plain = document_of(notice, code)
    stem = f"{notice.lineage}.{notice.revision}"
    yield f"{stem}.json", to_json(plain)
    if plain.get("orders"):
        yield f"{stem}.csv", to_table(plain, "orders")
    for number, content in enumerate(write_orders(document_of(notice, code, restate=True)), start=1):
        yield f"{stem}.l-alert-{number}.xml", content
