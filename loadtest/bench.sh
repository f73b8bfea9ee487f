#!/usr/bin/env bash
# loadtest/bench.sh - what `./dev bench [NAME]` runs: measures the release build, prints a table, writes build/bench/NAME.json.
#   bench.sh [fanout]      one event to every viewer beside bare loops and other servers, about twelve minutes; --only PART,... --rounds N
#   bench.sh inventory     reservations of one hot SKU beside what a shop would use instead, about three minutes
#   bench.sh estimates     expected volumes beside what people do today: [FIRST COUNT SHIFT], 40 made-up merchants, about five minutes
# --quick, behind it: the same with short rounds, to see that it works
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
mkdir -p build/bench
name=fanout
case ${1:-} in
inventory | fanout | estimates)
    name=$1
    shift
    ;;
--* | '') ;;
*)
    echo "bench: fanout, inventory or estimates, not $1" >&2
    exit 2
    ;;
esac
# The system's own Python first: it is the one that Debian's packages extend.
PATH=/usr/bin:$PATH exec "loadtest/bench_$name.py" "$@"
