"""A show as its people live it: pins, the last unit, payment, the planner's figures, a page reloaded, notes kept private."""
import json
import threading
import unittest

from support import CUES, Events, SECRET_NOTE, Shop, csv_rows, main


class Selling(unittest.TestCase):
    def test_a_pin_reaches_everyone_once_and_in_order(self):
        with Shop("--workers", "2") as shop:
            host, viewers = shop.host(), [shop.viewer() for _ in range(20)]
            for sku in ("mug-red", "mug-blue", "mug-red"):
                answer = host.ask({"t": "pin.set", "slot": 0, "sku": sku})
                self.assertEqual(answer["t"], "ok")
            host.ask({"t": "pin.clear", "slot": 0})
            answer = host.ask({"t": "price.set", "sku": "mug-red", "amount": 890, "currency": "EUR"})
            for viewer in viewers:
                viewer.level(answer["seq"])
                self.assertEqual([e["t"] for e in viewer.events], ["pin.set"] * 3 + ["pin.clear", "price"])
                self.assertEqual((viewer.gaps, viewer.duplicates), (0, 0))

    def test_two_want_the_last_one_and_one_gets_it(self):
        with Shop("--workers", "2", stock={"mug-red": 1, "mug-blue": 1}) as shop:
            viewers, answers = [shop.viewer() for _ in range(8)], {}

            def race(i):
                answers[i] = viewers[i].reserve("mug-red")

            threads = [threading.Thread(target=race, args=(i,)) for i in range(len(viewers))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            won = [i for i, answer in answers.items() if answer["t"] == "hold"]
            self.assertEqual(len(won), 1, answers)
            winner = viewers[won[0]]
            losers = [i for i in answers if i not in won]
            for i in losers:
                self.assertIn(answers[i]["d"]["code"], ("held_out", "sold_out"))
                self.assertTrue(answers[i]["d"]["waitlist"])
            first = viewers[losers[0]]
            joined = first.ask({"t": "waitlist.join", "sku": "mug-red", "qty": 1})
            self.assertEqual((joined["t"], joined["d"]["state"], joined["d"]["ahead"]), ("waitlist", "joined", 0))
            winner.ask({"t": "release", "hold": answers[won[0]]["re"]})
            offered = first.wait("hold")
            self.assertNotIn("re", offered)
            self.assertEqual((offered["d"]["state"], offered["d"]["offer"]), ("held", True))
            self.assertEqual(shop.counts("mug-red")["held"], 1)

    def test_what_is_paid_reaches_the_planner_in_every_form(self):
        with Shop() as shop:
            planner, viewer = shop.planner(), shop.viewer()
            stream = Events(shop, "/v1/broadcasts/show/estimates/stream", shop.token("logistics", sub="lee"))
            self.assertEqual(stream.status, 200)
            hold = viewer.reserve("mug-red", 2)
            self.assertEqual(hold["d"]["total"], {"amount": 2580, "currency": "EUR"})
            status, answer, _ = shop.confirm(hold["re"], amount=2580)
            self.assertEqual((status, answer["state"]), (200, "confirmed"))
            told = viewer.wait("hold", where=lambda m: "re" not in m)
            self.assertEqual(told["d"]["state"], "confirmed")

            def is_there(d):
                return any(s["sku"] == "mug-red" and s["confirmed"] == 2 for s in d["skus"])

            planner.wait("volumes", where=lambda m: is_there(m["d"]))
            event = stream.wait(lambda e: is_there(e["data"]))
            self.assertEqual(event["event"], "volumes")
            stream.close()
            _, table, _ = shop.http("GET", "/v1/broadcasts/show/volumes.csv", token=shop.token("logistics"))
            rows = {row["sku"]: row for row in csv_rows(table)}
            self.assertEqual((rows["mug-red"]["confirmed"], rows["mug-red"]["available"]), ("2", "38"))
            _, body, _ = shop.http("GET", "/v1/broadcasts/show/estimates", token=shop.token("logistics"))
            self.assertTrue(is_there(body))
            self.assertEqual((body["kind"], body["total"]["orders"]), ("observed", 1))
            self.assertEqual(shop.counts("mug-red")["sold"], 2)

    def test_paying_twice_is_paying_once_and_a_wrong_sum_is_refused(self):
        with Shop() as shop:
            hold = shop.viewer().reserve("mug-red")["re"]
            self.assertEqual(shop.confirm(hold, amount=1)[0], 409)
            self.assertEqual(shop.confirm(hold, currency="USD")[0], 409)
            self.assertEqual(shop.confirm(hold)[1]["replayed"], False)
            self.assertEqual(shop.confirm(hold)[1]["replayed"], True)
            self.assertEqual(shop.counts("mug-red")["sold"], 1)

    def test_a_hold_runs_out_and_the_unit_comes_back(self):
        with Shop(hold_ms=15000, stock={"mug-red": 1, "mug-blue": 1}) as shop:
            viewer, other = shop.viewer(), shop.viewer()
            hold = viewer.reserve("mug-red")
            self.assertEqual(hold["t"], "hold")
            ended = viewer.wait("hold", deadline=30)
            self.assertEqual(ended["d"]["state"], "expired")
            other.wait("stock", where=lambda m: m["d"].get("mug-red", {}).get("left") == 1)
            status, answer, _ = shop.confirm(hold["re"])
            self.assertEqual(status, 200, answer)  # late, and the unit was still there

    def test_a_reloaded_page_knows_what_is_its_own_and_misses_nothing(self):
        with Shop("--workers", "2") as shop:
            host, viewer = shop.host(), shop.viewer()
            hold = viewer.reserve("mug-red")["re"]
            host.ask({"t": "pin.set", "slot": 0, "sku": "mug-red"})
            viewer.wait("pin.set")
            viewer.close()
            last = [host.ask({"t": "notice", "text": f"news {i}", "level": "info"})["seq"] for i in range(5)][-1]
            again = shop.viewer(resume=(viewer.epoch, viewer.seq), viewer_key=viewer.viewer_key)
            self.assertTrue(again.welcome["recovered"])
            self.assertEqual(again.welcome["viewer"], viewer.welcome["viewer"])
            again.level(last)
            self.assertEqual([e["d"]["text"] for e in again.events], [f"news {i}" for i in range(5)])
            self.assertEqual((again.gaps, again.duplicates), (0, 0))
            fresh = shop.viewer(viewer_key=viewer.viewer_key)
            self.assertEqual([h["hold"] for h in fresh.snapshot["d"]["my"]["holds"]], [hold])
            self.assertEqual(fresh.snapshot["d"]["pins"][0]["sku"], "mug-red")

    def test_another_viewers_hold_cannot_be_touched(self):
        with Shop() as shop:
            hold = shop.viewer().reserve("mug-red")["re"]
            thief = shop.viewer()
            for command in ("release", "extend", "checkout"):
                self.assertEqual(thief.ask({"t": command, "hold": hold})["d"]["code"], "hold_unknown")
            self.assertEqual(shop.counts("mug-red")["held"], 1)

    def test_the_hosts_notes_never_reach_a_viewer(self):
        with Shop() as shop:
            host, viewer, planner = shop.host(), shop.viewer(), shop.planner()
            for _ in CUES:
                last = host.ask({"t": "cue.next"})
            host.ask({"t": "cue.go", "cue": "c1"})
            host.ask({"t": "cue.done", "cue": "c1", "must_say": [True]})
            host.ask({"t": "run.load", "cues": CUES})
            last = host.ask({"t": "notice", "text": "the last word", "level": "info"})
            viewer.level(last["seq"])
            fresh = shop.viewer()
            resumed = shop.viewer(resume=(viewer.epoch, 1)).level(last["seq"])
            planner.quiet(0.3)
            for somebody in (viewer, fresh, resumed, planner):
                self.assertNotIn(SECRET_NOTE, json.dumps(somebody.messages))
            self.assertIn("Hand-thrown, dishwasher safe", json.dumps(viewer.messages))
            self.assertIn("notes-" + SECRET_NOTE, json.dumps(host.messages))
            for path in ("/v1/broadcasts/show", "/v1/broadcasts/show/estimates", "/v1/broadcasts/show/estimates.csv"):
                body = shop.http("GET", path, token=shop.token("logistics"))[1]
                self.assertNotIn(SECRET_NOTE, json.dumps(body))

    def test_pause_stops_selling_and_resume_goes_on(self):
        with Shop() as shop:
            host, viewer = shop.host(), shop.viewer()
            host.ask({"t": "pause"})
            viewer.wait("state", where=lambda m: m["d"]["state"] == "paused")
            self.assertEqual(viewer.reserve("mug-red")["d"]["code"], "paused")
            host.ask({"t": "resume"})
            viewer.wait("state", where=lambda m: m["d"]["state"] == "live")
            self.assertEqual(viewer.reserve("mug-red")["t"], "hold")

    def test_undo_takes_the_last_act_back_for_all(self):
        with Shop() as shop:
            host, viewer = shop.host(), shop.viewer()
            host.ask({"t": "pin.set", "slot": 0, "sku": "mug-red"})
            host.ask({"t": "pin.set", "slot": 0, "sku": "mug-blue"})
            answer = host.ask({"t": "undo"})
            self.assertEqual(answer["t"], "ok")
            viewer.level(answer["seq"])
            self.assertEqual(viewer.events[-1]["d"]["sku"], "mug-red")


if __name__ == "__main__":
    main()
