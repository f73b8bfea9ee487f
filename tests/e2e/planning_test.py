"""A warehouse plans on a show: from the first minute until days after, on every way out, through deaths, to the next show."""
import os
import signal
import unittest

from support import Events, Shop, csv_rows, main, until

PLAN = {
    "sites": [{"id": "north", "share": 60, "parcels_per_wave": 50}, {"id": "south", "share": 40}],
    "waves": [{"id": "evening", "after_end_ms": 7200000}],
    "cartons": [{"id": "S", "size_mm": [200, 150, 120], "max_weight_g": 2000, "tare_g": 80},
                {"id": "L", "size_mm": [500, 400, 300], "max_weight_g": 20000, "tare_g": 300}],
    "tail_hours": 72,
}
QUANTILES = ("q05", "q25", "q50", "q75", "q95")


class Planning(unittest.TestCase):
    def check_spread(self, spread, least=0.0, most=None):
        values = [spread[q] for q in QUANTILES]
        self.assertEqual(values, sorted(values))
        self.assertGreaterEqual(values[0], least)
        if most is not None:
            self.assertLessEqual(values[-1], most)
        self.assertGreaterEqual(spread["mean"], least)

    def buy(self, shop, count, sku="mug-red", start=0):
        """So many people claim and pay one each; their hold ids."""
        holds = []
        for i in range(start, start + count):
            viewer = shop.viewer(sub=f"buyer-{i}")
            hold = viewer.reserve(sku)
            self.assertEqual(hold["t"], "hold", hold)
            status, answer, _ = shop.confirm(hold["re"], order=f"A-{i}")
            self.assertEqual(status, 200, answer)
            viewer.close()
            holds.append(hold["re"])
        return holds

    def estimate(self, shop, where=lambda d: True, broadcast="show", deadline=30):
        """The document of GET /estimates, once `where` holds for it."""
        def ask():
            status, body, _ = shop.http("GET", f"/v1/broadcasts/{broadcast}/estimates", token=shop.token("logistics"))
            document = body.get("estimate") if status == 200 else None
            return document if document and where(document) else None
        return until("an estimate", ask, deadline=deadline, every=0.2)

    def firm(self, n, sku="mug-red"):
        return lambda d: any(s["sku"] == sku and s["firm"] == n for s in d["skus"])

    def kill_nodes(self, shop, pids):
        """All of them die; returns when others have come for them and take requests."""
        count = len(shop.nodes())
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

        def are_back():
            now = shop.nodes()
            if len(now) != count or set(now) & set(pids):
                return False
            try:
                return all(shop.http("GET", "/readyz")[0] == 200 for _ in range(4))
            except OSError:
                return False
        until("other nodes", are_back)

    def test_the_first_minute_on_every_way_out(self):
        with Shop("--estimate-ms", "1000") as shop:
            self.assertEqual(shop.http("PUT", "/v1/logistics", PLAN, token=shop.token("integrator"))[0], 200)
            planner = shop.planner()
            stream = Events(shop, "/v1/broadcasts/show/estimates/stream", shop.token("logistics"))
            self.buy(shop, 3)
            shop.viewer(sub="undecided").reserve("mug-blue", 2)
            document = self.estimate(shop, self.firm(3))
            self.assertEqual(document["kind"], "estimate")
            self.assertEqual(document["phase"], "live")
            self.assertIn("no-history", document["flags"])
            for row in document["skus"]:
                self.check_spread(row["units"], most=row["stock"])
                self.assertAlmostEqual(sum(row["parts"].values()), row["units"]["mean"], delta=0.6)
            self.check_spread(document["total"]["units"])
            self.check_spread(document["total"]["parcels"])
            blue = next(s for s in document["skus"] if s["sku"] == "mug-blue")
            self.assertEqual((blue["firm"], blue["held"]), (0, 2))
            # The same on all ways out.
            told = planner.wait("volumes", where=lambda m: (m["d"].get("estimate") or {}).get("seq", 0) >= document["seq"], deadline=30)
            event = stream.wait(lambda e: (e["data"].get("estimate") or {}).get("seq", 0) >= told["d"]["estimate"]["seq"])
            if event["data"]["estimate"]["seq"] == told["d"]["estimate"]["seq"]:
                self.assertEqual(event["data"]["estimate"], told["d"]["estimate"])
            stream.close()
            self.assertTrue(event["id"].split(".")[0].isdigit(), event["id"])
            _, table, _ = shop.http("GET", "/v1/broadcasts/show/estimates.csv", token=shop.token("logistics"))
            rows = [r for r in csv_rows(table) if r["sku"] == "mug-red"]
            self.assertEqual({r["status"] for r in rows}, {"firm", "planning"})
            self.assertEqual(sum(int(r["units"]) for r in rows if r["status"] == "firm"), 3)
            self.assertTrue(all(r["q95"] == "" for r in rows if r["status"] == "firm"))
            self.assertTrue(all(r["units"] == "" for r in rows if r["status"] == "planning"))
            # Orders lie at no site before they ship: told once, at site *, and what is planned is on top of them.
            self.assertEqual({r["site"] for r in rows if r["status"] == "firm"}, {"*"})
            numbers = [float(r[n]) for r in rows if r["status"] == "planning" for n in ("mean", "q05", "q25", "q50", "q75", "q95") if r[n]]
            self.assertGreaterEqual(min(numbers), 0)
            self.assertEqual([r for r in rows if r["status"] == "planning" and r["site"] == "*"], [])
            # A viewer is told nothing of it, and may not ask.
            self.assertEqual(shop.http("GET", "/v1/broadcasts/show/estimates", token=shop.token("viewer", sub="x"))[0], 403)

    def test_another_node_takes_over_and_a_restart_goes_on(self):
        with Shop("--workers", "2", "--estimate-ms", "1000") as shop:
            self.buy(shop, 2)
            before = self.estimate(shop, self.firm(2))
            self.kill_nodes(shop, shop.nodes()[:1])
            self.buy(shop, 1, start=2)
            after = self.estimate(shop, self.firm(3))
            self.assertGreater(after["seq"], before["seq"])
            self.kill_nodes(shop, shop.nodes())
            # Who asks a node that has just come hears what was estimated, at the first time of asking.
            status, body, _ = shop.http("GET", "/v1/broadcasts/show/estimates", token=shop.token("logistics"))
            self.assertEqual(status, 200)
            self.assertGreaterEqual(body["estimate"]["seq"], after["seq"])
            again = self.estimate(shop, lambda d: self.firm(3)(d) and d["seq"] > after["seq"])
            self.assertGreater(again["as_of_ms"], after["as_of_ms"])

    def test_after_the_end_what_comes_late_counts_and_the_next_show_learns(self):
        with Shop("--estimate-ms", "1000") as shop:
            token = shop.token("integrator")
            shop.http("PUT", "/v1/logistics", PLAN, token=token)
            host = shop.host()
            late = shop.viewer(sub="late").reserve("mug-blue")["re"]
            holds = self.buy(shop, 4)
            answer = host.ask({"t": "extra.add", "kind": "freebie", "sku": "mug-red", "adds_units": 1, "first_orders": 50,
                               "text": "a sticker with every mug"})
            self.assertEqual(answer["t"], "ok", answer)
            host.ask({"t": "price.set", "sku": "mug-blue", "amount": 1190, "currency": "EUR"})
            self.assertEqual(host.ask({"t": "end"})["t"], "ok")
            ended = self.estimate(shop, lambda d: d["phase"] == "tail")
            self.assertEqual(ended["total"]["firm"], 4)
            shop.confirm(late, order="A-late")
            self.estimate(shop, self.firm(1, "mug-blue"))
            # Cancelled, shipped: told back, twice.
            actuals = {"actuals": [{"id": "a1", "kind": "cancelled", "hold": holds[0], "sku": "mug-red", "units": 1},
                                   {"id": "a2", "kind": "shipped", "order": "A-1", "sku": "mug-red", "units": 1, "site": "north",
                                    "parcels": 1}]}
            status, answer, _ = shop.http("POST", "/v1/broadcasts/show/actuals", actuals, token=token)
            self.assertEqual((status, answer["taken"], answer["repeated"]), (200, 2, 0))
            status, answer, _ = shop.http("POST", "/v1/broadcasts/show/actuals", actuals, token=token)
            self.assertEqual((status, answer["taken"], answer["repeated"]), (200, 0, 2))
            self.estimate(shop, self.firm(3))
            # Frozen and stamped.
            status, stamp, _ = shop.http("POST", "/v1/broadcasts/show/estimates/stamps", {"note": "labour"}, token=shop.token("logistics", sub="lee"))
            self.assertEqual(status, 201, stamp)
            _, kept, _ = shop.http("GET", f"/v1/broadcasts/show/estimates/stamps/{stamp['id']}", token=token)
            self.assertEqual((kept["stamp"]["note"], kept["stamp"]["by"], kept["estimate"]["seq"]), ("labour", "lee", stamp["seq"]))
            # What the host changed.
            _, changes, _ = shop.http("GET", "/v1/broadcasts/show/changes", token=token)
            self.assertEqual([c["kind"] for c in changes["changes"]], ["freebie", "price"])
            # Settled: the next show has something to learn from.
            self.assertEqual(shop.http("POST", "/v1/broadcasts/show/settle", token=token)[0], 200)
            closed = self.estimate(shop, lambda d: d["phase"] == "closed")
            self.assertEqual(closed["total"]["units"]["q05"], closed["total"]["units"]["q95"])
            # All of it starts again: who asks first is told all, though nobody has it in memory.
            self.assertEqual(shop.stop(), 0)
            shop.start()
            status, table, _ = shop.http("GET", "/v1/broadcasts/show/estimates.csv", token=token)
            self.assertEqual((status, sum(int(r["units"]) for r in csv_rows(table) if r["status"] == "firm")), (200, 4))
            shop.api("POST", "/v1/broadcasts", {"id": "next", "title": "Next", "hold_ms": 300000})
            _, run, _ = shop.http("GET", "/v1/broadcasts/show/run-of-show", token=token)
            shop.api("PUT", "/v1/broadcasts/next/run-of-show", {"cues": run["cues"]})
            shop.api("POST", "/v1/broadcasts/next/start", {"force": True})
            document = self.estimate(shop, broadcast="next")
            self.assertNotIn("no-history", document["flags"])
            _, body, _ = shop.http("GET", "/v1/broadcasts/next/estimates", token=token)
            self.assertEqual(body["last"]["broadcast"], "show")

    def test_nothing_becomes_of_more_than_there_was_and_what_comes_after_settling_is_told(self):
        with Shop("--estimate-ms", "1000", hold_ms=15000) as shop:
            token = shop.token("integrator")

            def post(path, body=None):
                status, answer, _ = shop.http("POST", f"/v1/broadcasts/show/{path}", body, token=token)
                return status, answer

            def tell(**actual):
                status, answer = post("actuals", {"actuals": [{"id": "t1", "sku": "mug-red", "units": 1, **actual}]})
                return status, answer.get("code"), answer.get("field")
            holds = self.buy(shop, 2)
            late = shop.viewer(sub="late").reserve("mug-red")["re"]
            self.estimate(shop, self.firm(2))
            for status, code, field, actual in (
                    (400, "bad_request", "actuals[0].units", {"kind": "cancelled", "hold": holds[0], "units": 1000}),
                    (400, "bad_request", "actuals[0].units", {"kind": "shipped", "order": "A-1", "units": 1000000}),
                    (400, "bad_request", "actuals[0].units", {"kind": "shipped", "units": 3}),
                    (400, "bad_request", "actuals[0].sku", {"kind": "cancelled", "hold": holds[0], "sku": "mug-blue"}),
                    (400, "bad_request", "actuals[0].site", {"kind": "shipped", "hold": holds[0], "site": "W9"}),
                    (404, "hold_unknown", "actuals[0].hold", {"kind": "cancelled", "hold": "nobody"}),
                    (404, "hold_unknown", "actuals[0].order", {"kind": "returned", "order": "nobody"}),
                    (409, "conflict", "actuals[0].hold", {"kind": "cancelled", "hold": late})):
                self.assertEqual(tell(**actual), (status, code, field), actual)
            shop.http("POST", "/v1/broadcasts/show/end", token=token)
            status, answer = post("settle")
            self.assertEqual((status, answer["code"]), (409, "conflict"), answer)
            self.assertIn("1 hold is still open", answer["detail"])
            until("the hold ran out and it is settled", lambda: post("settle")[0] == 200, deadline=30)
            closed = self.estimate(shop, lambda d: d["phase"] == "closed")
            self.assertEqual(closed["total"]["firm"], 2)
            self.assertEqual(shop.confirm(late, order="A-late")[0], 200)
            told = self.estimate(shop, lambda d: d["seq"] > closed["seq"] and d["total"]["firm"] == 3)
            self.assertEqual((told["phase"], told["total"]["units"]["q05"], told["total"]["units"]["q95"]), ("closed", 3, 3))
            self.assertEqual(post("actuals", {"actuals": [{"id": "c1", "kind": "cancelled", "order": "A-late", "sku": "mug-red",
                                                           "units": 1}]})[0], 200)
            self.estimate(shop, lambda d: d["seq"] > told["seq"] and d["phase"] == "closed" and d["total"]["firm"] == 2)

    def test_a_stream_goes_on_where_it_was_cut(self):
        with Shop("--estimate-ms", "1000") as shop:
            stream = Events(shop, "/v1/broadcasts/show/estimates/stream", shop.token("logistics"))
            first = stream.wait(lambda e: e["data"].get("estimate"))
            stream.close()
            self.buy(shop, 1)
            self.estimate(shop, self.firm(1))
            again = Events(shop, "/v1/broadcasts/show/estimates/stream", shop.token("logistics"), headers={"Last-Event-ID": first["id"]})
            event = again.next()
            again.close()
            self.assertFalse(event["data"]["whole_series"])
            self.assertGreater(event["data"]["estimate"]["seq"], first["data"]["estimate"]["seq"])
            self.assertTrue(all(p["ms"] > first["data"]["fan"][-1]["ms"] for p in event["data"]["fan"]))

    def test_what_is_wrong_is_named(self):
        with Shop() as shop:
            token = shop.token("integrator")
            for path, body, field in (
                    ("/v1/logistics", {"sites": [{"id": "a b"}]}, "sites[0].id"),
                    ("/v1/logistics", {**PLAN, "waves": [{"id": "w1"}]}, "waves[0]"),
                    ("/v1/logistics", {**PLAN, "cartons": [{"id": "S", "size_mm": [1, 2]}]}, "cartons[0].size_mm"),
                    ("/v1/logistics", {**PLAN, "bogus": 1}, "bogus")):
                status, answer, _ = shop.http("PUT", path, body, token=token)
                self.assertEqual(status, 400, answer)
                self.assertIn(field, answer["field"])
            status, answer, _ = shop.http("POST", "/v1/broadcasts/show/actuals",
                                          {"actuals": [{"id": "a", "kind": "lost", "hold": "h", "sku": "mug-red", "units": 1}]}, token=token)
            self.assertEqual((status, answer["field"]), (400, "actuals[0].kind"))
            self.assertEqual(shop.http("PUT", "/v1/logistics", PLAN, token=shop.token("logistics"))[0], 403)


if __name__ == "__main__":
    main()
