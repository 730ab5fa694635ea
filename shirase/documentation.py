"""Write the pages that are made from code: topics, telegrams, metrics, settings, refusals, and the published form.

    python -m shirase.documentation          write them
    python -m shirase.documentation --check  say whether they are current; exit code 1 when not

A page made by hand would be wrong within a week; a test runs the check.
"""

import argparse
import ast
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from importlib import resources
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import click
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from api.console import officer_devices
from api.officers import oidc, passkeys
from api.residents import joining
from feeds.dis.form import SCHEMA_FILE
from shirase import cli
from shirase.refusals_page import refusals_page
from shirase.telegrams_page import telegrams_page
from streams import settings, topics
from streams.evacuation import preview
from streams.topics import Cleanup, Topic

DOCS = Path(__file__).resolve().parent.parent / "docs"

# Packages that may measure something. Each keeps it in a module called `metrics`.
PACKAGES = ("feeds", "dispatch", "streams", "api")

# Which classes hold settings, with the title of their section.
SETTINGS = (
    ("Workers", settings, "WorkerSettings"),
    ("`shirase api residents`, for signing up; set all of them or none", joining, "JoiningSettings"),
    ("`shirase post` and `shirase api console`", preview, "PostingSettings"),
    ("`shirase api console`, for a ward's own identity provider; all of them or none", oidc, "OidcSettings"),
    ("`shirase api console`, for passkeys; both or none", passkeys, "PasskeySettings"),
    ("`shirase api console`, for officers' devices; all of them or none", officer_devices, "OfficerSettings"),
)

DATA_CLASSES = {0: "0 public", 1: "1 operational", 2: "2 pseudonymous"}


def topics_page() -> str:
    """Return docs/topics.md from the table in streams/topics.py."""
    lines = [
        "# Topics",
        "",
        "Made from `streams/topics.py` by `make docs`; a test fails when it is out of date.",
        "",
        "| topic | key | partitions | clean-up | retention | largest record | data class | readers |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_topic_row(topic) for topic in topics.ALL]
    lines += ["", "## What they carry", ""]
    for topic in topics.ALL:
        settings = "".join(f"; `{name}={value}`" for name, value in sorted(topic.extra.items()))
        lines.append(f"- **{topic.name}** - {topic.note}{settings}")
    lines += ["", _KEYS, _BROKERS]
    return "\n".join(lines)


def metrics_page() -> str:
    """Return docs/metrics.md from every package's metrics module."""
    lines = [
        "# Metrics",
        "",
        "Made from each package's `metrics.py` by `make docs`; a test fails when it is out of date.",
        "Labels are closed lists, never ids, places or documents; every series exists from the start, at zero.",
    ]
    for package, registry in registries():
        lines += ["", f"## {package}", "", "| metric | kind | labels | what it says |", "|---|---|---|---|"]
        lines += [_metric_row(metric) for metric in _metrics_of(registry)]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Return docs/settings.md from the fields of the settings' classes and the sentence below each."""
    lines = [
        "# Settings",
        "",
        f"Made from {', '.join(f'`{_source(module)}`' for _, module, _ in SETTINGS)} by `make docs`; a test fails when",
        "it is out of date. A process reads them from its environment once, at its start.",
    ]
    for title, module, made in SETTINGS:
        tree = ast.parse(inspect.getsource(module))
        fields = _sentences(tree, made)
        lines += ["", f"## {title}", "", "| setting | what it is |", "|---|---|"]
        for name, keyword in _environment_names(tree, made).items():
            lines.append(f"| `{name}` | {fields[keyword]} |")
    lines += ["", "## Every process", "", "| setting | what it is |", "|---|---|", _LOG]
    lines += ["", "## In place of an option", "", _IN_PLACE, "", "| setting | option | of |", "|---|---|---|"]
    for (name, option), of in sorted(_options_by_setting(cli.main, ()).items()):
        lines.append(f"| `{name}` | `{option}` | {', '.join(f'`{words}`' for words in of)} |")
    return "\n".join(lines) + "\n"


def _options_by_setting(command: click.Command, words: tuple[str, ...]) -> dict[tuple[str, str], list[str]]:
    """Return which commands below *command* take an option from the environment, by the setting and the option."""
    found: dict[tuple[str, str], list[str]] = {}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            for key, of in _options_by_setting(below, (*words, name)).items():
                found.setdefault(key, []).extend(of)
    for option in command.params:
        if isinstance(option.envvar, str):
            found.setdefault((option.envvar, option.opts[0]), []).append(" ".join(words))
    return found


def published_schema() -> str:
    """Return the JSON Schema of municipal reports as the reader uses it."""
    return resources.files("feeds.dis").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")


def _source(module: ModuleType) -> str:
    return f"{module.__name__.replace('.', '/')}.py"


def _sentences(tree: ast.Module, made: str) -> dict[str, str]:
    """Return the sentence that stands below each field of the class *made*."""
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == made).body
    found = {}
    for field, sentence in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(sentence, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(sentence.value)).split())
    return found


def _environment_names(tree: ast.Module, made: str) -> dict[str, str]:
    """Return field names by the name of the environment variable that sets them."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    call = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == made)
    names = {"SHIRASE_BROKER": "broker"} if made == "WorkerSettings" else {}
    for keyword in call.keywords:
        for name in re.findall(r"SHIRASE_\w+", ast.unparse(keyword.value)):
            names[name] = keyword.arg or ""
    return names


def registries() -> tuple[tuple[str, CollectorRegistry], ...]:
    """Return each measuring package with a fresh registry that holds its metrics at zero."""
    found = []
    for package in PACKAGES:
        modules = _metrics_modules(package)
        registry = CollectorRegistry()
        for module in modules:
            for made in _metrics_classes(module):
                made(registry)
        if modules:
            found.append((package, registry))
    return tuple(found)


def _metrics_modules(package: str) -> tuple[ModuleType, ...]:
    if importlib.util.find_spec(package) is None:
        return ()
    folder = Path(importlib.import_module(package).__path__[0])
    names = sorted(path.relative_to(folder).with_suffix("").parts for path in folder.rglob("*metrics.py"))
    return tuple(importlib.import_module(".".join((package, *name))) for name in names)


def _metrics_classes(module: ModuleType) -> list[Callable[[CollectorRegistry], object]]:
    return [
        made
        for _, made in inspect.getmembers(module, inspect.isclass)
        if made.__module__ == module.__name__ and made.__name__.endswith("Metrics")
    ]


def _topic_row(topic: Topic) -> str:
    return (
        f"| {topic.name} | {topic.key} | {topic.partitions} | {topic.cleanup.value} | {_retention(topic)} "
        f"| {_size(topic.max_message_bytes)} | {DATA_CLASSES[topic.data_class]} | {', '.join(topic.readers)} |"
    )


def _retention(topic: Topic) -> str:
    if topic.retention_hours is None:
        return "as long as the key lives" if topic.cleanup is Cleanup.COMPACT else "for ever"
    days, hours = divmod(topic.retention_hours, 24)
    return f"{days} days" if not hours else f"{topic.retention_hours} h"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:g} MB" if size_bytes >= 1_000_000 else f"{size_bytes / 1024:g} KiB"


def _metrics_of(registry: CollectorRegistry) -> list[MetricWrapperBase]:
    # The registry offers no public list of what was registered, only samples, which forget the labels of
    # a metric that has none yet.
    collectors = {id(metric): metric for metric in registry._names_to_collectors.values()}
    return sorted((metric for metric in collectors.values() if isinstance(metric, MetricWrapperBase)), key=_full_name)


def _metric_row(metric: MetricWrapperBase) -> str:
    labels = ", ".join(f"`{name}`" for name in metric._labelnames) or "-"
    return f"| `{_full_name(metric)}` | {_kind(metric)} | {labels} | {metric._documentation} |"


def _full_name(metric: MetricWrapperBase) -> str:
    return f"{metric._name}_total" if isinstance(metric, Counter) else metric._name


def _kind(metric: MetricWrapperBase) -> str:
    for kind in (Counter, Gauge, Histogram):
        if isinstance(metric, kind):
            return kind.__name__.lower()
    return "other"


_LOG = (
    "| `SHIRASE_LOG` | How much is logged: DEBUG, INFO, WARNING or ERROR. "
    "WARNING for workers; ERROR for the rest, INFO with `-v`. |"
)
_IN_PLACE = "Read where the option is not given; `--help` says what it is."

_KEYS = """\
## Keys

Every producer uses `murmur2_random`: the default of confluent-kafka (CRC32) and Faust's agree on 1.5 % of keys, and a
mixture would tear series apart. A series stays in order because everything of it has one key; state is keyed by
place; sending is keyed uniformly, because a disaster is local and every push of it would queue on one partition.

Data classes: 0 public, 1 operational, 2 pseudonymous. Personal data (class 3) is refused: there is no topic for it.
"""

_BROKERS = """\
## What holds on which broker

| | Apache Kafka | embedded |
|---|---|---|
| partitions as above | yes | no: every topic has 4 |
| compaction | yes | no |
| retention as above | yes | no: the newest 5 MB or 100,000 records of a partition; the rest goes without a word |
| settings of a topic can be read and changed | yes | no |
| an overtaken reader gets an error | yes | no: it jumps; readers check for gaps themselves |
| a fetch is woken by new data | yes | no: it polls every 10 ms |
| producers are fenced | yes | no |
| anything is kept after the process ends | yes | no |
| subscribers | from `subscriptions` | from a packed snapshot, which is the truth there |

The embedded broker is the one inside librdkafka, meant for a first try and for fast tests. It says so when it starts.
The reliability tests run on Apache Kafka only.
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(
        prog="python -m shirase.documentation", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 when a page is out of date")
    check = parser.parse_args(arguments).check
    stale = []
    pages = {
        "topics.md": topics_page(),
        "telegrams.md": telegrams_page(),
        "metrics.md": metrics_page(),
        "settings.md": settings_page(),
        "refusals.md": refusals_page(),
        # Published beside the pages: an office that reports to us needs the form and not the program.
        "dis-report.schema.json": published_schema(),
    }
    for name, text in pages.items():
        path = DOCS / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{'out of date' if check else 'written'}: {', '.join(stale)}{'; run make docs' if check else ''}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
