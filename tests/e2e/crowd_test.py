"""Many at once, and those who mean no good: lines that say nothing, that dribble, that never read; and the load generator's own proof."""
import json
import os
import selectors
import socket
import subprocess
import tempfile
import time
import unittest

from support import DEADLINE, Closed, ROOT, Shop, WebSocket, binary, clean_env, main, until


class Crowds(unittest.TestCase):
    def test_a_thousand_who_never_say_hello(self):
        """They are sent away with 4401, and a viewer beside them notices nothing."""
        with Shop("--hello-timeout-ms", "2s") as shop:
            viewer = shop.viewer()
            silent = [WebSocket(shop.port, "/v1/broadcasts/show/live") for _ in range(1000)]
            slowest = 0
            for _ in range(20):
                began = time.monotonic()
                self.assertEqual(viewer.ask({"t": "ping"})["t"], "pong")
                slowest = max(slowest, time.monotonic() - began)
            self.assertLess(slowest, 2)
            self.assertEqual(viewer.reserve("mug-red")["t"], "hold")
            for ws in silent:
                with self.assertRaises(Closed) as closed:
                    ws.receive()
                self.assertEqual(closed.exception.code, 4401)
                ws.close()
            until("their conns to be gone", lambda: shop.metrics()['liveshelf_conns{role="none"}'] == 0)

    def test_slow_loris(self):
        """Sockets that send a header byte now and then are cut when the handshake's time is over; others get in meanwhile."""
        with Shop("--handshake-timeout-ms", "1500", "--handshakes-max", "200") as shop:
            head = b"GET /v1/broadcasts/show/live HTTP/1.1\r\nHost: x\r\nX-Slow: "
            slow = []
            for _ in range(400):  # twice what may be on the way at once
                sock = socket.create_connection(("127.0.0.1", shop.port), timeout=DEADLINE)
                sock.sendall(head)
                slow.append(sock)
            self.assertEqual(shop.viewer().ask({"t": "ping"})["t"], "pong")
            watch, ended, end = selectors.DefaultSelector(), 0, time.monotonic() + DEADLINE
            for sock in slow:
                sock.setblocking(False)
                watch.register(sock, selectors.EVENT_READ)
            while ended < len(slow) and time.monotonic() < end:
                for key, _ in watch.select(0.2):
                    try:
                        gone = key.fileobj.recv(4096) == b""
                    except OSError:
                        gone = True
                    if gone:
                        watch.unregister(key.fileobj)
                        key.fileobj.close()
                        ended += 1
                for key in list(watch.get_map().values()):
                    try:
                        key.fileobj.send(b"a")
                    except OSError:
                        watch.unregister(key.fileobj)
                        key.fileobj.close()
                        ended += 1
            self.assertEqual(ended, len(slow))

    def test_one_who_never_reads_is_left_behind_and_sent_away(self):
        with Shop("--slow-timeout-ms", "1500", "--send-buffer-bytes", "8k", "--ring-bytes", "64k",
                  "--host-messages-per-second-max", "10000", "--host-messages-burst-max", "10000") as shop:
            host, viewer = shop.host(), shop.viewer()
            deaf = shop.viewer()
            deaf.ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            text = "n" * 1500
            for i in range(4000):
                seq = host.ask({"t": "notice", "text": f"{i} {text}", "level": "info"})["seq"]
                if i % 50 == 49:
                    viewer.level(seq)
                    if shop.metrics()["liveshelf_slow_closed_total"] > 0:
                        break
            self.assertEqual(shop.metrics()["liveshelf_slow_closed_total"], 1)
            viewer.level(seq)
            self.assertEqual((viewer.gaps, viewer.duplicates), (0, 0))

    def test_more_than_the_limit_hear_when_to_come_back(self):
        with Shop("--conns-max", "10") as shop:
            kept = [shop.viewer() for _ in range(10)]
            try:
                WebSocket(shop.port, "/v1/broadcasts/show/live")
                self.fail("an eleventh was let in")
            except Exception as refused:  # Refused
                self.assertEqual(getattr(refused, "status", None), 503)
                self.assertIn("retry-after", refused.head.lower())
            kept.pop().close()
            until("room again", lambda: self.can_join(shop))

    def can_join(self, shop):
        try:
            shop.viewer().close()
            return True
        except Exception:
            return False


class LoadGenerator(unittest.TestCase):
    """liveshelf-load counts for itself: every event once at every viewer, and no unit twice."""

    def play(self, shop, scenario, viewers=200):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.json")
            done = subprocess.run(
                [binary("liveshelf-load"), "--url", f"ws://127.0.0.1:{shop.port}", "--broadcast", "show", "--token",
                 shop.token("viewer"), "--host-token", shop.token("host", sub="load"), "--viewers", str(viewers),
                 "--scenario", str(scenario), "--json", out],
                capture_output=True, text=True, timeout=100, env=clean_env(), check=False)
            self.assertEqual(done.returncode, 0, done.stderr[-3000:])
            with open(out, encoding="utf-8") as file:
                return json.load(file)

    def scenario(self, phases):
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump({"name": "test", "ramp_per_second": 1000, "phases": phases}, file)
        self.addCleanup(os.unlink, file.name)
        return file.name

    def test_a_pin_storm_and_a_reconnect_storm(self):
        with Shop("--workers", "2", "--host-messages-per-second-max", "1000") as shop:
            books = self.play(shop, self.scenario([
                {"do": "pins", "skus": ["mug-red", "mug-blue"], "count": 20, "every_ms": 20},
                {"do": "drop", "share": 0.7},
                {"do": "pins", "skus": ["mug-red", "mug-blue"], "count": 5, "every_ms": 20},
                {"do": "return", "within_ms": 300, "wait_ms": 20000},
                {"do": "pins", "skus": ["mug-red", "mug-blue"], "count": 5, "every_ms": 20}]))
            counts = books["counts"]
            self.assertEqual((counts["gaps"], counts["duplicates"], counts["live"], books["sound"]), (0, 0, 200, True))
            self.assertEqual(counts["events"], 200 * 30)
            self.assertGreater(counts["resumes"], 50)

    def test_a_flash_sale_sells_exactly_what_there_is(self):
        with Shop("--workers", "2", stock={"mug-red": 50, "mug-blue": 1}) as shop:
            books = self.play(shop, self.scenario([
                {"do": "reserve", "sku": "mug-red", "seconds": 3, "per_second": 300, "then": "keep"}]))
            self.assertEqual(books["answers"]["held"], 50)
            counts = books["counts"]
            self.assertEqual((counts["oversold"], counts["unanswered"], counts["outstanding_max"]), (0, 0, 50))
            until("the count", lambda: shop.counts("mug-red")["held"] == 50)

    def test_the_scenarios_that_come_with_it_can_be_read(self):
        for scenario in sorted((ROOT / "loadtest/scenarios").glob("*.json")):
            done = subprocess.run([binary("liveshelf-load"), "--url", "ws://127.0.0.1:1", "--token", "x", "--viewers", "1",
                                   "--host-token", "x", "--scenario", str(scenario)], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)  # read and tried; nobody is there

    def test_wrong_scenarios_are_refused(self):
        for phases, said in (([{"do": "dance"}], "phase 1: do: it takes one of"), ([{"do": "wait", "ms": 1, "mss": 2}], "phase 1 (wait): mss"),
                             ([], "1 to 100 phases")):
            done = subprocess.run([binary("liveshelf-load"), "--url", "ws://127.0.0.1:1", "--token", "x", "--viewers", "1",
                                   "--scenario", self.scenario(phases)], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    main()
