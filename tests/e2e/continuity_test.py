"""Counting viewers: whatever breaks, who counts seq sees no gap and no duplicate, and all have seen the same.

Some dozen viewers on two nodes with one Redis, a host who never stops, and one fault after the other. Each viewer comes back by itself
with the epoch and seq it has, as the browser's client does."""
import collections
import contextlib
import json
import os
import signal
import socket
import struct
import threading
import time
import unittest

from support import DEADLINE, Closed, Conn, Refused, Shop, main, until

VIEWERS = 24
LOG = "ls:{demo}:e:show"  # the broadcast's stream in Redis
RING = 65536              # the smallest there is


class Watcher(threading.Thread):
    """One viewer with its books, who comes back after every end of its line."""

    def __init__(self, shop, name):
        super().__init__(name=name, daemon=True)
        self.shop, self.token = shop, shop.token("viewer", sub=name)
        self.conn, self.over = None, False
        self.is_here, self.reads, self.ends = threading.Event(), threading.Event(), threading.Event()
        self.is_here.set()
        self.reads.set()
        self.epoch, self.seq, self.faults = None, 0, []
        self.seen = []  # (epoch, seq, event as text), in the order they came
        self.counts = collections.Counter()
        self.start()

    def run(self):
        while not self.over:
            self.is_here.wait()
            try:
                self.watch()
            except (Closed, Refused, OSError, AssertionError):
                self.counts["ends"] += 1
                self.ends.wait(0.02)  # as a client would, before it tries again
            except Exception as fault:  # what is not the line's end is the test's, and must not go unheard
                self.faults.append(repr(fault))
                return

    def watch(self):
        resume = (self.epoch, self.seq) if self.epoch else None
        self.conn = Conn(self.shop.port, "show", self.token, hello=False)
        if not self.is_here.is_set() or self.over:
            self.cut()
        self.conn.ws.send({"t": "hello", "id": "1", "token": self.token,
                           **({"resume": {"epoch": self.epoch, "seq": self.seq}} if resume else {})})
        while not self.over:
            with contextlib.suppress(TimeoutError):
                self.keep(self.conn.ws.receive(1))
            self.reads.wait()

    def keep(self, message):
        kind = message["t"]
        if kind == "welcome":
            self.counts["recovered" if message["recovered"] else "not_recovered"] += 1
            if message["recovered"] and message["epoch"] != self.epoch:
                self.faults.append(f"recovered into another epoch: {message}")
        elif kind == "snapshot":
            self.counts["snapshots"] += 1
            if message["epoch"] == self.epoch and message["seq"] < self.seq:
                self.faults.append(f"back to {message['seq']} after {self.seq}")
            self.epoch, self.seq = message["epoch"], message["seq"]
        elif "seq" in message and "ms" in message and "re" not in message:
            if message["seq"] != self.seq + 1:
                self.faults.append(f"{message['seq']} after {self.seq}: {'gap' if message['seq'] > self.seq else 'duplicate'}")
            self.seq = message["seq"]
            self.seen.append((self.epoch, self.seq, json.dumps(message)))

    def cut(self):
        """The line is gone at once, without a word: RST."""
        with contextlib.suppress(OSError, AttributeError):
            self.conn.ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.conn.ws.sock.shutdown(socket.SHUT_RDWR)

    def leave(self):
        self.is_here.clear()
        self.cut()

    def end(self):
        self.over = True
        for waited_for in (self.is_here, self.reads, self.ends):
            waited_for.set()
        self.cut()
        self.join(DEADLINE)


class Host:
    """Acts, and acts again when nobody could tell whether it was done."""

    def __init__(self, shop):
        self.shop, self.conn, self.done = shop, None, 0

    def act(self, command):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            try:
                self.conn = self.conn or self.shop.host()
                answer = self.conn.ask({**command, "id": f"p{self.done}"}, deadline=5)
                if answer["t"] == "ok":
                    self.done += 1
                    return answer["seq"]
            except (Closed, Refused, OSError, AssertionError):
                self.conn = None
            time.sleep(0.02)
        raise AssertionError(f"nobody took {command} in time")

    def pin(self):
        return self.act({"t": "pin.set", "slot": 0, "sku": ("mug-red", "mug-blue")[self.done % 2]})

    def pins(self, count):
        for _ in range(count):
            seq = self.pin()
        return seq

    def fill(self, size):
        """Events of at least so many bytes."""
        for _ in range(size // 1500 + 1):
            seq = self.act({"t": "notice", "text": f"{self.done} " + "n" * 1500, "level": "info"})
        return seq


class Continuity(unittest.TestCase):
    def setUp(self):
        self.shop = self.enterContext(Shop("--workers", "2", "--ring-bytes", str(RING), "--send-buffer-bytes", "8k",
                                           "--host-messages-per-second-max", "10000", "--host-messages-burst-max", "10000"))
        self.host = Host(self.shop)
        self.watchers = [Watcher(self.shop, f"v{i}") for i in range(VIEWERS)]
        for watcher in self.watchers:
            self.addCleanup(watcher.end)
        self.level(self.host.pins(3))

    def level(self, seq, who=None):
        """All of them have come as far as the host."""
        for watcher in who or self.watchers:
            until(f"{watcher.name} at {seq}", lambda w=watcher: w.faults or w.seq >= seq)
        self.sound()

    def sound(self):
        first = {}
        for watcher in self.watchers:
            self.assertEqual(watcher.faults, [], watcher.name)
            for epoch, seq, text in list(watcher.seen):
                self.assertEqual(first.setdefault((epoch, seq), text), text)

    def total(self, what):
        return sum(watcher.counts[what] for watcher in self.watchers)

    def metric(self, name):
        return self.shop.metrics().get(name, 0)

    def during(self, fault):
        """The host goes on pinning while it happens, and after it."""
        self.host.pins(5)
        fault()
        self.level(self.host.pins(20))

    def no_snapshots(self, fault):
        before = self.total("snapshots")
        self.during(fault)
        self.assertEqual(self.total("snapshots"), before)

    def test_lines_are_cut(self):
        def cut():
            for watcher in self.watchers:
                watcher.cut()

        for _ in range(3):
            self.no_snapshots(cut)
        self.assertGreaterEqual(self.total("recovered"), 3 * VIEWERS)

    def test_a_node_is_killed(self):
        for pid in self.shop.nodes():
            self.no_snapshots(lambda p=pid: os.kill(p, signal.SIGKILL))
            until("both nodes to be there again", lambda p=pid: len(self.shop.nodes()) == 2 and p not in self.shop.nodes())
        self.assertGreaterEqual(self.total("recovered"), VIEWERS)  # whoever was on one went to the other, or was on that

    def test_redis_is_killed(self):
        def kill():
            pid = self.shop.redis_pid()
            os.kill(pid, signal.SIGKILL)
            until("another Redis", lambda: self.shop.redis_pid() not in (None, pid))

        self.no_snapshots(kill)

    def test_the_nodes_lose_their_connections_to_redis(self):
        """What would wake them is lost with those; what was written meanwhile is read by its place."""
        for _ in range(5):
            self.no_snapshots(lambda: self.shop.redis("CLIENT", "KILL", "TYPE", "normal"))

    def test_away_until_only_the_log_knows(self):
        away, here = self.watchers[::2], self.watchers[1::2]
        for watcher in away:
            watcher.leave()
        until("them to be gone", lambda: self.metric('liveshelf_conns{role="viewer"}') == len(here))
        self.level(self.host.fill(2 * RING), here)
        before = self.metric('liveshelf_resumed_total{source="log"}')
        for watcher in away:
            watcher.is_here.set()
        self.level(self.host.pins(20))
        until("all of them to have come back by the log",
              lambda: self.metric('liveshelf_resumed_total{source="log"}') - before == len(away))
        self.assertEqual(self.total("snapshots"), VIEWERS)  # the first of each
        self.assertGreaterEqual(self.metric('liveshelf_replays_total{result="done"}'), 1)
        self.assertLessEqual(self.metric('liveshelf_replays_total{result="done"}'), 2)  # one per node, not per viewer

    def test_away_while_the_node_is_killed_as_well(self):
        away = self.watchers[::3]
        for watcher in away:
            watcher.leave()
        self.host.fill(2 * RING)
        for pid in self.shop.nodes():
            os.kill(pid, signal.SIGKILL)
        for watcher in away:
            watcher.is_here.set()
        self.level(self.host.pins(20))
        self.assertEqual(self.total("snapshots"), VIEWERS)

    def test_the_ring_overruns_those_who_do_not_read(self):
        deaf = self.watchers[:4]
        for watcher in deaf:
            watcher.conn.ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            watcher.reads.clear()
        for _ in range(100):
            self.level(self.host.fill(RING), self.watchers[4:])
            if self.metric("liveshelf_conns_stalled") >= len(deaf):
                break
        self.host.fill(2 * RING)
        for watcher in deaf:
            watcher.reads.set()
        self.level(self.host.pins(20))
        self.assertEqual([watcher.counts["snapshots"] for watcher in deaf], [2] * len(deaf))
        self.assertEqual(self.total("snapshots"), VIEWERS + len(deaf))

    def test_history_is_lost(self):
        """Redis forgets the last events: another epoch, a snapshot for everybody, and nobody takes the new numbers for the old."""
        self.shop.redis("COPY", LOG, "kept")
        lost = self.host.pins(10)
        self.level(lost)
        epoch = self.watchers[0].epoch
        self.shop.redis("COPY", "kept", LOG, "REPLACE")
        self.shop.redis("CLIENT", "KILL", "TYPE", "normal")
        for watcher in self.watchers:
            until(f"{watcher.name} in another epoch", lambda w=watcher: w.faults or w.epoch != epoch)
        self.level(self.host.pins(20))
        self.assertEqual(len({watcher.epoch for watcher in self.watchers}), 1)
        for watcher in self.watchers:
            self.assertGreaterEqual(watcher.counts["snapshots"], 2)


if __name__ == "__main__":
    main()
