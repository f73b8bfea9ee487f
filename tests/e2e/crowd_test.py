"""Many at once, and those who mean no good: lines that say nothing, that dribble, that never read."""
import selectors
import socket
import time
import unittest

from support import DEADLINE, Closed, Shop, WebSocket, main, until


class Crowds(unittest.TestCase):
    def test_a_thousand_who_never_say_hello(self):
        """They are sent away with 4401, and a viewer beside them notices nothing."""
        with Shop("--hello-timeout-ms", "2s", "--admit-per-second-min", "5000") as shop:
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


if __name__ == "__main__":
    main()
