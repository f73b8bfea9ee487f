"""Bundles and freebies on air: promised by a host, heard by everyone, there for who comes late and after a restart."""
import unittest

from support import PRODUCTS, Shop, main

STICKER = {"kind": "freebie", "adds": "sticker", "adds_units": 1, "first_orders": 50, "text": "a sticker with every mug"}


def add(sku="mug-red", **more):
    return {"t": "extra.add", "sku": sku, **STICKER, **more}


def on_shelf(conn, sku="mug-red"):
    return next(entry for entry in conn.snapshot["d"]["shelf"] if entry["sku"] == sku).get("extra")


class Extras(unittest.TestCase):
    def test_everyone_hears_and_who_comes_late_sees_it(self):
        with Shop("--workers", "2") as shop:
            host, viewer = shop.host(), shop.viewer()
            done = host.ask(add())
            self.assertEqual(done["t"], "ok", done)
            event = viewer.wait("extra")
            self.assertEqual(event["seq"], done["seq"])
            self.assertEqual(event["d"], {"sku": "mug-red", "state": "started", **STICKER})
            self.assertEqual(host.ask(add())["seq"], done["seq"])  # said again
            self.assertEqual(on_shelf(shop.viewer()), STICKER)
            shop.stop()
            shop.start()
            host, late = shop.host(), shop.viewer()
            self.assertEqual(on_shelf(late), STICKER)
            host.ask({"t": "extra.end", "sku": "mug-red"})
            self.assertEqual(late.wait("extra")["d"], {"sku": "mug-red", "state": "ended"})
            host.ask({"t": "undo"})
            self.assertEqual(late.wait("extra")["d"], {"sku": "mug-red", "state": "started", **STICKER})
            self.assertEqual((late.gaps, late.duplicates), (0, 0))

    def test_a_recall_ends_it(self):
        with Shop() as shop:
            host = shop.host()
            host.ask(add(adds="mug-blue"))
            self.assertEqual(host.ask({"t": "recall", "sku": "mug-blue", "text": "The glaze chips"})["t"], "ok")
            self.assertIsNone(on_shelf(shop.viewer()))
            refused = host.ask(add(adds="mug-blue"))
            self.assertEqual(refused["d"]["code"], "recalled", refused)

    def test_who_may_and_when_and_how_many(self):
        with Shop(start=False) as shop:
            host = shop.host()
            self.assertEqual(host.ask(add())["d"]["code"], "not_live")
            products = [{"sku": f"mug-{n}", "title": f"Mug {n}", "price": PRODUCTS[0]["price"]} for n in range(17)]
            cues = [{"id": f"c{n}", "title": f"Mug {n}", "sku": f"mug-{n}"} for n in range(17)]
            shop.api("PUT", "/v1/catalogue", {"products": products})
            shop.api("PUT", "/v1/broadcasts/show/run-of-show", {"cues": cues})
            shop.api("POST", "/v1/broadcasts/show/start", {"force": True})
            for n in range(16):
                self.assertEqual(host.ask(add(f"mug-{n}"))["t"], "ok", n)
            self.assertEqual(host.ask(add("mug-16"))["d"]["code"], "limit_reached")
            self.assertEqual(host.ask(add("mug-3", text="a card"))["t"], "ok")  # instead of its own
            self.assertEqual(host.ask(add("ghost"))["d"]["code"], "sku_unknown")
            self.assertEqual(host.ask(add("mug-1", text="x" * 201))["d"]["field"], "text")
            self.assertEqual(shop.viewer().ask(add("mug-1"))["d"]["code"], "forbidden")
            self.assertEqual(len([e for e in shop.viewer().snapshot["d"]["shelf"] if "extra" in e]), 16)


if __name__ == "__main__":
    main()
