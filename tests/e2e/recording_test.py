"""`liveshelf ledger export --recording`: a broadcast written as the estimator heard it, estimated again, and the same numbers come out."""
import json
import pathlib
import unittest

from support import Shop, main, run, until

PLAN = {"sites": [{"id": "W1", "share": 60}, {"id": "W2", "share": 40}],
        "waves": [{"id": "w1", "after_end_ms": 3600000}],
        "cartons": [{"id": "S", "size_mm": [200, 150, 120], "max_weight_g": 2000, "tare_g": 80}],
        "fill": 0.7, "cm3_per_kg": 5000, "tail_hours": 72}
QUANTILES = ("mean", "q05", "q25", "q50", "q75", "q95")


def fast():
    return Shop("--estimate-ms", "1000")


class Recording(unittest.TestCase):
    def estimate(self, shop, newer_than=0):
        """The newest estimate document, once there is one behind this seq."""
        def newest():
            found = shop.api("GET", "/v1/broadcasts/show/estimates").get("estimate")
            return found if found and found["seq"] > newer_than else None
        return until("an estimate", newest)

    def sell(self, shop):
        people = [shop.viewer() for _ in range(6)]
        holds = [viewer.reserve("mug-red")["re"] for viewer in people]
        cart = people[0].ask({"t": "reserve", "id": "h_cart", "lines": [{"sku": "mug-red", "qty": 1}, {"sku": "mug-blue", "qty": 2}]})
        self.assertEqual(cart["t"], "hold", cart)
        shop.confirm(holds[0], order="A-1")
        shop.confirm("h_cart", order="A-2", amount=3870)
        people[1].ask({"t": "release", "hold": holds[1]})
        return people, holds

    def recorded(self, shop, *words):
        done = run("ledger", "export", "--recording", "show", *words, "--data-dir", shop.data_dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def assert_same(self, lines, document, start_ms):
        """What is estimated at the moment of the document is what it said, but for rounding."""
        t = (document["as_of_ms"] - start_ms) / 1000
        done = run("estimate", "--at", f"{t:.3f}", stdin=lines)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {row["sku"]: row for row in map(json.loads, done.stdout.splitlines())}
        for told in [{"sku": "*", **document["total"]}, *document["skus"]]:
            row = rows[told["sku"]]
            for name in QUANTILES:
                self.assertAlmostEqual(row[name], told["units"][name], delta=0.051 + 1e-4 * abs(row[name]),
                                       msg=f"{told['sku']} {name} at {t} (tick {document['seq']})")
            self.assertEqual(row["confirmed"], told["firm"], (told["sku"], t))

    def test_the_same_numbers_come_out(self):
        with fast() as shop:
            shop.api("PUT", "/v1/logistics", PLAN)
            host = shop.host()
            documents = [self.estimate(shop)]
            while not documents[0]["waves"]:  # made before the plan was heard of: with other sites and waves, by other draws
                documents = [self.estimate(shop, documents[0]["seq"] + 1)]
            host.ask({"t": "pin.set", "slot": 0, "sku": "mug-red"})
            people, holds = self.sell(shop)
            documents.append(self.estimate(shop, documents[-1]["seq"] + 1))
            host.ask({"t": "stock.allocate", "sku": "mug-blue", "units": 5, "ref": "po-2"})
            shop.confirm(holds[2], order="A-3")
            documents.append(self.estimate(shop, documents[-1]["seq"] + 1))
            host.ask({"t": "end"})
            documents.append(self.estimate(shop, documents[-1]["seq"] + 1))
            start_ms = shop.api("GET", "/v1/broadcasts/show")["started_ms"]
            lines = self.recorded(shop)
            start = json.loads(lines.splitlines()[0])
            self.assertEqual((start["type"], start["broadcast"], start["start_ms"]), ("start", "show", start_ms))
            self.assertEqual(start["skus"][0]["stock"].keys(), {"W1", "W2"})
            types = [json.loads(line)["type"] for line in lines.splitlines()]
            self.assertLessEqual({"hold", "confirm", "release", "pin", "viewers", "stock", "end"}, set(types))
            for document in documents:
                self.assert_same(lines, document, start_ms)
            file = pathlib.Path(shop.data_dir, "show.jsonl")
            self.recorded(shop, "--out", str(file))
            self.assertTrue(file.read_text().startswith(lines))
            self.assertFalse(file.with_suffix(".jsonl.part").exists())
            for person in people:
                person.close()

    def test_what_cannot_be_recorded(self):
        with Shop(start=False) as shop:
            for words, code in ((["--recording", "show"], 3), (["--recording", "ghost"], 3), (["--recording", "a b"], 2),
                                (["--recording", "show", "--acknowledge"], 2), (["--recording", "show", "--after", "1-0"], 2)):
                done = run("ledger", "export", *words, "--data-dir", shop.data_dir)
                self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
            file = pathlib.Path(shop.data_dir, "show.jsonl")
            file.write_text("kept\n")
            done = run("ledger", "export", "--recording", "show", "--out", str(file), "--data-dir", shop.data_dir)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertEqual(file.read_text(), "kept\n")


if __name__ == "__main__":
    main()
