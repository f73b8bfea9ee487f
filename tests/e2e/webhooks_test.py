"""The shop's own systems are told what is expected and what changed: by webhook, through restarts and dead nodes, and through the
Redis stream as a consumer group reads it."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import signal
import subprocess
import threading
import time
import unittest

from support import DEADLINE, ROOT, Shop, main, until

SECRETS = [f"whsec_{base64.b64encode(bytes(range(n, n + 24))).decode()}" for n in (1, 60)]
QUICK = ("--webhook-volumes-ms", "0", "--webhook-private-networks", "on")


class Receiver:
    """Takes what is posted to it, checks the signature as any receiver would, and answers with `status`."""

    def __init__(self, test, secret=SECRETS[0], status=204):
        self.secret, self.status = secret, status
        self.seen, self.wrong = [], []
        self.news = threading.Condition()
        self.gate = threading.Event()  # cleared: nobody is answered
        self.gate.set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.take(self.headers, body)
                receiver.gate.wait(DEADLINE)
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/in"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)
        test.addCleanup(self.gate.set)

    def take(self, headers, body):
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        event = json.loads(body)
        with self.news:
            if wanted not in headers["webhook-signature"].split() or event["id"] != headers["webhook-id"]:
                self.wrong.append(dict(headers))
            self.seen.append(event)
            self.news.notify_all()

    def of(self, kind):
        return [event for event in self.seen if event["type"] == "com.liveshelf." + kind]

    def wait(self, what, condition, deadline=DEADLINE):
        with self.news:
            found = self.news.wait_for(condition, deadline)
        if not found:
            raise AssertionError(f"not told: {what}; told: {[(e['type'], e['data'].get('seq')) for e in self.seen]}")
        return found


def endpoint(receiver, name="wms", **more):
    return {"id": name, "url": receiver.url, "secret": receiver.secret,
            "types": ["volumes.updated", "promise.changed", "volumes.settled"], **more}


def put(shop, *endpoints):
    return shop.api("PUT", "/v1/webhooks", {"endpoints": list(endpoints)})


def change_price(shop, amount):
    """Something the warehouse must know; seq of its event."""
    host = shop.host()
    host.ask({"t": "price.set", "sku": "mug-red", "amount": amount, "currency": "EUR"})
    host.close()


def prices(receiver):
    return [event["data"]["now"]["amount"] for event in receiver.of("promise.changed") if event["data"]["kind"] == "price"]


class Webhooks(unittest.TestCase):
    def shop(self, *flags, **more):
        shop = Shop(*QUICK, *flags, **more)
        shop.__enter__()
        self.addCleanup(shop.__exit__, None, None, None)
        return shop

    def test_estimates_and_changes_arrive_signed(self):
        shop, receiver = self.shop(), Receiver(self)
        put(shop, endpoint(receiver))
        viewer = shop.viewer()
        viewer.reserve("mug-red")
        change_price(shop, 1190)
        receiver.wait("the price", lambda: prices(receiver) == [1190])
        change = receiver.of("promise.changed")[-1]
        self.assertEqual(change["source"], "/shops/demo/broadcasts/show")
        self.assertEqual((change["subject"], change["data"]["broadcast"]), ("mug-red", "show"))
        told = receiver.wait("an estimate with the hold", lambda: [
            e for e in receiver.of("volumes.updated") if any(s["sku"] == "mug-red" and s["held"] for s in e["data"]["skus"])])
        document = told[-1]["data"]
        self.assertEqual((document["broadcast"], document["kind"]), ("show", "estimate"))
        self.assertEqual(receiver.wrong, [])
        listed = shop.api("GET", "/v1/broadcasts/show/changes?after=0")["changes"]
        self.assertIn({k: v for k, v in change["data"].items() if k != "broadcast"}, listed)
        seqs = [e["data"]["seq"] for e in receiver.of("volumes.updated")]
        self.assertEqual(seqs, sorted(set(seqs)))

    def test_secrets_are_masked_and_change_over(self):
        shop, receiver = self.shop(), Receiver(self, secret=SECRETS[0])
        put(shop, endpoint(receiver))
        told = json.dumps(shop.api("GET", "/v1/webhooks"))
        self.assertIn('"wms"', told)
        put(shop, endpoint(receiver, secret=SECRETS[1], old_secret=SECRETS[0]))  # it still knows the old one alone
        change_price(shop, 1190)
        receiver.wait("the price", lambda: prices(receiver))
        self.assertEqual(receiver.wrong, [])
        log = shop.log_path.read_text(errors="replace")
        for secret in SECRETS:
            self.assertNotIn(secret.removeprefix("whsec_"), told)
            self.assertNotIn(secret.removeprefix("whsec_"), log)

    def test_what_is_owed_survives_a_stop_of_everything(self):
        receiver = Receiver(self, status=503)
        shop = self.shop()
        put(shop, endpoint(receiver, types=["promise.changed"]))
        change_price(shop, 1190)
        receiver.wait("a first try", lambda: prices(receiver) == [1190])
        change_price(shop, 1180)
        shop.kill()
        shop.start()
        receiver.status = 204
        receiver.wait("the same again, and what came behind", lambda: prices(receiver)[-2:] == [1190, 1180])
        first, again = receiver.of("promise.changed")[0], receiver.of("promise.changed")[-2]
        self.assertEqual(first["id"], again["id"])
        self.assertEqual(receiver.wrong, [])

    def test_another_node_goes_on_while_a_delivery_hangs(self):
        shop, receiver = self.shop("--workers", "2"), Receiver(self)
        put(shop, endpoint(receiver, types=["promise.changed"]))
        receiver.gate.clear()
        change_price(shop, 1190)
        receiver.wait("the price", lambda: prices(receiver) == [1190])
        change_price(shop, 1180)
        leader = self.leader(shop)
        os.kill(leader, signal.SIGKILL)
        receiver.wait("the same by the other node", lambda: prices(receiver)[:2] == [1190, 1190])
        receiver.gate.set()
        receiver.wait("what came behind", lambda: prices(receiver)[-1] == 1180)
        self.assertEqual(receiver.seen[0]["id"], receiver.seen[1]["id"])

    @staticmethod
    def leader(shop):
        """The process of the node that has a webhook under way."""
        name = until("a node says that it has a webhook under way", lambda: re.search(
            r'liveshelf_hooks_in_flight\{node="(n\d+)"\} 1$', shop.http("GET", "/metrics")[1], re.M))[1]
        for pid in shop.nodes():
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                if f"--index\0{name[1:]}\0".encode() in words.read() + b"\0":
                    return pid
        raise AssertionError(f"no process of node {name}")

    def test_given_up_and_gone(self):
        shop, receiver = self.shop(), Receiver(self, status=410)
        put(shop, endpoint(receiver, types=["promise.changed"]))
        change_price(shop, 1190)
        receiver.wait("the price", lambda: prices(receiver) == [1190])
        until("it is listed as disabled", lambda: shop.api("GET", "/v1/webhooks")["endpoints"][0].get("disabled"))
        receiver.status = 204
        self.assertEqual(shop.api("GET", "/v1/webhooks/wms/dead")["dead"], [])
        put(shop, endpoint(receiver, types=["promise.changed"]))
        receiver.wait("again", lambda: prices(receiver) == [1190, 1190])
        shop.api("POST", "/v1/webhooks/wms/replay", {"broadcast": "show", "after_seq": 0})
        receiver.wait("and again", lambda: prices(receiver) == [1190] * 3)
        self.assertEqual(len({event["id"] for event in receiver.of("promise.changed")}), 1)
        status, problem, _ = shop.http("POST", "/v1/webhooks/wms/replay", {"message": "msg_" + "0" * 32},
                                       token=shop.token("integrator"))
        self.assertEqual((status, problem["code"]), (404, "not_found"))

    def test_nobody_is_sent_into_the_house(self):
        shop, receiver = self.shop("--webhook-private-networks", "off"), Receiver(self)
        put(shop, endpoint(receiver))
        change_price(shop, 1190)
        until("refused", lambda: "refused" in "".join(
            line for line in shop.log_path.read_text().splitlines() if "hook.failed" in line))
        self.assertEqual(receiver.seen, [])

    def test_nobody_else_may(self):
        shop = self.shop()
        for role in ("viewer", "host", "logistics"):
            self.assertEqual(shop.http("GET", "/v1/webhooks", token=shop.token(role, sub="x"))[0], 403, role)

    def test_the_end_is_told_once(self):
        shop, receiver = self.shop(), Receiver(self)
        put(shop, endpoint(receiver))
        shop.api("POST", "/v1/broadcasts/show/end")
        shop.api("POST", "/v1/broadcasts/show/settle")
        receiver.wait("the end", lambda: receiver.of("volumes.settled"))
        self.assertEqual(receiver.of("volumes.settled")[0]["data"]["broadcast"], "show")
        self.assertEqual(receiver.seen[-1]["type"], "com.liveshelf.volumes.settled")
        shop.api("POST", "/v1/webhooks/wms/replay", {"broadcast": "show", "after_seq": 0})
        receiver.wait("the end again, under its own id", lambda: len(receiver.of("volumes.settled")) == 2)
        self.assertEqual(len({event["id"] for event in receiver.of("volumes.settled")}), 1)
        self.assertEqual(shop.http("POST", "/v1/webhooks/wms/replay", {"broadcast": "never", "after_seq": 0},
                                   token=shop.token("integrator"))[0], 404)

    def test_what_comes_after_the_end_is_told_as_another_end(self):
        shop, receiver = self.shop(), Receiver(self)
        put(shop, endpoint(receiver, types=["volumes.settled"]))
        hold = shop.viewer(sub="buyer").reserve("mug-red")["re"]
        shop.confirm(hold, order="A-1")
        shop.api("POST", "/v1/broadcasts/show/end")
        shop.api("POST", "/v1/broadcasts/show/settle")
        receiver.wait("the end", lambda: receiver.of("volumes.settled"))
        shop.api("POST", "/v1/broadcasts/show/actuals", {"actuals": [
            {"id": "a1", "kind": "cancelled", "hold": hold, "sku": "mug-red", "units": 1}]})
        receiver.wait("another end", lambda: len(receiver.of("volumes.settled")) == 2)
        first, second = receiver.of("volumes.settled")
        self.assertNotEqual(first["id"], second["id"])
        self.assertEqual([at["data"]["total"]["firm"] for at in (first, second)], [1, 0])
        self.assertEqual({at["data"]["phase"] for at in (first, second)}, {"closed"})

    def test_a_stop_does_not_wait_for_who_hangs(self):
        shop, receiver = self.shop(), Receiver(self)
        put(shop, endpoint(receiver, types=["promise.changed"]))
        receiver.gate.clear()
        change_price(shop, 1190)
        receiver.wait("the price", lambda: prices(receiver))
        self.assertEqual(shop.stop(), 0)
        self.assertEqual(shop.node_ends(), ["exit code 0"])


class Stream(unittest.TestCase):
    def commands(self):
        text = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8")
        return re.search(r"<!-- commands: stream -->\n```\n(.*?)```", text, re.S)[1].strip().splitlines()

    def cli(self, shop, command, user=()):
        done = subprocess.run(["redis-cli", "-s", os.path.join(shop.data_dir, "redis", "redis.sock"), *user, "--json",
                               *command.split()], capture_output=True, text=True, timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else None

    def test_a_group_reads_acknowledges_and_takes_over(self):
        with Shop() as shop:
            create, read, acknowledge, claim = self.commands()
            self.assertEqual(self.cli(shop, create), "OK")
            change_price(shop, 1190)
            shop.redis("ACL", "SETUSER", "wms", "on", ">password", "~ls:{demo}:o:volumes", "+xreadgroup", "+xack",
                       "+xautoclaim", "+xgroup")
            wms = ("--user", "wms", "--pass", "password", "--no-auth-warning")
            entries, end = [], time.monotonic() + DEADLINE
            while {self.fields(e)["type"].split(".")[-1] for e in entries} != {"updated", "changed"}:
                self.assertLess(time.monotonic(), end, entries)
                found = self.cli(shop, read, wms)
                entries += found["ls:{demo}:o:volumes"] if found else []
            for entry in entries:
                fields = self.fields(entry)
                data = json.loads(fields["d"])
                self.assertEqual((fields["broadcast"], data["broadcast"]), ("show", "show"))
                self.assertEqual(int(fields["seq"]), data["seq"])
                self.assertTrue(fields["id"].startswith("msg_"))
            self.assertEqual(self.cli(shop, acknowledge.replace("ENTRY", entries[0][0]), wms), 1)
            taken = self.cli(shop, claim.replace("60000", "0"), wms)
            self.assertEqual({e[0] for e in entries[1:]} - {e[0] for e in taken[1]}, set())
            self.assertNotIn(entries[0][0], [e[0] for e in taken[1]])

    @staticmethod
    def fields(entry):
        names = entry[1]
        return dict(zip(names[::2], names[1::2]))


if __name__ == "__main__":
    main()
