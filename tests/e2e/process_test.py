"""Start, ready, stop: what the supervisor promises whoever runs it. Nothing stays behind, and what is wrong is said in words."""
import os
import re
import resource
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from support import DEADLINE, Refused, Server, Shop, WebSocket, binary, clean_env, is_gone, main, run, until


class Ends(unittest.TestCase):
    def assert_nothing_left(self, server, pids):
        self.assertEqual(set(server.node_ends()), {"exit code 0"})
        until("every process to be gone", lambda: all(is_gone(pid) for pid in pids))
        left = os.listdir(os.path.join(server.data_dir, "redis"))
        self.assertNotIn("redis.sock", left)
        self.assertNotIn("redis.pid", left)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=2)

    def test_serve_says_ready_serves_and_leaves_nothing_behind(self):
        with Server("--workers", "2") as server:
            self.assertEqual(server.http("GET", "/healthz")[0], 200)
            self.assertEqual(server.http("GET", "/readyz")[:2], (200, "ready\n"))
            pids = list(server.children())
            self.assertEqual(len(pids), 3)
            self.assertEqual(server.stop(), 0)
            self.assert_nothing_left(server, pids)

    def test_ctrl_c_is_as_orderly_as_sigterm(self):
        with Server() as server:
            pids = list(server.children())
            os.kill(server.process.pid, signal.SIGINT)
            self.assertEqual(server.process.wait(DEADLINE), 0)
            self.assert_nothing_left(server, pids)

    def test_a_folder_with_an_odd_name(self):
        with tempfile.TemporaryDirectory(prefix="ls-") as above:
            folder = os.path.join(above, 'a "b" 50%?x=1#y@z:ü')
            with Shop(data_dir=folder, log_dir=above) as shop:
                self.assertEqual(shop.counts("mug-red")["available"], 40)
                self.assertEqual(shop.audit().returncode, 0)
                self.assertEqual(shop.stop(), 0)

    def test_a_killed_parent_takes_its_children_along_and_the_next_one_starts(self):
        with Shop() as shop:
            pids, port = list(shop.children()), shop.port
            shop.process.kill()
            shop.process.wait(DEADLINE)
            until("children to follow their parent", lambda: all(is_gone(pid) for pid in pids))
            shop.process.stdout.close()
            shop.log.close()
            shop.start()
            self.assertEqual(shop.port, port)
            self.assertEqual(shop.counts("mug-red")["available"], 40)

    def test_data_outlives_a_restart(self):
        with Shop() as shop:
            viewer = shop.viewer()
            hold = viewer.reserve("mug-red")
            self.assertEqual(hold["t"], "hold")
            viewer.close()
            self.assertEqual(shop.stop(), 0)
            shop.process.stdout.close()
            shop.log.close()
            shop.start()
            again = shop.viewer(viewer_key=viewer.viewer_key)
            self.assertEqual([h["hold"] for h in again.snapshot["d"]["my"]["holds"]], [hold["re"]])


class Restarts(unittest.TestCase):
    def test_a_dead_node_and_a_dead_redis_are_started_again(self):
        with Server() as server:
            for find in (lambda: server.nodes()[0] if server.nodes() else None, server.redis_pid):
                dead = find()
                os.kill(dead, signal.SIGKILL)
                until("its successor", lambda find=find, dead=dead: find() not in (None, dead))
                until("readiness", lambda: self.readyz(server) == 200)

    def readyz(self, server):
        try:
            return server.http("GET", "/readyz", deadline=2)[0]
        except OSError:
            return 0


class Metrics(unittest.TestCase):
    def test_whichever_node_is_asked_answers_for_all(self):
        with Shop("--workers", "2") as shop:
            viewers = [shop.viewer() for _ in range(16)]
            until("both nodes to have told of their conns", lambda: shop.metrics()['liveshelf_conns{role="viewer"}'] == len(viewers))
            for _ in range(8):  # some of these reach either node
                _, text, _ = shop.http("GET", "/metrics")
                for node in ("n1", "n2"):
                    self.assertEqual(text.count(f'liveshelf_loop_delay_seconds_count{{node="{node}"}}'), 1)
                self.assertEqual(text.count("# TYPE liveshelf_conns gauge"), 1)


class Refusals(unittest.TestCase):
    def assert_refused(self, code, text, *words, env=None):
        done = run(*words, env=env)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(text, done.stderr)

    def test_a_second_instance_in_the_same_folder(self):
        with Server() as server:
            self.assert_refused(1, f"in use by another instance (process {server.process.pid})", "serve", "--listen",
                                "127.0.0.1:0", "--data-dir", server.data_dir)

    def test_a_port_that_is_taken_even_by_one_of_us(self):
        with Server() as server, tempfile.TemporaryDirectory() as folder:
            self.assert_refused(1, f"listen 127.0.0.1:{server.port}", "serve", "--listen", f"127.0.0.1:{server.port}",
                                "--data-dir", folder)

    def test_no_redis_to_be_found(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assert_refused(1, "neither redis-server nor valkey-server", "serve", "--listen", "127.0.0.1:0", "--data-dir",
                                folder, env={"PATH": folder})

    def test_a_redis_that_does_not_start(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = os.path.join(folder, "redis-server")
            with open(fake, "w", encoding="ascii") as file:
                file.write("#!/bin/sh\nexit 1\n")
            os.chmod(fake, 0o755)
            self.assert_refused(1, "does not start", "serve", "--listen", "127.0.0.1:0", "--data-dir", folder,
                                env={"PATH": folder + ":" + os.environ["PATH"]})

    def test_wrong_settings(self):
        with tempfile.TemporaryDirectory() as folder:
            here = ("--data-dir", folder)
            self.assert_refused(2, "--workers", "serve", "--workers", "none", *here)
            self.assert_refused(2, "did you mean --workers", "serve", "--wokers", "1", *here)
            self.assert_refused(2, "variable LIVESHELF_WORKERS", "serve", *here, env={"LIVESHELF_WORKERS": "0"})
            self.assert_refused(2, "listen nonsense", "serve", "--listen", "nonsense", *here)
            self.assert_refused(2, "has no replica", "serve", "--listen", "127.0.0.1:0", "--durability", "replicated", *here)
            self.assert_refused(2, "redis-url", "serve", "--listen", "127.0.0.1:0", "--redis-url", "http://x", *here)
            self.assert_refused(2, "did you mean \"serve\"", "srve")
            self.assert_refused(2, "usage", "")

    def test_a_key_others_may_read(self):
        with tempfile.TemporaryDirectory() as folder:
            run("token", "--data-dir", folder, "--shop", "s", "--role", "viewer")
            os.chmod(os.path.join(folder, "key"), 0o644)
            self.assert_refused(1, "chmod 600", "serve", "--listen", "127.0.0.1:0", "--data-dir", folder)


class Files(unittest.TestCase):
    """Few files (ulimit -n): fewer are let in, and everyone is told."""

    def test_who_finds_it_full_is_told_and_the_node_can_still_be_asked(self):
        with Shop(files_max=160) as shop:
            cut = re.search(r"event=limits.cut .*files=160 conns_max=(\d+) of=20000", shop.log_path.read_text())
            came_in = []
            with self.assertRaises(Refused) as refused:
                while len(came_in) < 160:
                    came_in.append(WebSocket(shop.port, "/v1/broadcasts/show/live"))
            self.assertEqual(refused.exception.status, 503)
            self.assertIn("Retry-After: ", refused.exception.head)
            self.assertTrue(8 <= len(came_in) <= int(cut[1]), (len(came_in), cut[0]))
            metrics = shop.metrics()
            self.assertGreaterEqual(metrics['liveshelf_refused_total{reason="conns_max"}'], 1)
            self.assertEqual(metrics["liveshelf_open_files_max"], 160)
            self.assertEqual(shop.http("GET", "/readyz")[0], 200)
            self.assertEqual(shop.counts("mug-red")["available"], 40)
            for ws in came_in:
                ws.close()
            self.assertEqual(shop.stop(), 0)

    def test_a_node_that_cannot_accept_counts_it_and_goes_on_when_it_can(self):
        with Server() as server:
            node = server.nodes()[0]
            before = resource.prlimit(node, resource.RLIMIT_NOFILE)
            resource.prlimit(node, resource.RLIMIT_NOFILE, (3, before[1]))
            with socket.create_connection(("127.0.0.1", server.port), DEADLINE) as waiting:
                waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                until("the node to say so", lambda: "event=accept.refused" in server.log_path.read_text())
                resource.prlimit(node, resource.RLIMIT_NOFILE, before)
                self.assertIn(b"200 OK", waiting.recv(4096))
            self.assertGreaterEqual(server.metrics()['liveshelf_refused_total{reason="descriptors"}'], 1)

    def test_too_few_for_a_node(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["prlimit", "--nofile=64", binary(), "serve", "--listen", "127.0.0.1:0", "--data-dir", folder],
                                  capture_output=True, text=True, env=clean_env(), timeout=DEADLINE, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("ulimit -n is 64", done.stderr)


class Tokens(unittest.TestCase):
    def test_one_line_and_a_key_for_us_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("token", "--data-dir", folder, "--shop", "demo", "--role", "viewer")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r"\A[\w-]+\.[\w-]+\.[\w-]+\n\Z")
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(folder, "key")).st_mode), 0o600)

    def test_what_is_not_a_token(self):
        for words, said in ((("--role", "viewer"), "--shop and --role"), (("--shop", "a b", "--role", "host"), "an id is"),
                            (("--shop", "s", "--role", "boss"), "one of viewer"),
                            (("--shop", "s", "--role", "host", "--ttl", "soon"), "--ttl")):
            with tempfile.TemporaryDirectory() as folder:
                done = run("token", "--data-dir", folder, *words)
                self.assertEqual(done.returncode, 2, words)
                self.assertIn(said, done.stderr)


class Own_redis(unittest.TestCase):
    """--redis-url: somebody else's Redis is used, checked, and left running."""

    def test_an_own_redis_is_used_and_left_alone(self):
        program = next((p for p in ("redis-server", "valkey-server")
                        if any(os.access(os.path.join(d, p), os.X_OK) for d in os.environ["PATH"].split(":"))), None)
        if program is None:
            self.skipTest("no redis-server in PATH")
        with tempfile.TemporaryDirectory(prefix="ls-") as folder:
            sock = os.path.join(folder, "r.sock")
            redis = subprocess.Popen([program, "--port", "0", "--unixsocket", sock, "--dir", folder, "--save", "",
                                      "--appendonly", "yes", "--appendfsync", "everysec"], stdout=subprocess.DEVNULL,
                                     env=clean_env())
            try:
                until("Redis", lambda: os.path.exists(sock))
                with Server("--redis-url", "unix://" + sock, "--durability", "relaxed") as server:
                    self.assertIsNone(server.redis_pid())
                    self.assertEqual(server.http("GET", "/readyz")[0], 200)
                    self.assertEqual(server.stop(), 0)
                self.assertIsNone(redis.poll())
                self.check_not_durable(sock)
            finally:
                redis.terminate()
                redis.wait(DEADLINE)

    def check_not_durable(self, sock):
        server = Server("--redis-url", "unix://" + sock)
        try:
            server.start(wait=False)
            until("the warning that it is not durable",
                  lambda: "redis.not_ready" in server.log_path.read_text() and "appendfsync" in server.log_path.read_text())
        finally:
            server.end()


if __name__ == "__main__":
    main()
