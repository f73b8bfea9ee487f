"""Stand-ins that sell as many shops do, to see the checker find them; and one that does it right, to see it find nothing there.

Each takes `ask` (one command to Redis) and keeps a list `told` of what it did, its ledger: "kind id viewer ms". Their clients are impatient: an answer
in five gets lost, and is asked for again under the same id."""
import threading
import time

from history import Entry, move_hold, move_stock

UNITS, PRICE, SKU = 40, 500, "mug"


class Naive:
    def __init__(self, ask):
        self.ask = ask
        ask("SET", "stock", UNITS)

    def tell(self, kind, hold, viewer):
        self.ask("RPUSH", "told", f"{kind} {hold} {viewer} {time.time() * 1000:.3f}")


class ReadsThenWrites(Naive):
    """Is there one? Then one less. Between the two, others read the same."""

    def reserve(self, hold, viewer):
        left = int(self.ask("GET", "stock"))
        if left < 1:
            return "sold_out"
        self.ask("SET", "stock", left - 1)
        self.tell("reserved", hold, viewer)
        return "ok"

    def release(self, hold, viewer):
        self.ask("SET", "stock", int(self.ask("GET", "stock")) + 1)
        self.tell("released", hold, viewer)
        return "ok"

    def confirm(self, hold, viewer):
        self.tell("confirmed", hold, viewer)
        return "ok"


class DecrementsThenLooks(ReadsThenWrites):
    """The counter is atomic, and a repeated wish is known by its id; but no hold knows its state, so what is given back twice is sold
    twice."""

    def reserve(self, hold, viewer):
        if not self.ask("SET", "seen-" + hold, 1, "NX"):
            return "ok"
        if int(self.ask("DECR", "stock")) < 0:
            self.ask("INCR", "stock")
            return "sold_out"
        self.tell("reserved", hold, viewer)
        return "ok"

    def release(self, hold, viewer):
        self.ask("INCR", "stock")
        self.tell("released", hold, viewer)
        return "ok"


class OneStep(Naive):
    """State, count and ledger in one script: a repeat changes nothing."""
    SCRIPT = """
        local hold, from, to, move, told = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
        local state = redis.call('HGET', 'holds', hold) or ''
        if state == to then return 'ok' end
        if state ~= from then return 'conflict' end
        if move < 0 and tonumber(redis.call('GET', 'stock')) < -move then return 'sold_out' end
        redis.call('INCRBY', 'stock', move)
        redis.call('HSET', 'holds', hold, to)
        local t = redis.call('TIME')
        redis.call('RPUSH', 'told', told .. ' ' .. string.format('%.3f', t[1] * 1000 + t[2] / 1000))
        return 'ok'"""

    def step(self, kind, hold, viewer, before, after, move):
        return self.ask("EVAL", self.SCRIPT, 0, hold, before, after, move, f"{kind} {hold} {viewer}")

    def reserve(self, hold, viewer):
        return self.step("reserved", hold, viewer, "", "held", -1)

    def release(self, hold, viewer):
        return self.step("released", hold, viewer, "held", "released", 1)

    def confirm(self, hold, viewer):
        return self.step("confirmed", hold, viewer, "held", "confirmed", 0)


class Crowd:
    """Threads that want, and pay or let go, each until it has heard an answer."""

    def __init__(self, shop, recorder, rng):
        self.shop, self.recorder, self.rng, self.lock = shop, recorder, rng, threading.Lock()

    def insist(self, what, hold, viewer, state, **asked):
        while True:
            with self.lock:
                op = self.recorder.invoke(what, viewer, hold=hold, **asked)
            said = getattr(self.shop, what)(hold, viewer)
            with self.lock:
                heard = {"state": state} if said == "ok" else {"code": said}
                if self.rng.random() < 0.2:
                    self.recorder.end("unknown", op)
                    continue
                self.recorder.end("ok" if said == "ok" else "fail", op, **heard)
            return said == "ok"

    def buy(self, viewer, times):
        for i in range(times):
            hold = f"h-{viewer}-{i}"
            if not self.insist("reserve", hold, viewer, "held", lines=[[SKU, 1]]):
                continue
            if self.rng.random() < 0.5:
                self.insist("release", hold, viewer, "released")
            else:
                with self.lock:
                    self.recorder.write("money", what="capture", hold=hold, amount=PRICE)
                self.insist("confirm", hold, viewer, "confirmed", order="o-" + hold, amount=PRICE)

    def run(self, viewers=8, times=40):
        op = self.recorder.invoke("allocate", "house", sku=SKU, units=UNITS, ref="first")
        self.recorder.end("ok", op)
        threads = [threading.Thread(target=self.buy, args=(f"v{i}", times)) for i in range(viewers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def told_entries(ask, began_ms):
    entries = [Entry("0-0", began_ms, [move_stock("allocated", SKU, UNITS, ref="first")], {})]
    for i, text in enumerate(ask("LRANGE", "told", 0, -1), 1):
        kind, hold, viewer, ms = text.split(" ")
        move = move_hold(kind, hold, viewer, [(SKU, 1, PRICE)], expires=float("inf"), order="o-" + hold)
        entries.append(Entry(f"{i}-0", float(ms), [move], {}))
    return entries
