"""A product turns out to be dangerous while it is being sold: every screen hears within a second, nobody can pay any more, and support has the list."""
import time
import unittest

from support import Shop, csv_rows, main

VIEWERS, HOLDERS, BUYERS = 200, 12, 5


class Recall(unittest.TestCase):
    def test_a_recall_reaches_everyone_within_a_second_and_lists_whom_it_touches(self):
        with Shop("--workers", "2", stock={"mug-red": 100, "mug-blue": 1, "teapot": 1}) as shop:
            viewers = [shop.viewer() for _ in range(VIEWERS)]
            host = shop.host()
            holds = [viewer.reserve("mug-red")["d"]["hold"] for viewer in viewers[:HOLDERS]]
            for number, hold in enumerate(holds[:BUYERS]):
                self.assertEqual(shop.confirm(hold, order=f"A-{number}")[0], 200)
            began = time.monotonic()
            answer = host.ask({"t": "recall", "sku": "mug-red", "text": "Do not use the red mug", "holds": "cancel"})
            for viewer in viewers:
                viewer.wait("sku", where=lambda m: m["d"]["state"] == "recalled")
            self.assertLess(time.monotonic() - began, 1)
            self.assertEqual(answer["t"], "ok", answer)
            self.assertEqual(answer["d"]["affected"], {"holds": HOLDERS - BUYERS, "units_held": HOLDERS - BUYERS, "orders": BUYERS,
                                                       "units_sold": BUYERS})
            for viewer in viewers[BUYERS:HOLDERS]:  # their reservations end by themselves
                if not any(m["t"] == "hold" and m["d"]["state"] == "released" for m in viewer.messages):
                    viewer.wait("hold", where=lambda m: m["d"]["state"] == "released")
            status, refused, _ = shop.confirm(holds[-1], order="A-late")
            self.assertEqual((status, refused["code"]), (423, "recalled"))
            self.assertEqual(viewers[-1].reserve("mug-red")["d"]["code"], "recalled")
            affected = shop.api("GET", "/v1/broadcasts/show/recalls/mug-red")
            self.assertEqual(sorted(row["hold"] for row in affected["holds"]), sorted(holds))
            self.assertEqual(affected["affected"], answer["d"]["affected"])  # also when all of it is over
            rows = csv_rows(shop.api("GET", "/v1/broadcasts/show/recalls/mug-red.csv"))
            self.assertEqual(sorted(row["order"] for row in rows if row["order"]), [f"A-{number}" for number in range(BUYERS)])
            self.assertEqual(sorted({row["state"] for row in rows}), ["confirmed", "released"])
            self.assertEqual(shop.counts("mug-red")["held"], 0)
            self.assertEqual(shop.audit().returncode, 0)


if __name__ == "__main__":
    main()
