#!/usr/bin/env python3
"""What `./dev bench estimates` runs: the estimator beside what people do today, on generated broadcasts of which the truth is known.

    bench_estimates.py [FIRST COUNT SHIFT] [--regimes A,B] [--command "..."] [--cache DIR] [--jobs N] [--json FILE] [--quick]

COUNT merchants from seed FIRST on, each in nine regimes, at five moments (default: 5000 40 0). SHIFT moves the constants of the made-up
merchants: 0.5 and 1 are merchants unlike those it was tuned on. Prints the tables of docs/estimates.md and ends with 1 when a bar
is missed or the program is at fault. Needs Debian's python3-numpy; what was generated is kept in build/bench/estimates."""
import argparse
import concurrent.futures
import json
import pathlib
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "loadtest/estimates"))

import broadcasts  # noqa: E402 (found by the line above)
import cases       # noqa: E402
import scores      # noqa: E402


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", nargs="?", type=int, default=5000)
    parser.add_argument("count", nargs="?", type=int)
    parser.add_argument("shift", nargs="?", type=float, default=0.0)
    parser.add_argument("--regimes", default=",".join(broadcasts.REGIMES))
    parser.add_argument("--command", default=f"{ROOT}/build/release/liveshelf estimate")
    parser.add_argument("--cost", default=f"{ROOT}/build/release/loadtest/estimates/liveshelf-estimate-cost")
    parser.add_argument("--cache", default=str(ROOT / "build/bench/estimates"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", help="all rows, for a closer look")
    parser.add_argument("--quick", action="store_true", help="three merchants: to see that it works")
    options = parser.parse_args()
    options.regimes = options.regimes.split(",")
    options.count = options.count or (3 if options.quick else 40)
    return options


def run_merchant(command, cache, seed, shift, regimes):
    """One regime of each merchant, another one each time, is also run twice and in part."""
    results = [cases.run_case(command, cache, seed, regime, shift, seed % len(regimes) == i) for i, regime in enumerate(regimes)]
    return [row for rows, _ in results for row in rows], [fault for _, faults in results for fault in faults]


def run_all(options):
    rows, faults = [], []
    command = shlex.split(options.command)
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for some, wrong in pool.map(run_merchant, *zip(*((command, options.cache, seed, options.shift, options.regimes) for seed in
                                                         range(options.first, options.first + options.count)))):
            rows += some
            faults += wrong
    return rows, faults


def print_tables(rows):
    scores.print_methods(rows, "phase")
    print()
    scores.print_quantities(rows)
    print("\nSKU WIS per unit, liveshelf / ratio:\n")
    scores.print_against_ratio(rows)
    for phase in ("mid", "end", "end+15m"):
        print(f"\nBy regime, {phase}:\n")
        scores.print_methods([r for r in rows if r["phase"] == phase and r["method"] in (scores.OURS, scores.RATIO)], "regime")


def main():
    options, began = read_options(), time.monotonic()
    rows, faults = run_all(options)
    print("seeds %d..%d, shift %g: %d cases in %.0f s\n" % (options.first, options.first + options.count - 1, options.shift,
                                                       options.count * len(options.regimes), time.monotonic() - began))
    print_tables(rows)
    print("\nWhat it costs (loadtest/estimates/cost.c):\n", flush=True)
    subprocess.run([options.cost, *(["50000"] if options.quick else [])], check=True)
    said = [] if options.quick else scores.misses(rows)
    print("\nfaults: %d%s" % (len(faults), "".join("\n  " + f for f in faults[:20])))
    print("bars missed: %d%s" % (len(said), "".join("\n  " + s for s in said)))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows), encoding="utf-8")
    return 1 if said or faults else 0


if __name__ == "__main__":
    sys.exit(main())
