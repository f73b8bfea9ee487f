#!/usr/bin/env python3
"""What the webhook client promises, against servers that keep to the rules and servers that do not.

    webhook_test.py PROGRAM       built from send.c

Signatures are checked here by Python's own hmac, as a receiver would."""
import base64
import hashlib
import hmac
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = sys.argv.pop(1)
SECRET, OLD_SECRET = (f"whsec_{base64.b64encode(bytes(range(n, n + 24))).decode()}" for n in (7, 90))
PATIENCE_S = 30
ROOT = pathlib.Path(__file__).resolve().parents[3]


def signature(secret, message, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def read_request(conn):
    """The request line, the headers and the body, or None when it did not come whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = conn.recv(65536)
        if not piece:
            return None
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    line, *rest = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (at.split(":", 1) for at in rest)}
    while len(body) < int(headers.get("content-length", 0)):
        piece = conn.recv(1 << 20)
        if not piece:
            return None
        body += piece
    return line, headers, body


class Receiver:
    """A server on a free port of loopback; `behave(conn, request)` does with each connection what it likes."""

    def __init__(self, behave, tls=None, reads=True):
        self.behave, self.tls, self.reads = behave, tls, reads
        self.requests, self.accepted = [], 0
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://localhost:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        conn.settimeout(PATIENCE_S)
        try:
            if self.tls:
                conn = self.tls.wrap_socket(conn, server_side=True)
            request = read_request(conn) if self.reads else None
            if request:
                self.requests.append(request)
            self.behave(self, conn)
        except OSError:
            pass
        finally:
            conn.close()

    def close(self):
        self.over.set()
        self.listener.close()


def says(text):
    return lambda server, conn: conn.sendall(text if isinstance(text, bytes) else text.encode())


def hangs(server, conn):
    server.over.wait(PATIENCE_S)


def resets(server, conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


OK = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Webhook(unittest.TestCase):
    def receiver(self, behave, **how):
        server = Receiver(behave, **how)
        self.addCleanup(server.close)
        return server

    def send(self, *urls, size=300, timeout_ms=PATIENCE_S * 1000, networks="open", old="-", secret=SECRET, quits=False,
             dark=False, env=None):
        """[(result, status, retry_after_ms, why)] in the order of the urls."""
        lines = [f"{url} msg_{i} {secret} {old} {size}\n" for i, url in enumerate(urls)]
        if dark:
            lines.append("dark\n")
        if quits:
            lines.append("quit\n")
        run = subprocess.run([PROGRAM, str(timeout_ms), networks], input="".join(lines), capture_output=True, text=True,
                             timeout=2 * PATIENCE_S, env={**os.environ, **(env or {})})
        self.assertEqual(0, run.returncode, run.stderr)
        told = {}
        for line in run.stdout.splitlines():
            name, result, status, after, why = (line + " ").split(" ", 4)
            self.assertNotIn(name, told, "answered twice")
            told[name] = (result, int(status), int(after), why.strip())
        return [told[f"msg_{i}"] for i in range(len(urls))]

    def test_a_post_is_whole_and_signed(self):
        server = self.receiver(says(OK))
        before = int(time.time())
        told = self.send(server.url + "/hooks/in?shop=1")
        self.assertEqual([("ok", 200, 0, "")], told)
        (line, headers, body), = server.requests
        self.assertEqual("POST /hooks/in?shop=1 HTTP/1.1", line)
        self.assertEqual(f"localhost:{server.port}", headers["host"])
        self.assertEqual("application/cloudevents+json; charset=utf-8", headers["content-type"])
        self.assertEqual(b'{"fill":"' + b"x" * 289 + b'"}', body)
        self.assertEqual("msg_0", headers["webhook-id"])
        timestamp = headers["webhook-timestamp"]
        self.assertTrue(before <= int(timestamp) <= time.time())
        self.assertEqual(signature(SECRET, "msg_0", timestamp, body), headers["webhook-signature"])

    def test_two_secrets_sign_while_one_is_changed(self):
        server = self.receiver(says(OK))
        self.send(server.url, old=OLD_SECRET)
        (line, headers, body), = server.requests
        self.assertEqual("POST / HTTP/1.1", line)
        wanted = [signature(secret, "msg_0", headers["webhook-timestamp"], body) for secret in (SECRET, OLD_SECRET)]
        self.assertEqual(wanted, headers["webhook-signature"].split(" "))

    def test_a_long_body_arrives_byte_for_byte(self):
        server = self.receiver(says(OK))
        self.assertEqual([("ok", 200, 0, "")], self.send(server.url, size=1 << 20))
        (_, headers, body), = server.requests
        self.assertEqual(1 << 20, len(body))
        self.assertEqual(signature(SECRET, "msg_0", headers["webhook-timestamp"], body), headers["webhook-signature"])
        self.assertEqual("malformed", self.send(server.url, size=(1 << 20) + 1)[0][0])
        self.assertEqual(1, server.accepted)

    def test_each_status_is_told(self):
        statuses = [200, 201, 202, 204, 299, 400, 401, 404, 410, 413, 429, 500, 503, 599]
        servers = [self.receiver(says(f"HTTP/1.1 {s} X\r\ncontent-length: 2\r\n\r\nhi")) for s in statuses]
        self.assertEqual([("ok", s, 0, "") for s in statuses], self.send(*(s.url for s in servers)))

    def test_answers_of_all_forms(self):
        forms = ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n",
                 "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end",
                 "HTTP/1.0 200 OK\r\n\r\n",
                 "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nhalf",
                 "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n"]
        servers = [self.receiver(says(form)) for form in forms]
        self.assertEqual([("ok", 200, 0, "")] * len(forms), self.send(*(s.url for s in servers)))

    def test_retry_after_is_told(self):
        later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 600))
        forms = ["120", later, "soon", "-5", "Fri, 20 Nov 2020 12:00:00 GMT"]
        servers = [self.receiver(says(f"HTTP/1.1 429 X\r\nretry-after: {f}\r\ncontent-length: 0\r\n\r\n"))
                   for f in forms]
        told = self.send(*(s.url for s in servers))
        self.assertEqual([429] * len(forms), [at[1] for at in told])
        self.assertEqual([120000, 0, 0, 0], [told[i][2] for i in (0, 2, 3, 4)])
        self.assertTrue(500000 < told[1][2] <= 600000, told[1])

    def test_redirects_are_not_followed(self):
        target = self.receiver(says(OK))
        for status in (301, 302, 303, 307, 308):
            server = self.receiver(says(f"HTTP/1.1 {status} X\r\nlocation: {target.url}/\r\ncontent-length: 0\r\n\r\n"))
            self.assertEqual([("ok", status)], [at[:2] for at in self.send(server.url)])
        self.assertEqual(0, target.accepted)

    def test_what_came_to_nothing_may_have_arrived(self):
        half = "HTTP/1.1 20"
        for behave in (resets, says(""), says(half), says("hello\r\n\r\n"), says("HTTP/1.1 999999 X\r\n\r\n")):
            server = self.receiver(behave)
            result = self.send(server.url)[0]
            self.assertEqual("no_answer", result[0], result)
            self.assertEqual(1, len(server.requests))

    def test_who_hangs_is_left_in_time_and_holds_up_nobody(self):
        silent, slow, deaf = self.receiver(hangs), self.receiver(hangs), self.receiver(hangs, reads=False)
        well = self.receiver(says(OK))
        slow.behave = lambda server, conn: (conn.sendall(b"HTTP/1.1 200 OK\r\n"), hangs(server, conn))
        begun = time.monotonic()
        told = self.send(silent.url, slow.url, deaf.url, well.url, timeout_ms=3000, size=1 << 20)
        self.assertLess(time.monotonic() - begun, PATIENCE_S)
        self.assertEqual(["no_answer", "no_answer", "no_answer", "ok"], [at[0] for at in told])
        self.assertIn("in time", told[0][3])

    def test_nobody_there_is_certainly_not_delivered(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        told = self.send(f"http://127.0.0.1:{port}/", "http://no-such-host.invalid/")
        self.assertEqual(["unavailable", "unavailable"], [at[0] for at in told])

    def test_names_nobody_answers_for_leave_room_for_other_look_ups(self):
        server = self.receiver(says(OK))
        told = self.send(*[f"http://dark.{i}.example/" for i in range(8)], server.url, dark=True, timeout_ms=3000)
        self.assertEqual([("unavailable", 0, 0, "its name has no address")] * 8 + [("ok", 200, 0, "")], told)

    def test_closed_networks_are_refused(self):
        server = self.receiver(says(OK))
        urls = [server.url, f"http://127.0.0.1:{server.port}/", f"http://[::1]:{server.port}/", "http://10.0.0.1/",
                "http://169.254.169.254/latest/meta-data/", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/",
                f"http://2130706433:{server.port}/", f"http://0x7f.1:{server.port}/"]
        for told in self.send(*urls, networks="closed"):
            self.assertEqual("unavailable", told[0])
            self.assertIn("refused", told[3])
        self.assertEqual(0, server.accepted)

    def test_no_proxy_is_asked(self):
        proxy, server = self.receiver(says(OK)), self.receiver(says(OK))
        told = self.send(server.url, env={"http_proxy": f"http://127.0.0.1:{proxy.port}"})
        self.assertEqual([("ok", 200, 0, "")], told)
        self.assertEqual((0, 1), (proxy.accepted, server.accepted))

    def test_bad_urls_and_secrets(self):
        for url in ("ftp://localhost/", "http://", "http://a b/", "http://u:p@localhost/", "http://localhost:0/",
                    "http://localhost:99999/", "http://localhost/#x", "localhost", "http://[::1/"):
            self.assertEqual("malformed", self.send(url.replace(" ", "\t"))[0][0] if " " not in url else "malformed", url)
        for secret in ("whsec_", "whsec_!!!!", "c2VjcmV0", "whsec_" + "A" * 120):
            result = self.send("http://localhost/", secret=secret)[0]
            self.assertEqual("malformed", result[0])
            self.assertNotIn(secret[6:10] or "-", result[3])

    def test_stopping_answers_all_that_is_under_way(self):
        server = self.receiver(hangs)
        told = self.send(*[server.url] * 5, quits=True)
        self.assertEqual(5, len(told))
        self.assertTrue(all(at[0] in ("no_answer", "unavailable") for at in told), told)

    def test_many_at_once(self):
        server = self.receiver(says(OK))
        self.assertEqual([("ok", 200, 0, "")] * 50, self.send(*[server.url] * 50))
        self.assertEqual({f"msg_{i}" for i in range(50)}, {r[1]["webhook-id"] for r in server.requests})


class Receivers(Webhook):
    """The receivers of docs/webhooks.md, as they stand there."""

    @staticmethod
    def receivers():
        text = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8")
        return re.findall(r"<!-- receiver: (\S+) -->\n```\w+\n(.*?)```", text, re.S)

    def start(self, folder, name, text):
        path = pathlib.Path(folder) / name
        path.write_text(text, encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        program = [sys.executable] if name.endswith(".py") else ["node"]
        run = subprocess.Popen([*program, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               env={**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": str(port)})
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return run, f"http://127.0.0.1:{port}/"
            except ConnectionRefusedError:
                self.assertLess(time.monotonic(), end, f"{name} does not listen")
                self.assertIsNone(run.poll(), f"{name} ended")

    def test_the_receivers_of_the_page_trust_us_and_nobody_else(self):
        found = self.receivers()
        self.assertEqual(["receiver.py", "receiver.mjs"], [name for name, _ in found])
        with tempfile.TemporaryDirectory(prefix="liveshelf-webhook-") as folder:
            for name, text in found:
                self.assertLessEqual(len([line for line in text.splitlines() if line.strip()]), 20)
                with self.subTest(name):
                    run, url = self.start(folder, name, text)
                    self.assertEqual(("ok", 204), self.send(url)[0][:2])
                    self.assertEqual("msg_0", run.stdout.readline().split()[0])
                    self.assertEqual(("ok", 204), self.send(url, secret=OLD_SECRET, old=SECRET)[0][:2])
                    self.assertEqual(("ok", 401), self.send(url, secret=OLD_SECRET)[0][:2])


class Tls(Webhook):
    """What trust is about."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="liveshelf-webhook-")
        cls.ca = cls.certificate("ca", "/CN=Test authority", "basicConstraints=critical,CA:TRUE")
        cls.good = cls.certificate("good", "/CN=localhost", "subjectAltName=DNS:localhost", signer="ca")
        cls.other = cls.certificate("other", "/CN=localhost", "subjectAltName=DNS:shop.example", signer="ca")
        cls.lone = cls.certificate("lone", "/CN=localhost", "subjectAltName=DNS:localhost")
        cls.past = cls.certificate("past", "/CN=localhost", "subjectAltName=DNS:localhost", signer="ca", days=-1)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def certificate(cls, name, subject, extension, signer=None, days=2):
        path = pathlib.Path(cls.folder.name) / name
        def openssl(*words):
            subprocess.run(["openssl", *words], check=True, capture_output=True)
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", subject,
                "-keyout", f"{path}.key", "-out", f"{path}.csr")
        ext = pathlib.Path(f"{path}.ext")
        ext.write_text(extension + "\n", encoding="utf-8")
        sign = ["-signkey", f"{path}.key"] if signer is None else \
            ["-CA", f"{cls.folder.name}/{signer}.pem", "-CAkey", f"{cls.folder.name}/{signer}.key", "-CAcreateserial"]
        made = ["x509", "-req", "-in", f"{path}.csr", "-extfile", str(ext), *sign, "-out", f"{path}.pem"]
        if days > 0:
            openssl(*made, "-days", str(days))
            return path
        try:
            openssl(*made, "-not_before", "20200101000000Z", "-not_after", "20200102000000Z")
        except subprocess.CalledProcessError:  # before OpenSSL 3.4 there are no such options, and days may be negative
            openssl(*made, "-days", str(days))
        return path

    def tls_receiver(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
        return self.receiver(says(OK), tls=context)

    def test_only_the_right_name_of_a_known_authority_is_trusted(self):
        good, other, lone, past = (self.tls_receiver(c) for c in (self.good, self.other, self.lone, self.past))
        trust = {"SSL_CERT_FILE": f"{self.ca}.pem"}
        self.assertEqual([("ok", 200, 0, "")], self.send(good.url, env=trust, size=1 << 20))
        (_, headers, body), = good.requests
        self.assertEqual(signature(SECRET, "msg_0", headers["webhook-timestamp"], body), headers["webhook-signature"])
        for server, why in (other, "mismatch"), (lone, "self"), (past, "expired"):
            told = self.send(server.url, env=trust)[0]
            self.assertEqual("unavailable", told[0], told)
            self.assertRegex(told[3], "^certificate: .*" + why)
            self.assertEqual([], server.requests)
        self.assertEqual("unavailable", self.send(good.url)[0][0])  # not one of the system's

    def test_no_tls_where_tls_was_asked_for(self):
        plain = self.receiver(says(OK), reads=False)
        self.assertEqual("unavailable", self.send(plain.url.replace("http:", "https:"), timeout_ms=5000)[0][0])


def load_tests(loader, tests, pattern):
    del tests, pattern
    suite = loader.loadTestsFromTestCase(Webhook)
    for kind in (Receivers, Tls):
        suite.addTest(loader.suiteClass(kind(name) for name in vars(kind) if name.startswith("test")))
    return suite


if __name__ == "__main__":
    unittest.main()
