"""The checker is not blind: shops that oversell are caught by it, and one that does not is let through."""
import os
import random
import shutil
import tempfile
import time
import unittest

from checker import check
from history import Recorder, history_read
from naive import SKU, Crowd, DecrementsThenLooks, OneStep, ReadsThenWrites, told_entries
from stage import Redis
from support import until

SEED = 7


class NaiveShops(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ls-hist-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.redis = Redis(self.folder, "redis", "relaxed", with_shim=False)
        self.redis.spawn()
        self.addCleanup(self.redis.kill)
        until("Redis", self.redis.answers)

    def verdict_of(self, kind):
        path = os.path.join(self.folder, "history.jsonl")
        recorder = Recorder(path)
        began_ms = time.time() * 1000
        Crowd(kind(self.redis.ask), recorder, random.Random(SEED)).run()
        entries = told_entries(self.redis.ask, began_ms)
        held = sum({"reserved": 1, "released": -1, "confirmed": -1}.get(e.moves[0]["kind"], 0) for e in entries)
        sold = sum(e.moves[0]["kind"] == "confirmed" for e in entries)
        units = entries[0].moves[0]["units"]
        recorder.write("final", node="a", wall_ms=time.time() * 1000, ledger=entries[-1].id,
                       counts={SKU: dict(available=units - held - sold, held=held, sold=sold, allocated=units)})
        recorder.close()
        return check(history_read(path), entries)

    def test_one_that_reads_then_writes_oversells(self):
        self.assertIn("oversell", self.verdict_of(ReadsThenWrites).blamed())

    def test_one_that_decrements_then_looks_does_things_twice_and_oversells(self):
        blamed = self.verdict_of(DecrementsThenLooks).blamed()
        self.assertIn("ends", blamed)
        self.assertIn("oversell", blamed)

    def test_one_that_does_it_in_one_step_is_let_through(self):
        verdict = self.verdict_of(OneStep)
        self.assertEqual(verdict.violations, [])
        self.assertGreater(verdict.figures["unknown, happened once"], 10)


if __name__ == "__main__":
    unittest.main()
