"""The policy that a deployment has written down."""

import tomllib
from pathlib import Path

from alerts.policy import Policy


def policy_at(path: Path) -> Policy:
    """Return the policy in the TOML file at *path*."""
    return Policy.from_plain(tomllib.loads(path.read_text(encoding="utf-8")))
