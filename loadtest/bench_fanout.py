#!/usr/bin/env python3
"""What `./dev bench fanout` runs: one event to every viewer, beside a bare send() loop and what a user would pick instead.

    bench_fanout.py [--quick] [--only part,...] [--rounds N]     parts: pairs burst sizes broadcasts joins stalled reserve storm
                                                                        workers
    bench_fanout.py --readme                                     writes build/bench/fanout.json's tables into the README

Every server is pinned to core 0, its client (`liveshelf-fan`, the same for all) to core 1. Whoever is compared is alive at the same
time and takes turns in rounds, since a machine's pace changes within minutes: a figure is the median over the rounds, a ratio the
median of each round's own. What is not to be had is skipped with a line that says so. build/bench/fanout.json has it all;
build/bench/fanout.log has what the servers said. Ends with 0 also when a bar is missed, with 1 when something could not be measured."""
import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import platform
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "fan"))
# pylint: disable=wrong-import-position
import processes  # noqa: E402
import servers  # noqa: E402
from processes import CLIENT_CORE, Broken  # noqa: E402
from servers import FarShop, Limit, LwsBook, Nats, Nchan, Npm, Shop, Skipped, SocketIo  # noqa: E402
from table import Table, readme_write  # noqa: E402

EVENT_BYTES = 400
WARM_VIEWERS = 200
BUYERS = 50
CLAIM_EVERY_US = 5000
STORM_SLICE_MS = 500
ANSWER_S = 90
FILLS_MAX = 40
SETTLES_MAX = 40
REST_MS = 300


class Scale:
    """How much of everything; --quick is to see that it works."""

    def __init__(self, quick, rounds):
        self.quick = quick
        self.viewers = 1000 if quick else 10000
        self.sizes = (200, 500, 1000) if quick else (1000, 2000, 5000, 10000, 19000)
        self.most = self.sizes[-1]
        self.rounds = rounds or (1 if quick else 5)
        self.flood_ms = 300 if quick else 1500
        self.pins = (3, 100) if quick else (4, 400)
        self.reserve_ms = 1000 if quick else 3000
        self.joins = (200, 800, 1000) if quick else (2000, 17000, 19000)

    def fewer(self, rounds):
        return min(self.rounds, rounds)


class Contestant:
    """A server and its audience. Figures of each phase have the server's CPU and memory beside what the client counted."""

    def __init__(self, name, server, log, viewers_max, *options, urgent=False):
        self.name, self.server, self.rounds = name, server, []
        self.fan = processes.start([servers.BIN / "liveshelf-fan", server.dialect, server.port, viewers_max, *server.fan_words, *options],
                                   CLIENT_CORE, log, urgent=urgent, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.handshake_us = self.memory = None
        self.live = 0

    def ask(self, *words):
        before, core = processes.cpu_s(self.server.pids), processes.core_busy_s()
        try:
            self.fan.stdin.write(" ".join(map(str, words)) + "\n")
            self.fan.stdin.flush()
        except OSError as gone:
            raise Broken(f"{self.name}: its client is gone") from gone
        answer = json.loads(processes.line_of(self.fan, ANSWER_S))
        answer["cpu_s"] = processes.cpu_s(self.server.pids) - before
        if answer["deliveries"] > 0:
            answer["cpu_us"] = answer["cpu_s"] / answer["deliveries"] * 1e6
            answer["core_us"] = (processes.core_busy_s() - core) / answer["deliveries"] * 1e6
            answer["per_read"] = answer["deliveries"] / max(1, answer["recvs"])
        if words[0] in ("gather", "leave"):
            self.live = answer["live"]
        if not answer["ok"] or answer["lost"] > 0 or answer["live"] != self.live:
            raise Broken(f"{self.name}: {' '.join(map(str, words))}: {self.live} lines before it; {answer}")
        if words[0] in ("flood", "pins", "buy") and answer["gaps"] + answer["duplicates"] > 0:
            raise Broken(f"{self.name}: {answer['gaps']} gaps, {answer['duplicates']} duplicates in {' '.join(map(str, words))}")
        return answer

    def rest(self, ms):
        return self.ask("rest", ms)

    def settle(self, quiet_ms=300):
        """Until nobody is at work on what was: thousands of ended lines take a while, and everybody is told how many are there."""
        quiet = 0
        for _ in range(SETTLES_MAX):
            quiet = quiet + REST_MS if self.rest(REST_MS)["cpu_s"] < 0.005 else 0
            if quiet >= quiet_ms:
                return

    def warm(self):
        """What the first viewers cost and the next do not: pages of the program, rings, tables, compiled code."""
        self.ask("gather", WARM_VIEWERS)
        self.ask("flood", 1, 300)
        self.ask("leave")
        self.settle()

    def gather(self, viewers):
        """All of them; CPU and memory for each newcomer."""
        self.warm()
        before = processes.rss_bytes(self.server.pids)
        answer = self.ask("gather", viewers)
        self.handshake_us = answer["cpu_s"] / viewers * 1e6
        self.settle()
        self.memory = (processes.rss_bytes(self.server.pids) - before) / viewers
        self.ask("flood", 1, 200)  # the first to all of them finds cold sockets; and events get their length
        return answer

    def close(self):
        processes.stop(self.fan)
        self.server.close()


class Bench:
    def __init__(self, scale, table, log):
        self.scale, self.table, self.log = scale, table, log
        self.stack = contextlib.ExitStack()

    def join(self, name, make, viewers_max, *options):
        """A contestant, or None with a line in the table when its server is not to be had. Gone at the end of the part."""
        try:
            server = make()
        except Skipped as why:
            self.table.skip(name, why)
            return None
        self.stack.callback(server.close)
        contestant = Contestant(name, server, self.log, viewers_max, *options)
        self.stack.callback(contestant.close)
        return contestant

    def shop(self, name, viewers_max, *options, **more):
        return self.join(name, lambda: Shop(self.log, **more), viewers_max, *options)

    def limit(self, viewers_max):
        return self.join("bare send() loop", lambda: Limit(self.log), viewers_max)

    def part(self, name, run):
        print(name, flush=True)
        began = time.monotonic()
        try:
            with contextlib.ExitStack() as self.stack:
                run(self)
        except (Broken, OSError, subprocess.SubprocessError) as why:
            self.table.fail(name, why)
        print(f"  {time.monotonic() - began:.0f} s", flush=True)


def median(values):
    return statistics.median(values)


def say(name, figures):
    words = [f"{figures['cpu_us']:.2f} us each"] if "cpu_us" in figures else []
    words += [f"{figures['deliveries'] / figures['seconds']:,.0f} /s"] if figures["deliveries"] else []
    print(f"    {name:<26} {', '.join(words)}, client {figures['client_busy']:.0%} busy", flush=True)


def ratios(ours, theirs, key):
    """The median over the rounds of one by the other in the same round."""
    return median([a[key] / b[key] for a, b in zip(ours, theirs)])


def rounds_of(contestants, count, *command):
    """{contestant: [figures of each round]}; they take turns, and not always in the same order."""
    found = {c: [] for c in contestants}
    for number in range(count):
        for c in contestants if number % 2 == 0 else reversed(contestants):
            found[c].append(c.ask(*command))
            say(c.name, found[c][-1])
    return found


# ---- pairs: all servers, 10,000 viewers ----

def shop_by(log, path):
    shop = Shop(log, settings=servers.RAISED | {"send-path": path})
    if shop.metric("liveshelf_send_path", f'path="{path}"') == 0:
        shop.close()
        raise Skipped("the kernel does not let it")
    return shop


def competitors(b):
    """(name, how its server is made), ours and the limits first."""
    paths = servers.send_paths()
    if not paths:
        b.table.skip("Liveshelf's two send paths apart", "this build has no setting send-path: measured is what it does by itself")
    found = [("bare send() loop", lambda: Limit(b.log)), ("bare io_uring loop", lambda: Limit(b.log, uring=True))]
    found += [(f"Liveshelf, {path}", lambda path=path: shop_by(b.log, path)) for path in paths] or [("Liveshelf", lambda: Shop(b.log))]
    if not b.scale.quick:
        found += [("Bun, publish", lambda: Npm(b.log, servers.bun_program, "bun.mjs")), ("nchan, nginx", lambda: Nchan(b.log)),
                  ("NATS", lambda: Nats(b.log)), ("Node.js, ws", lambda: Npm(b.log, servers.node_program, "ws.mjs")),
                  ("socket.io", lambda: SocketIo(b.log, servers.node_program, "socketio.mjs"))]
    found.append(("libwebsockets by the book", lambda: LwsBook(b.log)))
    return found


def competitor_join(b, name, make):
    try:
        c = b.join(name, make, b.scale.viewers)
        if c is not None:
            joined = c.gather(b.scale.viewers)
            print(f"    {name:<26} {c.handshake_us:.1f} us of CPU a handshake, {b.scale.viewers / joined['seconds']:,.0f} /s, "
                  f"{c.memory:,.0f} bytes of memory each", flush=True)
        return c
    except Broken as why:
        if name.startswith(("Liveshelf", "bare send")):
            raise
        b.table.skip(name, why)
        return None


def many_ask(c, ms):
    """Sixteen in flight; with the events of one send, where the server counts its sends."""
    before = c.server.metric("liveshelf_sends_total") if isinstance(c.server, Shop) else None
    many = c.ask("flood", 16, ms)
    many["per_send"] = many["per_read"]
    if before is not None:
        many["per_send"] = many["deliveries"] / max(1, c.server.metric("liveshelf_sends_total") - before)
    return many


def competitor_round(c):
    """One in flight, sixteen in flight, one now and then."""
    one = c.ask("flood", 1, SCALE.flood_ms)
    many = many_ask(c, SCALE.flood_ms)
    pins = c.ask("pins", *SCALE.pins)
    print(f"    {c.name:<26} {one['cpu_us']:.2f} us, 16 in flight {many['cpu_us']:.2f} us and {many['per_read']:.1f} a read, "
          f"last {pins['last_p50_ms']:.0f} ms, client {one['client_busy']:.0%} and {many['client_busy']:.0%} busy", flush=True)
    c.rounds.append({"one_us": one["cpu_us"], "core_us": one["core_us"], "many_us": many["cpu_us"], "per_read": many["per_read"], "last_ms": pins["last_p50_ms"],
                     "p99_ms": pins["each_p99_ms"], "per_send": many["per_send"], "one_busy": one["client_busy"],
                     "many_busy": many["client_busy"], "per_second": one["deliveries"] / one["seconds"]})


def pairs(b):
    there = [c for c in [competitor_join(b, *pair) for pair in competitors(b)] if c is not None]
    for number in range(b.scale.rounds):
        print(f"  round {number + 1} of {b.scale.rounds}", flush=True)
        for c in list(there) if number % 2 == 0 else list(reversed(there)):
            try:
                competitor_round(c)
            except Broken as why:
                if c.name.startswith(("Liveshelf", "bare send")):
                    raise
                b.table.skip(c.name, why)
                there.remove(c)
    limit = there[0].rounds
    for c in there:
        b.table.peers.append({"name": c.name, "memory": c.memory, "handshake_us": c.handshake_us,
                              "one_ratio": ratios(c.rounds, limit, "one_us"), "many_ratio": ratios(c.rounds, limit, "many_us"),
                              **{key: median([r[key] for r in c.rounds]) for key in (
                                  "one_us", "core_us", "many_us", "per_read", "last_ms", "p99_ms", "one_busy", "many_busy", "per_second")}})
    ours = [c for c in there if c.name.startswith("Liveshelf")]
    for c in ours:
        pairs_judge(b.table, c, {other.name: other for other in there})


def paired(table, name, ours, theirs, beside, key, bar=None, unit="us"):
    """A figure of each by the rounds of each; the bar is on the median of the rounds' own ratios."""
    table.add(name, median([r[key] for r in ours]), unit, median([r[key] for r in theirs]), beside, bar)
    figure = table.figures[-1]
    figure["ratio"] = ratios(ours, theirs, key)
    figure["passed"] = None if bar is None else figure["ratio"] <= bar


def pairs_judge(table, c, all_of_them):
    limit, bun, uring = all_of_them["bare send() loop"], all_of_them.get("Bun, publish"), "io_uring" in c.name
    how = c.name.partition(", ")[2]
    how = f", {how}" if how else ""
    paired(table, f"CPU per delivery, one event in flight{how}", c.rounds, limit.rounds, limit.name, "one_us", 0.95 if uring else 1.10)
    paired(table, f"the same by all that the core did{how}", c.rounds, limit.rounds, limit.name, "core_us")
    if bun is not None:
        paired(table, f"CPU per delivery, one event in flight{how}", c.rounds, bun.rounds, bun.name, "one_us", 1.0)
    paired(table, f"CPU per delivery, 16 events in flight{how}", c.rounds, limit.rounds, limit.name, "many_us", 0.15)
    table.add(f"events per send, 16 in flight{how}", median([r["per_send"] for r in c.rounds]), "events", bar=10, on="value",
              at_least=True)
    paired(table, f"an idle pin, to the last viewer{how}", c.rounds, limit.rounds, limit.name, "last_ms", 1.10, "ms")
    table.add(f"memory of the node per idle viewer{how}", c.memory, "bytes", bar=2500, on="value")


# ---- Liveshelf beside the bare loop ----

def burst(b):
    """A host's acts wait for each other, each is checked on what the one before left. On other nodes than the host's they arrive
    from the log while a sweep is under way, as from a publisher who does not wait."""
    limit, ours = b.limit(b.scale.viewers), b.join("Liveshelf", lambda: FarShop(b.log), b.scale.viewers)
    for c in (limit, ours):
        c.gather(b.scale.viewers)
        c.rounds = []
    for _ in range(b.scale.fewer(4)):
        for c in (limit, ours):
            many = many_ask(c, b.scale.flood_ms)
            say(c.name, many)
            c.rounds.append({"many_us": many["cpu_us"], "per_send": many["per_send"]})
    paired(b.table, "CPU per delivery, 16 events in flight, the host on another node", ours.rounds, limit.rounds, limit.name, "many_us", 0.15)
    b.table.add("events per send, 16 in flight, the host on another node", median([r["per_send"] for r in ours.rounds]), "events",
                bar=10, on="value", at_least=True)


def sizes(b):
    """All sizes at once, so that their rounds are interleaved too."""
    by_size = []
    for size in b.scale.sizes:
        limit, ours = b.limit(size), b.shop("Liveshelf", size)
        for c in (limit, ours):
            c.gather(size)
            c.name = f"{c.name}, {size:,}"
        by_size.append((size, limit, ours))
    found = rounds_of([c for row in by_size for c in row[1:]], b.scale.fewer(4), "flood", 1, b.scale.flood_ms)
    for size, limit, ours in by_size:
        paired(b.table, f"CPU per delivery, {size:,} viewers", found[ours], found[limit], "bare send() loop", "cpu_us")
    small, large = by_size[0], by_size[-1]
    growth = [ratios(found[large[i]], found[small[i]], "cpu_us") for i in (1, 2)]
    b.table.add(f"growth of it, {large[0]:,} viewers by {small[0]:,}", growth[1], "x", growth[0], "bare send() loop", 1.35, "value")


def broadcasts(b):
    counts = (1, 10, 100)
    there = [b.shop(f"{count} broadcasts", b.scale.viewers, rooms=count) for count in counts]
    for c in there:
        c.gather(b.scale.viewers)
    found = rounds_of(there, b.scale.fewer(4), "flood", 1, b.scale.flood_ms)
    for c in there[1:]:
        paired(b.table, f"CPU per delivery, {b.scale.viewers:,} viewers on {c.name}", found[c], found[there[0]], "1 broadcast", "cpu_us", 1.35)


def joins(b):
    """CPU of the first so many handshakes, and of the last so many when the others are there."""
    first, nearly, most = b.scale.joins
    there = [b.limit(most), b.shop("Liveshelf", most, settings=servers.RAISED | servers.PATIENT | servers.UNCOUNTED)]
    for c in there:
        c.warm()
        c.settle()
    for _ in range(b.scale.fewer(3)):
        for c in there:
            early = c.ask("gather", first)["cpu_s"] / first * 1e6
            c.ask("gather", nearly)
            c.settle()
            late = c.ask("gather", most)["cpu_s"] / (most - nearly) * 1e6
            print(f"    {c.name:<26} {early:.1f} us for the first {first:,}, {late:.1f} us at {most:,}", flush=True)
            c.rounds.append({"early": early, "late": late, "growth": late / early})
            c.ask("leave")
            c.settle()
    limit, ours = there
    paired(b.table, f"CPU per join (upgrade, hello, snapshot), the first {first:,}", ours.rounds, limit.rounds, limit.name, "early", 2.0)
    paired(b.table, f"CPU per join, {nearly:,} there before", ours.rounds, limit.rounds, limit.name, "late", 2.0)
    b.table.add(f"growth of it, at {most:,} by the first {first:,}", median([r["growth"] for r in ours.rounds]), "x",
                median([r["growth"] for r in limit.rounds]), "bare send() loop", 1.2, "value")


# ---- Liveshelf beside itself ----

def stalled(b):
    """Two nodes with as many viewers who read; one has a twentieth more who do not, until their buffers are full."""
    others = b.scale.viewers * 19 // 20
    settings = servers.RAISED | servers.PATIENT
    calm = b.shop("none stalled", others, settings=settings)
    beset = b.shop("5 % stalled", b.scale.viewers, "--tiny-from", others, settings=settings)
    calm.gather(others)
    beset.gather(b.scale.viewers)
    beset.ask("stall", b.scale.viewers - others)
    calm.ask("flood", 16, b.scale.flood_ms)
    for _ in range(FILLS_MAX):
        beset.ask("flood", 16, b.scale.flood_ms)
        full = beset.server.metric("liveshelf_sends_full_total") + beset.server.metric("liveshelf_sends_cut_total")
        if full >= b.scale.viewers - others:
            break
    else:
        raise Broken("those who stalled still took what was sent")
    there = beset.server.metric("liveshelf_conns")
    found = rounds_of([calm, beset], b.scale.rounds, "flood", 1, b.scale.flood_ms)
    if beset.server.metric("liveshelf_conns") < there:
        raise Broken("those who stalled were closed meanwhile: nothing is known of the others beside them")
    print(f"    {there:.0f} conns, {full:.0f} sends that found a socket full or filled it", flush=True)
    for key, name, unit, bar in (("cpu_us", "CPU per delivery to the others", "us", 1.05), ("each_p99_ms", "p99 of the others", "ms", 1.10)):
        paired(b.table, f"5 % of the viewers stalled: {name}", found[beset], found[calm], "none stalled", key, bar, unit)


def buyers_of(b, crowd):
    """A few viewers more in a process of their own that goes before the crowd's: what an answer takes, not what it waits for behind
    thousands of events that another client has yet to read."""
    buyers = Contestant("buyers", crowd.server, b.log, BUYERS, "--buyers", BUYERS, urgent=True)
    b.stack.callback(processes.stop, buyers.fan)
    buyers.ask("gather", BUYERS)
    buyers.ask("buy", CLAIM_EVERY_US, 500, 0)
    return buyers


def meanwhile(crowd, command, buyers, every_us, slice_ms):
    """Buyers buy as long as the crowd is at its command: (the crowd's figures, those of each slice of the buyers' time)."""
    slices = []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        other = pool.submit(crowd.ask, *command)
        while not other.done():
            slices.append(buyers.ask("buy", every_us, slice_ms, 0))
        return other.result(), slices


def reserve(b):
    crowd = b.shop("Liveshelf", b.scale.most)
    crowd.gather(b.scale.most)
    buyers = buyers_of(b, crowd)
    quiet, swept = [], []
    for _ in range(b.scale.fewer(4)):
        quiet.append(buyers.ask("buy", CLAIM_EVERY_US, b.scale.reserve_ms, 0))
        swept.append(meanwhile(crowd, ("flood", 1, b.scale.reserve_ms + 500), buyers, CLAIM_EVERY_US, b.scale.reserve_ms)[1][0])
        print(f"    p99 of a reserve {quiet[-1]['claim_p99_ms']:.1f} ms, during sweeps {swept[-1]['claim_p99_ms']:.1f} ms "
              f"({swept[-1]['held']} held, {swept[-1]['held_not']} not)", flush=True)
    if any(f["held"] == 0 for f in quiet + swept):
        raise Broken("no unit could be had")
    b.table.add(f"p99 of a reserve during sweeps to {b.scale.most:,} viewers", median([f["claim_p99_ms"] for f in swept]), "ms",
                median([f["claim_p99_ms"] for f in quiet]), "without sweeps", 5, "difference")


def storm(b):
    """Admission as it is delivered: nothing raised but what one address may say."""
    c = b.shop("Liveshelf", b.scale.viewers, settings=servers.TALK)
    c.gather(b.scale.viewers)
    buyers = buyers_of(b, c)
    quiet = buyers.ask("buy", 2 * CLAIM_EVERY_US, b.scale.reserve_ms, 0)
    found = []
    for _ in range(b.scale.fewer(3)):
        f, slices = meanwhile(c, ("cut", 200, 0), buyers, 2 * CLAIM_EVERY_US, STORM_SLICE_MS)
        f["claim_p99_ms"] = max(s["claim_p99_ms"] for s in slices)
        found.append(f)
        print(f"    back in {f['back_s']:.2f} s, {f['cpu_s']:.2f} s of CPU, {f['resumed']} resumed, {f['snapshots']} snapshots, "
              f"{f['refused']} told to come later, {f['failed']} failed, {f['gaps']} gaps, p99 of a reserve in the worst slice "
              f"{f['claim_p99_ms']:.1f} ms",
              flush=True)
        c.settle()
    name = f"{b.scale.viewers:,} viewers cut at once"
    b.table.add(f"{name}: gaps and duplicates after they resumed", sum(f["gaps"] + f["duplicates"] for f in found), "events", bar=0,
                on="value")
    b.table.add(f"{name}: got a snapshot instead of what they missed", sum(f["snapshots"] for f in found), "viewers")
    b.table.add(f"{name}: all back after", median([f["back_s"] for f in found]), "s")
    b.table.add(f"{name}: CPU of the node until then", median([f["cpu_s"] for f in found]), "s")
    b.table.add(f"{name}: p99 of a reserve meanwhile, in the worst half second", median([f["claim_p99_ms"] for f in found]), "ms", quiet["claim_p99_ms"],
                "before")


def workers(b):
    """Both nodes on the one core, so that their work adds up."""
    one = b.shop("one worker", b.scale.viewers)
    two = b.shop("two workers", b.scale.viewers, workers=2)
    for c in (one, two):
        c.gather(b.scale.viewers)
    found = rounds_of([one, two], b.scale.fewer(4), "flood", 1, b.scale.flood_ms)
    paired(b.table, "CPU per delivery of two workers together", found[two], found[one], "one worker", "cpu_us", 1.10)


PARTS = {"pairs": pairs, "burst": burst, "sizes": sizes, "broadcasts": broadcasts, "joins": joins, "stalled": stalled, "reserve": reserve,
         "storm": storm, "workers": workers}
SCALE = None


def cpu_name():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def options():
    parser = argparse.ArgumentParser(description="one event to every viewer, beside a bare send() loop and other servers")
    parser.add_argument("--quick", action="store_true", help="1,000 viewers, one round, no peers to install: to see that it works")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between: " + " ".join(PARTS))
    parser.add_argument("--rounds", type=int, help="of each comparison")
    parser.add_argument("--readme", action="store_true", help="only write the last results into the README")
    chosen = parser.parse_args()
    unknown = set(chosen.only.split(",")) - set(PARTS)
    if unknown:
        parser.error("no such part: " + " ".join(sorted(unknown)))
    return chosen


def main():
    global SCALE  # pylint: disable=global-statement
    chosen = options()
    if chosen.readme:
        readme_write(servers.ROOT / "README.md", servers.OUT / "fanout.json")
        return 0
    if shutil.which("taskset") is None:
        sys.exit("bench: taskset (util-linux) is needed")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also below a shell that ignores it for what runs behind
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    SCALE = Scale(chosen.quick, chosen.rounds)
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= files < SCALE.most + 200:
        sys.exit(f"bench: ulimit -Hn {SCALE.most + 200} is needed, for each server and for its client")
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    table = Table({"viewers": SCALE.viewers, "event_bytes": EVENT_BYTES, "rounds": SCALE.rounds, "quick": SCALE.quick,
                   "kernel": platform.release(), "cpu": f"{os.cpu_count()} x {cpu_name()}"})
    servers.OUT.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with open(servers.OUT / "fanout.log", "w", encoding="utf-8") as log:
        bench = Bench(SCALE, table, log)
        try:
            for name in PARTS:
                if name in chosen.only.split(","):
                    bench.part(name, PARTS[name])
        except KeyboardInterrupt:
            print("bench: stopped; what was measured until then:", file=sys.stderr)
            table.fail("the rest", "stopped by hand")
        finally:
            processes.stop_all()
            table.write(servers.OUT / "fanout.json")
    table.show()
    print(f"{time.monotonic() - began:.0f} s in all; build/bench/fanout.json")
    return 1 if table.broken else 0


if __name__ == "__main__":
    sys.exit(main())
