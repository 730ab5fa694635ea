"""Make the secrets of a deployment: `python -m shirase.keys FOLDER`.

A file that is there is kept: a new VAPID key would orphan every subscription, a new sealing key would make
the subscriptions unreadable, and a new envelope secret would make a repeat differ from its original.
"""

import argparse
import sys
from pathlib import Path

from shirase.demo.pipeline import make_secrets


def main(arguments: list[str] | None = None) -> int:
    """Make what is missing in a folder and print the settings that name the files."""
    parser = argparse.ArgumentParser(prog="python -m shirase.keys", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="made with mode 0700 when it is not there")
    for name, path in make_secrets(parser.parse_args(arguments).folder).items():
        print(f"{name}={path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
