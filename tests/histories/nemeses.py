"""What is done to the machines while they sell. Each fault is begun, lasts a while and is over; whatever it took away is back then.

Faults of one machine never overlap: a lock for each. `Nemeses.run(name)` records the fault and sees it through."""
import asyncio
import errno
import itertools
import os
import signal

from stage import NODES

STARTS_MAX_PER_S = 20.0


class Nemeses:
    def __init__(self, stage, recorder, rng):
        self.stage, self.recorder, self.rng = stage, recorder, rng
        self.locks = {name: asyncio.Lock() for name in (*NODES, "redis")}
        self.doors = {name: asyncio.Lock() for name in NODES}
        self.numbers = itertools.count(1)

    async def run(self, name):
        await getattr(self, name)()

    # ---- how a fault is told ----

    def begin(self, name, **more):
        n = next(self.numbers)
        self.recorder.write("fault", n=n, name=name, phase="begin", **more)
        return n

    def end(self, n, name, **more):
        self.recorder.write("fault", n=n, name=name, phase="end", **more)

    async def nap(self, low, high):
        await asyncio.sleep(self.rng.uniform(low, high))

    # ---- nodes ----

    async def node_kill(self):
        name = self.rng.choice(NODES)
        async with self.locks[name]:
            n = self.begin("node_kill", node=name)
            await self.stage.nodes[name].kill()
            await self.nap(0, 1)
            await self.stage.nodes[name].start()
            self.end(n, "node_kill")

    async def node_restart(self):
        """As an update does: SIGTERM, drain, start."""
        name = self.rng.choice(NODES)
        async with self.locks[name]:
            n = self.begin("node_restart", node=name)
            await self.stage.nodes[name].stop()
            await self.stage.nodes[name].start()
            self.end(n, "node_restart")

    async def node_stop(self):
        name = self.rng.choice(NODES)
        async with self.locks[name]:
            n = self.begin("node_stop", node=name)
            self.stage.nodes[name].signal(signal.SIGSTOP)
            await self.nap(0.1, 5)
            self.stage.nodes[name].signal(signal.SIGCONT)
            self.end(n, "node_stop")

    # ---- Redis ----

    async def redis_kill(self):
        async with self.locks["redis"]:
            n = self.begin("redis_kill")
            self.stage.redis.kill()
            await self.nap(0, 0.5)
            await self.stage.redis.start()
            self.end(n, "redis_kill")

    async def power_cut(self):
        """The machine of Redis: what was not synced is gone."""
        async with self.locks["redis"]:
            n = self.begin("power_cut")
            lost = self.stage.redis.power_cut(self.rng)
            await self.nap(0, 0.5)
            await self.stage.redis.start()
            self.end(n, "power_cut", bytes_lost=lost)

    async def kill_and_cut(self):
        """Killed with writes in the kernel that no sync has covered; started again, it knows of them; and then the power goes."""
        async with self.locks["redis"]:
            n = self.begin("kill_and_cut")
            redis = self.stage.redis
            redis.disk.fail(stalls=1)
            await self.nap(0.01, 0.1)
            redis.kill()
            redis.disk.fail()
            await redis.start()
            await self.nap(0, 0.15)
            lost = redis.power_cut(self.rng)
            await redis.start()
            self.end(n, "kill_and_cut", bytes_lost=lost)

    async def blackout(self):
        """All machines at once: what nodes remember is gone as well."""
        async with self.locks["a"], self.locks["b"], self.locks["redis"]:
            n = self.begin("blackout")
            lost = self.stage.redis.power_cut(self.rng)
            await asyncio.gather(*[self.stage.nodes[name].kill() for name in NODES])
            await self.stage.redis.start()
            await asyncio.gather(*[self.stage.nodes[name].start() for name in NODES])
            self.end(n, "blackout", bytes_lost=lost)

    async def fail_over(self):
        """A replica takes over without the last moments: the nodes put back what they promised."""
        async with self.locks["redis"]:
            n = self.begin("fail_over")
            await self.stage.fail_over(self.rng.uniform(0.02, 0.5))
            self.end(n, "fail_over")

    async def redis_stop(self):
        async with self.locks["redis"]:
            n = self.begin("redis_stop")
            os.kill(self.stage.redis.process.pid, signal.SIGSTOP)
            await self.nap(0.1, 5)
            os.kill(self.stage.redis.process.pid, signal.SIGCONT)
            self.end(n, "redis_stop")

    async def disk_full(self):
        await self.disk_fails("disk_full", write_errno=errno.ENOSPC)

    async def disk_error(self):
        await self.disk_fails("disk_error", sync_errno=errno.EIO)

    async def disk_fails(self, name, **how):
        """Redis ends itself where it must not go on, and is started again, as a supervisor would, on a disk that still fails."""
        async with self.locks["redis"]:
            redis = self.stage.redis
            n = self.begin(name)
            redis.disk.fail(**how)
            over = asyncio.get_running_loop().time() + self.rng.uniform(0.2, 2)
            while asyncio.get_running_loop().time() < over:
                if redis.process.poll() is not None:
                    redis.spawn()
                await asyncio.sleep(1 / STARTS_MAX_PER_S)
            redis.disk.fail()
            if redis.process.poll() is not None or not redis.answers():
                await redis.start_again()
            self.end(n, name)

    async def aof_rewrite(self):
        async with self.locks["redis"]:
            n = self.begin("aof_rewrite")
            await self.redis_asks("BGREWRITEAOF")
            async with asyncio.timeout(20):
                while "aof_rewrite_in_progress:1" in await self.redis_asks("INFO", "persistence"):
                    await asyncio.sleep(0.02)
            self.end(n, "aof_rewrite")

    async def function_replace(self):
        async with self.locks["redis"]:
            n = self.begin("function_replace")
            for library in await self.redis_asks("FUNCTION", "LIST", "WITHCODE"):
                await self.redis_asks("FUNCTION", "LOAD", "REPLACE", dict(zip(library[::2], library[1::2]))["library_code"])
            self.end(n, "function_replace")

    async def function_flush(self):
        """Functions can be lost like data; nothing else is."""
        async with self.locks["redis"]:
            n = self.begin("function_flush")
            await self.redis_asks("FUNCTION", "FLUSH")
            self.end(n, "function_flush")

    async def restart_without_functions(self):
        async with self.locks["redis"]:
            n = self.begin("restart_without_functions")
            await self.redis_asks("FUNCTION", "FLUSH")
            self.stage.redis.kill()
            await self.stage.redis.start()
            self.end(n, "restart_without_functions")

    async def redis_asks(self, *words):
        return await asyncio.to_thread(self.stage.redis.ask, *words)

    # ---- the network between a node and Redis ----

    async def net(self, name, word, low, high, seconds=0.0):
        node = self.rng.choice(NODES)
        async with self.doors[node]:
            n = self.begin(name, node=node)
            await self.stage.door(node, word, seconds)
            await self.nap(low, high)
            await self.stage.door(node, "cut")   # lines that stood still do not come back to life
            await self.stage.door(node, "open")
            self.end(n, name)

    async def net_cut(self):
        await self.net("net_cut", "cut", 0, 1.5)

    async def net_hang(self):
        await self.net("net_hang", "hang", 0.2, 4)

    async def net_deaf(self):
        await self.net("net_deaf", "deaf", 0.2, 3)

    async def net_delay(self):
        await self.net("net_delay", "delay", 0.5, 3, self.rng.uniform(0.02, 0.6))


ALL = ["node_kill", "node_restart", "node_stop", "redis_kill", "power_cut", "kill_and_cut", "blackout", "redis_stop", "disk_full", "disk_error",
       "aof_rewrite", "function_replace", "function_flush", "restart_without_functions", "net_cut", "net_hang", "net_deaf", "net_delay"]
# Alone: what it takes away is in the memory of the nodes, and comes back only from there, in another order.
LOSING = ["fail_over"]
