"""`shirase topics`: what there is, and the making of what is missing."""

import click

from shirase.commands.options import any_broker_option
from shirase.demo.pipeline import changelog_topics
from streams.brokers.broker import BrokerKind, ensure_topics, open_broker
from streams.topics import ALL


@click.command()
@any_broker_option
@click.option("--create", is_flag=True, help="Create what is missing on the broker.")
def topics(broker: str, create: bool) -> None:
    """List the topics and their rules."""
    if create:
        if broker == BrokerKind.EMBEDDED:
            raise click.UsageError("--create needs --broker HOST:PORT: the embedded broker ends with this command")
        with open_broker(broker) as opened:
            ensure_topics(opened, [*ALL, *changelog_topics()])
    for topic in ALL:
        click.echo(f"{topic.name:<14} {topic.key:<24} {topic.partitions:>3}  {topic.cleanup.value:<8} {topic.note}")
