"""Stands between the nodes and Redis, one door per node, and misbehaves on command. A process of its own: it must not stop when the
round's clients are busy.

    proxy.py REDIS_SOCKET DOORS

Prints the port of each door. Commands on standard input, one per line, each answered with a line: `DOOR WORD [SECONDS]` with
    open    passes everything on (as at the start); lines cut stay cut
    cut     resets all lines, and every new one at once
    hang    passes nothing on, neither way, and says nothing: lines that are half open
    deaf    passes commands on and no answers: what was asked happens, and nobody hears of it
    delay   passes everything on, SECONDS late
"""
import asyncio
import collections
import socket
import struct
import sys


class Door:
    def __init__(self):
        self.word, self.delay = "open", 0.0
        self.lines = set()
        self.changed = asyncio.Event()

    def set(self, word, delay):
        self.word, self.delay = word, delay
        self.changed.set()
        self.changed = asyncio.Event()
        if word == "cut":
            for line in list(self.lines):
                line.reset()

    async def may_pass(self, is_answer):
        while self.word == "hang" or (self.word == "deaf" and is_answer):
            await self.changed.wait()


class Line:
    """One connection and its other end in Redis."""

    def __init__(self, door, writers):
        self.door, self.writers = door, writers
        door.lines.add(self)

    def reset(self):
        for writer in self.writers:
            sock = writer.get_extra_info("socket")
            if sock.family == socket.AF_INET and not writer.transport.is_closing():
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self.door.lines.discard(self)

    async def carry(self, reader, writer, is_answer):
        """Reading goes on while what was read waits for its time, so that a delay is a delay and no narrower pipe."""
        queue, loop = collections.deque(), asyncio.get_running_loop()
        more = asyncio.Event()

        async def read():
            while data := await reader.read(65536):
                queue.append((loop.time() + self.door.delay, data))
                more.set()
            queue.append((loop.time() + self.door.delay, b""))
            more.set()

        reading = asyncio.ensure_future(read())
        try:
            while True:
                while not queue:
                    more.clear()
                    if reading.done():
                        return
                    waits = asyncio.ensure_future(more.wait())
                    await asyncio.wait({waits, reading}, return_when=asyncio.FIRST_COMPLETED)
                    waits.cancel()
                due, data = queue.popleft()
                await asyncio.sleep(max(0, due - loop.time()))
                await self.door.may_pass(is_answer)
                if not data:
                    return
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            reading.cancel()
            self.reset()


async def serve(door, path):
    async def connected(reader, writer):
        if door.word == "cut":
            Line(door, [writer]).reset()
            return
        try:
            redis_reader, redis_writer = await asyncio.open_unix_connection(path)
        except OSError:
            Line(door, [writer]).reset()
            return
        line = Line(door, [writer, redis_writer])
        await asyncio.gather(line.carry(reader, redis_writer, False), line.carry(redis_reader, writer, True))

    return await asyncio.start_server(connected, "127.0.0.1", 0)


async def main():
    path, doors = sys.argv[1], [Door() for _ in range(int(sys.argv[2]))]
    servers = [await serve(door, path) for door in doors]
    print(*[server.sockets[0].getsockname()[1] for server in servers], flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := (await commands.readline()).decode().split():
        doors[int(line[0])].set(line[1], float(line[2]) if len(line) > 2 else 0.0)
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
