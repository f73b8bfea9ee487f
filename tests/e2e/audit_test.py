"""`liveshelf audit`: the stock is what the ledger says, and a counter that somebody touched is found."""
import os
import threading
import unittest

from support import Shop, main, run


class Audit(unittest.TestCase):
    def busy(self, shop):
        """A bit of everything: held, paid, given back, waited for, restocked, withdrawn."""
        viewers = [shop.viewer() for _ in range(6)]
        holds = [viewer.reserve("mug-red")["re"] for viewer in viewers]
        shop.confirm(holds[0], order="A-0")
        viewers[1].ask({"t": "release", "hold": holds[1]})
        viewers[2].ask({"t": "extend", "hold": holds[2]})
        shop.api("POST", "/v1/stock/mug-red/withdraw", {"units": 3, "ref": "w-1"})
        shop.api("PUT", "/v1/stock/mug-blue", {"count": 7, "gone": 0, "version": 1})
        for viewer in viewers:
            viewer.ask({"t": "waitlist.join", "sku": "teapot", "qty": 1})
        viewers[0].ask({"t": "waitlist.leave", "sku": "teapot"})
        return viewers

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
        touched = 0
        for key in shop.redis("KEYS", "*"):
            if shop.redis("TYPE", key) != "hash":
                continue
            value = shop.redis("HGET", key, "mug-red")
            if value and value.count(":") >= 3:
                first, rest = value.split(":", 1)
                shop.redis("HSET", key, "mug-red", f"{int(first) + 1}:{rest}")
                touched += 1
        self.assertEqual(touched, 1)

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
