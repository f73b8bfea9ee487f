#!/usr/bin/env bash
# loadtest/bench.sh - what `./dev bench [NAME]` runs: measures the release build, prints a table, writes build/bench/NAME.json.
#   bench.sh [first]       one node's fan-out and reservations beside a bare send() loop, about two minutes
#   bench.sh inventory     reservations of one hot SKU beside what a shop would use instead, about three minutes
#   bench.sh fanout        one event to every viewer beside bare loops and other servers, about twelve minutes; --only PART,... --rounds N
# --quick, behind it: the same with short rounds, to see that it works
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
mkdir -p build/bench
case ${1:-first} in
inventory | fanout)
    name=$1
    shift
    exec "loadtest/bench_$name.py" "$@"
    ;;
first) [ $# = 0 ] || shift ;;
--*) ;;
*)
    echo "bench: first, inventory or fanout, not $1" >&2
    exit 2
    ;;
esac
bin=build/release
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
"$bin/loadtest/liveshelf-bench" "$bin" "$data" build/bench/first.json "$@"
