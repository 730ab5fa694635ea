"""Which version a process runs: on its metrics, so that an operator sees a roll-out end (R22)."""

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Gauge

UNKNOWN = "unknown"


def installed_version() -> str:
    """Return the version of this installation."""
    try:
        return version("shirase")
    except PackageNotFoundError:  # a source tree on the path, not installed
        return UNKNOWN


def show_version(registry: CollectorRegistry) -> None:
    """Put the version of this process on *registry*."""
    Gauge("shirase_build_info", "1, with the version that this process runs.", ("version",), registry=registry).labels(
        installed_version()
    ).set(1)
