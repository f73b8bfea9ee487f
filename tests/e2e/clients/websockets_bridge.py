"""A WebSocket of Python's `websockets`, told what to do by lines of JSON on standard input and telling what happens on standard
output. The other bridge of this folder has the same words; foreign.py speaks them."""
import asyncio
import json
import ssl
import sys

import websockets


def tell(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Bridge:
    def __init__(self):
        self.socket, self.reader, self.waiting = None, None, set()

    async def open(self, url, protocol, origin=None, ca=None):
        context = ssl.create_default_context(cafile=ca) if ca else None
        try:
            self.socket = await websockets.connect(url, subprotocols=[protocol], origin=origin, ssl=context, max_size=None,
                                                   ping_interval=None)
        except Exception as error:  # of two generations of the library: InvalidStatusCode, InvalidStatus
            answer = getattr(error, "response", error)
            status = getattr(answer, "status_code", None)
            if status is None:
                tell(event="error", text=str(error))
            else:
                tell(event="refused", status=status, retry_after=answer.headers.get("Retry-After"))
            return
        tell(event="open", protocol=self.socket.subprotocol, extensions="")
        self.reader = asyncio.create_task(self.read(self.socket))

    async def read(self, socket):
        try:
            while True:
                message = await socket.recv()
                binary = isinstance(message, bytes)
                tell(event="message", text=message.decode("utf-8", "replace") if binary else message, binary=binary)
        except websockets.ConnectionClosed:
            await socket.wait_closed()
            tell(event="closed", code=socket.close_code, reason=socket.close_reason or "")

    async def send(self, text):
        await self.socket.send(text)

    async def fragments(self, parts):
        await self.socket.send(iter(parts))

    async def ping(self, text):
        pong = await self.socket.ping(text)
        task = asyncio.create_task(self.pong(pong, text))
        self.waiting.add(task)
        task.add_done_callback(self.waiting.discard)

    async def pong(self, pong, text):
        await pong
        tell(event="pong", text=text)

    async def close(self, code=1000, reason=""):
        await self.socket.close(code, reason)

    async def cut(self):
        self.socket.transport.abort()


async def main():
    bridge, orders = Bridge(), asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        await getattr(bridge, order.pop("do"))(**order)


asyncio.run(main())
