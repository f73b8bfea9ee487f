#!/usr/bin/env python3
"""What `./dev bench inventory` runs: reservations of one hot SKU through the node's own code, beside what a shop would use instead.

    bench_inventory.py [--quick]

Every server here is pinned to core 0 and every client to core 1. Ours and the peers take turns in rounds on a fresh Redis each, since a
machine's pace changes within minutes: the ratio of a round says more than either figure. Redis's CPU is read from /proc, all of its
threads. What is not installed is skipped with a line that says so. The table goes to the terminal and to build/bench/inventory.json."""
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("BENCH_BIN", ROOT / "build/release/loadtest"))
OUT = ROOT / "build/bench"
SERVER_CORE, CLIENT_CORE = ("0", "1") if os.cpu_count() > 1 else ("0", "0")
TICKS = os.sysconf("SC_CLK_TCK")
ROUNDS = 3
POSTGRES_CLIENTS = 32
HOLDS_FILLED = 200000


class Skipped(Exception):
    """This peer is not installed, in words."""


def cpu_s(pid):
    """CPU seconds of a process, all of its threads."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def pinned(core, *words):
    return ["taskset", "-c", core, *map(str, words)]


def run_json(*words, cwd=None):
    done = subprocess.run(pinned(CLIENT_CORE, *words), stdout=subprocess.PIPE, check=True, cwd=cwd)
    return json.loads(done.stdout)


class Redis:
    """A private server on a unix socket, gone with its folder."""

    def __init__(self, aof):
        self.folder = tempfile.mkdtemp(prefix="bench-redis-")
        self.socket = f"{self.folder}/s"
        settings = ["--appendonly", "no"] if aof == "off" else ["--appendonly", "yes", "--appendfsync", aof]
        self.server = subprocess.Popen(
            pinned(SERVER_CORE, "redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--save", "",
                   "--auto-aof-rewrite-percentage", "0", "--logfile", f"{self.folder}/log", *settings))
        until = time.monotonic() + 10
        while self.ask("ping") != "PONG":
            if time.monotonic() > until:
                raise RuntimeError("redis-server does not answer")
            time.sleep(0.01)

    def ask(self, *words):
        done = subprocess.run(["redis-cli", "-s", self.socket, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
        return done.stdout.strip()

    def info(self, name):
        return int(next(line.split(":")[1] for line in self.ask("info").splitlines() if line.startswith(name + ":")))

    def calls(self):
        """Stock calls so far."""
        line = next((line for line in self.ask("info", "commandstats").splitlines() if line.startswith("cmdstat_fcall:")), "calls=0,")
        return int(line.split("calls=")[1].split(",")[0])

    @property
    def url(self):
        return f"unix://{self.socket}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def measure(self, *words, cwd=None):
        """Runs a client; its figures, and Redis's CPU seconds per million requests."""
        before = cpu_s(self.server.pid)
        figures = run_json(*words, cwd=cwd)
        figures["redis_cpu_s_per_million"] = (cpu_s(self.server.pid) - before) / figures["requests"] * 1e6
        return figures


# ---- one measurement each ----

def ours(aof, last_ms, mode="closed", number=256):
    with Redis(aof) as redis:
        return redis.measure(BIN / "stock/liveshelf-stock", redis.url, "fsync" if aof == "always" else "relaxed", mode, last_ms,
                             number)


def peer(aof, mode, last_ms):
    with Redis(aof) as redis:
        return redis.measure(BIN / "stock/liveshelf-stock-peers", redis.socket, mode, last_ms)


def ioredis(aof, last_ms):
    folder = OUT / "node"
    if shutil.which("node") is None:
        raise Skipped("Node.js is not installed")
    if not (folder / "node_modules/ioredis").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private":true,"dependencies":{"ioredis":"5.8.2"}}\n', encoding="ascii")
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=False)
        if done.returncode != 0:
            raise Skipped("npm could not install ioredis")
    with Redis(aof) as redis:
        return redis.measure("node", ROOT / "loadtest/stock/ioredis.mjs", redis.socket, last_ms, 256, cwd=folder)


class Postgres:
    """A private server on a unix socket, synchronous commit on; None of its settings is made slower than Debian's."""

    def __init__(self):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found or shutil.which("pgbench") is None:
            raise Skipped("PostgreSQL (initdb, pgbench) is not installed")
        self.programs = found[-1].parent
        self.folder = tempfile.mkdtemp(prefix="bench-postgres-")
        # It refuses to run as root.
        self.as_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.getuid() == 0 else []
        if self.as_user:
            shutil.chown(self.folder, "postgres")
        data = f"{self.folder}/data"
        subprocess.run([*self.as_user, self.programs / "initdb", "-D", data, "-A", "trust", "-U", "bench"],
                       stdout=subprocess.DEVNULL, check=True, cwd=self.folder)
        self.server = subprocess.Popen(
            [*self.as_user, self.programs / "postgres", "-D", data, "-k", self.folder, "-c", "listen_addresses=", "-c",
             "synchronous_commit=on", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB"],
            stderr=subprocess.DEVNULL, cwd=self.folder)
        until = time.monotonic() + 20
        while not self.sql("select 1"):
            if time.monotonic() > until:
                raise RuntimeError("postgres does not answer")
            time.sleep(0.05)

    def sql(self, text):
        done = subprocess.run(["psql", "-qAt", "-h", self.folder, "-U", "bench", "postgres", "-c", text], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        return done.stdout.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.send_signal(signal.SIGINT)
        self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def postgres(last_ms):
    """The hot row: 32 clients, each UPDATE ... WHERE available >= 1 with a row for the hold, both cores for the server."""
    with Postgres() as server:
        server.sql("create table stock(sku text primary key, available int check (available >= 0), held int) with (fillfactor=50);"
                   "insert into stock values ('mug-red', 1000000000, 0);"
                   "create table hold(id bigserial primary key, sku text, viewer int, expires timestamptz)")
        script = f"{server.folder}/hold.sql"
        pathlib.Path(script).write_text(
            "with u as (update stock set available = available - 1, held = held + 1 where sku = 'mug-red' and available >= 1 "
            "returning sku) insert into hold(sku, viewer, expires) "
            "select sku, (random() * 1e6)::int, now() + interval '5 min' from u;\n", encoding="ascii")
        done = subprocess.run(["pgbench", "-n", "-h", server.folder, "-U", "bench", "-c", str(POSTGRES_CLIENTS), "-j", "1", "-M",
                               "prepared", "-T", str(max(1, last_ms // 1000)), "-f", script, "postgres"],
                              stdout=subprocess.PIPE, text=True, check=True)
        per_second = next(float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps"))
        average = next(float(line.split()[3]) for line in done.stdout.splitlines() if line.startswith("latency average"))
        processed = next(line.split()[5] for line in done.stdout.splitlines() if line.startswith("number of transactions actually"))
        if server.sql("select held from stock") != processed.split("/")[0]:
            raise RuntimeError("pgbench counted other than the table has")
        return {"per_second": per_second, "average_us": average * 1000}


def memory_per_hold(holds):
    with Redis("off") as redis:
        run_json(BIN / "stock/liveshelf-stock", redis.url, "relaxed", "fill", 0, 256)
        before = redis.info("used_memory")
        run_json(BIN / "stock/liveshelf-stock", redis.url, "relaxed", "fill", 0, holds)
        return (redis.info("used_memory") - before) / holds


# ---- through a whole node ----

class Shop:
    """One node on its own Redis, both on the servers' core, with a live broadcast that sells one SKU; another has no unit left."""

    def __init__(self, redis):
        self.redis, self.data = redis, tempfile.mkdtemp(prefix="bench-shop-")
        program = BIN.parent / "liveshelf"
        self.supervisor = subprocess.Popen(
            pinned(SERVER_CORE, program, "serve", "--listen", "127.0.0.1:0", "--data-dir", self.data, "--redis-url", redis.url,
                   "--log-level", "error", "--messages-per-second-max", 100000, "--messages-burst-max", 100000),
            stdout=subprocess.PIPE, text=True)
        ready = self.supervisor.stdout.readline()
        self.url = "http://" + ready.rsplit("http://", 1)[1].split()[0] if "http://" in ready else f"http://127.0.0.1:{ready.split()[-1]}"
        self.node = int(pathlib.Path(f"/proc/{self.supervisor.pid}/task/{self.supervisor.pid}/children").read_text().split()[0])
        self.tokens = {role: subprocess.run([program, "token", "--data-dir", self.data, "--shop", "bench", "--role", role],
                                            stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
                       for role in ("viewer", "host", "integrator")}
        price = {"amount": 1290, "currency": "EUR"}
        self.http("PUT", "/v1/catalogue", {"products": [{"sku": sku, "title": sku, "price": price} for sku in ("mug-red", "mug-blue")]})
        self.http("POST", "/v1/broadcasts", {"id": "bench", "title": "Bench"})
        self.http("PUT", "/v1/broadcasts/bench/run-of-show",
                  {"cues": [{"id": sku, "title": sku, "sku": sku} for sku in ("mug-red", "mug-blue")]})
        self.http("POST", "/v1/stock/mug-red/allocate", {"units": 1000000, "ref": "first"})
        self.http("PUT", "/v1/stock/mug-blue", {"count": 0, "gone": 0, "version": 1})
        self.http("POST", "/v1/broadcasts/bench/start", {"force": True})

    def http(self, method, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method=method, headers={
            "Authorization": "Bearer " + self.tokens["integrator"], "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.supervisor.terminate()
        self.supervisor.wait()
        shutil.rmtree(self.data, ignore_errors=True)

    def crowd(self, viewers, sku, seconds):
        """Each viewer claims a unit, gives it back, claims again. Figures per operation, of which a claim with its return is two."""
        scenario = f"{self.data}/scenario.json"
        pathlib.Path(scenario).write_text(json.dumps({"name": "claims", "ramp_per_second": 2000, "phases": [
            {"do": "reserve", "sku": sku, "seconds": seconds, "per_second": 0.0, "at_once": viewers, "then": "release"}]}),
            encoding="ascii")
        calls, node, stock = self.redis.calls(), cpu_s(self.node), cpu_s(self.redis.server.pid)
        report = subprocess.run(
            pinned(CLIENT_CORE, BIN.parent / "liveshelf-load", "--url", self.url.replace("http", "ws"), "--token", self.tokens["viewer"],
                   "--broadcast", "bench", "--viewers", viewers, "--scenario", scenario, "--json", "-"),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        answers = json.loads(report)["answers"]
        held, refused = answers.get("held", 0), answers.get("sold_out", 0)
        count = 2 * held + refused
        return {"held": held, "refused": refused, "per_second": count / seconds, "calls": self.redis.calls() - calls,
                "node_us": (cpu_s(self.node) - node) / count * 1e6, "redis_us": (cpu_s(self.redis.server.pid) - stock) / count * 1e6}


def whole_node(table, seconds):
    print("through a whole node, over WebSockets", flush=True)
    with Redis("always") as redis, Shop(redis) as shop:
        for viewers in (10, 100, 300):
            f = shop.crowd(viewers, "mug-red", seconds)
            print(f"  {viewers} viewers: {f['per_second']:,.0f} operations/s, node {f['node_us']:.1f} us, Redis {f['redis_us']:.1f} us",
                  flush=True)
            table.add(f"node CPU per claim or return over WebSocket, {viewers} viewers", f["node_us"], "us", None, False,
                      f"({f['per_second']:,.0f} /s)")
            table.add(f"times Redis's own, {viewers} viewers", f["node_us"] / f["redis_us"], "x", 1, False,
                      f"(Redis {f['redis_us']:.1f} us)")
        f = shop.crowd(100, "mug-blue", seconds)
        table.add("refusals of a sold-out SKU per second, 100 viewers", f["per_second"], "/s")
        table.add("node CPU per refusal", f["node_us"], "us")
        # What a node asks anyway, each second, is in it: its share of audience and demand.
        table.add("calls to Redis meanwhile, per thousand refusals", f["calls"] / f["refused"] * 1000, "calls", 1, False,
                  f"({f['calls']} calls, {f['refused']:,} refusals)")


# ---- the table ----

class Table:
    def __init__(self):
        self.figures, self.skipped = [], []

    def add(self, name, value, unit, bar=None, at_least=False, note=""):
        holds = None if bar is None else (value >= bar if at_least else value <= bar)
        self.figures.append({"name": name, "value": value, "unit": unit, "bar": bar, "bar_is": "at least" if at_least else "at most",
                             "holds": holds, "note": note})

    def skip(self, name, why):
        self.skipped.append({"name": name, "why": str(why)})
        print(f"  {name}: skipped, {why}", flush=True)

    def write(self, file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"figures": self.figures, "skipped": self.skipped}, indent=1) + "\n", encoding="utf-8")

    def show(self):
        print(f"\n{'':<66}{'value':>12} {'':<10}{'bar':>16}")
        for f in self.figures:
            bar = "" if f["bar"] is None else f"{f['bar_is']} {f['bar']:g}"
            verdict = {None: "", True: "holds", False: "DOES NOT HOLD"}[f["holds"]]
            print(f"{f['name']:<66}{f['value']:>12,.2f} {f['unit']:<10}{bar:>16} {verdict} {f['note']}")
        for s in self.skipped:
            print(f"skipped: {s['name']}: {s['why']}")


def show(name, figures):
    cpu = figures.get("redis_cpu_s_per_million")
    print(f"  {name:<34}{figures['per_second']:>10,.0f} /s" +
          (f"  p50 {figures['p50_us']:.0f} us  p99 {figures['p99_us']:.0f} us" if "p50_us" in figures else "") +
          (f"  Redis {cpu:.2f} CPU-s per million" if cpu else ""), flush=True)
    return figures


def rounds(table, last_ms, count):
    """Takes turns; returns {name: [figures of each round]}."""
    turns = {
        "ours, fsync": lambda: ours("always", last_ms),
        "plain pipelined, fsync": lambda: peer("always", "native", last_ms),
        "lean script, fsync": lambda: peer("always", "evalsha", last_ms),
        "Node.js and ioredis, fsync": lambda: ioredis("always", last_ms),
        "WATCH, 32 clients, fsync": lambda: peer("always", "watch", last_ms),
        "PostgreSQL hot row, 32 clients": lambda: postgres(last_ms),
        "ours, no append-only file": lambda: ours("off", last_ms),
        "plain pipelined, no append-only file": lambda: peer("off", "native", last_ms),
    }
    found, missing = {name: [] for name in turns}, set()
    for number in range(count):
        print(f"round {number + 1} of {count}", flush=True)
        for name, turn in turns.items():
            if name in missing:
                continue
            try:
                found[name].append(show(name, turn()))
            except Skipped as why:
                table.skip(name, why)
                missing.add(name)
    return found


def median(found, name, key):
    return statistics.median(figures[key] for figures in found[name])


def ratio(found, name, reference):
    """Median over the rounds of ours by theirs, in the same round."""
    return statistics.median(a["per_second"] / b["per_second"] for a, b in zip(found[name], found[reference]))


def throughput(table, found):
    table.add("reservations per second, fsync before each answer", median(found, "ours, fsync", "per_second"), "/s")
    table.add("ask to answer at that rate, p50", median(found, "ours, fsync", "p50_us"), "us")
    table.add("ask to answer at that rate, p99", median(found, "ours, fsync", "p99_us"), "us")
    for reference, bar in (("PostgreSQL hot row, 32 clients", 25), ("WATCH, 32 clients, fsync", 25), ("lean script, fsync", 2),
                           ("Node.js and ioredis, fsync", 2), ("plain pipelined, fsync", 0.5)):
        if found[reference]:
            table.add(f"times {reference}", ratio(found, "ours, fsync", reference), "x", bar, True,
                      f"({median(found, reference, 'per_second'):,.0f} /s)")
    table.add("reservations per second, no append-only file", median(found, "ours, no append-only file", "per_second"), "/s")
    table.add("times plain pipelined, no append-only file",
              ratio(found, "ours, no append-only file", "plain pipelined, no append-only file"), "x")
    table.add("Redis CPU per million reservations, fsync", median(found, "ours, fsync", "redis_cpu_s_per_million"), "s", 6.5)
    table.add("Redis CPU per million reservations, no append-only file",
              median(found, "ours, no append-only file", "redis_cpu_s_per_million"), "s", 5)
    table.add("node's own CPU per reservation in the port and its batcher", median(found, "ours, fsync", "client_cpu_us"), "us")


def arrivals(table, per_second, last_ms):
    print("open loop at half of that, and one at a time", flush=True)
    half = show("half the rate", ours("always", last_ms, "open", round(per_second / 2)))
    table.add("open loop at half the rate: arrival to answer, p50", half["p50_us"], "us")
    table.add("open loop at half the rate: arrival to answer, p99", half["p99_us"], "us")
    table.add("open loop at half the rate: p99 by p50", half["p99_us"] / half["p50_us"], "x", 4)
    alone = show("one at a time", ours("always", last_ms, "closed", 1))
    table.add("one at a time: ask to answer, p50", alone["p50_us"], "us")
    refused = show("refusals asked of Redis", ours("always", last_ms, "refused"))
    table.add("refusals per second that Redis is asked for", refused["per_second"], "/s")


def main():
    quick = "--quick" in sys.argv[1:]
    last_ms = 500 if quick else 3000
    table = Table()
    if shutil.which("taskset") is None:
        sys.exit("bench: taskset (util-linux) is needed")
    found = rounds(table, last_ms, 1 if quick else ROUNDS)
    throughput(table, found)
    arrivals(table, median(found, "ours, fsync", "per_second"), last_ms)
    table.add("Redis memory per open hold, its ledger entry included", memory_per_hold(HOLDS_FILLED // (10 if quick else 1)), "bytes", 250)
    whole_node(table, 1 if quick else 5)
    table.write(OUT / "inventory.json")
    table.show()


if __name__ == "__main__":
    main()
