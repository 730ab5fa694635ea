"""Build ahead what a first start would build: `python -m dispatch.native`. Fails where Python has to do it all."""

import sys

from dispatch.errors import NativeMissing
from dispatch.native.library import load

if __name__ == "__main__":
    try:
        load()
    except NativeMissing as missing:
        sys.exit(f"pushes will be sealed by Python, which takes longer: {missing}")
