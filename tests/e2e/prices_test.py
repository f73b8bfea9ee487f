"""Prices that two must want, floors, and a sale that stops itself: over real sockets, by real tokens."""
import unittest

from support import Shop, main


def guarded(*flags, **more):
    return Shop("--workers", "2", *flags, **more)


class Prices(unittest.TestCase):
    def ask_low(self, host):
        return host.ask({"t": "price.set", "sku": "mug-red", "amount": 129, "currency": "EUR"})

    def test_another_host_makes_the_price_hold_and_viewers_hear_of_it_only_then(self):
        with guarded() as shop:
            anna, bob, viewer = shop.conn("host", sub="anna"), shop.conn("host", sub="bob"), shop.viewer()
            asked = self.ask_low(anna)
            self.assertEqual((asked["t"], asked["d"]["code"]), ("error", "approval_needed"), asked)
            self.assertEqual(asked["d"]["detail"], "90 % below the price agreed on: another host must agree.")
            event = bob.wait("approval")["d"]
            self.assertEqual((event["approval"], event["state"], event["kind"], event["asked_by"]),
                             (asked["d"]["approval"], "asked", "price", "anna"))
            self.assertEqual((event["sku"], event["price"]), ("mug-red", {"amount": 129, "currency": "EUR"}))
            late = shop.conn("host", sub="carl")
            self.assertEqual([a["approval"] for a in late.snapshot["d"]["approvals"]], [event["approval"]])
            own = anna.ask({"t": "approve", "approval": event["approval"]})
            self.assertEqual(own["d"]["code"], "forbidden")
            done = bob.ask({"t": "approve", "approval": event["approval"]})
            self.assertEqual(done["t"], "ok", done)
            again = bob.ask({"t": "approve", "approval": event["approval"]})
            self.assertEqual(again["d"]["code"], "conflict")
            viewer.level(done["seq"])
            self.assertEqual([e["t"] for e in viewer.events], ["none", "none", "price"])
            self.assertEqual(viewer.events[-1]["d"]["price"]["amount"], 129)
            self.assertEqual(shop.conn("host", sub="dora").snapshot["d"]["approvals"], [])

    def test_a_host_whose_token_names_nobody_needs_the_shop(self):
        with guarded() as shop:
            nameless, bob = shop.conn("host"), shop.conn("host", sub="bob")
            approval = self.ask_low(nameless)["d"]["approval"]
            for somebody in (bob, shop.conn("host")):
                self.assertEqual(somebody.ask({"t": "approve", "approval": approval})["d"]["code"], "forbidden")
            path = f"/v1/broadcasts/show/approvals/{approval}/"
            token = shop.token("integrator")
            status, answer, _ = shop.http("POST", path + "approve", token=token)
            self.assertEqual(status, 200, answer)
            self.assertEqual(shop.http("POST", path + "reject", token=token)[0], 409)
            self.assertEqual(shop.http("POST", "/v1/broadcasts/show/approvals/a9999/approve", token=token)[0], 404)

    def test_what_waits_outlives_the_server(self):
        with guarded() as shop:
            approval = self.ask_low(shop.conn("host", sub="anna"))["d"]["approval"]
            shop.stop()
            shop.start()
            bob = shop.conn("host", sub="bob")
            self.assertEqual([a["approval"] for a in bob.snapshot["d"]["approvals"]], [approval])
            self.assertEqual(bob.ask({"t": "reject", "approval": approval})["t"], "ok")

    def test_nothing_is_sold_for_nothing(self):
        with guarded() as shop:
            host = shop.conn("host", sub="anna")
            for command in ({"t": "price.set", "sku": "mug-red", "amount": 0, "currency": "EUR"},
                            {"t": "offer.start", "sku": "mug-red", "amount": 0, "currency": "EUR", "for_ms": 60000}):
                answer = host.ask(command)
                self.assertEqual((answer["d"]["code"], answer["d"]["field"]), ("bad_request", "amount"))

    def test_a_sale_that_runs_away_stops_itself_until_it_is_meant(self):
        with guarded("--price-guard-percent", "0", "--sale-trip-units", "4") as shop:
            host, viewers = shop.conn("host", sub="anna"), [shop.viewer() for _ in range(8)]
            seq = self.ask_low(host)["seq"]
            for viewer in viewers:
                viewer.level(seq)
            held = [viewer.reserve("mug-red")["t"] for viewer in viewers[:5]]
            self.assertEqual(held, ["hold"] * 5)
            stop = host.wait("sku")["d"]
            self.assertEqual((stop["sku"], stop["state"]), ("mug-red", "stopped"))
            self.assertRegex(stop["reason"], r"^Stopped by itself: 5 claimed within \d+ s at 1\.29 EUR, 90 % below the "
                                             r"catalogue's 12\.90 EUR\. Open it again if this price is meant\.$")
            viewers[5].wait("sku")
            self.assertEqual(viewers[5].reserve("mug-red")["d"]["code"], "stopped")
            opened = host.ask({"t": "stock.open", "sku": "mug-red"})
            for viewer in viewers:
                viewer.level(opened["seq"])
            self.assertEqual([viewer.reserve("mug-red")["t"] for viewer in viewers[5:]], ["hold"] * 3)
            host.ask({"t": "notice", "text": "on we go", "level": "info"})
            self.assertEqual(shop.counts("mug-red")["held"], 8)


if __name__ == "__main__":
    main()
