#!/usr/bin/env python3
"""Rounds of selling under faults, judged. Real nodes, a real Redis, real sockets; see history.py and checker.py for what is looked at.

    run.py [--rounds N] [--seconds S] [--seed N] [--nemesis NAME[+NAME...]] [--durability fsync|relaxed] [--viewers N] [--keep]

Each round: two nodes, a fresh shop, S seconds of selling, one fault or two at the same time chosen by the seed, again and again;
then five quiet seconds, and the verdict. Without --rounds it goes on until it is ended (Ctrl-C). One line per round, figures at the end; exit
code 1 when the shop broke its word, and with --expect-losses when it did not (a check that cannot fail shows nothing). With
--keep, or after a broken word, the round's folder stays: history.jsonl, ledger.jsonl, the logs."""
import argparse
import asyncio
import collections
import json
import os
import random
import signal
import sys
import time

from checker import check, recoveries
from clients import FIRST_UNITS, HOLD_MS, LIMITS, PRICES, Host, Viewer, Warehouse, World
from history import Recorder, history_read
from ledger import ledger_read
from lines import BROADCAST, http
from nemeses import ALL, LOSING, Nemeses
from stage import NODES, SHOP, Stage

QUIET_S = 5.0
SETTLE_S = 45.0  # for every client to have its answer
PROBE = "bowl"
VIOLATIONS_SHOWN = 20


async def set_up(world):
    shop = world.tokens["integrator"]

    async def must(method, path, body=None):
        status, answer = await http(world.port("a"), method, path, body, shop, seconds=15)
        assert 200 <= status < 300, (method, path, status, answer)

    products = [{"sku": sku, "title": sku, "price": {"amount": price, "currency": "EUR"},
                 **({"limit_per_viewer": LIMITS[sku]} if sku in LIMITS else {})} for sku, price in PRICES.items()]
    await must("PUT", "/v1/catalogue", {"products": products})
    await must("POST", "/v1/broadcasts", {"id": BROADCAST, "title": "The show", "hold_ms": HOLD_MS})
    cues = [{"id": "c-" + sku, "title": sku, "sku": sku, "card": {"say": sku}} for sku in PRICES]
    await must("PUT", f"/v1/broadcasts/{BROADCAST}/run-of-show", {"cues": cues})
    for sku, units in FIRST_UNITS.items():
        await Warehouse(world).allocate(sku, units, "first-" + sku)
    await must("POST", f"/v1/broadcasts/{BROADCAST}/start", {"force": True})


async def plague(nemeses, names, over):
    """The round's faults, again and again until selling is over, each at its own pace."""
    async def one(name):
        await nemeses.nap(0.5, 1.5)
        while not over.is_set():
            await nemeses.run(nemeses.rng.choice(ALL) if name == "any" else name)
            await nemeses.nap(0.5, 2)
    await asyncio.gather(*[one(name) for name in names])


async def settle(world, work):
    """Everyone gets their answer; then both nodes are asked to sell, and five quiet seconds pass."""
    await asyncio.gather(*work)
    await asyncio.gather(*[Viewer(world, node, stays=True).probe(PROBE) for node in NODES])
    await asyncio.gather(*world.tasks)
    await asyncio.sleep(QUIET_S)


async def last_words(world, recorder):
    for node in NODES:
        wall_ms = time.time() * 1000
        status, stock = await http(world.port(node), "GET", "/v1/stock", None, world.tokens["integrator"])
        assert status == 200, stock
        recorder.write("final", node=node, wall_ms=wall_ms, ledger=stock["ledger"], counts={row["sku"]: row for row in stock["stock"]})


class Ending:
    """Ctrl-C or SIGTERM: the round is cut short, judged, and is the last. A second Ctrl-C ends at once."""

    def __init__(self):
        self.asked = False

    def watch(self):
        """A future that is done when the end is asked for."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()

        def ask():
            self.asked = True
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
            future.set_result(None)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ask)
        return future


async def sell(stage, recorder, seconds, seed, names, viewers_count, end_asked):
    """One round; what is still unanswered long after its end makes a history that never came to rest."""
    world = World(stage, recorder, random.Random(seed))
    await set_up(world)
    await stage.redis.synced()
    viewers = [Viewer(world, NODES[i % 2]) for i in range(viewers_count)]
    work = [asyncio.ensure_future(who.run()) for who in (*viewers, Warehouse(world), Host(world, pauses=stage.durability == "fsync" and not is_losing(names)))]
    faults = asyncio.ensure_future(plague(Nemeses(stage, recorder, random.Random(seed + 1)), names, world.over))
    try:
        await asyncio.wait([faults, *work, end_asked], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        world.over.set()
        await faults
        async with asyncio.timeout(SETTLE_S):
            await settle(world, work)
        await last_words(world, recorder)
    except TimeoutError:
        print("not everybody was answered", flush=True)
    finally:
        for task in (faults, *work, *world.tasks):
            task.cancel()
        await asyncio.gather(faults, *work, *world.tasks, return_exceptions=True)


def is_losing(names):
    return not set(names).isdisjoint(LOSING)


async def play(stage, args, seed, names, ending):
    path = os.path.join(stage.folder, "history.jsonl")
    end_asked = ending.watch()
    async with stage:
        recorder = Recorder(path)
        try:
            await sell(stage, recorder, args.seconds, seed, names, args.viewers, end_asked)
        finally:
            recorder.close()
        entries = await asyncio.to_thread(ledger_read, stage.redis.ask, SHOP)
    with open(os.path.join(stage.folder, "ledger.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps({"id": e.id, "ms": e.ms, "moves": e.moves, "counts": e.counts}) + "\n" for e in entries)
    return history_read(path), entries


def choose(rng, wanted):
    """One fault, or two at a time."""
    return wanted.split("+") if wanted else rng.sample(ALL, rng.choice((1, 2)))


def run_round(args, seed, ending):
    """(faults, verdict, folder)"""
    stage, names = Stage(args.durability, seed), choose(random.Random(seed), args.nemesis)
    history, entries = asyncio.run(play(stage, args, seed, names, ending))
    verdict = check(history, entries, put_back=is_losing(names))
    for fault, seconds in recoveries(history):
        if seconds is not None:
            verdict.recovery_s.append((seconds, fault["name"]))
    if not args.keep and (not verdict.violations or args.expect_losses):
        stage.sweep()
    return names, verdict, stage.folder


def tell_round(seed, names, verdict, folder, kept):
    f, broken = verdict.figures, collections.Counter(which for which, _ in verdict.violations)
    print(f"seed {seed} {'+'.join(names)}: {f['operations']} operations, {f['acknowledged']} acknowledged, {f['lost']} lost, "
          f"{f['unknown intents']} unknown ({f['unknown, happened once']} happened once, {f['unknown, never happened']} never)"
          f"{'' if not broken else '; BROKEN ' + json.dumps(broken)}", flush=True)
    for which, text in verdict.violations[:VIOLATIONS_SHOWN] if kept else ():
        print(f"  {which}: {text}", flush=True)
    if kept and verdict.violations:
        print(f"  kept: {folder}", flush=True)


def tell_all(total, recovery_s, rounds):
    print(f"{rounds} rounds: {total['operations']} operations ({total['ok']} ok, {total['fail']} refused, {total['unknown']} unknown), "
          f"{total['entries']} ledger entries")
    for name in sorted(total):
        if name.startswith(("fault ", "moves ")) or "," in name or "told" in name or "heard" in name or name == "lost":
            print(f"  {name}: {total[name]}")
    if recovery_s:
        recovery_s.sort()
        print(f"  recovery: median {recovery_s[len(recovery_s) // 2][0]:.2f} s, longest {recovery_s[-1][0]:.2f} s ({recovery_s[-1][1]})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--nemesis", default="", help="one of these, or several at a time with + between; `any` takes another each time: "
                        + " ".join(ALL + LOSING))
    parser.add_argument("--durability", choices=("fsync", "relaxed"), default="fsync")
    parser.add_argument("--viewers", type=int, default=16)
    parser.add_argument("--expect-losses", action="store_true")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1, 10 ** 6) * 1000
    total, recovery_s, broken, rounds, ending = collections.Counter(), [], 0, 0, Ending()
    while not ending.asked and (args.rounds == 0 or rounds < args.rounds):
        names, verdict, folder = run_round(args, seed + rounds, ending)
        rounds += 1
        total.update(verdict.figures)
        recovery_s += verdict.recovery_s
        broken += bool(verdict.violations)
        tell_round(seed + rounds - 1, names, verdict, folder, not args.expect_losses)
    tell_all(total, recovery_s, rounds)
    if args.expect_losses:
        print(f"losses were seen in {broken} of {rounds} rounds, as they must be")
        return 0 if total["lost"] > 0 else 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
