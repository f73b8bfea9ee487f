"""`liveshelf demo`: the links work, the audience lives, the automatic host steps back for a person, paying pays, a restart goes on."""
import json
import os
import re
import unittest
import urllib.parse

from support import Conn, DEADLINE, Server, main, until


class Demo(Server):
    def __init__(self, *flags, **more):
        super().__init__(*flags, command="demo", **more)

    def __enter__(self):
        super().__enter__()
        return self

    def wait_ready(self, deadline=DEADLINE):
        super().wait_ready(deadline)
        self.links = {}
        while len(self.links) < 3:
            found = re.search(r"http://\S+/(host|viewer|logistics)/#token=([\w.-]+)&broadcast=([\w-]+)", self.read_line())
            if found:
                self.links[found[1]] = (found[2], found[3])

    def join(self, page, **more):
        token, broadcast = self.links[page]
        return Conn(self.port, broadcast, token, **more)


class Demos(unittest.TestCase):
    def test_a_show_runs_by_itself(self):
        with Demo("--viewers", "60") as demo:
            viewer, planner = demo.join("viewer"), demo.join("logistics")
            viewer.wait("audience", where=lambda m: m["d"]["viewers"] >= 5)
            if viewer.snapshot["d"]["broadcast"]["state"] != "live":
                viewer.wait("state", where=lambda m: m["d"]["state"] == "live")
            viewer.wait("pin.set", deadline=60)
            planner.wait("volumes", deadline=60, where=lambda m: m["d"]["total"]["held"] + m["d"]["total"]["confirmed"] > 0)
            self.assertEqual((viewer.gaps, viewer.duplicates), (0, 0))
            told = planner.wait("volumes", deadline=60, where=lambda m: m["d"].get("estimate"))["d"]
            self.assertEqual({load["site"] for load in told["estimate"]["loads"]}, {"*", "cork", "leipzig"})
            self.assertEqual([len(told["estimate"][name]) for name in ("waves", "cartons")], [2, 3])
            changes = demo.http("GET", f"/v1/broadcasts/{demo.links['logistics'][1]}/changes", token=demo.links["logistics"][0])[1]
            self.assertIn("First 50 orders with Red mug: add 1 x sticker (a sticker with every mug)",
                          [change["text"] for change in changes["changes"]])
            self.assertEqual(demo.stop(), 0)

    def pay(self, demo, link, **changed):
        terms = {key: value[0] for key, value in urllib.parse.parse_qs(urllib.parse.urlparse(link).query).items()}
        terms.update(amount=int(terms["amount"]), expires_ms=int(terms["expires_ms"]), **{})
        return demo.http("POST", "/demo/pay", {**terms, **changed})

    def test_a_person_hosts_sells_and_is_paid(self):
        with Demo("--viewers", "0", "--no-auto") as demo:
            host, viewer = demo.join("host"), demo.join("viewer")
            self.assertIn(host.snapshot["d"]["broadcast"]["state"], ("draft", "scheduled"))
            self.assertEqual(host.ask({"t": "preflight"})["d"]["go"], True)
            self.assertEqual(host.ask({"t": "start"})["t"], "ok")
            host.ask({"t": "cue.next"})
            pin = viewer.wait("pin.set")
            hold = viewer.reserve(pin["d"]["sku"])
            self.assertEqual(hold["d"]["total"]["amount"], pin["d"]["price"]["amount"])
            link = hold["d"]["checkout_url"]
            self.assertTrue(link.startswith("/checkout/?"))
            for changed in ({"amount": 1}, {"hold": "h_other"}, {"shop": "rival"}, {"sig": "x"}):
                self.assertEqual(self.pay(demo, link, **changed)[0], 400)
            status, body, _ = self.pay(demo, link)
            self.assertEqual((status, body["state"]), (200, "confirmed"))
            self.assertTrue(body["order"].startswith("demo-"))
            self.assertEqual(viewer.wait("hold")["d"]["state"], "confirmed")
            self.assertEqual(self.pay(demo, link)[0], 200)  # a second tap pays nothing twice
            for body in ("{", "[]", "", json.dumps({"hold": 1})):
                self.assertEqual(demo.http("POST", "/demo/pay", body)[0], 400)

    def test_what_happened_is_still_there_at_the_next_start(self):
        with Demo("--viewers", "0", "--no-auto") as demo:
            host = demo.join("host")
            host.ask({"t": "start"})
            before = host.ask({"t": "notice", "text": "remember me", "level": "info"})["seq"]
            self.assertEqual(demo.stop(), 0)
            demo.process.stdout.close()
            demo.log.close()
            demo.start()
            host = demo.join("host")
            self.assertEqual(host.snapshot["seq"], before)
            self.assertEqual(host.snapshot["d"]["notice"]["text"], "remember me")
            first = {sku: c["allocated"] for sku, c in host.snapshot["d"]["counts"].items()}
            self.assertEqual(first["mug-red"], 40)  # the first stock is given once

    def test_an_ended_show_is_followed_by_a_new_one(self):
        with Demo("--viewers", "0", "--no-auto") as demo:
            host = demo.join("host")
            host.ask({"t": "start"})
            host.ask({"t": "end"})
            demo.stop()
            demo.process.stdout.close()
            demo.log.close()
            demo.start()
            self.assertEqual(demo.links["host"][1], "spring-drop-2")
            self.assertIn(demo.join("host").snapshot["d"]["broadcast"]["state"], ("draft", "scheduled"))

    def test_the_demos_route_is_the_demos_alone(self):
        with Server() as server:
            self.assertIn(server.http("POST", "/demo/pay", {})[0], (404, 405))

    def test_pages_are_served_when_they_are_built(self):
        with Demo("--viewers", "0", "--no-auto") as demo:
            status, page, headers = demo.http("GET", "/viewer/")
            if status == 404 and "web.missing" in demo.log_path.read_text():
                self.skipTest("the pages are not built")
            self.assertEqual(status, 200)
            self.assertIn("text/html", headers["content-type"])
            for path in ("/host/", "/logistics/", "/checkout/", "/img/mug-red.svg"):
                self.assertEqual(demo.http("GET", path)[0], 200, path)


if __name__ == "__main__":
    main()
