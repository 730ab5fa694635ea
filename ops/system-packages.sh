#!/usr/bin/env bash
# Install what the tests need from the system, or say what is missing.
#
#   Java 17 or newer and Maven   Apache Kafka for the reliability tests, from its jars
#   Prometheus                   runs the queries of every Grafana panel
#
# As root on Debian and its relatives they are installed; elsewhere this ends with the list.
set -euo pipefail

say() { printf 'system packages: %s\n' "$*"; }

java_is_new_enough() {
    local major
    major=$(java -version 2>&1 | sed -nE 's/.*version "([0-9]+).*/\1/p' | head -1) || return 1
    [[ -n $major && $major -ge 17 ]]
}

missing=()
java_is_new_enough || missing+=(default-jre-headless)
command -v mvn >/dev/null || missing+=(maven)
command -v prometheus >/dev/null || missing+=(prometheus)

if [[ ${#missing[@]} == 0 ]]; then
    say "all here (java, mvn, prometheus)"
    exit 0
fi

if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    say "please install: ${missing[*]} (names as in Debian), then run again" >&2
    exit 1
fi

say "installing ${missing[*]}"
apt-get update -qq
# RUNLEVEL=1 keeps Debian from starting a Prometheus of its own: tests start theirs on a free port.
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null

java_is_new_enough || { say "java is older than 17 after the install; Apache Kafka 4 needs 17" >&2; exit 1; }
command -v mvn >/dev/null && command -v prometheus >/dev/null
say "installed"
