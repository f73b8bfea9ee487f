#!/usr/bin/env bash
# tests/torture.sh NAME [options] - long runs under faults, until they are ended or something broke. ./dev torture builds first.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

usage() {
    cat <<'END_OF_USAGE'
usage: ./dev torture NAME [options]

  histories [--rounds N] [--seconds S] [--seed N] [--nemesis NAME+NAME]   two nodes sell while machines die, and a checker judges
END_OF_USAGE
}

name=${1:-help}
[ $# = 0 ] || shift
case $name in
histories) PATH=/usr/bin:$PATH exec python3 -B tests/histories/run.py "$@" ;; # the Python that Debian's packages extend
help | -h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
