# What every set-up script shares: where the project is, how to speak, and how to install a Debian package.
# shellcheck shell=bash
# Sourced, never run. Progress goes to stderr, so that stdout stays free for results.

set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$project/.cache

# The classic builder is the only one that Debian's engine has, and every engine still knows it.
export DOCKER_BUILDKIT=0

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# install_missing COMMAND=PACKAGE… installs the packages whose command is not there.
install_missing() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
}

# install PACKAGE… with Debian's lists as they are; where those are missing or too old, with new ones.
install() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null ||
        die "missing: $*. As root on Debian they are installed for you; otherwise install them and run this again."
    say "installing $*"
    (
        only_one apt
        apt_install "$@" || { apt-get -qq update && apt_install "$@"; }
    ) || die "could not install $*"
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq --option DPkg::Lock::Timeout=300 install --yes --no-install-recommends \
        "$@" >/dev/null
}

# only_one NAME: wait until no other script has this part of the cache in its hands, and keep it until the end.
only_one() {
    mkdir -p "$cache"
    exec 8>"$cache/$1.lock"
    flock 8
}

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# await SECONDS COMMAND… tries until the command succeeds or the time is up.
await() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

swarm_is_active() { [ "$(docker info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null)" = active ]; }

start_swarm() {
    swarm_is_active && return
    say "no swarm is active: docker swarm init --advertise-addr $1"
    docker swarm init --advertise-addr "$1" >/dev/null
}
