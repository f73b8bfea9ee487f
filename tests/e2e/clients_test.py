"""Clients that nobody here wrote hold whole conversations with a shop: npm's ws, Python's websockets, curl.

Chromium does in browser/, proxies come between in proxy_test.py, and TLS in tls_test.py."""
import json
import subprocess
import unittest

from foreign import Foreign, converse
from support import DEADLINE, Closed, Conn, Refused, Shop, main

PATH = "/v1/broadcasts/show/live"


class Libraries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = Shop()
        cls.addClassCleanup(cls.shop.__exit__, None, None, None)
        cls.shop.__enter__()

    def url(self, path=PATH):
        return f"ws://127.0.0.1:{self.shop.port}{path}"

    def refused(self, library, status, path=PATH, **more):
        with self.assertRaises(Refused) as why:
            Foreign(library, self.url(path), **more).end()
        self.assertEqual(why.exception.status, status)

    def test_ws_converses(self):
        converse(self, self.shop, lambda: Foreign("ws", self.url()))

    def test_websockets_converses(self):
        converse(self, self.shop, lambda: Foreign("websockets", self.url()))

    def test_upgrades_are_refused_with_the_right_status(self):
        for library in ("ws", "websockets"):
            with self.subTest(library):
                self.refused(library, 404, path="/v1/nothing")
                self.refused(library, 400, protocol="chat")
                self.refused(library, 403, origin="https://evil.example")

    def test_a_refused_hello_is_a_clean_close(self):
        for library in ("ws", "websockets"):
            with self.subTest(library):
                viewer = Conn(self.shop.port, "show", "no.such.token", hello=False, ws=Foreign(library, self.url()))
                viewer.ws.send({"t": "hello", "id": "1", "token": "no.such.token"})
                self.assertEqual(viewer.wait("error")["d"]["code"], "unauthenticated")
                with self.assertRaises(Closed) as closed:
                    viewer.wait("welcome")
                self.assertEqual(closed.exception.code, 4401)
                viewer.close()


class LongMessages(unittest.TestCase):
    def test_a_host_loads_a_long_run_of_show(self):
        for library in ("ws", "websockets"):
            with self.subTest(library), Shop() as shop:
                check_long_messages(self, shop, lambda: Foreign(library, f"ws://127.0.0.1:{shop.port}{PATH}"))


def check_long_messages(test, shop, connect):
    """Some 150 kB to the server, in fragments and in one frame, and as many back."""
    token = shop.token("host", sub="hanna")
    host = Conn(shop.port, "show", token, ws=connect())
    for pieces in (40, 1):
        cues = [{"id": f"c{pieces}-{i}", "title": f"Cue {i}", "minutes": 2, "viewer_text": "text " * 60,
                 "card": {"say": "say " * 100, "must_say": [], "must_not_say": [], "notes": ""}} for i in range(150)]
        host.ws.send_fragments({"t": "run.load", "id": f"long-{pieces}", "cues": cues}, pieces)
        answer = host.wait(where=lambda m: m.get("re") == f"long-{pieces}")
        test.assertEqual(answer["t"], "ok", answer)
        whole = Conn(shop.port, "show", token, ws=connect())
        test.assertEqual([cue["id"] for cue in whole.snapshot["d"]["run_of_show"]], [cue["id"] for cue in cues])
        whole.close()
    host.close()


class Curl(unittest.TestCase):
    def test_requests_and_an_event_stream(self):
        with Shop() as shop:
            asked = subprocess.run(["curl", "-sS", "-i", f"{shop.url}/healthz"], capture_output=True, text=True,
                                   timeout=DEADLINE, check=True)
            self.assertTrue(asked.stdout.startswith("HTTP/1.1 200 OK"), asked.stdout)
            check_stream(self, shop, shop.url, [])


def check_stream(test, shop, url, options):
    """curl hears of a sale on the stream of volumes."""
    who = f"Authorization: Bearer {shop.token('logistics', sub='lee')}"
    stream = subprocess.Popen(["curl", "-sSN", "-m", str(3 * DEADLINE), *options, "-H", who,
                               f"{url}/v1/broadcasts/show/estimates/stream"], stdout=subprocess.PIPE, text=True)
    try:
        test.assertEqual(next_event(stream)["event"], "volumes")
        viewer = shop.viewer(sub="curly")
        hold = viewer.reserve("mug-blue")["d"]
        status, _, _ = shop.confirm(hold["hold"], order="C-1", amount=hold["total"]["amount"])
        test.assertEqual(status, 200)
        while not any(sku["sku"] == "mug-blue" and sku["confirmed"] for sku in next_event(stream)["data"]["skus"]):
            pass
        viewer.close()
    finally:
        stream.kill()
        stream.wait()
        stream.stdout.close()


def next_event(stream):
    """Ended by curl when nothing comes."""
    event = {}
    for line in stream.stdout:
        name, _, value = line.rstrip("\n").partition(": ")
        if name == "data":
            event["data"] = json.loads(value)
        elif name:
            event[name] = value
        elif "data" in event:
            return event
    raise AssertionError("the stream ended")


if __name__ == "__main__":
    main()
