"""`liveshelf audit`: the stock is what the ledger says, and a counter that somebody touched is found."""
import json
import os
import subprocess
import threading
import unittest

from support import CUES, Shop, main, run, until


class Private:
    """The stopped shop's own Redis, started for us: nobody but us touches it."""

    def __init__(self, shop):
        self.shop, self.folder = shop, os.path.join(shop.data_dir, "redis")
        self.url = "unix://" + os.path.join(self.folder, "redis.sock")

    def __enter__(self):
        self.process = subprocess.Popen(["redis-server", os.path.join(self.folder, "redis.conf")],
                                        stdout=subprocess.DEVNULL)
        until("Redis answers", self.answers)
        return self

    def answers(self):
        try:
            return self.ask("PING") == "PONG"
        except (OSError, AssertionError):
            return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def ask(self, *words):
        return self.shop.redis(*words)

    def audit(self):
        done = run("audit", "--json", "--redis-url", self.url)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)


class Audit(unittest.TestCase):
    def busy(self, shop):
        """A bit of everything: held, paid, given back, waited for, restocked, withdrawn."""
        shop.api("PUT", "/v1/broadcasts/show/run-of-show", {"cues": [*CUES, {
            "id": "c4", "title": "A teapot", "sku": "teapot", "slot": 2, "planned_units": 1, "minutes": 1}]})
        viewers = [shop.viewer() for _ in range(6)]
        holds = [viewer.reserve("mug-red")["re"] for viewer in viewers]
        shop.confirm(holds[0], order="A-0")
        viewers[1].ask({"t": "release", "hold": holds[1]})
        viewers[2].ask({"t": "extend", "hold": holds[2]})
        shop.api("POST", "/v1/stock/mug-red/withdraw", {"units": 3, "ref": "w-1"})
        shop.api("PUT", "/v1/stock/mug-blue", {"count": 7, "gone": 0, "version": 1})
        host = shop.host()
        for viewer in viewers:
            answer = viewer.ask({"t": "waitlist.join", "sku": "teapot", "qty": 1})
            self.assertNotEqual(answer["t"], "error", answer)
        viewers[-1].ask({"t": "waitlist.leave", "sku": "teapot"})
        shop.api("POST", "/v1/broadcasts/show/pause")
        shop.api("POST", "/v1/broadcasts/show/resume")
        self.assertEqual(host.ask({"t": "recall", "sku": "mug-blue", "text": "Cracks", "holds": "keep"})["t"], "ok")
        until("the clock goes on", lambda: "|0|" in (shop.redis("HGET", "ls:{demo.0}:f", "show") or ""))
        return holds

    def test_a_true_stock_and_a_touched_one(self):
        with Shop() as shop:
            self.busy(shop)
            done = shop.audit()
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            for sku in ("mug-red", "mug-blue"):
                self.assertIn(sku, done.stdout)
            self.assertEqual(shop.audit("--shop", "demo").returncode, 0)
            self.tamper(shop)
            done = shop.audit()
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("mug-red", done.stdout)

    def tamper(self, shop):
        """One unit more than there is, as a slip with redis-cli would leave it."""
        row = shop.redis("HGET", "ls:{demo.0}:c", "mug-red")
        first, rest = row.split(":", 1)
        shop.redis("HSET", "ls:{demo.0}:c", "mug-red", f"{int(first) + 1}:{rest}")

    def test_whatever_was_touched_is_named(self):
        """Each touch alone, and taken back again; the difference says where and what."""
        with Shop(stock={"mug-red": 40, "mug-blue": 40, "teapot": 1}) as shop:
            holds = self.busy(shop)
            run("ledger", "checkpoint", "--data-dir", shop.data_dir)
            self.assertEqual(shop.stop(), 0)
            held = next(hold for hold in holds[2:])
            with Private(shop) as redis:
                for touch in (self.counter, self.hold, self.hold_gone, self.timer, self.limit, self.place, self.wish,
                              self.clock, self.ref):
                    name = touch.__name__
                    key, expected = touch(redis, held)
                    self.assertEqual(redis.ask("RENAME", "kept", "ls:{demo.0}:" + key), "OK", name)
                    self.assertEqual(redis.audit()["differences"], [], f"{name} was not taken back")
                    self.assertTrue(expected, name)
                self.ledger_line(redis)

    def differs(self, redis, key, words, expected):
        """The key is kept aside, the command given: what the audit says must contain `expected`."""
        redis.ask("COPY", "ls:{demo.0}:" + key, "kept")
        redis.ask(*words)
        found = redis.audit()
        self.assertFalse(found["clean"], words)
        self.assertTrue(any(expected in text for text in found["differences"]), (expected, found["differences"]))
        return key, found["differences"]

    def counter(self, redis, _):
        row = redis.ask("HGET", "ls:{demo.0}:c", "mug-red").split(":")
        row[0], row[3] = str(int(row[0]) + 1), str(int(row[3]) + 1)  # adds up, and is wrong all the same
        return self.differs(redis, "c", ("HSET", "ls:{demo.0}:c", "mug-red", ":".join(row)), "counters: mug-red Redis says")

    def hold(self, redis, held):
        record = redis.ask("HGET", "ls:{demo.0}:h", held)
        return self.differs(redis, "h", ("HSET", "ls:{demo.0}:h", held, "C" + record[1:]),
                            f"holds: {held} is kept as confirmed")

    def hold_gone(self, redis, held):
        return self.differs(redis, "h", ("HDEL", "ls:{demo.0}:h", held), f"holds: {held} is open in the ledger and not kept")

    def timer(self, redis, held):
        member = next(m for m in redis.ask("ZRANGE", "ls:{demo.0}:x", 0, -1) if m[:2] == "t|" and held in m)
        late = int(redis.ask("ZSCORE", "ls:{demo.0}:x", member)) + 60000  # more than the pause took
        return self.differs(redis, "x", ("ZADD", "ls:{demo.0}:x", late, member), f"timers: {held} has none, or one")

    def limit(self, redis, _):
        field = redis.ask("HKEYS", "ls:{demo.0}:l")[0]
        return self.differs(redis, "l", ("HSET", "ls:{demo.0}:l", field, 7), f"limits: {field} counts 7, the ledger")

    def place(self, redis, _):
        return self.differs(redis, "w", ("ZADD", "ls:{demo.0}:w", 0, "teapot|0000000000009999"), "places are kept")

    def wish(self, redis, _):
        field = next(f for f in redis.ask("HKEYS", "ls:{demo.0}:y") if "|" in f)
        return self.differs(redis, "y", ("HDEL", "ls:{demo.0}:y", field), "is in line in the ledger and not kept")

    def clock(self, redis, _):
        stood, rest = redis.ask("HGET", "ls:{demo.0}:f", "show").split("|", 1)
        return self.differs(redis, "f", ("HSET", "ls:{demo.0}:f", "show", f"{int(stood) + 1}|{rest}"),
                            "clocks: show stood still for")

    def ref(self, redis, _):
        return self.differs(redis, "r", ("HDEL", "ls:{demo.0}:r", "mug-red/first-mug-red"),
                            "refs: mug-red/first-mug-red is in the ledger and not kept")

    def ledger_line(self, redis):
        """The whole ledger written again with one number changed, in a movement and then in the checkpoint."""
        entries = redis.ask("XRANGE", "ls:{demo.0}:g", "-", "+")
        self.assertTrue(entries[-1][1][3].startswith("checkpoint\n"))
        for at, before, after, expected in (
                (0, "allocated mug-red 40 ", "allocated mug-red 41 ", "mug-red the entry says"),
                (-1, "mug-red:1:1290:", "mug-red:2:1290:", "on other terms"),
                (-1, "kept h_", "kept i_", "which is not open")):
            index = at % len(entries)
            redis.ask("DEL", "ls:{demo.0}:g")
            for i, (name, fields) in enumerate(entries):
                changed = [field.replace(before, after, 1) if i == index else field for field in fields]
                self.assertTrue(i != index or changed != fields, before)
                redis.ask("XADD", "ls:{demo.0}:g", name, *changed)
            found = redis.audit()["differences"]
            self.assertTrue(any(entries[index][0] in text and expected in text for text in found), (expected, found))

    def test_it_runs_beside_selling_and_after_the_server_has_gone(self):
        with Shop("--messages-per-second-max", "1000", "--messages-burst-max", "1000", "--holds-per-viewer-max",
                  "1000", stock={"mug-red": 5000, "mug-blue": 1}) as shop:
            going = threading.Event()

            def sell():
                viewer = shop.viewer()
                while not going.is_set():
                    hold = viewer.reserve("mug-red")["re"]
                    viewer.ask({"t": "release", "hold": hold})

            sellers = [threading.Thread(target=sell) for _ in range(3)]
            for seller in sellers:
                seller.start()
            for _ in range(5):
                done = shop.audit()
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            going.set()
            for seller in sellers:
                seller.join()
            self.assertEqual(shop.stop(), 0)
            done = shop.audit()
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertNotIn("redis.sock", os.listdir(os.path.join(shop.data_dir, "redis")))

    def test_what_cannot_be_checked_says_so(self):
        self.assertEqual(run("audit", "--data-dir", "/nowhere/at/all").returncode, 3)
        self.assertEqual(run("audit", "--redis-url", "unix:///nowhere.sock").returncode, 3)
        self.assertEqual(run("audit", "--redis-url", "http://x").returncode, 2)
        with Shop(start=False) as shop:
            self.assertEqual(shop.audit("--shop", "a b").returncode, 2)
            self.assertEqual(shop.audit("--shop", "nobody").returncode, 3)


if __name__ == "__main__":
    main()
