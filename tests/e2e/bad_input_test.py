"""What nobody should send: each row is answered clearly, by name of the field, and hurts nobody else."""
import base64
import hashlib
import hmac
import json
import secrets
import socket
import time
import unittest

from support import Closed, Conn, PRODUCTS, Refused, Shop, WebSocket, main, until


def jwt(key, claims, header=None):
    """A token by hand, to make wrong ones."""
    def part(data):
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=")

    signed = part(header or {"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    signature = hmac.new(key, signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = Shop("--host-messages-per-second-max", "1000", "--host-messages-burst-max", "1000",
                        "--messages-per-second-max", "1000", "--messages-burst-max", "1000")
        cls.shop.__enter__()
        cls.witness = cls.shop.viewer()

    @classmethod
    def tearDownClass(cls):
        cls.shop.__exit__(None, None, None)

    def tearDown(self):
        """Whatever was sent, the server lives, and somebody else's line with it."""
        try:
            self.assertEqual(self.witness.ask({"t": "ping"})["t"], "pong")
        except (Closed, OSError):
            until("a node", lambda: self.shop.http("GET", "/healthz")[0] == 200)
            type(self).witness = self.shop.viewer()
            raise

    def assert_closed(self, conn, code):
        with self.assertRaises(Closed) as closed:
            while True:
                conn.receive()
        self.assertEqual(closed.exception.code, code, closed.exception)

    # ---- the socket ----

    def test_wrong_commands_are_refused_with_their_field(self):
        viewer = self.shop.viewer()
        rows = [
            ({"t": "reserve", "id": "h_1", "lines": []}, "lines"),
            ({"t": "reserve", "id": "h_2"}, "lines"),
            ({"t": "reserve", "id": "h_3", "lines": {"sku": "mug-red", "qty": 1}}, "lines"),
            ({"t": "reserve", "id": "h_4", "lines": [{"sku": "mug-red"}]}, "lines[0].qty"),
            ({"t": "reserve", "id": "h_5", "lines": [{"sku": "mug-red", "qty": 0}]}, "lines[0].qty"),
            ({"t": "reserve", "id": "h_6", "lines": [{"sku": "mug-red", "qty": -1}]}, "lines[0].qty"),
            ({"t": "reserve", "id": "h_7", "lines": [{"sku": "mug-red", "qty": 10**30}]}, "lines[0].qty"),
            ({"t": "reserve", "id": "h_8", "lines": [{"sku": "mug-red", "qty": 1.5}]}, "lines[0].qty"),
            ({"t": "reserve", "id": "h_9", "lines": [{"sku": "mug-red", "qty": "1"}]}, "lines[0].qty"),
            ({"t": "reserve", "id": "h_10", "lines": [{"sku": "no such/sku", "qty": 1}]}, "lines[0].sku"),
            ({"t": "reserve", "id": "h_11", "lines": [{"sku": "x" * 64, "qty": 1}]}, "lines[0].sku"),
            ({"t": "reserve", "id": "h_12", "lines": [{"sku": "mug-red", "qty": 1}] * 17}, "lines"),
            ({"t": "release", "id": "r1"}, "hold"),
            ({"t": "waitlist.join", "id": "w1", "sku": "mug-red", "qty": None}, "qty"),
            ({"t": "ping", "id": "a b"}, "id"),
            ({"t": "ping", "id": 7}, "id"),
            ({"t": 7, "id": "x"}, "t"),
        ]
        for command, field in rows:
            viewer.ws.send(command)
            answer = viewer.wait("error")
            self.assertEqual(answer["d"]["code"], "bad_request", (command, answer))
            self.assertTrue(answer["d"]["field"].startswith(field.split("[")[0]), (command, answer))
            self.assertEqual(viewer.ask({"t": "ping"})["t"], "pong")  # one good one between: nobody is closed
        self.assertEqual(self.shop.counts("mug-red")["held"], 0)

    def test_what_is_no_json_three_times_in_a_row_closes(self):
        for junk in ("{", "[]", "null", "", "\"t\"", "{\"t\":\"ping\",\"id\":\"1\"} trailing", "[" * 5000,
                     "{\"t\":\"ping\",\"t\":\"ping\",\"id\":\"1\"", "{\"t\":\"ping\",\"id\":\"\\ud800\"}"):
            viewer = self.shop.viewer()
            for _ in range(3):
                viewer.ws.send(junk)
            for _ in range(2):
                self.assertEqual(viewer.wait("error")["d"]["code"], "bad_request", junk)
            self.assert_closed(viewer, 1008)

    def test_text_that_is_not_utf8(self):
        viewer = self.shop.viewer()
        viewer.ws.send_frame(b'{"t":"ping","id":"\xff\xfe"}')
        try:
            self.assertEqual(viewer.wait("error")["d"]["code"], "bad_request")
        except Closed as closed:
            self.assertIn(closed.code, (1006, 1007, 1008, 1002))

    def test_too_large_closes_the_sender_alone(self):
        viewer = self.shop.viewer()
        viewer.ws.send(json.dumps({"t": "ping", "id": "1", "x": "y" * 9000}))
        self.assert_closed(viewer, 1009)
        huge = self.shop.viewer()
        huge.ws.send_raw(b"\x81\xff" + (2**40).to_bytes(8, "big") + b"\0\0\0\0" + b"x" * 20000)
        with self.assertRaises((Closed, OSError)):
            while True:
                huge.receive()

    def test_an_unknown_type_is_answered_and_forgiven(self):
        viewer = self.shop.viewer()
        for _ in range(5):
            self.assertEqual(viewer.ask({"t": "chat.send", "text": "hi"})["d"]["code"], "bad_request")
        self.assertEqual(viewer.ask({"t": "ping", "unknown": {"deep": [1, 2, 3]}})["t"], "pong")

    def test_half_a_frame_waits_and_a_binary_one_is_refused(self):
        half = self.shop.viewer()
        half.ws.send_raw(b"\x81\xfe\x01\x00\0\0")
        self.assertEqual(self.witness.ask({"t": "ping"})["t"], "pong")
        half.close()
        binary = self.shop.viewer()
        for _ in range(3):
            binary.ws.send_frame(b"\x00\x01\x02", opcode=2)
        with self.assertRaises((Closed, OSError)):
            while True:
                binary.receive()

    def test_a_message_in_pieces_is_one_message(self):
        viewer = self.shop.viewer()
        text = b'{"t":"ping","id":"pieces"}'
        viewer.ws.send_frame(text[:5], final=False)
        viewer.ws.send_frame(text[5:9], opcode=0, final=False)
        viewer.ws.send_frame(text[9:], opcode=0)
        self.assertEqual(viewer.wait("pong")["re"], "pieces")

    def test_a_replayed_reserve_is_the_same_hold_and_another_is_a_mismatch(self):
        viewer = self.shop.viewer()
        first = viewer.reserve("mug-blue")
        again = viewer.reserve("mug-blue", hold=first["re"])
        self.assertEqual(again["d"]["hold"], first["d"]["hold"])
        self.assertEqual(again["d"]["expires_ms"], first["d"]["expires_ms"])
        self.assertEqual(viewer.reserve("mug-blue", 2, hold=first["re"])["d"]["code"], "mismatch")
        self.assertIn(self.shop.viewer().reserve("mug-blue", hold=first["re"])["d"]["code"], ("mismatch", "hold_unknown"))
        self.assertEqual(self.shop.counts("mug-blue")["held"], 1)
        viewer.ask({"t": "release", "hold": first["re"]})

    def test_an_old_price_and_a_limit(self):
        viewer, host = self.shop.viewer(), self.shop.host()
        price = [s for s in viewer.snapshot["d"]["shelf"] if s["sku"] == "mug-blue"][0]["price"]
        host.ask({"t": "price.set", "sku": "mug-blue", "amount": price["amount"] + 1, "currency": "EUR"})
        viewer.wait("price")
        answer = viewer.reserve("mug-blue", seen_price=price["version"])
        self.assertEqual(answer["d"]["code"], "price_changed")
        self.assertEqual(answer["d"]["price"]["amount"], price["amount"] + 1)
        self.assertEqual(viewer.reserve("nowhere")["d"]["code"], "sku_unknown")
        self.assertIn(viewer.reserve("mug-blue", 1000)["d"]["code"], ("sold_out", "held_out", "limit_reached"))

    # ---- who ----

    def assert_hello_refused(self, token, code, close):
        with self.assertRaises(Closed) as closed:
            ws = Conn(self.shop.port, "show", token, hello=False)
            ws.ws.send({"t": "hello", "id": "1", "token": token})
            error = ws.wait("error")
            self.assertEqual(error["d"]["code"], code)
            while True:
                ws.receive()
        self.assertEqual(closed.exception.code, close)

    def assert_bad_hello(self, token):
        conn = Conn(self.shop.port, "show", token, hello=False)
        conn.ws.send({"t": "hello", "id": "1", "token": token})
        error = conn.wait("error")
        self.assertEqual((error["d"]["code"], error["d"]["field"]), ("bad_request", "token"))
        conn.close()

    def test_hellos_that_are_nobody(self):
        shop = self.shop
        with open(shop.data_dir + "/key", encoding="ascii") as file:
            key = file.read().strip().encode()
        now = int(time.time())
        good = {"role": "viewer", "shop": "demo", "exp": now + 600}
        Conn(shop.port, "show", jwt(key, good)).close()  # the hand-made one is right: the rows below fail for their own reason
        bad = [
            "x", "a.b.c", "a" * 4000, jwt(b"another key, long enough to be one", good), jwt(key, good)[:-4] + "AAAA",
            jwt(key, good, {"alg": "none", "typ": "JWT"}), jwt(key, good, {"alg": "HS512", "typ": "JWT"}),
            jwt(key, {**good, "role": "boss"}), jwt(key, {**good, "role": None}), jwt(key, {**good, "shop": "a/b"}),
            jwt(key, {"role": "viewer", "exp": now + 600}), jwt(key, {"role": "viewer", "shop": "demo"}),
            jwt(key, {**good, "nbf": now + 500}),
        ]
        for token in bad:
            with self.subTest(token=token[:60]):
                self.assert_hello_refused(token, "unauthenticated", 4401)
        self.assert_bad_hello("")
        self.assert_bad_hello("a" * 5000)
        self.assert_hello_refused(jwt(key, {**good, "exp": now - 1}), "token_expired", 4401)
        self.assert_hello_refused(shop.token("viewer", broadcast="other"), "forbidden", 4403)
        self.assert_hello_refused(shop.token("integrator"), "forbidden", 4403)

    def test_another_shop_sees_nothing_of_ours(self):
        theirs = self.shop.token("host", shop="rival")
        with self.assertRaises(Closed) as closed:
            Conn(self.shop.port, "show", theirs)
        self.assertIn(closed.exception.code, (4401, 4403, 4404, 1008))
        token = self.shop.token("integrator", shop="rival")
        self.assertEqual(self.shop.http("GET", "/v1/broadcasts/show", token=token)[0], 404)
        self.assertEqual(self.shop.http("GET", "/v1/stock", token=token)[1]["stock"], [])
        hold = self.witness.reserve("mug-red")["re"]
        self.assertEqual(self.shop.http("GET", f"/v1/holds/{hold}", token=token)[0], 404)
        self.witness.ask({"t": "release", "hold": hold})

    def test_a_first_message_that_is_no_hello(self):
        conn = Conn(self.shop.port, "show", "", hello=False)
        conn.ws.send({"t": "pin.set", "id": "1", "slot": 0, "sku": "mug-red"})
        with self.assertRaises(Closed) as closed:
            while True:
                conn.receive()
        self.assertIn(closed.exception.code, (4401, 1008))

    def test_a_viewer_may_not_host(self):
        viewer = self.shop.viewer()
        for command in ({"t": "pin.set", "slot": 0, "sku": "mug-red"}, {"t": "end"}, {"t": "price.set", "sku": "mug-red",
                        "amount": 1, "currency": "EUR"}, {"t": "stock.allocate", "sku": "mug-red", "units": 5, "ref": "x"}):
            self.assertEqual(viewer.ask(command)["d"]["code"], "forbidden")
        self.assertEqual(self.shop.counts("mug-red")["allocated"], 40)

    def test_a_forged_viewer_key_is_another_person(self):
        viewer = self.shop.viewer()
        name = viewer.welcome["viewer"]
        forged = self.shop.viewer(viewer_key=name + "." + "A" * 22)
        self.assertNotEqual(forged.welcome["viewer"], name)

    def test_pages_of_other_origins(self):
        def upgrade(origin):
            return WebSocket(self.shop.port, "/v1/broadcasts/show/live", [f"Origin: {origin}"])

        with self.assertRaises(Refused) as refused:
            upgrade("https://evil.example")
        self.assertEqual(refused.exception.status, 403)
        upgrade(f"http://127.0.0.1:{self.shop.port}").close()

    def test_upgrades_that_are_none(self):
        for path in ("/v1/broadcasts/show", "/v1/broadcasts//live", "/v1/broadcasts/a%2fb/live", "/nowhere", "/metrics"):
            with self.assertRaises(Refused, msg=path):
                WebSocket(self.shop.port, path)

    # ---- HTTP ----

    def assert_problem(self, status, code, method, path, body=None, field=None, token="integrator", **more):
        got, problem, headers = self.shop.http(method, path, body, token=token and self.shop.token(token), **more)
        self.assertEqual((got, problem.get("code") if isinstance(problem, dict) else problem), (status, code), problem)
        self.assertIn("application/problem+json", headers["content-type"])
        if field:
            self.assertEqual(problem.get("field"), field, problem)
        return problem

    def test_http_bodies(self):
        allocate = "/v1/stock/mug-red/allocate"
        rows = [
            ("POST", allocate, {"units": 5}, "ref"), ("POST", allocate, {"units": 0, "ref": "a"}, "units"),
            ("POST", allocate, {"units": -5, "ref": "a"}, "units"), ("POST", allocate, {"units": 10**12, "ref": "a"}, "units"),
            ("POST", allocate, {"units": "5", "ref": "a"}, "units"), ("POST", allocate, {"units": 5, "ref": "a b"}, "ref"),
            ("POST", allocate, {"units": 5, "ref": "a", "unit": 6}, "unit"), ("POST", allocate, "{", None),
            ("POST", allocate, "", None), ("POST", allocate, b'{"units":5,"ref":"\xff"}', None),
            ("POST", "/v1/broadcasts", {"id": "a b", "title": "x"}, "id"), ("POST", "/v1/broadcasts", {"id": "x"}, "title"),
            ("POST", "/v1/broadcasts", {"id": "x", "title": "t" * 201}, "title"),
            ("PUT", "/v1/stock/mug-red", {"count": 5, "gone": -1, "version": 1}, "gone"),
            ("PUT", "/v1/catalogue", {"products": [{"sku": "a", "title": "A", "price": {"amount": 1, "currency": "eur"}}]},
             "products[0].price.currency"),
            ("PUT", "/v1/catalogue", {"products": PRODUCTS + [PRODUCTS[0]]}, None),
            ("PUT", "/v1/broadcasts/show/run-of-show", {"cues": [{"title": "no id"}]}, "cues[0].id"),
        ]
        for method, path, body, field in rows:
            with self.subTest(path=path, body=str(body)[:80]):
                self.assert_problem(400, "bad_request", method, path, body, field)
        self.assertEqual(self.shop.counts("mug-red")["allocated"], 40)

    def test_http_without_a_token_or_with_the_wrong_one(self):
        for path in ("/v1/catalogue", "/v1/stock", "/v1/broadcasts/show", "/v1/broadcasts/show/estimates"):
            self.assert_problem(401, "unauthenticated", "GET", path, token=None)
        self.assert_problem(403, "forbidden", "GET", "/v1/stock", token="viewer")
        self.assert_problem(403, "forbidden", "POST", "/v1/stock/mug-red/allocate", {"units": 1, "ref": "x"}, token="logistics")
        for method, path in (("DELETE", "/v1/stock"), ("PUT", "/v1/stock"), ("POST", "/v1/catalogue")):
            self.assertIn(self.shop.http(method, path, token=self.shop.token("integrator"))[0], (404, 405))
        self.assert_problem(404, "not_found", "GET", "/v1/broadcasts/nowhere")
        self.assert_problem(404, "not_found", "GET", "/v1/nothing")

    def test_a_run_of_show_with_an_unknown_sku_is_refused(self):
        self.shop.api("POST", "/v1/broadcasts", {"id": "second", "title": "Second"})
        cue = {"id": "c1", "title": "Ghost", "sku": "ghost", "card": {"say": "x", "must_say": [], "must_not_say": [], "notes": ""}}
        self.assert_problem(404, "sku_unknown", "PUT", "/v1/broadcasts/second/run-of-show", {"cues": [cue]}, "cues[0].sku")
        problem = self.assert_problem(409, "preflight_failed", "POST", "/v1/broadcasts/second/start")
        self.assertEqual([p["code"] for p in problem["problems"]], ["no_cues"])

    def test_a_feed_with_a_broken_row_is_refused_whole(self):
        feed = "id,title,price\nmug-x,Mug,12.90 EUR\nmug-y,Mug,\"12,9\"\n"
        problem = self.assert_problem(400, "bad_request", "PUT", "/v1/catalogue", feed, "row[3].price",
                                      headers={"Content-Type": "text/csv"})
        self.assertIn("row 3", problem["detail"])
        skus = {p["sku"] for p in self.shop.api("GET", "/v1/catalogue")["products"]}
        self.assertEqual(skus, {p["sku"] for p in PRODUCTS})

    def test_idempotency_keys(self):
        path, key = "/v1/stock/teapot/allocate", {"Idempotency-Key": "k-" + secrets.token_hex(8)}
        token = self.shop.token("integrator")
        first = self.shop.http("POST", path, {"units": 2, "ref": "idem-1"}, token, key)
        again = self.shop.http("POST", path, {"units": 2, "ref": "idem-1"}, token, key)
        self.assertEqual((first[0], again[0], again[1]), (200, 200, first[1]))
        self.assertNotIn("idempotency-replayed", first[2])
        self.assertEqual(again[2]["idempotency-replayed"], "true")
        self.assert_problem(422, "mismatch", "POST", path, {"units": 3, "ref": "idem-1"}, headers=key)
        self.assert_problem(400, "bad_request", "POST", path, {"units": 3, "ref": "idem-2"},
                            headers={"Idempotency-Key": "x" * 65})
        replayed = self.shop.api("POST", path, {"units": 2, "ref": "idem-1"})  # the ref alone is enough
        self.assertTrue(replayed["replayed"])
        self.assertEqual(replayed["allocated"], 7)

    def test_a_body_that_is_too_large(self):
        sock = socket.create_connection(("127.0.0.1", self.shop.port), timeout=10)
        sock.sendall(b"PUT /v1/catalogue HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n"
                     b"Authorization: Bearer " + self.shop.token("integrator").encode() + b"\r\n\r\n{")
        self.assertIn(b" 413 ", sock.recv(4096).split(b"\r\n")[0] + b" ")
        sock.close()

    def test_requests_that_are_no_http(self):
        for junk in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"\r\n" * 1000, b"A" * 20000, b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"):
            sock = socket.create_connection(("127.0.0.1", self.shop.port), timeout=10)
            try:
                sock.sendall(junk)
                sock.shutdown(socket.SHUT_WR)
                self.assertNotIn(b"root:", sock.recv(65536))
            except OSError:
                pass
            sock.close()
            self.assertEqual(self.shop.http("GET", "/healthz")[0], 200)


if __name__ == "__main__":
    main()
