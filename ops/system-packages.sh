#!/usr/bin/env bash
# Install what the tests need from the system, or say what is missing.
#
#   Java 17 or newer and Maven   Apache Kafka for the reliability tests, from its jars
#   Prometheus                   runs the queries of every Grafana panel
#   Node 18 or newer with npm    builds the residents' pages
#   Chromium, Firefox ESR        show them, with a font that has Japanese letters
#   nginx, nghttpd, h2load, Go   servers that the sender must get along with, and the C yardstick
#
# As root on Debian and its relatives they are installed. Elsewhere: without the first two lines this ends
# with the list, because nothing may replace Apache Kafka; the tests of the rest say what to install and skip.
set -euo pipefail

say() { printf 'system packages: %s\n' "$*"; }

java_is_new_enough() {
    local major
    major=$(java -version 2>&1 | sed -nE 's/.*version "([0-9]+).*/\1/p' | head -1) || return 1
    [[ -n $major && $major -ge 17 ]]
}

node_is_new_enough() {
    command -v npm >/dev/null && node -e 'process.exit(+process.versions.node.split(".")[0] < 18 ? 1 : 0)' 2>/dev/null
}

has_japanese_letters() {
    command -v fc-list >/dev/null && [[ -n $(fc-list :lang=ja 2>/dev/null | head -1) ]]
}

needed=() wanted=()
java_is_new_enough || needed+=(default-jre-headless)
command -v mvn >/dev/null || needed+=(maven)
command -v prometheus >/dev/null || needed+=(prometheus)
node_is_new_enough || wanted+=(nodejs npm)
command -v chromium >/dev/null || wanted+=(chromium)
command -v firefox-esr >/dev/null || wanted+=(firefox-esr)
has_japanese_letters || wanted+=(fontconfig fonts-noto-cjk)
[[ -x /usr/sbin/nginx ]] || command -v nginx >/dev/null || wanted+=(nginx)
command -v nghttpd >/dev/null || [[ -x /usr/sbin/nghttpd ]] || wanted+=(nghttp2-server)
command -v h2load >/dev/null || wanted+=(nghttp2-client)
# 250 MB, so only where there is none of any version.
command -v go >/dev/null || [[ -x /usr/local/go/bin/go ]] || wanted+=(golang-go)

if [[ ${#needed[@]} == 0 && ${#wanted[@]} == 0 ]]; then
    say "all here"
    exit 0
fi

if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    [[ ${#wanted[@]} == 0 ]] || say "tests will skip without: ${wanted[*]} (names as in Debian)" >&2
    [[ ${#needed[@]} == 0 ]] || { say "please install: ${needed[*]} (names as in Debian), then run again" >&2; exit 1; }
    exit 0
fi

say "installing ${needed[*]} ${wanted[*]}"
apt-get update -qq
# RUNLEVEL=1 keeps Debian from starting services of its own: tests start theirs on free ports.
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "${needed[@]}" "${wanted[@]}" >/dev/null

java_is_new_enough || { say "java is older than 17 after the install; Apache Kafka 4 needs 17" >&2; exit 1; }
command -v mvn >/dev/null && command -v prometheus >/dev/null
say "installed"
