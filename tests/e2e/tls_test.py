"""TLS in the server itself: foreign clients converse over it, slow ones get every byte, a half-open handshake holds nobody up, and
a renewed certificate needs no restart. The certificates are made here, by openssl."""
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import unittest

from clients_test import check_long_messages, check_stream
from foreign import Certificates, Foreign, converse
from support import DEADLINE, Conn, Refused, Server, Shop, WebSocket, main, run, until

PATH = "/v1/broadcasts/show/live"


def received_until_the_end(sock):
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while more := sock.recv(4096):
            data += more
    return data


class TlsCase(unittest.TestCase):
    def setUp(self):
        self.certificates = Certificates()
        self.addCleanup(self.certificates.close)
        self.cert, self.key = self.certificates.make("localhost")

    def shop(self, *flags, **more):
        return Shop("--tls-cert-file", self.cert, "--tls-key-file", self.key, *flags, ca=self.certificates.ca, **more)

    def connect(self, shop, **more):
        """A plain TLS socket to the shop."""
        context = ssl.create_default_context(cafile=self.certificates.ca)
        for name, value in more.items():
            setattr(context, name, value)
        return context.wrap_socket(socket.create_connection(("127.0.0.1", shop.port), DEADLINE), server_hostname="localhost")


class Conversations(TlsCase):
    def test_libraries_and_curl(self):
        with self.shop() as shop:
            self.assertTrue(shop.url.startswith("https://"))
            for library in ("ws", "websockets"):
                with self.subTest(library):
                    converse(self, shop, lambda: Foreign(library, f"wss://localhost:{shop.port}{PATH}", ca=self.certificates.ca))
            url = f"https://localhost:{shop.port}"
            asked = subprocess.run(["curl", "-sS", "-i", "--http2", "--cacert", self.certificates.ca, f"{url}/healthz"],
                                   capture_output=True, text=True, timeout=DEADLINE, check=True)
            self.assertTrue(asked.stdout.startswith("HTTP/1.1 200 OK"), asked.stdout)
            check_stream(self, shop, url, ["--cacert", self.certificates.ca])
            self.assertGreater(shop.metrics()["liveshelf_tls_cert_left_seconds"], 86400)

    def test_long_messages(self):
        """Records are longer than what is read at once, so most of one waits inside the TLS library."""
        for library in ("ws", "websockets"):
            with self.subTest(library), self.shop() as shop:
                check_long_messages(self, shop, lambda: Foreign(library, f"wss://localhost:{shop.port}{PATH}",
                                                                ca=self.certificates.ca))

    def test_versions_and_protocols(self):
        with self.shop() as shop:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = ssl.create_default_context(cafile=self.certificates.ca)
                context.minimum_version = context.maximum_version = version
                context.set_alpn_protocols(["h2", "http/1.1"])
                with context.wrap_socket(socket.create_connection(("127.0.0.1", shop.port), DEADLINE),
                                         server_hostname="localhost") as sock:
                    self.assertEqual(sock.selected_alpn_protocol(), "http/1.1")
            old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{shop.port}", "-tls1_1", "-cipher",
                                  "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=DEADLINE, check=False)
            self.assertIn("alert protocol version", old.stderr)
            with socket.create_connection(("127.0.0.1", shop.port), DEADLINE) as plain:
                plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertNotIn(b"HTTP", received_until_the_end(plain))


class SlowOnes(TlsCase):
    def test_a_slow_viewer_gets_every_byte(self):
        with self.shop("--send-buffer-bytes", "4096", "--ring-bytes", "4M", "--host-messages-per-second-max", "10000",
                       "--host-messages-burst-max", "10000") as shop:
            host = shop.host()
            socket_ = WebSocket(shop.port, PATH, ca=self.certificates.ca, receive_buffer=4096)
            slow = Conn(shop.port, "show", shop.token("viewer", sub="slow"), ws=socket_)
            texts = ["%04d " % i + chr(97 + i % 26) * (100 + 37 * i % 1800) for i in range(700)]
            last = 0
            for i, text in enumerate(texts):
                last = host.ask({"t": "notice", "text": text, "level": "info"})["seq"]
                if i % 50 == 0:
                    slow.ws.send_frame(b"still there", 9)  # its PONG goes between the frames
            self.assertGreater(shop.metrics()["liveshelf_conns_stalled"], 0)
            slow.level(last)
            self.assertEqual((slow.gaps, slow.duplicates), (0, 0))
            self.assertEqual([e["d"]["text"] for e in slow.events if e["t"] == "notice"], texts)
            slow.close()
            host.close()

    def test_half_a_handshake_holds_nobody_up(self):
        with self.shop("--handshake-timeout-ms", "1s", "--handshakes-max", "8") as shop:
            waiting = [socket.create_connection(("127.0.0.1", shop.port), DEADLINE) for _ in range(30)]
            for i, sock in enumerate(waiting):
                if i % 2:
                    sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")  # a ClientHello's first bytes
            viewer = shop.viewer(sub="in-time")  # meanwhile
            self.assertEqual(viewer.welcome["role"], "viewer")
            for sock in waiting:
                with sock:
                    self.assertEqual(received_until_the_end(sock), b"")
            self.assertGreaterEqual(shop.metrics()['liveshelf_refused_total{reason="handshake"}'], 30)
            viewer.close()


class Storm(TlsCase):
    def test_who_must_wait_hears_for_how_long(self):
        with self.shop("--admit-per-second-min", "1", "--admit-per-second-max", "5") as shop:
            came_in = []
            with self.assertRaises(Refused) as refused:
                while len(came_in) < 100:
                    came_in.append(WebSocket(shop.port, PATH, ca=self.certificates.ca))
            self.assertEqual(refused.exception.status, 503)
            self.assertIn("Retry-After: ", refused.exception.head)
            for socket_ in came_in:
                socket_.close()


class Certificate(TlsCase):
    def serial(self, shop):
        with self.connect(shop) as sock:
            return sock.getpeercert()["serialNumber"]

    def put(self, cert, key):
        """As a renewal does it: each file in one step, but not both in one."""
        for source, target in ((cert, self.cert), (key, self.key)):
            shutil.copy2(source, target + ".new")
            os.replace(target + ".new", target)

    def test_a_renewed_one_is_shown_and_nobody_is_cut(self):
        with self.shop() as shop:
            host, viewer = shop.host(), shop.viewer(sub="stays")
            before = self.serial(shop)
            self.put(*self.certificates.make("renewed", kind="rsa"))
            until("the new certificate is shown", lambda: self.serial(shop) != before, deadline=DEADLINE + 15)
            self.assertGreaterEqual(shop.metrics()['liveshelf_tls_renewals_total{result="loaded"}'], 1)
            host.ask({"t": "notice", "text": "everyone is still here", "level": "info"})
            viewer.wait("notice")

            renewed = self.serial(shop)
            _, other_key = self.certificates.make("other")
            shutil.copy2(other_key, self.key)
            until("the misfit is noticed",
                  lambda: shop.metrics()['liveshelf_tls_renewals_total{result="refused"}'] >= 1, deadline=DEADLINE + 15)
            self.assertEqual(self.serial(shop), renewed)
            self.assertRegex(shop.log_path.read_text(), r'tls\.refused .*why="tls-key-file: \S+: is not the key of that certificate"')
            viewer.close()
            host.close()

    def refused(self, *flags):
        with Server() as somewhere:  # for a folder of its own
            data_dir = os.path.join(somewhere.data_dir, "other")
            return run("serve", "--listen", "127.0.0.1:0", "--data-dir", data_dir, *flags)

    def test_what_does_not_fit_is_named_at_the_start(self):
        _, other_key = self.certificates.make("other")
        readable = other_key + ".readable"
        shutil.copy(other_key, readable)
        os.chmod(readable, 0o644)
        for flags, words in (
                (["--tls-cert-file", self.cert], "tls-key-file: missing"),
                (["--tls-key-file", self.key], "tls-cert-file: missing"),
                (["--tls-cert-file", "/nowhere.pem", "--tls-key-file", self.key], "tls-cert-file: /nowhere.pem: No such file"),
                (["--tls-cert-file", self.key, "--tls-key-file", self.key], "localhost.key: is not a certificate in PEM form"),
                (["--tls-cert-file", self.cert, "--tls-key-file", other_key], "is not the key of that certificate"),
                (["--tls-cert-file", self.cert, "--tls-key-file", readable], "can be read by everyone")):
            with self.subTest(words):
                done = self.refused(*flags)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(words, done.stderr)
        done = run("demo", "--tls-cert-file", self.cert, "--tls-key-file", self.key)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("tls-cert-file: the demo fills its shop over plain HTTP", done.stderr)


if __name__ == "__main__":
    main()
