"""Make the secrets of a deployment: `python -m shirase.keys FOLDER`.

A file that is there is kept: a new VAPID key would orphan every subscription, a new sealing key would make
the subscriptions unreadable, and a new envelope secret would make a repeat differ from its original. The keys of
officers' telephones go to a folder of their own (`--officers`): the console reads them, and none of the residents'.
"""

import argparse
import sys
from pathlib import Path

from shirase.demo.pipeline import make_officer_secrets, make_secrets


def main(arguments: list[str] | None = None) -> int:
    """Make what is missing in a folder and print the settings that name the files."""
    parser = argparse.ArgumentParser(prog="python -m shirase.keys", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="made with mode 0700 when it is not there")
    parser.add_argument("--officers", type=Path, help="a second folder: the keys of console and pager")
    given = parser.parse_args(arguments)
    for name, path in make_secrets(given.folder).items():
        print(f"{name}={path}")
    if given.officers is not None:
        print("# console and pager")
        for name, path in make_officer_secrets(given.officers).items():
            print(f"{name}={path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
