"""The client of ./dev bench fanout keeps honest books: it counts what comes, and says so when it does not."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import unittest

from support import DEADLINE, ROOT, binary, main

sys.path.insert(0, str(ROOT / "loadtest/fan"))
sys.dont_write_bytecode = True
os.environ["BENCH_BIN"] = str(pathlib.Path(binary("loadtest/liveshelf-fan")).parent)
import processes  # noqa: E402
import servers  # noqa: E402
from table import Table  # noqa: E402

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
LATER = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n\r\n{\"retry_after_ms\":20}"


class Fan:
    def __init__(self, dialect, port, viewers_max, *options):
        self.process = subprocess.Popen([binary("loadtest/liveshelf-fan"), dialect, *map(str, (port, viewers_max, *options))],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return json.loads(processes.line_of(self.process, DEADLINE))

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        self.process.stdin.close()
        code = self.process.wait(DEADLINE)
        self.process.stdout.close()
        if code != 0 and failed is None:
            raise AssertionError(f"liveshelf-fan ended with {code}")


class Liar(threading.Thread):
    """A server of two conns, publisher and viewer: says each event as often as `says` tells, by its number. It refuses the first to come."""

    def __init__(self, says):
        super().__init__(daemon=True)
        self.says, self.listening, self.ends = says, socket.create_server(("127.0.0.1", 0)), {}
        self.port = self.listening.getsockname()[1]
        self.start()

    def upgrade(self, answer):
        conn, _ = self.listening.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += conn.recv(4096)
        conn.sendall(answer)
        self.ends["host" if b"GET /pub" in head else "viewer"] = conn

    def run(self):
        self.upgrade(LATER)
        self.upgrade(ACCEPTED)
        self.upgrade(ACCEPTED)
        heard, number = b"", 0
        while True:
            try:
                more = self.ends["host"].recv(65536)
            except OSError:
                return
            if not more:
                return
            heard += more
            while len(heard) >= 408:  # a masked frame of 400 bytes
                mask, body, heard = heard[4:8], heard[8:408], heard[408:]
                text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(body))
                self.ends["viewer"].sendall((b"\x81\x7e" + (400).to_bytes(2, "big") + text) * self.says(number))
                number += 1


class TheClient(unittest.TestCase):
    def test_counts_what_a_bare_loop_sends(self):
        for options in ([], ["--uring"]):
            server = subprocess.Popen([binary("loadtest/liveshelf-limit"), "0", *options], stdout=subprocess.PIPE, text=True)
            try:
                ready = server.stdout.readline()
                if not ready and options:
                    continue  # the kernel does not let it
                with Fan("plain", ready.split()[-1], 100) as fan:
                    self.assertEqual(fan.ask("gather", 100)["live"], 101)
                    for window in (1, 4):
                        flood = fan.ask("flood", window, 100)
                        self.assertTrue(flood["ok"])
                        self.assertEqual(flood["deliveries"], 100 * flood["published"])
                        self.assertEqual((flood["event_bytes"], flood["gaps"], flood["duplicates"], flood["lost"]), (400, 0, 0, 0))
                    cut = fan.ask("cut", 10, 0)
                    self.assertTrue(cut["ok"])
                    self.assertEqual(cut["live"], 101)
            finally:
                server.kill()
                server.wait()
                server.stdout.close()

    def test_notices_what_is_left_out_and_what_comes_twice(self):
        liar = Liar(lambda number: {1: 0, 3: 2}.get(number, 1))
        with Fan("plain", liar.port, 1, "--patience-ms", 3000) as fan:
            joined = fan.ask("gather", 1)
            self.assertEqual((joined["ok"], joined["refused"], joined["live"]), (True, 1, 2))
            pins = fan.ask("pins", 5, 20)
            self.assertEqual((pins["ok"], pins["deliveries"], pins["gaps"], pins["duplicates"]), (False, 4, 1, 1))

    def test_plays_a_whole_shop(self):
        with open(os.devnull, "w", encoding="utf-8") as log:
            shop = servers.Shop(log, rooms=2)
            try:
                with Fan("liveshelf", shop.port, 60, *shop.fan_words, "--buyers", 10) as fan:
                    joined = fan.ask("gather", 60)
                    self.assertEqual((joined["ok"], joined["live"], joined["snapshots"]), (True, 62, 62))
                    fan.ask("flood", 1, 100)
                    flood = fan.ask("flood", 4, 100)
                    self.assertEqual(flood["deliveries"], 30 * flood["published"])
                    self.assertEqual((flood["gaps"], flood["duplicates"]), (0, 0))
                    self.assertLessEqual(abs(flood["event_bytes"] - 400), 4)  # digits of its number
                    bought = fan.ask("buy", 5000, 200, 1)
                    self.assertTrue(bought["ok"])
                    self.assertGreater(bought["held"], 0)
                    self.assertEqual(bought["held_not"], 0)
                    cut = fan.ask("cut", 50, 0)
                    self.assertEqual((cut["ok"], cut["resumed"], cut["snapshots"], cut["gaps"], cut["duplicates"]), (True, 50, 0, 0, 0))
                    self.assertGreater(processes.cpu_s(shop.pids), 0)
            finally:
                shop.close()
                processes.stop_all()


class TheTable(unittest.TestCase):
    def test_judges_by_what_the_bar_is_on(self):
        table = Table({})
        table.add("a", 1.2, "us", 1.0, "the other", 1.1)
        table.add("b", 12, "events", bar=10, on="value", at_least=True)
        table.add("c", 15, "ms", 9, "before", 5, "difference")
        table.add("d", 1, "us")
        self.assertEqual([f["passed"] for f in table.figures], [False, True, False, None])
        self.assertAlmostEqual(table.figures[0]["ratio"], 1.2)


if __name__ == "__main__":
    main()
