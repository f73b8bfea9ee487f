"""Who comes to the show: viewers, the payment stub, the warehouse, the host. Each asks until it is answered, under the same id, on the
other node when one is gone, and records what it asked and heard. See history.py for the records."""
import asyncio
import itertools

from lines import BROADCAST, NoAnswer, Socket, http
from stage import NODES

HOLD_MS = 10000  # the shortest there is
PRICES = {"hot": 990, "mug": 1290, "bowl": 2500, "ring": 4900, "counted": 300, "flag": 700, "scarf": 1500}
LIMITS = {"ring": 3}
FIRST_UNITS = {"hot": 25, "mug": 200000, "bowl": 200000, "ring": 5000, "counted": 400, "flag": 100000, "scarf": 100000}
NOT_KNOWN = {"unavailable", "overloaded"}  # said of a request that may have happened
ASK_LATER = {"rate_limited"}
MAY_CHANGE = {"hold_unknown", "recalled"}
UNKNOWN_WAIT_S = 12.0  # by then whatever was still under way has happened, or never will


class World:
    """What all clients share."""

    def __init__(self, stage, recorder, rng):
        self.stage, self.recorder, self.rng = stage, recorder, rng
        self.over = asyncio.Event()  # no new wishes
        self.tokens = {role: stage.token(role, sub) for role, sub in (("viewer", None), ("host", "hanna"), ("integrator", None))}
        self.sold = dict.fromkeys(PRICES, 0)  # acknowledged to the payment stub
        self.tasks = set()

    def port(self, node):
        return self.stage.nodes[node].port

    def other(self, node):
        return NODES[1 - NODES.index(node)] if self.rng.random() < 0.7 else node

    def spawn(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        return task

    async def nap(self, low, high):
        await asyncio.sleep(self.rng.uniform(low, high))

    # ---- one attempt, and all until there is an answer ----

    async def attempt(self, what, client, node, ask, asked):
        """`ask` sends and returns (how, what was heard). Returns the same."""
        op = self.recorder.invoke(what, client, node=node, **asked)
        try:
            how, heard = await ask()
        except NoAnswer as error:
            how, heard = "unknown", {"why": str(error)[:80]}
        self.recorder.end(how, op, **heard)
        return how, heard

    async def shop_asks(self, what, method, path, body, node=None, client="shop", **asked):
        """As the shop's own system, over HTTP."""
        node = node or self.rng.choice(NODES)
        while True:
            async def ask():
                return http_heard(*await http(self.port(node), method, path, body, self.tokens["integrator"]))
            how, heard = await self.attempt(what, client, node, ask, asked)
            if how != "unknown" and heard.get("code") not in ASK_LATER:
                return how, heard
            node = self.other(node)
            await self.nap(0.05, 0.3)


def hold_heard(hold):
    heard = {"state": hold["state"], "total": hold["total"]["amount"], "lines": [[line["sku"], line["qty"]] for line in hold["lines"]]}
    if hold["state"] == "held":
        heard |= {"expires_ms": hold["expires_ms"], "extends": 2 - hold["extends_left"]}
    return heard


def refused(code):
    return ("unknown" if code in NOT_KNOWN else "fail"), {"code": code}


def http_heard(status, body):
    if 200 <= status < 300:
        if "state" in body and "lines" in body:
            return "ok", hold_heard(body)
        return "ok", {key: body[key] for key in ("state", "ignored", "replayed") if key in body}
    if status >= 500:
        return "unknown", {"code": body.get("code", str(status))}
    return refused(body["code"])


def message_heard(message):
    if message["t"] == "hold":
        return "ok", hold_heard(message["d"])
    if message["t"] == "error":
        return refused(message["d"]["code"])
    return "ok", {"state": message.get("d", {}).get("state")}


# ---- the viewer ----

def reserve_command(hold, lines):
    return {"t": "reserve", "id": hold, "lines": [{"sku": sku, "qty": units} for sku, units in lines]}


class Viewer:
    def __init__(self, world, node, stays=False):
        self.world, self.rng = world, world.rng
        self.name, self.key, self.socket = "?", None, None
        self.node, self.stays, self.connecting = node, stays, asyncio.Lock()
        self.offers = asyncio.Queue()
        self.old, self.wishes = [], itertools.count()
        self.in_line, self.offered = set(), set()

    async def connect(self):
        async with self.connecting:
            while self.socket is None or not self.socket.is_open():
                try:
                    self.socket = await Socket.open(self.world.port(self.node), self.world.tokens["viewer"], self.on_push, self.key)
                    self.key, self.name = self.socket.viewer_key, self.socket.viewer
                except NoAnswer:
                    self.turn_away()
                    await self.world.nap(0.05, 0.3)

    def turn_away(self):
        if not self.stays:
            self.node = self.world.other(self.node)

    def on_push(self, message):
        if message["t"] != "hold":
            return
        hold = message["d"]
        self.world.recorder.write("push", client=self.name, hold=hold["hold"], **hold_heard(hold))
        if hold.get("offer") and hold["state"] == "held" and hold["hold"] not in self.offered:
            self.offered.add(hold["hold"])  # told again after a lost line
            self.offers.put_nowait(hold)

    async def insist(self, what, command, **asked):
        """(how, heard), how being ok or fail."""
        while True:
            await self.connect()
            socket, node = self.socket, self.node

            async def ask():
                return message_heard(await socket.ask(command))
            how, heard = await self.world.attempt(what, self.name, node, ask, asked)
            if how != "unknown" and heard.get("code") not in ASK_LATER:
                return how, heard
            if how == "unknown" and ("code" not in heard or self.rng.random() < 0.5):
                await socket.close()
                self.turn_away()
            await self.world.nap(0.02, 0.2)

    async def run(self):
        while not self.world.over.is_set():
            await self.connect()
            act = self.rng.random()
            if not self.offers.empty():
                await self.take_offer(self.offers.get_nowait())
            elif act < 0.04 and self.old:
                await self.repeat(self.rng.choice(self.old))
            elif act < 0.07 and self.in_line:
                await self.leave(self.rng.choice(sorted(self.in_line)))
            else:
                await self.wish()
            await self.world.nap(0, 0.05)

    def new_id(self):
        return "h_" + "".join(self.rng.choices("abcdefghijkmnpqrstuvwxyz23456789", k=20))

    def choose(self):
        if self.rng.random() < 0.3:
            return [[sku, self.rng.randint(1, 2)] for sku in self.rng.sample(["hot", "mug", "bowl", "flag", "scarf"], self.rng.randint(2, 3))]
        sku = self.rng.choices(["hot", "mug", "bowl", "ring", "counted", "flag", "scarf"], [33, 20, 12, 8, 8, 9, 10])[0]
        return [[sku, 1 if self.rng.random() < 0.8 else 2]]

    async def reserve(self, command, hold, lines):
        return await self.insist("reserve", command, hold=hold, lines=lines)

    async def probe(self, sku):
        """Buys until it was sold one."""
        heard = None
        while heard != "ok":
            hold = self.new_id()
            heard, _ = await self.reserve(reserve_command(hold, [[sku, 1]]), hold, [[sku, 1]])
        await self.socket.close()

    async def wish(self):
        hold, lines = self.new_id(), self.choose()
        total = sum(units * PRICES[sku] for sku, units in lines)
        done = asyncio.get_running_loop().create_future()  # tells the payment stub when the viewer knows
        early = self.rng.random() < 0.06
        if early:
            self.world.spawn(Payment(self.world, hold, total, lines, done).run("early"))
        command = reserve_command(hold, lines)
        how, heard = await self.reserve(command, hold, lines)
        done.set_result(how)
        self.old = self.old[-20:] + [(hold, lines, command)]
        if how == "ok" and heard["state"] == "held" and not early:
            await self.decide(hold, total, lines, heard)
        elif how == "fail" and heard["code"] in ("sold_out", "held_out") and self.rng.random() < 0.3:
            await self.join("hot", lines)

    async def decide(self, hold, total, lines, heard):
        act = self.rng.random()
        if act < 0.3:
            for _ in range(2 if act < 0.03 else 1):
                await self.insist("release", {"t": "release", "hold": hold}, hold=hold)
        elif act < 0.42:
            self.world.spawn(self.extend_later(hold))
        elif act < 0.47:
            await self.insist("checkout", {"t": "checkout", "hold": hold}, hold=hold)
        if 0.3 <= act < 0.85:  # the others let it expire
            mode = self.rng.choices(["prompt", "late", "twice", "wrong"], [60, 15, 15, 10])[0]
            done = asyncio.get_running_loop().create_future()
            done.set_result("ok")
            self.world.spawn(Payment(self.world, hold, total, lines, done).run(mode))

    async def extend_later(self, hold):
        await self.world.nap(1.5, 4)  # an extension that gains next to nothing is none
        await self.insist("extend", {"t": "extend", "hold": hold}, hold=hold, wish=next(self.wishes))

    async def repeat(self, before):
        """The same wish again: the same hold as it is now, or refused as before."""
        hold, lines, command = before
        if self.rng.random() < 0.5:
            await self.insist("reserve", command, hold=hold, lines=lines)
        else:
            await self.world.shop_asks("get", "GET", f"/v1/holds/{hold}", None, hold=hold)

    async def join(self, sku, lines):
        units = dict(lines).get(sku, 1)
        how, _ = await self.insist("join", {"t": "waitlist.join", "sku": sku, "qty": units}, sku=sku, units=units)
        if how == "ok":
            self.in_line.add(sku)

    async def leave(self, sku):
        self.in_line.discard(sku)
        await self.insist("leave", {"t": "waitlist.leave", "sku": sku}, sku=sku)

    async def take_offer(self, hold):
        lines = [[line["sku"], line["qty"]] for line in hold["lines"]]
        self.in_line.discard(lines[0][0])
        await self.decide(hold["hold"], hold["total"]["amount"], lines, hold)


# ---- the payment stub ----

class Payment:
    """Takes the money first, then tells the shop until it hears a word; gives the money back, once, when it was refused."""

    def __init__(self, world, hold, total, lines, viewer_knows):
        self.world, self.hold, self.total, self.lines, self.viewer_knows = world, hold, total, lines, viewer_knows
        self.order, self.last_unknown = "o-" + hold, 0.0

    async def run(self, mode):
        if mode == "late":
            await self.world.nap(HOLD_MS / 1000 - 1.5, HOLD_MS / 1000 + 1.5)
        if mode == "wrong":
            await self.confirm(self.total + 1)
        self.money("capture")
        ways = [self.until_said()]
        if mode == "twice":
            ways += [self.until_said(), self.until_said()]
        said = await asyncio.gather(*ways)
        if "ok" in said:
            for sku, units in self.lines:
                self.world.sold[sku] += units
        else:
            self.money("refund")

    def money(self, what):
        self.world.recorder.write("money", what=what, hold=self.hold, amount=self.total)

    async def confirm(self, amount):
        body = {"order": self.order, "amount": amount, "currency": "EUR"}
        return await self.world.shop_asks("confirm", "POST", f"/v1/holds/{self.hold}/confirm", body, client="stub", hold=self.hold,
                                          order=self.order, amount=amount)

    async def until_said(self):
        """A hold that is not known may be on its way, and one recalled may be let go on: its viewer's answer is waited for, and all that may
        still be under way."""
        loop = asyncio.get_running_loop()
        known_at = None
        while True:
            how, heard = await self.confirm(self.total)
            if heard.get("code") not in MAY_CHANGE:
                return how
            if known_at is None and self.viewer_knows.done():
                known_at = loop.time()
            if known_at is not None and loop.time() > known_at + UNKNOWN_WAIT_S:
                return how
            await self.world.nap(0.2, 1)


# ---- the warehouse ----

class Warehouse:
    def __init__(self, world):
        self.world, self.rng = world, world.rng
        self.refs, self.version, self.said = itertools.count(1), 0, []

    async def allocate(self, sku, units, ref):
        return await self.world.shop_asks("allocate", "POST", f"/v1/stock/{sku}/allocate", {"units": units, "ref": ref}, client="house",
                                          sku=sku, units=units, ref=ref)

    async def run(self):
        while not self.world.over.is_set():
            act = self.rng.random()
            if act < 0.5:
                await self.bring("hot", self.rng.randint(1, 6))
            elif act < 0.6:
                ref = f"w-{next(self.refs)}"
                await self.world.shop_asks("withdraw", "POST", "/v1/stock/mug/withdraw", {"units": 2, "ref": ref}, client="house",
                                           sku="mug", units=2, ref=ref)
            elif act < 0.85:
                await self.count()
            elif self.said:
                await self.sync(*self.rng.choice(self.said))  # late, and repeated
            await self.world.nap(0.05, 0.4)

    async def bring(self, sku, units):
        """One delivery, told once, or twice at the same time, or again later."""
        ref = f"po-{next(self.refs)}"
        times = 2 if self.rng.random() < 0.3 else 1
        await asyncio.gather(*[self.allocate(sku, units, ref) for _ in range(times)])
        if self.rng.random() < 0.2:
            await self.allocate(sku, units, ref)

    async def count(self):
        """The shelf was counted: now and then less is there than was thought."""
        self.version += 1
        gone = self.rng.randint(0, self.world.sold["counted"])
        said = (self.rng.randint(0, 400), gone, self.version)
        self.said = self.said[-5:] + [said]
        await self.sync(*said)

    async def sync(self, count, gone, version):
        await self.world.shop_asks("sync", "PUT", "/v1/stock/counted", {"count": count, "gone": gone, "version": version}, client="house",
                                   sku="counted", version=version, total=count + gone)


# ---- the host ----

class Host:
    """Stops and opens a product, recalls another, pauses and resumes the show; each until it is answered. Where an answer may be lost, no pauses: the show might
    stay paused for good."""

    def __init__(self, world, pauses=True):
        self.pauses = pauses
        self.world, self.rng, self.socket, self.node = world, world.rng, None, "a"
        self.wishes = itertools.count()

    async def insist(self, what, command, **asked):
        while True:
            try:
                if self.socket is None or not self.socket.is_open():
                    self.socket = await Socket.open(self.world.port(self.node), self.world.tokens["host"], lambda message: None)
                socket = self.socket

                async def ask():
                    return message_heard(await socket.ask(command))
                how, heard = await self.world.attempt(what, "host", self.node, ask, asked)
                if how != "unknown" and heard.get("code") not in ASK_LATER:
                    return how, heard
            except NoAnswer:
                pass
            self.node = self.world.other(self.node)
            await self.world.nap(0.05, 0.3)
            if self.socket is not None:
                await self.socket.close()

    async def run(self):
        recalls = iter(self.rng.choice((["cancel"], ["honour"], ["keep", "cancel"], ["keep", "honour"])))
        while not self.world.over.is_set():
            await self.world.nap(0.3, 1.5)
            if self.rng.random() < 0.2 and (mode := next(recalls, None)):
                command = {"t": "recall", "sku": "scarf", "text": "Do not wear it", "holds": mode}
                await self.insist("recall", command, sku="scarf", mode=mode)
            elif not self.pauses or self.rng.random() < 0.6:
                wish = next(self.wishes)
                await self.insist("stop", {"t": "stock.stop", "sku": "flag", "reason": "a crack"}, sku="flag", wish=wish)
                await self.world.nap(0.05, 0.5)
                await self.insist("open", {"t": "stock.open", "sku": "flag"}, sku="flag", wish=wish)
            else:
                await self.insist("pause", {"t": "pause"}, broadcast=BROADCAST)
                await self.world.nap(0.1, 0.7)
                await self.insist("resume", {"t": "resume"}, broadcast=BROADCAST)
