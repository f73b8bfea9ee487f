"""`liveshelf ledger`: exported, folded again by a reader of our own, cut at a checkpoint; and nothing is forgotten."""
import json
import os
import pathlib
import sys
import unittest

from support import ROOT, Shop, main, run

sys.path.insert(0, str(ROOT / "tests/unit/ws/wire"))
from check_protocol import Schemas  # noqa: E402

SCHEMAS = Schemas(json.loads((ROOT / "docs/ledger/schema.json").read_text(encoding="utf-8")))

# What a movement of a hold does to the counts: (from, to).
MOVES = {"reserved": ("available", "held"), "offered": ("available", "held"), "confirmed": ("held", "sold"),
         "retaken": ("available", "sold"), "released": ("held", "available"), "expired": ("held", "available"),
         "recalled": ("held", "available")}


class Fold:
    """A shop's stock, out of the lines of an archive and nothing else."""

    def __init__(self):
        self.counts, self.holds, self.ids = {}, {}, []

    def of(self, sku):
        return self.counts.setdefault(sku, {"allocated": 0, "available": 0, "held": 0, "sold": 0})

    def begin(self, entry):
        self.counts = {count["sku"]: {key: count[key] for key in ("allocated", "available", "held", "sold")}
                       for count in entry["counts"]}
        self.holds = {move["hold"]["id"]: move["hold"] for move in entry["movements"] if move["kind"] == "kept"}

    def move(self, movement):
        kind = movement["kind"]
        if "hold" in movement:
            self.holds[movement["hold"]["id"]] = movement["hold"]
            before, after = MOVES.get(kind, (None, None))
            for line in movement["hold"]["lines"] if before else []:
                self.of(line["sku"])[before] -= line["units"]
                self.of(line["sku"])[after] += line["units"]
        elif kind in ("allocated", "withdrawn", "synced"):
            units = -movement["units"] if kind == "withdrawn" else movement["units"]
            self.of(movement["sku"])["allocated"] += units
            self.of(movement["sku"])["available"] += units

    def line(self, text):
        entry = json.loads(text)
        faults = list(SCHEMAS.faults(entry, "entry"))
        assert not faults, (faults, text)
        if entry["checkpoint"] and not self.ids:
            self.begin(entry)
        elif not entry["checkpoint"]:
            for movement in entry["movements"]:
                self.move(movement)
        for count in entry["counts"]:
            assert self.of(count["sku"]).items() <= count.items(), (self.of(count["sku"]), count)
        self.ids.append(tuple(map(int, entry["id"].split("-"))))

    def open_holds(self):
        return {hold for hold, what in self.holds.items() if what["state"] == "held"}


def fold(text):
    """The archive's stock; every line fits the schema and grows."""
    folded = Fold()
    for line in text.splitlines():
        folded.line(line)
    assert folded.ids == sorted(set(folded.ids))
    return folded


class Ledger(unittest.TestCase):
    def ledger(self, shop, *words, code=0):
        done = run("ledger", *words, "--data-dir", shop.data_dir)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def assert_same_stock(self, shop, folded):
        rows = {row["sku"]: row for row in shop.api("GET", "/v1/stock")["stock"]}
        self.assertEqual(sorted(rows), sorted(folded.counts))
        for sku, counts in folded.counts.items():
            self.assertEqual({key: rows[sku][key] for key in counts}, counts, sku)

    def sell(self, shop, viewers=4):
        """Held, paid, given back, waited for, a pause. The ids of the holds that stay open."""
        people = [shop.viewer() for _ in range(viewers)]
        holds = [viewer.reserve("mug-red")["re"] for viewer in people]
        shop.confirm(holds[0], order="A-" + holds[0])
        people[1].ask({"t": "release", "hold": holds[1]})
        people[2].ask({"t": "extend", "hold": holds[2]})
        shop.api("PUT", "/v1/stock/mug-blue", {"count": 7, "gone": 0, "version": len(shop.tokens) + shop.counts("mug-blue")["sold"] + 1})
        shop.api("POST", "/v1/broadcasts/show/pause")
        shop.api("POST", "/v1/broadcasts/show/resume")
        for viewer in people:
            viewer.close()
        return set(holds[2:])

    def test_an_archive_is_the_stock(self):
        with Shop() as shop:
            open_holds = self.sell(shop)
            text = run("ledger", "export", "--data-dir", shop.data_dir).stdout
            folded = fold(text)
            self.assert_same_stock(shop, folded)
            self.assertEqual(folded.open_holds(), open_holds)
            file = pathlib.Path(shop.data_dir, "a.jsonl")
            self.ledger(shop, "export", "--out", str(file))
            first = file.read_text()
            self.assertEqual(first[:len(text)], text)
            self.assertIn("0 entries written", self.ledger(shop, "export", "--out", str(file)))
            open_holds |= self.sell(shop)
            self.ledger(shop, "export", "--out", str(file))
            self.assertTrue(file.read_text().startswith(first))
            self.assertEqual(fold(file.read_text()).open_holds(), open_holds)
            self.assert_same_stock(shop, fold(file.read_text()))
            self.assertEqual(run("ledger", "export", "--data-dir", shop.data_dir).stdout, file.read_text())
            last = json.loads(first.splitlines()[-1])["id"]
            self.assertEqual(first + self.ledger(shop, "export", "--after", last), file.read_text())
            self.assertEqual(sorted(os.listdir(shop.data_dir)), sorted({*os.listdir(shop.data_dir)} - {"a.jsonl.part"}))

    def test_cut_and_nothing_is_forgotten(self):
        with Shop() as shop:
            open_holds = self.sell(shop)
            file = str(pathlib.Path(shop.data_dir, "a.jsonl"))
            self.assertIn("nothing cut", self.ledger(shop, "trim", "--shop", "demo"))  # nothing is 30 days old
            self.assertIn("--acknowledge", self.ledger(shop, "trim", "--keep", "0", "--unsettled", code=1))
            self.assertIn("checkpoint ", self.ledger(shop, "checkpoint"))
            self.assertIn("nothing of it is acknowledged", self.ledger(shop, "trim", "--keep", "0", "--unsettled", code=1))
            self.ledger(shop, "export", "--out", file)
            self.assertIn("nothing of it is acknowledged", self.ledger(shop, "trim", "--keep", "0", "--unsettled", code=1))
            self.ledger(shop, "export", "--out", file, "--acknowledge")
            open_holds |= self.sell(shop)  # not archived yet: stays
            before = shop.redis("XLEN", "ls:{demo.0}:g")
            self.assertIn("broadcast show is not settled", self.ledger(shop, "trim", "--keep", "0", code=1))
            self.assertGreaterEqual(shop.redis("XLEN", "ls:{demo.0}:g"), before)
            said = self.ledger(shop, "trim", "--keep", "0", "--unsettled")
            self.assertIn("the ledger begins with checkpoint", said)
            self.assertLess(shop.redis("XLEN", "ls:{demo.0}:g"), before)
            self.assertIn("nothing cut", self.ledger(shop, "trim", "--keep", "0", "--unsettled"))
            done = shop.audit()
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("begun at a checkpoint", done.stdout)
            self.assertEqual(shop.stop(), 0)
            shop.start()
            self.came_back(shop, open_holds)
            self.ledger(shop, "export", "--out", file, "--acknowledge")
            whole = fold(pathlib.Path(file).read_text())
            self.assert_same_stock(shop, whole)
            rest = fold(run("ledger", "export", "--data-dir", shop.data_dir).stdout)
            self.assertEqual(rest.counts, whole.counts)
            self.assertEqual(rest.open_holds(), whole.open_holds())
            self.assertEqual(shop.stop(), 0)
            self.assertIn("0 entries written", self.ledger(shop, "export", "--out", file))  # without an instance

    def came_back(self, shop, open_holds):
        """The holds from before the cut are open, can be paid, and the audit is clean."""
        for hold in open_holds:
            got = shop.api("GET", f"/v1/holds/{hold}")
            self.assertEqual(got["state"], "held", got)
        paid = sorted(open_holds)[0]
        self.assertEqual(shop.confirm(paid, order="B-1")[0], 200)
        self.sell(shop)
        done = shop.audit("--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        found = json.loads(done.stdout)
        self.assertTrue(found["clean"] and found["begins_at_checkpoint"])
        for row in found["skus"]:
            self.assertEqual(row["available"] + row["held"] + row["sold"], row["allocated"])

    def test_acknowledged_is_only_what_an_archive_has(self):
        with Shop(start=False) as shop:
            folder = pathlib.Path(shop.data_dir)
            self.assertIn("--acknowledge needs --out", self.ledger(shop, "export", "--acknowledge", code=2))
            first = json.loads(self.ledger(shop, "export").splitlines()[0])["id"]
            late = str(folder / "late.jsonl")
            self.assertIn("not acknowledged", self.ledger(shop, "export", "--after", first, "--out", late,
                                                          "--acknowledge", code=1))
            self.assertFalse(os.path.exists(late))
            self.ledger(shop, "export", "--after", first, "--out", late)
            self.assertIn("not acknowledged", self.ledger(shop, "export", "--out", late, "--acknowledge", code=1))
            self.ledger(shop, "export", "--out", str(folder / "a.jsonl"), "--acknowledge")
            self.ledger(shop, "export", "--out", late, "--acknowledge")  # nothing is missing any more
            future = str(folder / "future.jsonl")  # what has not happened yet is in no archive
            self.assertIn("nothing behind", self.ledger(shop, "export", "--after", "9999999999999-0", "--out", future,
                                                        "--acknowledge", code=1))
            self.assertFalse(os.path.exists(future))
            shop.api("POST", "/v1/stock/teapot/allocate", {"units": 1, "ref": "more"})
            next_file = folder / "b.jsonl"
            self.ledger(shop, "export", "--after", "acknowledged", "--out", str(next_file), "--acknowledge")
            self.assertEqual(len(next_file.read_text().splitlines()), 1)

    def test_an_archive_that_does_not_fit_is_left_alone(self):
        with Shop(start=False) as shop:
            file = pathlib.Path(shop.data_dir, "a.jsonl")
            self.ledger(shop, "export", "--out", str(file))
            good = file.read_text()
            for wrong, why in ((good[:-5], "does not end with a whole line"), (good + "{}\n", "is no archive"),
                               (good.replace('"demo"', '"other"'), "is the ledger of shop other"),
                               (good[:good.rindex('"ref":"')] + '"ref":"X' + good[good.rindex('"ref":"') + 8:],
                                "is not in the ledger")):
                file.write_text(wrong)
                said = run("ledger", "export", "--out", str(file), "--data-dir", shop.data_dir)
                self.assertIn(why, said.stderr)
                self.assertIn(said.returncode, (1, 2))
                self.assertEqual(file.read_text(), wrong)
            file.write_text(good)
            last = json.loads(good.splitlines()[-1])["id"]
            shop.redis("XDEL", "ls:{demo.0}:g", last)  # as a fail-over would lose it
            self.assertIn("history was lost", self.ledger(shop, "export", "--out", str(file), code=1))
            self.assertEqual(file.read_text(), good)

    def test_what_is_asked_wrongly_or_not_there(self):
        self.assertEqual(run("ledger").returncode, 2)
        self.assertEqual(run("ledger", "burn").returncode, 2)
        self.assertEqual(run("ledger", "trim", "--out", "x").returncode, 2)
        self.assertEqual(run("ledger", "export", "--data-dir", "/nowhere/at/all").returncode, 3)
        self.assertEqual(run("ledger", "trim", "--redis-url", "unix:///nowhere.sock", "--shop", "demo").returncode, 3)
        self.assertEqual(run("ledger", "trim", "--redis-url", "http://x", "--shop", "demo").returncode, 2)
        self.assertIn("export", run("ledger", "--help").stdout)
        with Shop(start=False) as shop:
            self.ledger(shop, "export", "--shop", "nobody", code=3)
            self.ledger(shop, "export", "--shop", "a b", code=2)
            self.ledger(shop, "export", "--after", "yesterday", code=2)
            self.ledger(shop, "trim", "--keep", "soon", code=2)
            self.ledger(shop, "checkpoint", "--shop", "nobody", code=3)

    def test_the_documented_example_fits_the_schema(self):
        kinds = set()
        for line in (ROOT / "docs/ledger/example.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            self.assertEqual(list(SCHEMAS.faults(entry, "entry")), [])
            kinds |= {move["kind"] for move in entry["movements"]}
        wanted = set()
        for name, rule in SCHEMAS.defs.items():
            if "kind" in rule.get("properties", {}):
                wanted |= set(rule["properties"]["kind"]["enum"])
        self.assertEqual(kinds, wanted)


if __name__ == "__main__":
    main()
