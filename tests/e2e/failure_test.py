"""Things that die, hang and drain, while people watch and buy. What was acknowledged stays; what is missing comes back by itself."""
import os
import secrets
import signal
import threading
import time
import unittest

from support import Closed, Conn, DEADLINE, Shop, WebSocket, main, until


KEEN = ("--holds-per-viewer-max", "10000", "--messages-per-second-max", "1000", "--messages-burst-max", "1000")


class Buyer(threading.Thread):
    """Reserves one unit after the other, as a page does: the same id again until there is an answer, on a new line if need be."""

    def __init__(self, shop, sku="mug-red", release=False):
        super().__init__(daemon=True)
        self.shop, self.sku, self.release = shop, sku, release
        self.token = shop.token("viewer")
        self.port = shop.port
        self.held, self.released, self.refused, self.wrong = [], [], {}, []
        self.pause = threading.Event()  # set: no further wishes
        self.error = None

    def run(self):
        conn, end = None, time.monotonic() + 60
        hold = None
        try:
            while (not self.pause.is_set() or hold) and time.monotonic() < end:
                try:
                    conn = conn or self.line(conn)
                    hold = hold or "h_" + secrets.token_hex(10)
                    answer = conn.reserve(self.sku, hold=hold)
                    if answer["t"] == "hold":
                        if answer["d"]["hold"] != hold or answer["d"]["state"] != "held":
                            self.wrong.append(answer)
                        self.held.append(hold)
                        hold = None
                    else:
                        code = answer["d"]["code"]
                        self.refused[code] = self.refused.get(code, 0) + 1
                        if code != "unavailable":  # that one means: not known, ask again
                            hold = None
                        if code in ("unavailable", "overloaded", "rate_limited"):
                            self.pause.wait(0.1)
                            conn.quiet(0.1)
                except (Closed, OSError, TimeoutError):
                    self.key, conn = (conn.viewer_key if conn else self.key), None
                    self.pause.wait(0.05)
        except BaseException as error:  # told by join_all
            self.error = error

    key = None

    def line(self, _):
        return Conn(self.port, "show", self.token, viewer_key=self.key)


def buyers_join(buyers):
    for buyer in buyers:
        buyer.pause.set()
    for buyer in buyers:
        buyer.join(60)
        assert not buyer.is_alive(), "a buyer never got an answer"
        if buyer.error:
            raise buyer.error


class Failures(unittest.TestCase):
    def assert_books_agree(self, shop, buyers, sku="mug-red"):
        """Every acknowledged hold is there, and nothing more was taken than allocated."""
        held = [hold for buyer in buyers for hold in buyer.held]
        self.assertEqual(len(held), len(set(held)))
        # What is shown follows the ledger; after an outage it catches up by itself.
        until("the count to be what was acknowledged",
              lambda: sum(shop.counts(sku)[key] for key in ("held", "sold")) == len(held))
        count = shop.counts(sku)
        self.assertEqual(count["available"] + count["held"] + count["sold"], count["allocated"])
        self.assertGreaterEqual(count["available"], 0)
        for hold in held:
            self.assertEqual(shop.api("GET", f"/v1/holds/{hold}")["state"], "held")
        self.assertEqual([buyer.wrong for buyer in buyers if buyer.wrong], [])

    def test_a_node_dies_and_its_viewers_resume_on_the_other(self):
        with Shop("--workers", "2") as shop:
            viewers = [shop.viewer() for _ in range(24)]
            host = shop.host()
            for i in range(5):
                seq = host.ask({"t": "notice", "text": f"before {i}", "level": "info"})["seq"]
            for viewer in viewers:
                viewer.level(seq)
            victim = shop.nodes()[0]
            os.kill(victim, signal.SIGKILL)
            lost = []
            for viewer in viewers:
                try:
                    viewer.quiet(0.02)
                except (Closed, OSError):
                    lost.append(viewer)
            self.assertTrue(0 < len(lost) < len(viewers), f"{len(lost)} of {len(viewers)} were on it")
            if host.ws.closed or not self.host_is_there(host):
                host = self.back(shop.host)
            for i in range(5):
                seq = host.ask({"t": "notice", "text": f"after {i}", "level": "info"})["seq"]
            for viewer in lost:
                again = self.back(lambda viewer=viewer: shop.viewer(resume=(viewer.epoch, viewer.seq),
                                                                    viewer_key=viewer.viewer_key))
                self.assertTrue(again.welcome["recovered"])
                again.level(seq)
                self.assertEqual([e["d"]["text"] for e in again.events], [f"after {i}" for i in range(5)])
                self.assertEqual((again.gaps, again.duplicates), (0, 0))
            for viewer in viewers:
                if viewer not in lost:
                    viewer.level(seq)
                    self.assertEqual((viewer.gaps, viewer.duplicates, len(viewer.events)), (0, 0, 10))
            until("the node to be back", lambda: len(shop.nodes()) == 2 and victim not in shop.nodes())

    def back(self, join):
        """As a page does: a line that dies in the dying node's queue is tried again."""
        def attempt():
            try:
                return join()
            except (Closed, OSError):
                return None

        return until("a line", attempt, every=0.05)

    def host_is_there(self, host):
        try:
            host.ask({"t": "ping"})
            return True
        except (Closed, OSError):
            return False

    def test_redis_dies_and_nothing_acknowledged_is_lost(self):
        with Shop(*KEEN, stock={"mug-red": 30000, "mug-blue": 1}) as shop:
            buyers = [Buyer(shop) for _ in range(6)]
            viewer = shop.viewer()
            for buyer in buyers:
                buyer.start()
            for _ in range(3):
                until("some sales", lambda n=sum(len(b.held) for b in buyers): sum(len(b.held) for b in buyers) > n + 5)
                os.kill(shop.redis_pid(), signal.SIGKILL)
                until("Redis to be back", shop.redis_pid)
                until("selling to go on by itself",
                      lambda n=sum(len(b.held) for b in buyers): sum(len(b.held) for b in buyers) > n + 5)
            buyers_join(buyers)
            self.assert_books_agree(shop, buyers)
            self.assertIsNone(viewer.ws.closed)
            self.assertEqual(shop.audit().returncode, 0)

    def test_redis_hangs_and_nobody_hears_a_wrong_answer(self):
        with Shop(*KEEN, stock={"mug-red": 30000, "mug-blue": 1}) as shop:
            viewer, host, buyers = shop.viewer(), shop.host(), [Buyer(shop) for _ in range(4)]
            for buyer in buyers:
                buyer.start()
            until("some sales", lambda: sum(len(b.held) for b in buyers) > 5)
            redis = shop.redis_pid()
            os.kill(redis, signal.SIGSTOP)
            stopped = time.monotonic()
            try:
                before = sum(len(b.held) for b in buyers)
                answer = viewer.reserve("mug-red")
                self.assertEqual((answer["t"], answer["d"]["code"]), ("error", "unavailable"))
                host.wait("health", where=lambda m: m["d"]["selling"] == "unavailable")
                self.assertEqual(shop.http("GET", "/readyz")[0], 503)
                self.assertEqual(viewer.ask({"t": "ping"})["t"], "pong")  # what is on screen stays, and the line lives
                self.assertLessEqual(sum(len(b.held) for b in buyers), before + len(buyers))  # one each was under way
                until("three seconds without Redis", lambda: time.monotonic() - stopped > 3)
            finally:
                os.kill(redis, signal.SIGCONT)
            host.wait("health", where=lambda m: m["d"]["selling"] == "ok")
            until("selling to go on", lambda: sum(len(b.held) for b in buyers) > before + 5)
            again = viewer.reserve("mug-red", hold=answer["re"])  # the same id: the same hold, once
            self.assertEqual(again["t"], "hold")
            buyers_join(buyers)
            buyers[0].held.append(answer["re"])
            self.assert_books_agree(shop, buyers)

    def test_a_drain_sends_viewers_away_and_answers_what_is_in_flight(self):
        with Shop("--workers", "2") as shop:
            viewers = [shop.viewer() for _ in range(10)]
            asked = {}
            for i, viewer in enumerate(viewers):
                asked[i] = "h_" + secrets.token_hex(10)
                viewer.ws.send({"t": "reserve", "id": asked[i], "lines": [{"sku": "mug-red", "qty": 1}]})
            began = time.monotonic()
            shop.process.send_signal(signal.SIGTERM)
            for i, viewer in enumerate(viewers):
                kinds = []
                with self.assertRaises(Closed) as closed:
                    while True:
                        message = viewer.receive()
                        kinds.append(message["t"])
                        if message.get("re") == asked[i]:
                            self.assertIn(message["t"], ("hold", "error"))
                self.assertIn("reconnect", kinds)
                self.assertEqual(closed.exception.code, 1001)
            self.assertEqual(shop.process.wait(DEADLINE), 0)
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(set(shop.node_ends()), {"exit code 0"})

    def test_new_conns_are_refused_while_draining(self):
        with Shop("--drain-ms", "5s", "--drain-per-tick", "1", "--drain-jitter-ms", "4s") as shop:
            viewers = [shop.viewer() for _ in range(20)]
            node = shop.nodes()[0]
            os.kill(node, signal.SIGTERM)
            viewers[0].wait("reconnect")
            with self.assertRaises(Exception):
                WebSocket(shop.port, "/v1/broadcasts/show/live")

    def test_a_torn_tail_of_the_append_only_file_is_survived(self):
        """A power cut may leave half a command at the end; what was acknowledged lies before it."""
        with Shop(stock={"mug-red": 100, "mug-blue": 1}) as shop:
            viewer = shop.viewer()
            holds = [viewer.reserve("mug-red")["re"] for _ in range(5)]
            self.assertEqual(shop.stop(), 0)
            folder = os.path.join(shop.data_dir, "redis", "appendonlydir")
            tail = [name for name in sorted(os.listdir(folder)) if name.endswith(".incr.aof")][-1]
            with open(os.path.join(folder, tail), "ab") as file:
                file.write(b"*3\r\n$3\r\nSET\r\n$5\r\nhal")
            shop.process.stdout.close()
            shop.log.close()
            shop.start()
            for hold in holds:
                self.assertEqual(shop.api("GET", f"/v1/holds/{hold}")["state"], "held")
            self.assertEqual(shop.audit().returncode, 0)

    def test_a_torn_transaction_at_the_end_never_comes_back(self):
        """Redis 7.0 alone would leave it open in the file, and the second start would carry out half of it."""
        with Shop(stock={"mug-red": 100, "mug-blue": 1}) as shop:
            viewer = shop.viewer()
            holds = [viewer.reserve("mug-red")["re"] for _ in range(5)]
            self.assertEqual(shop.stop(), 0)
            folder = os.path.join(shop.data_dir, "redis", "appendonlydir")
            tail = os.path.join(folder, [name for name in sorted(os.listdir(folder)) if name.endswith(".incr.aof")][-1])
            with open(tail, "rb") as file:
                whole = file.read()
            os.truncate(tail, whole.rindex(holds[-1].encode()) + 3)  # in the last of the writes that make the last hold
            for _ in range(2):
                shop.process.stdout.close()
                shop.log.close()
                shop.start()
                self.assertEqual(shop.audit().returncode, 0)
                self.assertEqual(shop.http("GET", f"/v1/holds/{holds[-1]}", token=shop.token("integrator"))[0], 404)
                for hold in holds[:-1]:
                    self.assertEqual(shop.api("GET", f"/v1/holds/{hold}")["state"], "held")
                shop.conn("viewer").reserve("mug-red")
                self.assertEqual(shop.stop(), 0)


if __name__ == "__main__":
    main()
