#!/usr/bin/env bash
# loadtest/bench.sh - what `./dev bench [NAME]` runs: measures the release build, prints a table, writes build/bench/NAME.json.
#   bench.sh [fanout]      one event to every viewer beside bare loops and other servers, about twelve minutes; --only PART,... --rounds N
#   bench.sh inventory     reservations of one hot SKU beside what a shop would use instead, about three minutes
# --quick, behind it: the same with short rounds, to see that it works
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
mkdir -p build/bench
name=fanout
case ${1:-} in
inventory | fanout)
    name=$1
    shift
    ;;
--* | '') ;;
*)
    echo "bench: fanout or inventory, not $1" >&2
    exit 2
    ;;
esac
exec "loadtest/bench_$name.py" "$@"
