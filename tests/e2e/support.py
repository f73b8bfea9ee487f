"""What the end-to-end tests stand on: a server of their own, a WebSocket client, HTTP, processes. Standard library only.

Everything waits for an event with a deadline; nothing sleeps and hopes. A test that fails shows the end of the server's log.

    with Shop() as shop:                       # liveshelf serve on a free port, a catalogue, a broadcast, stock
        host = shop.host()
        viewer = shop.viewer()
        host.ask({"t": "pin.set", "slot": 0, "sku": "mug-red"})
        viewer.wait("pin.set")
"""
import base64
import contextlib
import csv
import http.client
import io
import json
import os
import pathlib
import re
import secrets
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEADLINE = float(os.environ.get("LIVESHELF_TEST_DEADLINE", "20"))  # seconds for any single thing to happen


def binary(name="liveshelf"):
    """The program under test: LIVESHELF_BIN, or the folder CTest names, or the release build."""
    if name == "liveshelf" and os.environ.get("LIVESHELF_BIN"):
        return os.environ["LIVESHELF_BIN"]
    for folder in (os.environ.get("LIVESHELF_BIN_DIR"), ROOT / "build/release"):
        if folder and (pathlib.Path(folder) / name).exists():
            return str(pathlib.Path(folder) / name)
    raise unittest.SkipTest(f"{name} is not built")


def run(*words, stdin=None, env=None, name="liveshelf", deadline=DEADLINE):
    """Runs the program to its end; the CompletedProcess with text output."""
    return subprocess.run([binary(name), *words], input=stdin, env=clean_env(env), capture_output=True, text=True,
                          timeout=deadline, check=False)


def clean_env(more=None):
    """Ours without any setting of the program: the machine's own must not leak into a test."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("LIVESHELF_")}
    env.update(more or {})
    return env


def until(what, condition, deadline=DEADLINE, every=0.01):
    """Polls what has no event to wait for (a process, a file); returns the first true value."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline:g} s: {what}")
        select.select([], [], [], every)


# ---- WebSocket ----

class Closed(Exception):
    def __init__(self, code, reason):
        super().__init__(f"closed {code} {reason}")
        self.code, self.reason = code, reason


class Refused(Exception):
    """The upgrade was answered with something else than 101."""

    def __init__(self, status, head):
        super().__init__(head)
        self.status, self.head = status, head


class WebSocket:
    """RFC 6455, the client's half, as little as the tests need and as rude as they like (send_raw)."""

    def __init__(self, port, path, headers=(), connect=True, ca=None, receive_buffer=0):
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(("127.0.0.1", port))
        if ca:
            self.sock = ssl.create_default_context(cafile=ca).wrap_socket(self.sock, server_hostname="localhost")
        self.rest = b""
        self.closed = None
        if connect:
            self.upgrade(port, path, headers)

    def upgrade(self, port, path, headers=()):
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: Upgrade", "Upgrade: websocket",
                 "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Protocol: liveshelf.v1",
                 *headers, "", ""]
        self.sock.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self.rest:
            data = self.sock.recv(65536)
            if not data:
                raise Refused(0, "connection ended")
            self.rest += data
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        head = head.decode("latin-1")
        status = int(head.split()[1])
        if status != 101:
            raise Refused(status, head)

    def send_frame(self, payload, opcode=1, final=True):
        mask = secrets.token_bytes(4)
        size = len(payload)
        head = bytes([(0x80 if final else 0) | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        body = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
        self.sock.sendall(head + mask + body)

    def send(self, message):
        self.send_frame(json.dumps(message).encode() if not isinstance(message, (str, bytes))
                        else message.encode() if isinstance(message, str) else message)

    def send_raw(self, data):
        self.sock.sendall(data)

    def _read(self, size, end):
        while len(self.rest) < size:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("nothing came in time")
            self.sock.settimeout(left)
            try:
                data = self.sock.recv(262144)
            except (ConnectionResetError, BrokenPipeError):
                data = b""
            if not data:
                self.closed = self.closed or (1006, "connection ended")
                raise Closed(*self.closed)
            self.rest += data
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def receive(self, deadline=DEADLINE):
        """The next text message, decoded. Pings are answered; a close raises Closed."""
        end = time.monotonic() + deadline
        whole = b""
        while True:
            first, second = self._read(2, end)
            size = second & 127
            if size == 126:
                size = struct.unpack(">H", self._read(2, end))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._read(8, end))[0]
            assert second & 0x80 == 0, "servers do not mask"
            payload = self._read(size, end)
            opcode = first & 15
            if opcode == 9:
                self.send_frame(payload, 10)
            elif opcode == 8:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                self.closed = (code, payload[2:].decode("utf-8", "replace"))
                with contextlib.suppress(OSError):
                    self.send_frame(payload[:2], 8)
                raise Closed(*self.closed)
            elif opcode in (0, 1):
                whole += payload
                if first & 0x80:
                    return json.loads(whole.decode("utf-8"))

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.close()


class Conn:
    """Somebody on a broadcast: says hello, keeps books on seq, finds messages."""

    def __init__(self, port, broadcast, token, resume=None, viewer_key=None, hello=True, headers=(), ws=None):
        self.port, self.broadcast, self.token = port, broadcast, token
        self.messages, self.events = [], []
        self.epoch, self.seq, self.gaps, self.duplicates = None, None, 0, 0
        self.viewer_key = viewer_key
        self.next_id = 0
        self.ws = ws or WebSocket(port, f"/v1/broadcasts/{broadcast}/live", headers)
        if resume:
            self.epoch, self.seq = resume
        if hello:
            self.hello(resume)

    def hello(self, resume=None):
        message = {"t": "hello", "id": "hello", "token": self.token}
        if self.viewer_key:
            message["viewer_key"] = self.viewer_key
        if resume:
            message["resume"] = {"epoch": resume[0], "seq": resume[1]}
        self.ws.send(message)
        self.welcome = self.wait("welcome")
        self.viewer_key = self.welcome.get("viewer_key", self.viewer_key)
        self.snapshot = None
        if not self.welcome["recovered"] and self.welcome["role"] != "logistics":
            self.snapshot = self.wait("snapshot")
        return self.welcome

    def _keep(self, message):
        self.messages.append(message)
        kind = message["t"]
        if kind == "snapshot":
            self.epoch, self.seq = message["epoch"], message["seq"]
        elif "seq" in message and "re" not in message and kind != "welcome":
            if message["seq"] != self.seq + 1:
                if message["seq"] <= self.seq:
                    self.duplicates += 1
                else:
                    self.gaps += 1
            self.seq = max(self.seq, message["seq"])
            self.events.append(message)

    def receive(self, deadline=DEADLINE):
        message = self.ws.receive(deadline)
        self._keep(message)
        return message

    def wait(self, kind=None, deadline=DEADLINE, where=None):
        """The next message of this kind for which `where` holds."""
        end = time.monotonic() + deadline
        seen = []
        while True:
            left = end - time.monotonic()
            try:
                message = self.receive(max(left, 0.001))
            except TimeoutError:
                raise AssertionError(f"no {kind or 'message'} within {deadline:g} s; came: {seen[-8:]}") from None
            seen.append(json.dumps(message)[:160])
            if (kind is None or message["t"] == kind) and (where is None or where(message)):
                return message

    def quiet(self, seconds):
        """Reads what comes for so long; the messages. For showing that something does not come."""
        end, got = time.monotonic() + seconds, []
        while (left := end - time.monotonic()) > 0:
            try:
                got.append(self.receive(left))
            except TimeoutError:
                break
        return got

    def ask(self, command, deadline=DEADLINE):
        """Sends a command and returns its one answer."""
        if "id" not in command:
            self.next_id += 1
            command = {**command, "id": f"c{self.next_id}"}
        self.ws.send(command)
        return self.wait(where=lambda m: m.get("re") == command["id"], deadline=deadline)

    def reserve(self, sku, qty=1, hold=None, **more):
        hold = hold or "h_" + secrets.token_hex(10)
        return self.ask({"t": "reserve", "id": hold, "lines": [{"sku": sku, "qty": qty}], **more})

    def level(self, seq, deadline=DEADLINE):
        """Reads until this conn has seen event `seq`."""
        end = time.monotonic() + deadline
        while self.seq < seq:
            self.receive(max(end - time.monotonic(), 0.001))
        return self

    def close(self):
        self.ws.close()


# ---- the server ----

class Server:
    """`liveshelf serve` on a free port with a data folder of its own."""

    def __init__(self, *flags, command="serve", data_dir=None, log_dir=None, env=None, ca=None, files_max=None):
        self.flags, self.command, self.env, self.log_dir = flags, command, env, log_dir
        self.files_max = files_max  # what each of its processes may open
        self.ca = ca  # it speaks TLS, with a certificate of this authority
        self.own_dir = data_dir is None
        self.data_dir = data_dir or tempfile.mkdtemp(prefix="ls-e2e-")
        self.process, self.port, self.url, self.lines = None, None, None, []
        self.tokens = {}

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.show_log()
            self.end()
            raise

    def __exit__(self, kind, value, trace):
        if kind is not None and not issubclass(kind, unittest.SkipTest):
            self.show_log()
        self.end()

    def end(self):
        """Nothing of it is left: no process, no folder."""
        self.kill()
        if self.own_dir:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def start(self, wait=True):
        self.log_path = pathlib.Path(self.log_dir or os.path.dirname(self.data_dir), os.path.basename(self.data_dir) + ".log")
        self.log = open(self.log_path, "ab")
        limited = ["prlimit", f"--nofile={self.files_max}"] if self.files_max else []
        self.process = subprocess.Popen(
            [*limited, binary(), self.command, "--listen", f"127.0.0.1:{self.port or 0}", "--data-dir", self.data_dir, *self.flags],
            stdout=subprocess.PIPE, stderr=self.log, env=clean_env(self.env))
        if wait:
            self.wait_ready()
        return self

    def read_line(self, deadline=DEADLINE):
        """The next line of standard output."""
        out, end, line = self.process.stdout, time.monotonic() + deadline, b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([out], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no line on standard output within {deadline:g} s")
            byte = os.read(out.fileno(), 1)
            if not byte:
                raise AssertionError(f"standard output ended; exit code {self.process.wait(deadline)}")
            line += byte
        self.lines.append(line.decode().rstrip("\n"))
        return self.lines[-1]

    def wait_ready(self, deadline=DEADLINE):
        while not (found := re.match(r"ready (https?://\S+:(\d+))$", self.read_line(deadline))):
            pass
        self.url, self.port = found[1], int(found[2])

    def show_log(self, lines=60):
        with contextlib.suppress(OSError):
            text = self.log_path.read_text(errors="replace").splitlines()[-lines:]
            print("---- the server's log ends with ----", *text, "----", sep="\n", file=sys.stderr)

    def stop(self, deadline=DEADLINE):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(deadline)

    def node_ends(self):
        """How each node process ended so far, as the supervisor logged it: "exit code 0", ..."""
        return re.findall(r'event=child.ended .*child=n\d+ .*how="([^"]*)"', self.log_path.read_text())

    def kill(self):
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(DEADLINE)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            self.process.stdout.close()
            self.log.close()
            self.process = None
        with contextlib.suppress(OSError):
            os.unlink(self.log_path)

    # -- processes --

    def children(self):
        """{pid: name} of the processes below the supervisor."""
        return children_of(self.process.pid)

    def nodes(self):
        return sorted(pid for pid, words in self.children().items() if "node" in words[1:2])

    def redis_pid(self):
        found = [pid for pid, words in self.children().items() if "redis" in words[0] or "valkey" in words[0]]
        return found[0] if found else None

    # -- asking it --

    def token(self, role, broadcast=None, sub=None, shop="demo", ttl="1h"):
        key = (role, broadcast, sub, shop, ttl)
        if key not in self.tokens:
            words = ["token", "--data-dir", self.data_dir, "--shop", shop, "--role", role, "--ttl", ttl]
            words += ["--broadcast", broadcast] if broadcast else []
            words += ["--sub", sub] if sub else []
            done = run(*words)
            assert done.returncode == 0, done.stderr
            self.tokens[key] = done.stdout.strip()
        return self.tokens[key]

    def http(self, method, path, body=None, token=None, headers=None, deadline=DEADLINE):
        """(status, decoded JSON or text, headers)"""
        conn = (http.client.HTTPSConnection("localhost", self.port, timeout=deadline,
                                            context=ssl.create_default_context(cafile=self.ca)) if self.ca
                else http.client.HTTPConnection("127.0.0.1", self.port, timeout=deadline))
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            conn.request(method, path, body, headers)
            answer = conn.getresponse()
            data = answer.read()
        finally:
            conn.close()
        kind = answer.getheader("Content-Type", "")
        decoded = json.loads(data) if "json" in kind and data else data.decode("utf-8", "replace")
        return answer.status, decoded, {key.lower(): value for key, value in answer.getheaders()}

    def metrics(self):
        """{name with labels: value}, summed over the nodes."""
        status, text, _ = self.http("GET", "/metrics")
        assert status == 200
        sums = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, value = re.sub(r'node="n\d+",?', "", line).replace("{}", "").rsplit(" ", 1)
                sums[name] = sums.get(name, 0) + float(value)
        return sums

    def conn(self, role="viewer", broadcast="show", sub=None, shop="demo", **more):
        if self.ca and "ws" not in more:
            more["ws"] = WebSocket(self.port, f"/v1/broadcasts/{broadcast}/live", more.pop("headers", ()), ca=self.ca)
        return Conn(self.port, broadcast, self.token(role, sub=sub, shop=shop), **more)

    def redis(self, *words):
        """One command to the embedded Redis, through its socket; the reply as Python values."""
        return redis_ask(os.path.join(self.data_dir, "redis", "redis.sock"), *words)

    def audit(self, *flags):
        return run("audit", "--data-dir", self.data_dir, *flags)


PRODUCTS = [
    {"sku": "mug-red", "title": "Red mug", "price": {"amount": 1290, "currency": "EUR"}, "weight_g": 420,
     "size_mm": [110, 90, 95]},
    {"sku": "mug-blue", "title": "Blue mug", "price": {"amount": 1290, "currency": "EUR"}},
    {"sku": "teapot", "title": "Teapot", "price": {"amount": 4900, "currency": "EUR"}, "limit_per_viewer": 1},
]
SECRET_NOTE = "never-for-viewers-7f3a"
CUES = [
    {"id": "c1", "title": "Red mug", "sku": "mug-red", "slot": 0, "planned_units": 1, "minutes": 4,
     "price": {"amount": 990, "currency": "EUR"},
     "card": {"say": "say-" + SECRET_NOTE, "must_say": ["must-" + SECRET_NOTE], "must_not_say": ["not-" + SECRET_NOTE],
              "notes": "notes-" + SECRET_NOTE},
     "viewer_text": "Hand-thrown, dishwasher safe"},
    {"id": "c2", "title": "Blue mug", "sku": "mug-blue", "slot": 1, "planned_units": 1, "minutes": 4,
     "card": {"say": "say2-" + SECRET_NOTE, "must_say": [], "must_not_say": [], "notes": ""}, "viewer_text": "In blue"},
    {"id": "c3", "title": "A word on clay", "minutes": 2, "card": {"say": "clay", "must_say": [], "must_not_say": [],
                                                                   "notes": ""}, "viewer_text": "Clay"},
]


class Shop(Server):
    """A server with a catalogue, a broadcast "show" on air and stock."""

    def __init__(self, *flags, stock=None, start=True, hold_ms=300000, **more):
        super().__init__(*flags, **more)
        self.stock = {"mug-red": 40, "mug-blue": 40, "teapot": 5} if stock is None else stock
        self.begin, self.hold_ms = start, hold_ms

    def __enter__(self):
        super().__enter__()
        try:
            self.set_up()
        except BaseException:
            self.show_log()
            self.end()
            raise
        return self

    def api(self, method, path, body=None, **more):
        """As the shop's own system; the body of a 2xx answer."""
        status, answer, _ = self.http(method, path, body, token=self.token("integrator"), **more)
        assert 200 <= status < 300, (method, path, status, answer)
        return answer

    def set_up(self):
        self.api("PUT", "/v1/catalogue", {"products": PRODUCTS})
        self.api("POST", "/v1/broadcasts", {"id": "show", "title": "The show", "hold_ms": self.hold_ms})
        self.api("PUT", "/v1/broadcasts/show/run-of-show", {"cues": CUES})
        for sku, units in self.stock.items():
            self.api("POST", f"/v1/stock/{sku}/allocate", {"units": units, "ref": "first-" + sku})
        if self.begin:
            answer = self.api("POST", "/v1/broadcasts/show/start", {"force": True})
            assert answer["state"] == "live", answer

    def host(self, **more):
        return self.conn("host", sub="hanna", **more)

    def viewer(self, sub=None, **more):
        return self.conn("viewer", sub=sub, **more)

    def planner(self, **more):
        return self.conn("logistics", sub="lee", **more)

    def counts(self, sku):
        """The truth about a SKU, from the shop's own view."""
        for row in self.api("GET", "/v1/stock")["stock"]:
            if row["sku"] == sku:
                return row
        return None

    def confirm(self, hold, order="A-1", amount=1290, currency="EUR", **more):
        return self.http("POST", f"/v1/holds/{hold}/confirm", {"order": order, "amount": amount, "currency": currency},
                         token=self.token("integrator"), **more)


# ---- processes, Redis ----

def words_of(pid):
    with contextlib.suppress(OSError):
        return [word.decode("utf-8", "replace")
                for word in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if word]
    return []


def children_of(pid):
    with contextlib.suppress(OSError):
        pids = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return {int(child): words_of(child) or [""] for child in pids}
    return {}


def is_gone(pid):
    """No such process, or nothing of it but its exit code."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rsplit(")", 1)[1].split()[0] == "Z"


def redis_ask(path, *words):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(DEADLINE)
        sock.connect(path)
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        sock.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return redis_reply(sock.makefile("rb"))


def redis_reply(stream):
    line = stream.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind == b"-":
        raise AssertionError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"+":
        return rest.decode()
    if kind == b"$":
        if int(rest) < 0:
            return None
        data = stream.read(int(rest) + 2)[:-2]
        return data.decode("utf-8", "replace")
    return [redis_reply(stream) for _ in range(int(rest))] if int(rest) >= 0 else None


def csv_rows(text):
    return list(csv.DictReader(io.StringIO(text)))


class Events:
    """A Server-Sent Events stream."""

    def __init__(self, server, path, token, headers=None):
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)
        self.sock.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAccept: text/event-stream\r\n"
                           f"{more}Authorization: Bearer {token}\r\n\r\n").encode())
        self.stream = self.sock.makefile("rb")
        self.status = int(self.stream.readline().split()[1])
        self.headers = {}
        while (line := self.stream.readline().strip()):
            key, _, value = line.decode().partition(":")
            self.headers[key.lower()] = value.strip()
        self.chunked = self.headers.get("transfer-encoding") == "chunked"
        self.text = b""

    def _more(self):
        if self.chunked:
            size = int(self.stream.readline(), 16)
            self.text += self.stream.read(size)
            self.stream.readline()
        else:
            self.text += self.sock.recv(65536) if not self.stream.peek() else self.stream.read1(65536)

    def next(self):
        """The next event: {"event", "id", "data"}; comments are skipped."""
        while True:
            while b"\n\n" not in self.text:
                self._more()
            block, self.text = self.text.split(b"\n\n", 1)
            event = {}
            for line in block.decode().splitlines():
                key, _, value = line.partition(":")
                if key:
                    event[key] = event.get(key, "") + value.removeprefix(" ")
            if "data" in event:
                event["data"] = json.loads(event["data"])
                return event

    def wait(self, where):
        while not where(event := self.next()):
            pass
        return event

    def close(self):
        self.sock.close()


def main():
    """Runs the tests of the calling file; exit code 77 when all of it was skipped."""
    program = unittest.main(exit=False, verbosity=2, warnings="ignore")
    result = program.result
    if result.wasSuccessful() and result.testsRun and len(result.skipped) == result.testsRun:
        sys.exit(77)
    sys.exit(0 if result.wasSuccessful() else 1)
