"""A primary and a replica of one's own, and what is left when the primary dies: nothing acknowledged is lost.

The nodes are given a path to a socket that is a link; failing over is pointing it at the other server, as a proxy or an address that moves does
it elsewhere."""
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from support import Shop, main, redis_ask, run, until


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Redis:
    """One server, durable, on a socket; its port is for a replica alone."""

    def __init__(self, folder, name, replica_of=None):
        self.socket, self.port = f"{folder}/{name}.sock", free_port()
        os.mkdir(f"{folder}/{name}")
        words = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket", self.socket, "--dir",
                 f"{folder}/{name}", "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--repl-diskless-sync-delay",
                 "0", "--logfile", f"{folder}/{name}.log"]
        if replica_of:
            words += ["--replicaof", "127.0.0.1", str(replica_of.port)]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        until(f"{name} to answer", self.is_up)
        if replica_of:
            until(f"{name} to be in step", lambda: self.info("master_link_status") == "up")

    def is_up(self):
        try:
            return self.ask("PING") == "PONG"
        except (OSError, AssertionError, ValueError):
            return False

    def ask(self, *words):
        return redis_ask(self.socket, *words)

    def info(self, name):
        text = self.ask("INFO", "replication")
        return next((line.split(":", 1)[1] for line in text.splitlines() if line.startswith(name + ":")), None)

    def stop(self, sign=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(sign)
            self.process.wait()


class Pair:
    """A primary and its replica; `url` leads to whichever is in charge."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ls-pair-")
        self.servers = []
        self.primary = self.add("a")
        self.replica = self.add("b", self.primary)
        self.link = f"{self.folder}/s"
        os.symlink(self.primary.socket, self.link)
        self.url = f"unix://{self.link}"

    def add(self, name, replica_of=None):
        self.servers.append(Redis(self.folder, name, replica_of))
        return self.servers[-1]

    def in_step(self):
        return self.primary.info("master_repl_offset") == self.replica.info("slave_repl_offset")

    def fail_over(self):
        """The primary dies at once; whoever asks again finds the replica."""
        self.primary.stop()
        os.symlink(self.replica.socket, self.link + ".next")
        os.rename(self.link + ".next", self.link)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.process.send_signal(signal.SIGCONT)
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def is_ready(shop):
    return shop.http("GET", "/readyz")[0] == 200


class Failover(unittest.TestCase):
    def state_of(self, shop, holds):
        """What the shop believes, as far as it was told anybody."""
        rows = {row["sku"]: row for row in self.ask(shop, "/v1/stock")["stock"]}
        return ({hold: self.ask(shop, f"/v1/holds/{hold}")["state"] for hold in holds},
                {sku: {key: rows[sku][key] for key in ("allocated", "available", "held", "sold", "waitlist", "state")}
                 for sku in ("mug-red", "mug-blue", "teapot")})

    def ask(self, shop, path):
        """Asked again while stock is being put back: `unavailable` means not known, and is right then."""
        def answer():
            status, body, _ = shop.http("GET", path, token=shop.token("integrator"))
            if status == 503 and body["code"] == "unavailable":
                return None
            self.assertEqual(status, 200, body)
            return body
        return until(f"an answer to {path}", answer, every=0.05)

    def sells(self, shop, viewer):
        status, _, _ = shop.http("GET", "/readyz")
        answer = viewer.reserve("mug-red", hold="h_after_the_loss")
        return status == 200 and answer["t"] == "hold"

    def audit(self, pair):
        done = run("audit", "--redis-url", pair.url)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_a_late_replica_lost_is_put_back_by_the_nodes_that_live(self):
        with Pair() as pair, Shop("--redis-url", pair.url, "--workers", "2", stock={"mug-red": 8, "mug-blue": 1, "teapot": 5}) as shop:
            viewers = [shop.viewer() for _ in range(12)]
            early = viewers[0].reserve("mug-red")["d"]["hold"]
            until("the replica to be in step", pair.in_step)
            pair.replica.ask("REPLICAOF", "NO", "ONE")  # from here on it hears of nothing
            shop.api("POST", "/v1/stock/mug-red/allocate", {"units": 4, "ref": "po-2"})
            holds = [early] + [viewer.reserve("mug-red")["d"]["hold"] for viewer in viewers[1:9]]
            self.assertEqual(shop.confirm(holds[1], order="A-1", amount=1290)[0], 200)
            self.assertEqual(viewers[2].ask({"t": "release", "hold": holds[2]})["d"]["state"], "released")
            blue = viewers[9].reserve("mug-blue")["d"]["hold"]
            self.assertEqual(viewers[10].ask({"t": "waitlist.join", "sku": "mug-blue", "qty": 1})["d"]["state"], "joined")
            last = viewers[11].reserve("mug-red", qty=2)["d"]["hold"]
            holds.pop(2)  # claimed and given back: nothing of it needs to come back
            holds += [blue, last]
            before = until("the counts to follow", lambda: (s := self.state_of(shop, holds))[1]["mug-red"]["held"] == 9 and s)
            host = shop.host()
            host.ask({"t": "notice", "text": "Lost with the primary", "level": "info"})
            pair.fail_over()
            until("selling to go on", lambda: self.sells(shop, viewers[3]), every=0.2)
            self.assertEqual(viewers[3].ask({"t": "release", "hold": "h_after_the_loss"})["d"]["state"], "released")
            after = until("all to be as it was", lambda: (s := self.state_of(shop, holds))[0] == before[0] and s)
            for sku in ("mug-red", "mug-blue"):
                self.assertEqual(after[1][sku], before[1][sku])
            self.audit(pair)
            self.assertEqual(shop.api("POST", "/v1/stock/mug-red/allocate", {"units": 4, "ref": "po-2"})["replayed"], True)
            self.assertEqual(shop.confirm(holds[1], order="A-1", amount=1290)[1]["replayed"], True)
            # The line is as it was: the unit that comes free goes to whom it was promised.
            self.assertEqual(viewers[9].ask({"t": "release", "hold": blue})["t"], "hold")
            self.assertTrue(viewers[10].wait("hold", where=lambda m: m["d"].get("offer"))["d"]["state"] == "held")
            host.close()

    def test_replicated_means_that_a_promise_outlives_the_primary(self):
        with Pair() as pair, Shop("--redis-url", pair.url, "--durability", "replicated", "--replicas", "1") as shop:
            viewer = shop.viewer()
            holds = [viewer.reserve("mug-red")["d"]["hold"] for _ in range(5)]
            pair.replica.process.send_signal(signal.SIGSTOP)
            unknown = "h_" + secrets.token_hex(10)
            answer = viewer.reserve("mug-red", hold=unknown)
            self.assertEqual((answer["t"], answer["d"]["code"]), ("error", "unavailable"))  # written, but not where it was promised to be
            until("the node to say that it is not ready", lambda: not is_ready(shop))
            pair.replica.process.send_signal(signal.SIGCONT)
            until("the node to be ready", lambda: is_ready(shop))
            holds.append(until("an answer", lambda: (a := viewer.reserve("mug-red", hold=unknown))["t"] == "hold" and a,
                               every=0.2)["d"]["hold"])
            pair.replica.ask("REPLICAOF", "NO", "ONE")
            pair.fail_over()
            until("the node to say that a replica is missing", lambda: not is_ready(shop))
            third = pair.add("c", pair.replica)
            until("the node to be ready", lambda: is_ready(shop))
            for hold in holds:  # a new replica may need a moment to say that it has each write
                answer = until("an answer", lambda hold=hold: (a := shop.http("GET", f"/v1/holds/{hold}", token=shop.token("integrator")))
                               and a[0] != 503 and a[1], every=0.2)
                self.assertEqual(answer.get("state"), "held")
            self.assertEqual(viewer.reserve("mug-red")["t"], "hold")
            self.assertEqual(sum(value for name, value in shop.metrics().items() if name.startswith("liveshelf_restored_total")), 0)
            self.audit(pair)
            third.stop()


if __name__ == "__main__":
    main()
