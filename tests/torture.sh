#!/usr/bin/env bash
# tests/torture.sh NAME [options] - long runs under faults, until they are ended or something broke. ./dev torture builds first.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

usage() {
    cat <<'END_OF_USAGE'
usage: ./dev torture NAME [options]

  histories [--rounds N] [--seconds S] [--seed N] [--nemesis NAME+NAME]   two nodes sell while machines die, and a checker judges
  inventory [--seed N] [--ops N] [--kills N] [--games N]   the stock against a model, game after game, while Redis is killed; goes on
                                                           where it was ended, or from the seed given
  mutations [--only WORD]                                  each guard of inventory.lua must be missed by that game when it is gone
END_OF_USAGE
}

# What is killed with -9 is as safe in memory as on a disk, and much faster.
in_memory() { [ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm; }

game=build/release/tests/bin/torture_inventory
need_game() {
    [ -x $game ] || {
        echo "$game is not there: without cmocka (./dev setup brings it) no tests are built" >&2
        exit 1
    }
    in_memory
}

name=${1:-help}
[ $# = 0 ] || shift
case $name in
histories) PATH=/usr/bin:$PATH exec python3 -B tests/histories/run.py "$@" ;; # the Python that Debian's packages extend
inventory)
    need_game
    mkdir -p build/torture
    [[ " $* " == *" --seed "* ]] || set -- --state build/torture/inventory.seed "$@"
    exec $game --anywhere --games 0 "$@"
    ;;
mutations)
    need_game
    PATH=/usr/bin:$PATH exec python3 -B tests/torture/mutate.py $game "$@"
    ;;
help | -h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
