"""How clients talk to the shop: a WebSocket that matches answers to questions, and one HTTP request at a time."""
import asyncio
import contextlib
import json

import websockets

BROADCAST = "show"
CONNECT_S = 3.0
ANSWER_S = 4.0  # the shop itself gives up after three


class NoAnswer(Exception):
    """Asked, or not even that, and heard nothing: it may have happened."""


async def http(port, method, path, body=None, token=None, seconds=ANSWER_S):
    """(status, decoded body); NoAnswer when the line was refused, broke or stayed silent."""
    data = json.dumps(body).encode() if body is not None else b""
    head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close", f"Content-Length: {len(data)}"]
    head += [f"Authorization: Bearer {token}"] if token else []
    head += ["Content-Type: application/json"] if data else []
    writer = None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write("\r\n".join([*head, "", ""]).encode() + data)
            status = int((await reader.readuntil(b"\r\n")).split()[1])
            headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            size = next(int(line[15:]) for line in headers.split("\r\n") if line.startswith("content-length:"))
            return status, json.loads(await reader.readexactly(size) or b"null")
    except (OSError, TimeoutError, EOFError, IndexError, ValueError, StopIteration, asyncio.IncompleteReadError) as error:
        raise NoAnswer(repr(error)) from None
    finally:
        if writer is not None:
            writer.transport.abort()


class Socket:
    """A viewer or host on a broadcast. `on_push` hears what was not asked for."""

    def __init__(self, ws, on_push):
        self.ws, self.on_push, self.waiting, self.asked = ws, on_push, {}, 0
        self.viewer = self.viewer_key = None
        self.reading = asyncio.ensure_future(self.read())

    @staticmethod
    async def open(port, token, on_push, viewer_key=None):
        """NoAnswer when it does not come about."""
        try:
            async with asyncio.timeout(CONNECT_S):
                ws = await websockets.connect(f"ws://127.0.0.1:{port}/v1/broadcasts/{BROADCAST}/live", subprotocols=["liveshelf.v1"],
                                              compression=None, ping_interval=None, close_timeout=0.2, max_size=None)
                self = Socket(ws, on_push)
                hello = {"t": "hello", "token": token, **({"viewer_key": viewer_key} if viewer_key else {})}
                welcome = await self.ask(hello)
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise NoAnswer(repr(error)) from None
        if welcome["t"] != "welcome":
            await self.close()
            raise NoAnswer(str(welcome))
        self.viewer, self.viewer_key = welcome.get("viewer"), welcome.get("viewer_key")
        return self

    async def read(self):
        try:
            async for text in self.ws:
                message = json.loads(text)
                future = self.waiting.pop(message.get("re"), None)
                if future is not None and not future.done():
                    future.set_result(message)
                elif "re" not in message:
                    self.on_push(message)
        except websockets.ConnectionClosed:
            pass
        finally:
            for future in self.waiting.values():
                if not future.done():
                    future.set_result(None)
            self.waiting.clear()

    def is_open(self):
        return not self.reading.done()

    async def ask(self, command, seconds=ANSWER_S):
        self.asked += 1
        command = {"id": f"c{self.asked}", **command}
        if not self.is_open():
            raise NoAnswer("line lost before")
        future = self.waiting[command["id"]] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self.ws.send(json.dumps(command))
                answer = await future
        except (TimeoutError, OSError, websockets.ConnectionClosed) as error:
            raise NoAnswer(repr(error)) from None
        finally:
            self.waiting.pop(command["id"], None)
            future.cancel()
        if answer is None:
            raise NoAnswer("line lost")
        return answer

    async def close(self):
        self.reading.cancel()
        with contextlib.suppress(Exception):
            self.ws.transport.abort()
