"""nginx and HAProxy in front, with TLS, as an operator would set them up (proxies/): clients that nobody here wrote converse through
them; heartbeats keep an idle viewer; addresses are counted; refusals and the end of the house pass through."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from clients_test import check_stream
from foreign import Certificates, Foreign, converse
from support import DEADLINE, Closed, Conn, Refused, Shop, main, until

PATH = "/v1/broadcasts/show/live"
FIXTURES = pathlib.Path(__file__).resolve().parent / "proxies"
IDLE_S = 3  # a proxy cuts a line after so long without a byte


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def is_listening(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Proxy:
    """One of them in front of a shop, in a folder of its own."""

    def __init__(self, shop, certificates):
        cert, key = certificates.make("localhost")
        self.ca, self.port = certificates.ca, free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ls-proxy-"))
        pair = self.folder / "pair.pem"
        pair.write_text(pathlib.Path(cert).read_text() + pathlib.Path(key).read_text())
        words = {"DIR": self.folder, "LISTEN": self.port, "BEHIND": shop.port, "CERT": cert, "KEY": key, "PAIR": pair,
                 "IDLE": IDLE_S}
        text = (FIXTURES / self.fixture).read_text()
        for word, value in words.items():
            text = text.replace(f"@{word}@", str(value))
        (self.folder / self.fixture).write_text(text)
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([*self.command, str(self.folder / self.fixture)], stdout=self.log, stderr=self.log)

    def __enter__(self):
        try:
            until(f"{self.fixture} listens", lambda: self.process.poll() is not None or is_listening(self.port))
            if self.process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(DEADLINE)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, library="ws"):
        return Foreign(library, f"wss://localhost:{self.port}{PATH}", ca=self.ca)


class Nginx(Proxy):
    fixture = "nginx.conf"
    command = ["/usr/sbin/nginx", "-c"]


class Haproxy(Proxy):
    fixture = "haproxy.cfg"
    command = ["/usr/sbin/haproxy", "-db", "-f"]


class Through:
    """What holds through any of them."""

    def setUp(self):
        self.certificates = Certificates()
        self.addCleanup(self.certificates.close)

    def join(self, shop, proxy, sub, **more):
        return Conn(shop.port, "show", shop.token("viewer", sub=sub), ws=proxy.connect(**more))

    def test_conversations(self):
        with Shop() as shop, self.proxy(shop, self.certificates) as proxy:
            for library in ("ws", "websockets"):
                with self.subTest(library):
                    converse(self, shop, lambda: proxy.connect(library))
            check_stream(self, shop, f"https://localhost:{proxy.port}", ["--cacert", proxy.ca])

    def test_heartbeats_keep_an_idle_viewer(self):
        with Shop("--heartbeat-ms", "1s") as shop, self.proxy(shop, self.certificates) as proxy:
            viewer = self.join(shop, proxy, "idle")
            host = shop.host()
            heard = 0
            while viewer.ws.pings < 2 * IDLE_S:  # twice as long as the proxy would wait; the host lives on its own PINGs
                heard += len(viewer.quiet(0.5)) + len(host.quiet(0.5))
            host.ask({"t": "notice", "text": "still here", "level": "info"})
            viewer.wait("notice")
            viewer.close()
            host.close()

    def test_addresses_are_counted_behind_it(self):
        with Shop("--conns-per-address-max", "2") as shop, self.proxy(shop, self.certificates) as proxy:
            viewers = [self.join(shop, proxy, f"v{i}") for i in range(2)]
            with self.assertRaises(Refused) as refused:
                proxy.connect()
            self.assertEqual(refused.exception.status, 429)
            with self.assertRaises(Refused):  # whatever the client itself claims
                Conn(proxy.port, "show", "", hello=False, ws=proxy.connect("websockets"))
            viewers.pop().close()
            until("one has left", lambda: shop.metrics()['liveshelf_conns{role="viewer"}'] == 1)
            self.join(shop, proxy, "v3").close()
            viewers.pop().close()

    def test_a_full_node_says_when_to_come_back(self):
        with Shop("--conns-max", "1") as shop, self.proxy(shop, self.certificates) as proxy:
            first = self.join(shop, proxy, "first")
            for library in ("ws", "websockets"):
                with self.assertRaises(Refused) as refused:
                    proxy.connect(library)
                self.assertEqual(refused.exception.status, 503)
                self.assertGreater(int(refused.exception.head), 0)  # Retry-After
            first.close()

    def test_the_end_of_the_house_passes_through(self):
        with Shop() as shop, self.proxy(shop, self.certificates) as proxy:
            viewers = [self.join(shop, proxy, "a"), self.join(shop, proxy, "b", library="websockets")]
            os.kill(shop.process.pid, signal.SIGTERM)
            for viewer in viewers:
                self.assertGreaterEqual(viewer.wait("reconnect")["after_ms"], 0)
                with self.assertRaises(Closed) as closed:
                    viewer.wait("nothing more")
                self.assertEqual(closed.exception.code, 1001)
                viewer.close()
            self.assertEqual(shop.process.wait(DEADLINE), 0)


class BehindNginx(Through, unittest.TestCase):
    proxy = Nginx


class BehindHaproxy(Through, unittest.TestCase):
    proxy = Haproxy


if __name__ == "__main__":
    main()
