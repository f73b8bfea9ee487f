"""The faults are what they say: a power cut takes what was not synced and nothing else, a full disk is full, the proxy does as told."""
import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

from stage import HERE, Redis
from support import until

ENOSPC, EIO = 28, 5


class Disks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ls-hist-")
        self.addCleanup(shutil.rmtree, self.folder)

    def redis(self, durability):
        redis = Redis(self.folder, "redis", durability)
        self.addCleanup(redis.kill)
        self.start(redis)
        return redis

    def start(self, redis):
        redis.spawn()
        until("Redis", redis.answers)

    def test_a_power_cut_leaves_what_was_synced(self):
        redis = self.redis("fsync")
        for i in range(50):
            redis.ask("SET", i, "kept")
        redis.power_cut(random.Random(1))
        self.start(redis)
        self.assertEqual([redis.ask("GET", i) for i in range(50)], ["kept"] * 50)

    def test_a_power_cut_takes_what_was_not(self):
        redis = self.redis("relaxed")
        redis.ask("SET", "a", "kept")
        asyncio.run(redis.synced())
        self.assertEqual(redis.ask("SET", "b", "acknowledged"), "OK")
        self.assertGreater(redis.power_cut(random.Random(1)), 0)
        self.start(redis)
        self.assertEqual((redis.ask("GET", "a"), redis.ask("GET", "b")), ("kept", None))

    def test_a_rewritten_file_survives_a_power_cut(self):
        redis = self.redis("fsync")
        redis.ask("SET", "a", "kept")
        redis.ask("BGREWRITEAOF")
        until("the rewrite", lambda: "aof_rewrite_in_progress:0" in redis.ask("INFO", "persistence"))
        redis.ask("SET", "b", "kept")
        redis.power_cut(random.Random(1))
        self.start(redis)
        self.assertEqual((redis.ask("GET", "a"), redis.ask("GET", "b")), ("kept", "kept"))

    def test_a_torn_transaction_is_gone_for_good(self):
        redis = self.redis("fsync")
        three = "for i = 1, 3 do redis.call('SET', ARGV[1] .. i, string.rep('x', 100)) end return 1"
        redis.ask("EVAL", three, 0, "a")
        redis.ask("EVAL", three, 0, "b")
        redis.kill()
        folder = os.path.join(redis.folder, "appendonlydir")
        path = next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".incr.aof"))
        os.truncate(path, os.path.getsize(path) - 100)
        for _ in range(2):  # the second start is the one that would carry out what is left
            self.start(redis)
            self.assertEqual(sorted(redis.ask("KEYS", "[ab]*")), ["a1", "a2", "a3"])
            redis.ask("EVAL", three, 0, "c")
            redis.kill()

    def test_a_disk_that_fails_ends_a_redis_that_must_be_durable(self):
        for how in ({"write_errno": ENOSPC}, {"sync_errno": EIO}):
            redis = self.redis("fsync")
            redis.ask("SET", "a", "kept")
            redis.disk.fail(**how)
            with self.assertRaises((OSError, AssertionError, ValueError)):  # not acknowledged
                redis.ask("SET", "b", "x" * 1000)
            redis.process.wait(20)
            redis.disk.fail()
            self.start(redis)
            self.assertEqual(redis.ask("GET", "a"), "kept")
            redis.kill()
            shutil.rmtree(redis.folder)


class Proxies(unittest.TestCase):
    def test_the_proxy_does_as_told(self):
        with tempfile.TemporaryDirectory(prefix="ls-hist-") as folder:
            asyncio.run(self.talk(os.path.join(folder, "s")))

    async def talk(self, path):
        heard = []

        async def echo(reader, writer):
            while data := await reader.read(100):
                heard.append(data)
                writer.write(data)
        server = await asyncio.start_unix_server(echo, path)
        proxy = await asyncio.create_subprocess_exec(sys.executable, str(HERE / "proxy.py"), path, "1", stdin=subprocess.PIPE,
                                                     stdout=subprocess.PIPE)
        try:
            await asyncio.wait_for(self.words(int(await proxy.stdout.readline()), proxy, heard), 20)
        finally:
            proxy.kill()
            await proxy.wait()
            server.close()

    async def words(self, port, proxy, heard):
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"one")
        self.assertEqual(await reader.readexactly(3), b"one")
        await self.tell(proxy, b"0 delay 0.2\n")
        began = loop.time()
        writer.write(b"two")
        self.assertEqual(await reader.readexactly(3), b"two")
        self.assertGreater(loop.time() - began, 0.35)  # there and back
        await self.tell(proxy, b"0 deaf\n")
        writer.write(b"three")
        while heard[-1] != b"three":
            await asyncio.sleep(0.01)
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(reader.readexactly(1), 0.2)
        await self.tell(proxy, b"0 cut\n")
        with self.assertRaises(OSError):
            await reader.readexactly(1)
            raise AssertionError("not reset")
        await self.tell(proxy, b"0 open\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"four")
        self.assertEqual(await reader.readexactly(4), b"four")
        writer.close()

    async def tell(self, proxy, command):
        proxy.stdin.write(command)
        self.assertEqual(await proxy.stdout.readline(), b"done\n")


if __name__ == "__main__":
    unittest.main()
