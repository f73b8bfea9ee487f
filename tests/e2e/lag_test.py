"""How much later than the host acts the viewers see it: said by viewers of two nodes, told to the hosts of both."""
import re
import time
import unittest

from support import Shop, main, until


def playing(ago_ms):
    return {"t": "clock", "playing_ms": int(time.time() * 1000) - ago_ms}


class Lag(unittest.TestCase):
    def test_viewers_of_two_nodes_say_it_and_every_host_hears_it(self):
        with Shop("--workers", "2", "--share-ms", "200") as shop:
            viewers, hosts = [], []

            def on_both():
                """The kernel chooses the node: as many of each as it takes to have both."""
                viewers.append(shop.viewer())
                hosts.append(shop.host())
                text = shop.http("GET", "/metrics")[1]
                return all(len(set(re.findall(rf'liveshelf_conns{{node="(n\d)",role="{role}"}} [1-9]', text))) == 2
                           for role in ("viewer", "host"))
            until("viewers and hosts on both nodes", on_both)
            self.assertIsNone(hosts[0].snapshot["d"]["lag"])
            self.assertNotIn("lag", viewers[0].snapshot["d"])
            for viewer in viewers:
                for _ in range(3):  # however often it is said, it counts once
                    self.assertEqual(viewer.ask(playing(6000))["t"], "ok")
            for host in hosts:
                told = host.wait("lag", where=lambda m: m["d"] and m["d"]["viewers"] >= len(viewers))["d"]
                self.assertEqual(told["viewers"], len(viewers))
                self.assertTrue(6000 <= told["p50_ms"] <= 6750, told)
            for nonsense in (-60000, 3600000):
                self.assertEqual(shop.viewer().ask(playing(nonsense))["t"], "ok")
            until("both left out", lambda: shop.metrics()["liveshelf_viewer_lag_nonsense_total"] == 2)
            comes = shop.host()  # a snapshot is kept for a moment: what was told since comes behind it
            told = comes.snapshot["d"]["lag"]
            if not told or told["viewers"] < len(viewers):
                told = comes.wait("lag", where=lambda m: m["d"] and m["d"]["viewers"] >= len(viewers))["d"]
            self.assertEqual(told["viewers"], len(viewers))
            for viewer in viewers:
                self.assertNotIn("lag", [m["t"] for m in viewer.quiet(0.05)])


if __name__ == "__main__":
    main()
