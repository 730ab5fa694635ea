"""The policy that a deployment has written down."""

import tomllib
from pathlib import Path

from alerts.errors import PolicyError
from alerts.policy import Policy


def policy_at(path: Path) -> Policy:
    """Return the policy in the TOML file at *path*.

    Raises PolicyError, with the name of the file, for one that cannot be read or breaks the rules of policies.
    """
    try:
        return Policy.from_plain(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise PolicyError(f"policy {path}: {error.strerror}") from error
    except (PolicyError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"policy {path}: {error}") from error
