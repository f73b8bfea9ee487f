"""The machines of a round: one Redis on a disk that can be cut off, two nodes, and a proxy between. All private, all in one folder."""
import asyncio
import contextlib
import mmap
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from support import binary, children_of, clean_env, redis_ask  # noqa: E402  (the same hands as the end-to-end tests)

START_S = 20.0
NODES = ("a", "b")
SHOP = "demo"
FLAGS = ("--messages-per-second-max", "1000", "--messages-burst-max", "1000", "--holds-per-viewer-max", "10000",
         "--offer-ms", "3000", "--drain-ms", "500", "--drain-jitter-ms", "100")


class Disk:
    """The other side of disk_shim.c: its shared table, and what a power cut does."""
    FILES_MAX, HEAD = 4000, 16

    def __init__(self, folder):
        self.path, self.shim = os.path.join(folder, "disk"), shim_path()
        with open(self.path, "wb") as file:
            file.truncate(self.HEAD + 16 * self.FILES_MAX)
        with open(self.path, "r+b") as file:
            self.table = mmap.mmap(file.fileno(), 0)

    def env(self):
        return {"LD_PRELOAD": self.shim, "DISK_SHIM": self.path}

    def fail(self, write_errno=0, sync_errno=0, stalls=0):
        self.table[0:12] = struct.pack("iii", write_errno, sync_errno, stalls)

    def synced(self):
        """{inode: bytes that are surely there}"""
        pairs = struct.iter_unpack("QQ", self.table[self.HEAD:])
        return {inode: size for inode, size in pairs if inode}

    def cut(self, folder, rng):
        """What was not synced is gone: all of it, or, as it happens, all but some of it. Returns the bytes lost."""
        synced, lost = self.synced(), 0
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            state = os.stat(path)
            kept = min(state.st_size, synced.get(state.st_ino, 0))
            if kept < state.st_size and rng.random() < 0.3:
                kept = rng.randint(kept, state.st_size)
            lost += state.st_size - kept
            os.truncate(path, kept)
        return lost


def shim_path():
    """Where CMake built it; LIVESHELF_DISK_SHIM names it."""
    named = os.environ.get("LIVESHELF_DISK_SHIM")
    for path in filter(None, (named, *HERE.parent.parent.glob("build/*/tests/bin/libdisk_shim.so"))):
        if os.path.exists(path):
            return str(path)
    raise SystemExit("libdisk_shim.so is not built: ./dev setup brings what tests need, ./dev build builds it")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Redis:
    """One server on a socket; its port is for a replica alone."""

    def __init__(self, folder, name, durability, with_shim=True, primary=None):
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        self.socket, self.port = os.path.join(self.folder, "s"), free_port()
        self.durability, self.process, self.primary = durability, None, primary
        self.disk = Disk(self.folder) if with_shim else None

    def repair(self):
        """As docs/operations.md asks for. A tail torn inside MULTI is cut off by Redis 7.0 behind the last whole command: the transaction
        stays open in the file, and the next start carries out half of it, together with whatever was written behind it."""
        manifest = os.path.join(self.folder, "appendonlydir", "appendonly.aof.manifest")
        if os.path.exists(manifest):
            subprocess.run(["redis-check-aof", "--fix", manifest], input=b"y\n", stdout=subprocess.DEVNULL, check=True)

    def spawn(self):
        self.repair()
        policy = "everysec" if self.durability == "relaxed" else "always"
        with contextlib.suppress(OSError):
            os.unlink(self.socket)
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket", self.socket, "--dir", self.folder, "--save", "",
             "--appendonly", "yes", "--appendfsync", policy, "--auto-aof-rewrite-percentage", "0", "--maxmemory-policy", "noeviction",
             "--repl-diskless-sync-delay", "0", "--logfile", os.path.join(self.folder, "log"),
             *(("--replicaof", "127.0.0.1", str(self.primary.port)) if self.primary else ())],
            env={**os.environ, **(self.disk.env() if self.disk else {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)  # Ctrl-C is for us alone

    async def start(self):
        """Until it answers. One that dies on the way (its disk is full) is started again."""
        self.spawn()
        await self.start_again()

    async def start_again(self):
        async with asyncio.timeout(START_S):
            while not self.answers():
                if self.process.poll() is not None:
                    self.spawn()
                await asyncio.sleep(0.01)

    def answers(self):
        try:
            return redis_ask(self.socket, "PING") == "PONG"
        except (OSError, AssertionError, ValueError):
            return False

    def ask(self, *words):
        return redis_ask(self.socket, *words)

    async def synced(self):
        """Until all that was written so far survives a power cut."""
        folder = os.path.join(self.folder, "appendonlydir")
        wanted = [(state.st_ino, state.st_size) for state in map(os.stat, (os.path.join(folder, name) for name in os.listdir(folder)))]
        async with asyncio.timeout(START_S):
            while not all(self.disk.synced().get(inode, 0) >= size for inode, size in wanted):
                await asyncio.sleep(0.02)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def power_cut(self, rng):
        self.kill()
        return self.disk.cut(os.path.join(self.folder, "appendonlydir"), rng)


class Node:
    """`liveshelf serve` with one node process; what listens keeps its port over restarts."""

    def __init__(self, folder, name, door, durability, key_file):
        self.name, self.port, self.process = name, 0, None
        self.data_dir, self.log_path = os.path.join(folder, "node-" + name), os.path.join(folder, f"node-{name}.log")
        self.words = [binary(), "serve", "--workers", "1", "--redis-url", f"redis://127.0.0.1:{door}", "--data-dir", self.data_dir,
                      "--key-file", key_file, "--durability", durability, *FLAGS]

    async def start(self):
        with open(self.log_path, "ab") as log:
            self.process = await asyncio.create_subprocess_exec(*self.words, "--listen", f"127.0.0.1:{self.port}", env=clean_env(),
                                                                stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        async with asyncio.timeout(START_S):
            while not (found := re.match(rb"ready http://\S+:(\d+)$", line := await self.process.stdout.readline())):
                if not line:
                    raise AssertionError(f"node {self.name} ended at once")
        self.port = int(found[1])

    def pids(self):
        """The node process first, then its supervisor."""
        return [*children_of(self.process.pid), self.process.pid]

    def signal(self, number):
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    async def kill(self):
        """Power off: supervisor first, so that nothing is started again by it."""
        if self.process is not None and self.process.returncode is None:
            for pid in reversed(self.pids()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await self.process.wait()

    async def stop(self):
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), START_S)
            except asyncio.TimeoutError:
                await self.kill()


class Stage:
    """The folder stays until `sweep`."""

    def __init__(self, durability, seed):
        self.folder = tempfile.mkdtemp(prefix="ls-hist-")
        self.rng = random.Random(seed)
        self.redis = Redis(self.folder, "redis", durability)
        self.link, self.fail_overs = os.path.join(self.folder, "s"), 0  # what the proxy knows: whichever is in charge
        os.symlink(self.redis.socket, self.link)
        self.durability, self.nodes, self.proxy, self.proxy_lock = durability, {}, None, asyncio.Lock()

    async def __aenter__(self):
        try:
            await self.redis.start()
            self.proxy = await asyncio.create_subprocess_exec(sys.executable, str(HERE / "proxy.py"), self.link, str(len(NODES)),
                                                              start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            doors = (await self.proxy.stdout.readline()).split()
            self.token("viewer")  # makes the key
            for name, door in zip(NODES, doors):
                self.nodes[name] = Node(self.folder, name, int(door), self.durability,
                                        os.path.join(self.folder, "keys", "key"))
                await self.nodes[name].start()
            return self
        except BaseException:
            await self.__aexit__(None, None, None)
            raise

    async def __aexit__(self, *_):
        for node in self.nodes.values():
            with contextlib.suppress(ProcessLookupError):
                node.signal(signal.SIGCONT)
        await asyncio.gather(*[node.stop() for node in self.nodes.values()])
        self.redis.kill()
        if self.proxy is not None:
            with contextlib.suppress(ProcessLookupError):
                self.proxy.kill()
            await self.proxy.wait()

    def sweep(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    async def fail_over(self, seconds):
        """A replica that is in step, and then no more: it is promoted while the primary sells on for so long and dies. What was sold
        meanwhile is on neither."""
        self.fail_overs += 1
        replica = Redis(self.folder, f"redis-{self.fail_overs}", self.durability, primary=self.redis)
        await replica.start()
        try:
            async with asyncio.timeout(START_S):
                while "master_link_status:up" not in await asyncio.to_thread(replica.ask, "INFO", "replication"):
                    await asyncio.sleep(0.01)
            await asyncio.to_thread(replica.ask, "REPLICAOF", "NO", "ONE")
            await asyncio.sleep(seconds)
        except BaseException:
            replica.kill()
            raise
        self.redis.kill()
        os.symlink(replica.socket, self.link + ".next")
        os.replace(self.link + ".next", self.link)
        replica.primary, self.redis = None, replica

    async def door(self, name, word, seconds=0.0):
        async with self.proxy_lock:
            self.proxy.stdin.write(f"{NODES.index(name)} {word} {seconds}\n".encode())
            await self.proxy.stdout.readline()

    def token(self, role, sub=None):
        words = [binary(), "token", "--data-dir", os.path.join(self.folder, "keys"), "--shop", SHOP, "--role", role, "--ttl", "8h"]
        done = subprocess.run(words + (["--sub", sub] if sub else []), env=clean_env(), capture_output=True, text=True, check=True)
        return done.stdout.strip()
