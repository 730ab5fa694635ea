"""What the checks of the house share: the parsed files and the programs of the system."""

import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parent.parent.parent


def system_program(name: str) -> str:
    """Return the path of *name*; where it is missing skip, but in CI fail: there nothing is skipped."""
    found = shutil.which(name)
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"{name} is missing; run ops/system-packages.sh")
    pytest.skip(f"{name} is not installed; ops/system-packages.sh installs it")


@pytest.fixture(scope="session")
def pyproject() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """Return compose.yaml with its anchors and merges resolved."""
    parsed: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    return parsed
