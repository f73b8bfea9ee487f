"""Clients that nobody here wrote, behind one face: each is a program of its own (clients/) that is told by lines of JSON what to
do and tells what happens. A Foreign stands in for support.WebSocket, so that support.Conn keeps the books.

    socket = Foreign("ws", "wss://localhost:8443/v1/broadcasts/show/live", ca=authority)
    viewer = Conn(port, "show", token, ws=socket)
"""
import contextlib
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

from support import DEADLINE, Closed, Refused

HERE = pathlib.Path(__file__).resolve().parent
PIPE_BYTES = 4096  # a pipe that is writable takes so many without blocking
BRIDGES = {  # library: the program that holds it
    "ws": ["node", HERE / "clients/ws_bridge.mjs"],
    "websockets": ["/usr/bin/python3", HERE / "clients/websockets_bridge.py"],
}


class Foreign:
    """One WebSocket of a library. Raises Refused when the upgrade is answered with something else than 101."""

    def __init__(self, library, url, protocol="liveshelf.v1", origin=None, ca=None):
        self.process = subprocess.Popen(BRIDGES[library], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rest, self.events, self.pings = b"", [], 0
        try:
            self.order("open", url=url, protocol=protocol, origin=origin, ca=ca)
            event = self.event(lambda e: e["event"] in ("open", "refused", "error"))
            if event["event"] == "refused":
                raise Refused(event["status"], event.get("retry_after"))
            assert event["event"] == "open", event
            self.protocol, self.extensions = event["protocol"], event["extensions"]
        except BaseException:
            self.end()
            raise

    def order(self, what, **more):
        """Reads meanwhile: a program that waits to be heard does not listen."""
        left = (json.dumps({"do": what, **{k: v for k, v in more.items() if v is not None}}) + "\n").encode()
        out, into, end = self.process.stdout, self.process.stdin.fileno(), time.monotonic() + DEADLINE
        while left:
            readable, writable, _ = select.select([out], [into], [], max(0, end - time.monotonic()))
            if readable:
                self._more(end)
            if writable:
                left = left[os.write(into, left[:PIPE_BYTES]):]
            if not readable and not writable:
                raise TimeoutError("the client does not listen")

    def event(self, where, deadline=DEADLINE):
        """The first event for which `where` holds; it is taken out, those before it stay."""
        end = time.monotonic() + deadline
        looked = 0
        while True:
            for i in range(looked, len(self.events)):
                if where(self.events[i]):
                    return self.events.pop(i)
            looked = len(self.events)
            self._more(end)

    def _more(self, end):
        out = self.process.stdout
        ready, _, _ = select.select([out], [], [], max(0, end - time.monotonic()))
        if not ready:
            raise TimeoutError("nothing came in time")
        data = os.read(out.fileno(), 1 << 20)
        if not data:
            raise AssertionError(f"the client ended with {self.process.wait()}")
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            event = json.loads(line)
            self.pings += event["event"] == "ping"
            if event["event"] != "ping":
                self.events.append(event)

    # ---- what support.Conn asks of a WebSocket ----

    def send(self, message):
        self.order("send", text=message if isinstance(message, str) else json.dumps(message))

    def receive(self, deadline=DEADLINE):
        event = self.event(lambda e: e["event"] in ("message", "closed"), deadline)
        if event["event"] == "closed":
            raise Closed(event["code"], event["reason"])
        assert not event["binary"]
        return json.loads(event["text"])

    def close(self):
        self.end()

    # ---- and what else a client can do ----

    def send_fragments(self, message, pieces):
        text = json.dumps(message)
        size = max(1, len(text) // pieces)
        self.order("fragments", parts=[text[i:i + size] for i in range(0, len(text), size)])

    def ping(self, text):
        """Asks, and waits for the PONG."""
        self.order("ping", text=text)
        self.event(lambda e: e["event"] == "pong" and e["text"] == text)

    def say_goodbye(self, code=1000, reason="bye"):
        """The close handshake, begun here; the code that came back."""
        self.order("close", code=code, reason=reason)
        return self.event(lambda e: e["event"] == "closed")["code"]

    def cut(self):
        """The line is gone, without a word."""
        self.order("cut")
        self.event(lambda e: e["event"] == "closed")

    def end(self):
        if self.process.poll() is None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Certificates:
    """An authority of our own and certificates of it, for localhost and 127.0.0.1; gone at the end."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ls-tls-"))
        self.ca = str(self.folder / "ca.pem")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3",
                      "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem",
                      "-addext", "keyUsage=critical,keyCertSign")

    def _openssl(self, *words):
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def make(self, name, kind="ec", days=2):
        """(certificate file, key file)"""
        key = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] if kind == "ec" else ["rsa:2048"]
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._openssl("req", "-newkey", *key, "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", str(days), "-extfile", "names", "-out", f"{name}.pem")
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def converse(test, shop, connect):
    """All that a viewer's client does in a show. `connect()` gives a new Foreign to the broadcast "show" of the shop."""
    from support import Conn  # here: the books are kept there

    def join(**more):
        return Conn(shop.port, "show", token, ws=connect(), **more)

    host = shop.host()
    host.ask({"t": "pin.clear", "slot": 0})  # another library's conversation may have left it there
    token = shop.token("viewer", sub="vera-" + os.urandom(3).hex())
    viewer = join()
    test.assertEqual(viewer.ws.protocol, "liveshelf.v1")
    test.assertEqual(viewer.ws.extensions, "")  # nobody compresses for each viewer alone
    test.assertEqual(viewer.snapshot["d"]["broadcast"]["state"], "live")

    test.assertEqual(host.ask({"t": "pin.set", "slot": 0, "sku": "mug-red"})["t"], "ok")
    test.assertEqual(viewer.wait("pin.set")["d"]["sku"], "mug-red")
    held = viewer.reserve("mug-red")
    test.assertEqual(held["d"]["state"], "held")
    test.assertEqual(viewer.ask({"t": "release", "hold": held["d"]["hold"]})["d"]["state"], "released")

    viewer.ws.ping("are you there")
    viewer.ws.send_fragments({"t": "ping", "id": "whole-again"}, 5)
    viewer.wait("pong", where=lambda m: m["re"] == "whole-again")

    viewer.ws.cut()
    viewer.close()
    missed = [host.ask({"t": "notice", "text": f"said while away {i}", "level": "info"})["seq"] for i in range(5)]
    again = join(resume=(viewer.epoch, viewer.seq))
    test.assertTrue(again.welcome["recovered"])
    again.level(missed[-1])
    test.assertEqual([event["seq"] for event in again.events][-5:], missed)
    test.assertEqual((viewer.gaps, viewer.duplicates, again.gaps, again.duplicates), (0, 0, 0, 0))

    big = "long words " * 150
    host.ask({"t": "notice", "text": big, "level": "info"})
    test.assertEqual(again.wait("notice", where=lambda m: len(m["d"]["text"]) > 1000)["d"]["text"].strip(), big.strip())
    test.assertEqual(again.ws.say_goodbye(1000), 1000)
    again.close()

    talker = join()
    talker.ws.send({"t": "ping", "id": "x", "padding": "p" * 20000})
    with test.assertRaises(Closed) as too_big:
        talker.wait("pong")
    test.assertEqual(too_big.exception.code, 1009)
    talker.close()
    host.close()
