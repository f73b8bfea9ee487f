#!/usr/bin/env bash
# loadtest/bench.sh - what `./dev bench` runs: measures the release build, prints a table, writes build/bench/first.json.
#   bench.sh            everything, about two minutes
#   bench.sh --quick    the same with short rounds, to see that it works
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
bin=build/release
mkdir -p build/bench
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
"$bin/loadtest/liveshelf-bench" "$bin" "$data" build/bench/first.json "$@"
