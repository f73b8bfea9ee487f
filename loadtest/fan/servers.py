"""The servers of ./dev bench fanout: Liveshelf, the bare loops, and what a user would pick instead.

What is not on the machine is installed into build/bench by its own packager, nothing of it onto the system: npm packages as pinned in
loadtest/peers/package.json, Debian packages downloaded and unpacked."""
import functools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

from processes import SERVER_CORE, Broken, children_of, line_of, start, stop, wait_until, words_of

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("BENCH_BIN", ROOT / "build/release/loadtest"))
PROGRAM = BIN.parent / "liveshelf"
PEERS = ROOT / "loadtest/peers"
OUT = ROOT / "build/bench"
READY_S = 30


class Skipped(Exception):
    """Not to be had on this machine, in words."""


class Server:
    """Listens on 127.0.0.1:port; `pids` are measured. Gone with close()."""

    dialect = "plain"
    fan_words = ()

    def __init__(self, log):
        self.log, self.process, self.port, self.pids = log, None, 0, []

    def ready(self, words, **more):
        """Starts what prints `ready PORT`."""
        self.process = start(words, SERVER_CORE, self.log, stdout=subprocess.PIPE, **more)
        line = line_of(self.process, READY_S)
        self.port, self.pids = int(line.rsplit(":", 1)[-1].split()[-1]), [self.process.pid]

    def listening(self, words, port, **more):
        """Starts what prints nothing of use."""
        self.process = start(words, SERVER_CORE, self.log, stdout=self.log, **more)
        self.port, self.pids = port, [self.process.pid]
        wait_until(lambda: self.process.poll() is not None or port_answers(port), "listening", READY_S)
        if self.process.poll() is not None:
            raise Skipped(f"it ended with {self.process.returncode}, see build/bench/fanout.log")

    def close(self):
        if self.process is not None:
            stop(self.process)


def port_answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


# ---- the limits ----

class Limit(Server):
    def __init__(self, log, uring=False):
        super().__init__(log)
        try:
            self.ready([BIN / "liveshelf-limit", 0, *(["--uring"] if uring else [])])
        except Broken as why:
            self.close()
            if uring and self.process.returncode == 3:
                raise Skipped("no io_uring here") from why
            raise


class LwsBook(Server):
    def __init__(self, log):
        super().__init__(log)
        self.ready([BIN / "liveshelf-lwsbook", free_ports(1)[0]])


# ---- peers from npm ----

def npm_folder():
    """build/bench/peers with what package-lock.json pins."""
    folder = OUT / "peers"
    if shutil.which("npm") is None:
        raise Skipped("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    lock = (PEERS / "package-lock.json").read_bytes()
    done = folder / "installed-lock.json"
    for file in ("package.json", "package-lock.json", "bun.mjs", "ws.mjs", "socketio.mjs"):
        shutil.copy(PEERS / file, folder / file)
    if not done.exists() or done.read_bytes() != lock:
        print("  npm installs bun, ws and socket.io into build/bench/peers", flush=True)
        result = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True,
                                check=False)
        if result.returncode != 0:
            raise Skipped("npm could not install it: " + (result.stderr.strip().splitlines() or ["?"])[-1])
        done.write_bytes(lock)
    return folder


class Npm(Server):
    def __init__(self, log, program, file):
        super().__init__(log)
        folder = npm_folder()
        self.ready([program(folder), folder / file], cwd=folder, env={**os.environ, "NODE_ENV": "production"})


def node_program(_):
    if shutil.which("node") is None:
        raise Skipped("Node.js is not installed")
    return "node"


def bun_program(folder):
    for program in sorted(folder.glob("node_modules/@oven/*/bin/bun")):
        if subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0:
            return program
    raise Skipped("npm brought no Bun that runs here")


class SocketIo(Npm):
    dialect = "socketio"


# ---- peers from Debian ----

def debian_folder(*packages):
    """build/bench/debian/FIRST_PACKAGE with these unpacked in it."""
    folder = OUT / "debian" / packages[0]
    if folder.exists():
        return folder
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Skipped(f"neither {packages[0]} nor Debian's packager is here")
    print(f"  apt-get downloads {' '.join(packages)} into build/bench/debian", flush=True)
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as fresh:
        download = ["apt-get", "-q", "download", *packages]
        if subprocess.run(download, cwd=fresh, capture_output=True, check=False).returncode != 0:
            if os.getuid() == 0: # the lists may be old, or none
                subprocess.run(["apt-get", "-q", "update"], capture_output=True, check=False)
            result = subprocess.run(download, cwd=fresh, capture_output=True, text=True, check=False)
            if result.returncode != 0:
                raise Skipped("apt-get could not download it: " + (result.stderr.strip().splitlines() or ["?"])[-1])
        for package in sorted(pathlib.Path(fresh).glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, f"{fresh}/all"], check=True)
        folder.parent.mkdir(exist_ok=True)
        shutil.move(f"{fresh}/all", folder)
    return folder


def config_write(name, folder, **values):
    text = (PEERS / name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    file = pathlib.Path(folder) / name
    file.write_text(text, encoding="utf-8")
    return file


class Nats(Server):
    dialect = "nats"

    def __init__(self, log):
        super().__init__(log)
        program = shutil.which("nats-server") or debian_folder("nats-server") / "usr/sbin/nats-server"
        self.folder = tempfile.mkdtemp(prefix="bench-nats-")
        port, other = free_ports(2)
        self.listening([program, "-c", config_write("nats.conf", self.folder, PORT=port, OTHER_PORT=other)], port)

    def close(self):
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Nchan(Server):
    def __init__(self, log):
        super().__init__(log)
        self.folder = tempfile.mkdtemp(prefix="bench-nchan-")
        os.chmod(self.folder, 0o755)
        module = pathlib.Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
        program = shutil.which("nginx")
        if program is None or not module.exists():
            unpacked = debian_folder("nginx", "libnginx-mod-nchan")
            program, module = unpacked / "usr/sbin/nginx", unpacked / "usr/lib/nginx/modules/ngx_nchan_module.so"
        port = free_ports(1)[0]
        config = config_write("nginx-nchan.conf", self.folder, PORT=port, MODULE=module)
        self.listening([program, "-e", "stderr", "-p", self.folder, "-c", config], port)
        wait_until(lambda: self.workers(), "a worker of nginx")
        self.pids = self.workers()

    def workers(self):
        return [pid for pid in children_of(self.process.pid) if "worker process" in words_of(pid)[0]]

    def close(self):
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- ours ----

@functools.cache
def settings_known():
    """{setting: the line that says its kind}, of the program that is measured."""
    text = subprocess.run([PROGRAM, "config", "--help"], capture_output=True, text=True, check=False).stdout.splitlines()
    return {line.split()[0]: kind for line, kind in zip(text, text[1:]) if line.startswith("  ") and line[2:3].isalpha()}


def send_paths():
    """The ways to the sockets that --send-path can be told, () while there is no such setting."""
    kind = settings_known().get("send-path", "")
    return [word for word in ("send", "io_uring") if word in kind]


# Limits that stand in the way of a bench: all of its clients come from this machine, at once.
TALK = {"messages-per-second-max": 100000, "messages-burst-max": 100000, "host-messages-per-second-max": 100000,
        "host-messages-burst-max": 100000, "holds-per-viewer-max": 10000}
DOOR = {"accepts-per-second-max": 1000000, "admit-per-second-min": 1000000, "admit-per-second-max": 1000000}
RAISED = TALK | DOOR
# Nobody is told how many are here while it is measured what letting one in costs.
UNCOUNTED = {"share-ms": 60000}
# Whoever stalls is to stay.
PATIENT = {"slow-timeout-ms": 600000, "heartbeat-ms": 600000, "user-timeout-ms": 600000}


class Redis:
    """A server of the bench's own on a unix socket, synced before every answer as the private one of a node is."""

    def __init__(self, log):
        self.folder = tempfile.mkdtemp(prefix="bench-redis-")
        self.url = f"unix://{self.folder}/s"
        self.process = start(["redis-server", "--port", "0", "--unixsocket", f"{self.folder}/s", "--dir", self.folder, "--save", "",
                              "--appendonly", "yes", "--appendfsync", "always", "--logfile", f"{self.folder}/log"], SERVER_CORE, log)
        wait_until(pathlib.Path(f"{self.folder}/s").exists, "redis-server")

    def close(self):
        stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


class Shop(Server):
    """A node, or `workers` of them, with a private Redis that syncs its file, `rooms` live broadcasts that sell one SKU. `settings` that
    the program does not know are left out."""

    dialect = "liveshelf"

    def __init__(self, log, rooms=1, workers=1, settings=None):
        super().__init__(log)
        self.data, self.rooms = tempfile.mkdtemp(prefix="bench-fanout-"), rooms
        try:
            self.ready(self.words(self.data, workers, RAISED if settings is None else settings))
            self.pids = [pid for pid in children_of(self.process.pid) if words_of(pid)[1:2] == ["node"]]
            if len(self.pids) != workers:
                raise Broken(f"{len(self.pids)} nodes instead of {workers}")
            self.tokens = {role: self.token(role) for role in ("viewer", "host", "integrator")}
            self.open()
        except BaseException:
            self.close()
            raise
        self.fan_words = ("--token", self.tokens["viewer"], "--host-token", self.tokens["host"], "--rooms", rooms)

    @staticmethod
    def words(data, workers, settings):
        words = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--log-level", "warn", "--workers", workers,
                 "--drain-ms", 0]
        for name, value in settings.items():
            words += [f"--{name}", value] if name in settings_known() else []
        return words

    def token(self, role):
        return subprocess.run([PROGRAM, "token", "--data-dir", self.data, "--shop", "bench", "--role", role], capture_output=True,
                              text=True, check=True).stdout.strip()

    def open(self):
        price = {"amount": 1290, "currency": "EUR"}
        self.http("PUT", "/v1/catalogue", {"products": [{"sku": "mug-red", "title": "Red mug", "price": price}]})
        self.http("POST", "/v1/stock/mug-red/allocate", {"units": 100000000, "ref": "bench"})
        for i in range(self.rooms):
            self.http("POST", "/v1/broadcasts", {"id": f"bench-{i}", "title": "Bench"})
            self.http("PUT", f"/v1/broadcasts/bench-{i}/run-of-show", {"cues": [{"id": "c1", "title": "Red mug", "sku": "mug-red"}]})
            self.http("POST", f"/v1/broadcasts/bench-{i}/start", {"force": True})

    def http(self, method, path, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), method=method, headers={
            "Authorization": "Bearer " + self.tokens["integrator"], "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError) as why:
            raise Broken(f"{method} {path}: {why}") from why

    def metric(self, name, label=""):
        """All its samples, or those with this label, added up. None: there is none."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=20) as answer:
            lines = answer.read().decode().splitlines()
        values = [float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name and label in line]
        return sum(values) if values else None

    def close(self):
        super().close()
        shutil.rmtree(self.data, ignore_errors=True)


class FarShop(Shop):
    """Two instances on one Redis: viewers are on the one that is measured, the host is on the other."""

    def __init__(self, log):
        self.other_data = tempfile.mkdtemp(prefix="bench-fanout-")
        self.redis, self.other = Redis(log), Server(log)
        super().__init__(log, settings=RAISED | {"redis-url": self.redis.url})
        try:
            self.other.ready(self.words(self.other_data, 1, RAISED | {"redis-url": self.redis.url, "key-file": f"{self.data}/key"}))
        except BaseException:
            self.close()
            raise
        self.fan_words += ("--host-port", self.other.port)

    def close(self):
        self.other.close()
        super().close()
        self.redis.close()
        shutil.rmtree(self.other_data, ignore_errors=True)
