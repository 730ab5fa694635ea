"""The jars of Apache Kafka: the pinned version, fetched with Maven, each verified before it may run.

The version is pinned in ``ops/kafka/pom.xml``, every jar in ``ops/kafka/jars.sha256``.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.brokers.errors import KafkaMissing

CHECKOUT = Path(__file__).resolve().parent.parent.parent
POM = CHECKOUT / "ops" / "kafka" / "pom.xml"
CHECKSUMS = CHECKOUT / "ops" / "kafka" / "jars.sha256"
CACHE = CHECKOUT / ".cache" / "kafka"

# Kafka 4 brokers refuse older ones with a class-version error that says nothing to an operator.
JAVA_AT_LEAST = 17

Say = Callable[[str], None]


def quiet(_line: str) -> None:
    """Say nothing: for callers with nobody to tell."""


def fetch(say: Say = quiet) -> Path:
    """Return the folder with the pinned jars, fetching them with Maven when they are not there.

    Safe to call from several processes at once: one fetches, the others wait for it.
    """
    expected = _pinned()
    jars = CACHE / "jars"
    with _locked(CACHE / "fetch.lock"):
        if not _differences(jars, expected):
            return jars
        maven = _tool("mvn", "maven", say)
        _tool("java", "default-jre-headless", say)
        arriving = CACHE / "jars.arriving"
        shutil.rmtree(arriving, ignore_errors=True)
        say(f"fetching Apache Kafka {_version(expected)}: {len(expected)} jars, about 45 MB, with Maven")
        _run_maven(maven, arriving, say)
        wrong = _differences(arriving, expected)
        if wrong:
            raise KafkaMissing(
                f"the fetched jars are not the pinned ones ({'; '.join(wrong[:5])}). Do not run them: "
                f"compare {POM} with {CHECKSUMS}, then delete {arriving} and try again."
            )
        shutil.rmtree(jars, ignore_errors=True)
        arriving.rename(jars)
        say(f"Apache Kafka is in {jars}, every jar verified")
    return jars


def checksums() -> str:
    """Return the sha256 list of the jars that Maven resolves now, for a reviewed change of version."""
    arriving = CACHE / "jars.arriving"
    shutil.rmtree(arriving, ignore_errors=True)
    _run_maven(_tool("mvn", "maven", quiet), arriving, quiet)
    return "".join(f"{_sha256(jar)}  {jar.name}\n" for jar in sorted(arriving.glob("*.jar")))


def check_java() -> None:
    """Raise `KafkaMissing` with its remedy where Java is missing or too old for the pinned version."""
    said = subprocess.run(
        [_tool("java", "default-jre-headless", quiet), "-version"], capture_output=True, text=True, check=False
    )
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    if found is None or int(found[1]) < JAVA_AT_LEAST:
        raise KafkaMissing(
            f"Apache Kafka {_version(_pinned())} needs Java {JAVA_AT_LEAST} or newer; `java -version` says: "
            f"{said.stderr.splitlines()[:1]}. Install a newer one (Debian: apt-get install default-jre-headless)."
        )


def _pinned() -> dict[str, str]:
    lines = CHECKSUMS.read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if line)}


def _version(expected: dict[str, str]) -> str:
    return next(found[1] for name in expected if (found := re.fullmatch(r"kafka-clients-(.+)\.jar", name)))


def _differences(folder: Path, expected: dict[str, str]) -> list[str]:
    present = {jar.name: jar for jar in folder.glob("*.jar")}
    missing = [f"{name} is missing" for name in expected.keys() - present.keys()]
    unknown = [f"{name} is not on the list" for name in present.keys() - expected.keys()]
    changed = [
        f"{name} has another sha256"
        for name in expected.keys() & present.keys()
        if _sha256(present[name]) != expected[name]
    ]
    return sorted(missing + unknown + changed)


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _tool(name: str, debian_package: str, say: Say) -> str:
    found = shutil.which(name)
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"{name} is not installed: installing {debian_package} with apt-get")
        for command in (
            ["apt-get", "-q", "update"],
            ["apt-get", "-q", "-y", "install", "--no-install-recommends", debian_package],
        ):
            quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=quiet)
        found = shutil.which(name)
        if found:
            return found
    raise KafkaMissing(
        f"{name} was not found. Apache Kafka needs Java {JAVA_AT_LEAST} or newer to run and Maven to be fetched: "
        "install them (Debian, Ubuntu: apt-get install maven default-jre-headless; macOS: brew install maven openjdk) "
        "and try again."
    )


def _run_maven(maven: str, into: Path, say: Say) -> None:
    command = [maven, "-B", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    tail: list[str] = []
    with subprocess.Popen(
        [*command, f"-DoutputDirectory={into}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            tail = [*tail[-20:], line.rstrip()]
            downloaded = re.search(r"Downloaded from .*/([^/ ]+\.jar) \((.+?) at", line)
            if downloaded:
                say(f"  {downloaded[1]} ({downloaded[2]})")
    if running.returncode != 0:
        raise KafkaMissing(
            "Maven could not fetch Apache Kafka. Check that this machine reaches a Maven repository (a proxy or mirror "
            "goes into ~/.m2/settings.xml), then run `make kafka` again. Maven said last:\n" + "\n".join(tail)
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
