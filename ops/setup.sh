#!/usr/bin/env bash
# Create the virtual environment with the locked packages: bash ops/setup.sh .venv
#
# pip checks the hash of every file it installs, so that a changed package is an error and not a surprise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=${1:-.venv}
say() { printf 'setup: %s\n' "$*"; }

# The lowest version first: it is the one that every test ran on.
find_python() {
    local candidate
    for candidate in python3.11 python3.12 python3.13 python3; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    say "no Python 3.11, 3.12 or 3.13 is on the path; install one, e.g. apt-get install python3 python3-venv" >&2
    return 1
}

if [[ ! -x $venv/bin/python ]]; then
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
            say "installing python3-venv"
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
        fi
        "$python" -c 'import ensurepip, venv' 2>/dev/null || {
            say "$python has no venv module; install it (Debian: apt-get install python3-venv) and run again" >&2
            exit 1
        }
    fi
    say "creating $venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi

say "installing $(grep -c '^[a-z]' requirements.lock) locked packages (a minute on a first run)"
# --no-deps: the lock is complete. --no-compile: what is never imported need not be compiled; halves the time.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile \
    -r requirements.lock
say "installing the project itself, editable"
# setuptools warns of every editable installation; this one is meant to be.
PYTHONWARNINGS=ignore "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-deps --no-build-isolation --editable .
"$venv/bin/python" -m dispatch.native || say "no harm done: a C compiler (gcc, libc6-dev) makes sending faster"
say "done; next: make demo ARGS=\"--headless\" or make test"
