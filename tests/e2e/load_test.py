"""The load generator's own proof: it plays every scenario that comes with it, survives what a server's death does to it, and notices
each way in which a server can be wrong."""
import contextlib
import json
import os
import pathlib
import pty
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from support import CUES, PRODUCTS, ROOT, Shop, binary, clean_env, main, until

MORE = [{"sku": sku, "title": sku, "price": {"amount": 900, "currency": "EUR"}} for sku in ("scarf", "lamp")]


class Fair(Shop):
    """A shop with all that the scenarios pin, and nothing on air yet."""

    def __init__(self, *flags):
        super().__init__("--workers", "2", "--host-messages-per-second-max", "1000", "--host-messages-burst-max", "1000", *flags,
                         start=False)

    def set_up(self):
        super().set_up()
        self.api("PUT", "/v1/catalogue", {"products": PRODUCTS + MORE})
        cues = [{"id": sku, "title": sku, "sku": sku} for sku in ("teapot", "scarf", "lamp")]
        self.api("PUT", "/v1/broadcasts/show/run-of-show", {"cues": CUES + cues})


class LoadGenerator(unittest.TestCase):
    """liveshelf-load counts for itself: every event once at every viewer, and no unit twice."""

    def words(self, shop, scenario, viewers, *more):
        return [binary("liveshelf-load"), "--url", f"ws://127.0.0.1:{shop.port}", "--broadcast", "show", "--token",
                shop.token("viewer"), "--host-token", shop.token("host", sub="load"), "--integrator-token",
                shop.token("integrator"), "--viewers", str(viewers), "--scenario", str(scenario), *more]

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)

    def play(self, shop, scenario, *more, viewers=200, code=0):
        out = self.folder() / "out.json"
        done = subprocess.run(self.words(shop, scenario, viewers, "--json", str(out), *more), capture_output=True, text=True,
                              timeout=150, env=clean_env(), check=False)
        self.assertEqual(done.returncode, code, done.stderr[-3000:])
        return json.loads(out.read_text())

    def scenario(self, phases, **more):
        file = self.folder() / "scenario.json"
        file.write_text(json.dumps({"name": "test", "ramp_per_second": 1000, "phases": phases, **more}))
        return file

    def test_a_pin_storm_and_a_reconnect_storm(self):
        with Shop("--workers", "2", "--host-messages-per-second-max", "1000") as shop:
            books = self.play(shop, self.scenario([
                {"do": "pins", "skus": ["mug-red", "mug-blue"], "count": 20, "every_ms": 20},
                {"do": "drop", "share": 0.7},
                {"do": "pins", "skus": ["mug-red", "mug-blue"], "count": 5, "every_ms": 20},
                {"do": "return", "within_ms": 300, "wait_ms": 20000},
                {"do": "pins", "skus": ["mug-red", "mug-blue"], "count": 5, "every_ms": 20}]))
            counts = books["counts"]
            self.assertEqual((counts["gaps"], counts["duplicates"], counts["live"], books["sound"]), (0, 0, 200, True))
            self.assertEqual(counts["events"], 200 * 30)
            self.assertGreater(counts["resumes"], 50)
            self.assertEqual(books["times"]["resume_ms"]["count"], counts["resumes"])
            self.assertIsNotNone(books["faults"][0]["all_back_ms"])
            self.assertEqual([phase["do"] for phase in books["phases"]], ["pins", "drop", "pins", "return", "pins"])
            self.assertEqual(sum(books["times"]["pin_ms"]["buckets"]), books["times"]["pin_ms"]["count"])

    def test_a_flash_sale_sells_exactly_what_there_is(self):
        with Shop("--workers", "2", stock={"mug-red": 50, "mug-blue": 1}) as shop:
            books = self.play(shop, self.scenario([
                {"do": "reserve", "sku": "mug-red", "seconds": 3, "per_second": 300, "then": "keep"}]))
            self.assertEqual(books["answers"]["held"], 50)
            counts = books["counts"]
            self.assertEqual((counts["oversold"], counts["unanswered"], counts["outstanding_max"]), (0, 0, 50))
            until("the count", lambda: shop.counts("mug-red")["held"] == 50)

    def test_the_last_unit_is_one_viewers(self):
        with Fair() as shop:
            books = self.play(shop, ROOT / "loadtest/scenarios/last-unit.json")
            self.assertEqual((books["counts"]["held"], books["counts"]["asked"], books["sound"]), (1, 200, True))
            self.assertEqual(shop.counts("mug-red")["available"], 0)

    def test_a_full_show_in_seconds(self):
        """Coming and going, video clocks, double taps, orders paid, holds given back, everybody's line lost once."""
        with Fair() as shop:
            books = self.play(shop, ROOT / "loadtest/scenarios/full-show.json", "--duration", "15", viewers=300)
            counts = books["counts"]
            self.assertEqual((books["sound"], counts["missing"], counts["stock_mismatches"]), (True, 0, 0), books["why"])
            self.assertEqual(counts["pins"], 8)
            self.assertGreater(counts["resumes"], 200)
            self.assertGreater(counts["held"], 30)
            self.assertGreater(counts["paid"], 0)
            self.assertEqual(sum(row["sold"] for row in books["skus"]), counts["paid"])
            self.assertTrue(all(mark["text"] for mark in books["marks"]))
            self.assertEqual({len(column) for column in books["series"].values() if isinstance(column, list)},
                             {len(books["series"]["t_ms"])})

    def test_a_storm_and_a_slow_tenth_in_seconds(self):
        with Fair("--send-buffer-bytes", "8k") as shop:
            books = self.play(shop, ROOT / "loadtest/scenarios/reconnect-storm.json", "--speed", "3",
                              "--threshold", "counts.resumes>=180")
            self.assertGreater(books["counts"]["held"], 0)
            self.assertTrue(all(fault["all_back_ms"] is not None for fault in books["faults"]))
            slow = json.loads((ROOT / "loadtest/scenarios/slow-tenth.json").read_text())
            slow["thresholds"] = {}  # this machine is not measured here
            file = self.folder() / "slow.json"
            file.write_text(json.dumps(slow))
            books = self.play(shop, file, "--speed", "6")
            self.assertEqual((books["counts"]["gaps"], books["counts"]["live"]), (0, 200))
            phase = {entry["number"]: entry for entry in books["phases"]}
            self.assertEqual(phase[2]["pin_ms"]["count"], 40 * 200)  # all of them
            self.assertEqual(phase[4]["pin_ms"]["count"], 120 * 180)  # the slow ones are not waited for
            self.assertEqual(phase[9]["pin_ms"]["count"], 5 * 200)

    def test_a_node_dies_in_the_middle(self):
        """The viewers come back by themselves, claims are asked again under their ids, and it is still sound."""
        scenario = self.scenario(
            [{"do": "pins", "skus": ["mug-red", "mug-blue"], "count": 30, "every_ms": 200}],
            **{"while": [{"do": "reserve", "sku": "mug-red", "per_second": 200}]})
        with Shop("--workers", "2", "--host-messages-per-second-max", "1000", stock={"mug-red": 20}) as shop:
            out = self.folder() / "out.json"
            load = subprocess.Popen(self.words(shop, scenario, 200, "--json", str(out)), stderr=subprocess.PIPE, text=True,
                                    env=clean_env())
            lines = []
            for line in load.stderr:
                lines.append(line)
                if "pins" in line and "held 0 " not in line:
                    os.kill(shop.nodes()[0], signal.SIGKILL)
                    break
            lines += load.communicate(timeout=100)[1]
            books = json.loads(out.read_text())
            self.assertEqual((load.returncode, books["sound"]), (0, True), "".join(lines)[-3000:])
            self.assertGreater(books["counts"]["lost"], 10)
            self.assertEqual(books["counts"]["missing"], 0)
            self.assertGreater(books["counts"]["all_back_max_ms"], 0)
            self.assertGreater(books["counts"]["held"], 50)

    def interrupted(self, shop, phases):
        out = self.folder() / "out.json"
        load = subprocess.Popen(self.words(shop, self.scenario(phases), 20, "--json", str(out)), stderr=subprocess.PIPE,
                                text=True, env=clean_env())
        load.stderr.readline()
        load.send_signal(signal.SIGINT)
        told = load.communicate(timeout=30)[1]
        self.assertEqual(load.returncode, 130, told)
        self.assertIn("interrupted; until then sound", told)
        books = json.loads(out.read_text())
        self.assertEqual((books["interrupted"], books["sound"], books["why"]), (True, True, []))
        return books

    def test_ctrl_c_ends_it_with_an_account(self):
        """What was not waited for is nobody's fault."""
        with Shop() as shop:
            self.assertEqual(self.interrupted(shop, [{"do": "wait", "ms": 60000}])["counts"]["live"], 20)
            books = self.interrupted(shop, [{"do": "drop", "share": 1}, {"do": "return", "within_ms": 60000, "wait_ms": 60000}])
            self.assertGreater(books["counts"]["missing"], 0)
            self.assertEqual([(phase["passed"], phase["detail"]) for phase in books["phases"]][1:], [(False, "interrupted")])

    def test_pinning_what_is_pinned_is_no_event_to_wait_for(self):
        with Shop() as shop:
            one = {"do": "pins", "skus": ["mug-blue"], "count": 1, "every_ms": 0}
            books = self.play(shop, self.scenario([one, one]), viewers=5)
            self.assertEqual((books["sound"], books["counts"]["pins"], books["times"]["pin_ms"]["count"]), (True, 1, 5))

    def test_figures_that_cannot_be_written_are_not_silent(self):
        with Shop() as shop, open("/dev/full", "wb") as full:
            words = self.words(shop, self.scenario([{"do": "wait", "ms": 1}]), 1, "--json", "-")
            done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, env=clean_env(), check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn('--json: cannot write "-": No space left on device', done.stderr)

    def test_a_terminal_is_drawn_over_in_place(self):
        with Shop() as shop:
            master, slave = pty.openpty()
            load = subprocess.Popen(self.words(shop, self.scenario([{"do": "wait", "ms": 1500}]), 20), stderr=slave,
                                    env=clean_env())
            os.close(slave)
            screen = b""
            with contextlib.suppress(OSError):  # the other end is closed
                while data := os.read(master, 65536):
                    screen += data
            os.close(master)
            self.assertEqual(load.wait(30), 0)
            text = screen.decode()
            self.assertIn("20 of 20 live", text)
            heights = {int(up) for up in re.findall(r"\x1b\[(\d+)A", text)}
            self.assertEqual(heights, {8})
            self.assertIn("sound: nothing missed", text.rsplit("\x1b[8A", 1)[1])

    def test_a_report_has_the_run_inside(self):
        """The page itself is the web tests' business."""
        folder = self.folder()
        (folder / ".report.html").write_text("<script>{{run}}</script>")
        with Shop() as shop:
            scenario = self.scenario([{"do": "mark", "text": "a < b"}, {"do": "wait", "ms": 10}])
            books = self.play(shop, scenario, "--report", str(folder / "run.html"), "--web-dir", str(folder), viewers=5)
            inside = re.fullmatch(r"<script>(.*)</script>", (folder / "run.html").read_text(), re.DOTALL)[1]
            self.assertEqual(json.loads(inside), books)
            self.assertNotIn("<", inside)

    def test_thresholds_decide_the_exit_code(self):
        with Shop() as shop:
            scenario = self.scenario([{"do": "wait", "ms": 10}], thresholds={"counts.live": {"at_least": 20}})
            books = self.play(shop, scenario, "--threshold", "join_ms.max<=60000", viewers=20)
            self.assertEqual([t["passed"] for t in books["thresholds"]], [True, True])
            books = self.play(shop, scenario, "--threshold", "counts.joins>=21", viewers=20, code=1)
            self.assertEqual([(t["name"], t["passed"]) for t in books["thresholds"]],
                             [("counts.live", True), ("counts.joins", False)])
            self.assertTrue(books["sound"])

    def test_the_scenarios_that_come_with_it_can_be_read(self):
        for scenario in sorted((ROOT / "loadtest/scenarios").glob("*.json")):
            done = self.ask("--scenario", str(scenario))
            self.assertEqual(done.returncode, 1, done.stderr)  # read and tried; nobody is there

    def ask(self, *more, **instead):
        given = {"--url": "ws://127.0.0.1:1", "--token": "x", "--viewers": "1", "--host-token": "x", **instead}
        words = [word for pair in given.items() for word in pair if pair[1] is not None]
        return subprocess.run([binary("liveshelf-load"), *words, *more], capture_output=True, text=True, timeout=60, check=False)

    def test_what_is_asked_wrongly_is_refused_by_name(self):
        good = str(self.scenario([{"do": "wait", "ms": 1}]))
        page = self.folder()
        (page / ".report.html").write_text("{{run}}")
        for more, instead, said in (
                (["--scenario", str(self.scenario([{"do": "dance"}]))], {}, "phase 1: do: it takes one of"),
                (["--scenario", str(self.scenario([{"do": "wait", "ms": 1, "mss": 2}]))], {}, "phase 1 (wait): mss"),
                (["--scenario", str(self.scenario([]))], {}, "1 to 100 phases"),
                (["--scenario", str(self.scenario([{"do": "start"}]))], {"--host-token": None}, "--host-token"),
                (["--scenario", good], {"--viewers": "5abc"}, '--viewers "5abc"'),
                (["--scenario", good], {"--viewers": "0"}, '--viewers "0"'),
                (["--scenario", good], {"--viewers": None}, "--viewers is missing"),
                (["--scenario", good], {"--url": "wss://127.0.0.1:1"}, "TLS"),
                (["--scenario", good], {"--url": "127.0.0.1"}, '--url "127.0.0.1"'),
                (["--scenario", good, "--speed", "0"], {}, '--speed "0"'),
                (["--scenario", good, "--speed", "2", "--duration", "5"], {}, "--speed and --duration cannot both be given"),
                (["--scenario", good, "--seed", "-1"], {}, '--seed "-1"'),
                (["--scenario", good, "--seed"], {}, "--seed needs a value behind it"),
                (["--scenario", good, "--viewers", "2"], {}, "--viewers is given twice"),
                (["--scenario", good, "more"], {}, '"more" belongs to no option'),
                (["--scenario", good, "--json", "/nowhere/x.json"], {},
                 '--json: cannot write "/nowhere/x.json": No such file or directory'),
                (["--scenario", good, "--report", "/nowhere/x.html", "--web-dir", str(page)], {},
                 '--report: cannot write "/nowhere/x.html": No such file or directory'),
                (["--scenario", "/nowhere"], {}, '--scenario: cannot read "/nowhere": No such file or directory'),
                (["--scenario", str(page)], {}, "Is a directory"),
                (["--scenario", good, "--report", "x.html", "--web-dir", "/nowhere"], {}, "--report: /nowhere"),
                (["--scenario", good, "--fast", "1"], {}, "--fast is no option"),
                (["--scenario", good, "--threshold", "pin_ms.p98<=1"], {}, "there is no such figure"),
                (["--scenario", good, "--threshold", "pin_ms.p99<1"], {}, "it takes NAME<=NUMBER"),
                ([], {}, "--scenario is missing")):
            done = self.ask(*more, **instead)
            self.assertEqual(done.returncode, 2, (more, instead, done.stderr))
            self.assertIn(said, done.stderr)


class Liar:
    """A server that breaks one promise. Just enough of the protocol for two viewers who ask once."""

    def __init__(self, fault):
        self.fault, self.known, self.heard = fault, [], set()
        self.others = 101 if fault in ("lost", "ended") else 0  # held by others when the crowd comes
        self.allocated = self.others + 1
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.sock.accept()[0],), daemon=True).start()

    def serve(self, sock):
        with contextlib.suppress(OSError, ValueError), sock, sock.makefile("rb") as stream:
            request = stream.readline().decode()
            while stream.readline() not in (b"\r\n", b""):
                pass
            if "/v1/stock" in request:
                held = self.others + len(self.known) if self.fault != "books" else 0
                self.reply(sock, 200, {"stock": [{"sku": "mug-red", "allocated": self.allocated, "available": self.allocated - held,
                                                  "held": held, "sold": 0}]})
                return
            if "/v1/holds/" in request:
                hold = request.split()[1].rpartition("/")[2]
                self.reply(sock, 200 if hold in self.known else 404, {"hold": hold, "state": "held"} if hold in self.known else {})
                return
            sock.sendall(b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
            while (message := self.receive(stream)) is not None:
                self.answer(sock, message)

    def reply(self, sock, status, what):
        body = json.dumps(what).encode()
        sock.sendall(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)

    def receive(self, stream):
        """The next message; None: the viewer goes."""
        opcode, size = stream.read(2)
        if opcode & 15 == 8:
            return None
        size &= 127
        size = struct.unpack(">H", stream.read(2))[0] if size == 126 else size
        mask, data = stream.read(4), stream.read(size)
        return json.loads(bytes(byte ^ mask[i & 3] for i, byte in enumerate(data)))

    def say(self, sock, message):
        data = json.dumps(message, separators=(",", ":")).encode()
        sock.sendall(bytes([0x81]) + (bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))) + data)

    def answer(self, sock, m):
        if m["t"] == "hello":
            now = int(time.time() * 1000)
            self.say(sock, {"t": "welcome", "re": m["id"], "viewer": "v", "epoch": "e", "seq": 1, "server_ms": now, "recovered": False})
            self.say(sock, {"t": "snapshot", "epoch": "e", "seq": 1, "d": {"my": {"holds": []}}})
            for seq in {"gap": (2, 4), "twice": (2, 2, 3)}.get(self.fault, (2, 3)):
                self.say(sock, {"t": "none", "seq": seq, "ms": now, "d": {}})
            if self.fault == "nonsense":
                sock.sendall(b"\x81\x04{x:}")
        elif m["t"] == "start":
            self.say(sock, {"t": "error", "re": "another", "d": {"code": "forbidden"}})
            self.say(sock, {"t": "ok", "re": m["id"], "d": {}})
        elif m["t"] == "reserve":
            self.reserve(sock, m["id"])

    def reserve(self, sock, hold):
        if self.fault == "deaf" and hold not in self.heard:
            self.heard.add(hold)
            return
        if self.fault == "ended":
            self.others = 100
        free = self.others + len(self.known) < self.allocated
        if free or self.fault == "oversell":
            self.known.append(hold)
        if free or self.fault in ("oversell", "lost"):
            self.say(sock, {"t": "hold", "re": hold, "d": {"hold": hold, "state": "held", "expires_ms": 2 ** 52}})
        elif self.fault != "silence":
            self.say(sock, {"t": "error", "re": hold, "d": {"code": "sold_out"}})


class LoadGeneratorAndLiars(unittest.TestCase):
    """What the load generator is for: it must notice each way in which a server is wrong."""

    def judged(self, fault, *phases, **more):
        with tempfile.TemporaryDirectory() as folder:
            scenario, out = pathlib.Path(folder, "s.json"), pathlib.Path(folder, "out.json")
            scenario.write_text(json.dumps({"name": "liar", "ramp_per_second": 100, "phases": phases or [
                {"do": "reserve", "sku": "mug-red", "seconds": 1, "once": True}], **more}))
            liar = Liar(fault)
            self.addCleanup(liar.sock.close)
            done = subprocess.run(
                [binary("liveshelf-load"), "--url", f"http://127.0.0.1:{liar.port}", "--token", "x", "--integrator-token", "x",
                 "--host-token", "x", "--viewers", "2", "--scenario", str(scenario), "--json", str(out), "--quiet"],
                capture_output=True, text=True, timeout=100, check=False)
            books = json.loads(out.read_text())
            self.assertEqual(done.returncode, 0 if books["sound"] else 1, done.stderr)
            return books["why"]

    def test_an_honest_one_is_believed(self):
        self.assertEqual(self.judged("none"), [])

    def test_each_lie_is_noticed_and_named(self):
        for fault, said in (("gap", "2 events missed"), ("twice", "2 events seen twice"),
                            ("nonsense", "2 messages that could not be read"),
                            ("oversell", "1 mug-red: units promised beyond what there was"),
                            ("books", "mug-red: the shop counts 0 held or sold, viewers were told of 1")):
            self.assertIn(said, self.judged(fault), fault)

    def test_a_claim_without_an_answer_is_noticed(self):
        self.assertEqual(self.judged("silence"), ["1 claims without an answer"])

    def test_what_others_held_is_not_promised_again(self):
        """The counts are the same in both cases; the shop does not know the hold of the one who was promised too much."""
        self.assertEqual(self.judged("ended"), [])
        self.assertEqual(self.judged("lost"), ["1 mug-red: units promised beyond what there was"])

    def test_who_left_before_the_answer_comes_back_for_it(self):
        self.assertEqual(self.judged(
            "deaf", {"do": "reserve", "sku": "mug-red", "seconds": 0.2, "once": True}, {"do": "drop", "share": 1},
            **{"while": [{"do": "clock", "every_ms": 60000, "lag_ms": [0, 0]}]}), [])

    def test_an_answer_to_something_else_is_not_the_commands(self):
        self.assertEqual(self.judged("none", {"do": "start"}), [])


if __name__ == "__main__":
    main()
