"""Each check finds the fault it is for: a history that is right passes, and with one thing wrong the one check speaks."""
import unittest

from checker import CHECKS, check
from history import Entry, History, move_hold, move_stock

WALL = 1_000_000.0  # Unix ms at monotonic 0
MUG = ("mug", 1, 500)


class Story:
    """A small round told step by step: what happened in the ledger, and what clients asked and heard."""

    def __init__(self):
        self.records = [{"type": "clock", "at": 0.0, "wall_ms": WALL}]
        self.entries, self.ops = [], 0
        self.shown = {"mug": dict(available=0, held=0, sold=0, allocated=0)}

    def entry(self, at, *moves, **counts):
        self.entries.append(Entry(f"{len(self.entries)}-0", WALL + at * 1000, list(moves), counts))

    def ask(self, what, began, ended, how="ok", client="v1", answer=None, **asked):
        self.ops += 1
        self.records.append({"type": "invoke", "op": self.ops, "what": what, "client": client, "at": began, **asked})
        if ended is not None:
            self.records.append({"type": how, "op": self.ops, "at": ended, **(answer or {})})

    def reserve(self, hold, began, ended, how="ok", client="v1", **answer):
        answer = answer or {"state": "held", "total": 500, "lines": [["mug", 1]]}
        self.ask("reserve", began, ended, how, client, answer, hold=hold, lines=[["mug", 1]])

    def confirm(self, hold, began, ended, how="ok", **answer):
        self.ask("confirm", began, ended, how, "stub", answer or {"state": "confirmed"}, hold=hold, order="o-" + hold, amount=500)

    def pay(self, what, hold, amount=500):
        self.records.append({"type": "money", "at": 9, "what": what, "hold": hold, "amount": amount})

    def allocated(self, at, units, ref="po"):
        self.ask("allocate", at - 0.1, at + 0.1, client="house", sku="mug", ref=ref, units=units)
        self.entry(at, move_stock("allocated", "mug", units, ref=ref))

    def hold(self, at, kind, hold, viewer="v1", expires=60, **more):
        self.entry(at, move_hold(kind, hold, viewer, [MUG], WALL + expires * 1000, **more))

    def sell(self, at, hold):
        self.hold(at, "confirmed", hold, order="o-" + hold)
        self.confirm(hold, at - 0.1, at + 0.1)
        self.pay("capture", hold)

    def verdict(self, wall_s=20, **counts):
        """At the end every node shows `counts` of the mug."""
        shown = {"mug": dict(self.shown["mug"], **counts)}
        final = {"type": "final", "at": wall_s, "node": "a", "wall_ms": WALL + wall_s * 1000, "counts": shown,
                 "ledger": self.entries[-1].id if self.entries else "0-0"}
        return check(History(self.records + [final]), self.entries)


def sold_story():
    """Two mugs; one is held and sold, one is held and released. All is well."""
    s = Story()
    s.allocated(1, 2)
    s.hold(2, "reserved", "h1")
    s.reserve("h1", 1.9, 2.1)
    s.hold(3, "reserved", "h2", "v2")
    s.reserve("h2", 2.9, 3.1, client="v2")
    s.sell(4, "h1")
    s.hold(5, "released", "h2", "v2")
    s.ask("release", 4.9, 5.1, client="v2", answer={"state": "released"}, hold="h2")
    return s


SOLD = dict(available=1, held=0, sold=1, allocated=2)


class Checks(unittest.TestCase):
    def blames(self, verdict, *which):
        self.assertEqual(verdict.blamed(), set(which), verdict.violations)
        self.assertTrue(verdict.blamed() <= set(CHECKS))

    def test_a_good_history_passes(self):
        verdict = sold_story().verdict(**SOLD)
        self.blames(verdict)
        self.assertEqual((verdict.figures["acknowledged"], verdict.figures["lost"]), (5, 0))

    def test_a_unit_taken_twice(self):
        s = Story()
        s.allocated(1, 1)
        s.hold(2, "reserved", "h1")
        s.hold(3, "reserved", "h2", "v2")
        self.blames(s.verdict(available=-1, held=2, allocated=1), "oversell")

    def test_more_paid_for_than_there_is_even_where_the_ledger_is_silent(self):
        s = Story()
        s.ask("allocate", 0.9, 1.1, client="house", sku="mug", ref="po", units=1)
        for hold in ("h1", "h2"):
            s.reserve(hold, 2, 3)
            s.confirm(hold, 4, 5)
        self.assertIn("oversell", s.verdict().blamed())

    def test_counts_that_are_not_what_happened(self):
        s = sold_story()
        s.entry(6, mug=dict(available=2, held=0, sold=1, allocated=2))
        self.blames(s.verdict(**dict(SOLD, available=2)), "oversell")

    def test_a_stopped_thing_is_not_sold(self):
        s = Story()
        s.allocated(1, 1)
        s.entry(1.5, move_stock("stopped", "mug"))
        s.hold(2, "reserved", "h1")
        self.blames(s.verdict(held=1, allocated=1), "oversell")

    def recall_story(self, mode):
        s = Story()
        s.allocated(1, 2)
        s.hold(2, "reserved", "h1", expires=5)
        s.entry(3, move_stock("recall", "mug", mode=mode))
        s.ask("recall", 2.9, 3.1, client="host", sku="mug", mode=mode)
        return s

    def test_a_recalled_hold_is_taken_back_only_when_it_is_to_be(self):
        s = self.recall_story("cancel")
        self.blames(s.verdict(available=1, held=1, allocated=2), "liveness")
        s.hold(4, "recalled", "h1")
        self.blames(s.verdict(available=2, allocated=2))
        s = self.recall_story("honour")
        s.hold(4, "recalled", "h1")
        self.blames(s.verdict(available=2, allocated=2), "ends")

    def test_a_recalled_hold_is_sold_only_where_it_is_honoured(self):
        for mode, which in (("honour", ()), ("keep", ("oversell",)), ("cancel", ("oversell",))):
            s = self.recall_story(mode)
            s.sell(4, "h1")
            self.blames(s.verdict(available=1, sold=1, allocated=2), *which)

    def test_a_kept_hold_does_not_expire_and_what_is_recalled_is_not_opened(self):
        s = self.recall_story("keep")
        self.blames(s.verdict(available=1, held=1, allocated=2))
        s.hold(6, "expired", "h1")
        self.blames(s.verdict(available=2, allocated=2), "ends")
        s = self.recall_story("honour")
        s.sell(4, "h1")
        s.entry(6, move_stock("opened", "mug"))
        self.blames(s.verdict(available=1, sold=1, allocated=2), "oversell")

    def test_an_acknowledged_recall_is_lost(self):
        s = sold_story()
        s.ask("recall", 7, 8, client="host", sku="mug", mode="cancel")
        self.blames(s.verdict(**SOLD), "lost")

    def test_a_limit_is_a_limit(self):
        s = Story()
        s.allocated(1, 5)
        s.entry(1.5, move_stock("limit", "mug", 1))
        s.hold(2, "reserved", "h1")
        s.hold(3, "reserved", "h2")
        self.blames(s.verdict(available=3, held=2, allocated=5), "oversell")

    def test_an_old_count_does_not_come_after_a_newer(self):
        s = Story()
        for version in (2, 1):
            s.entry(version, move_stock("synced", "mug", 3, version=version))
        self.blames(s.verdict(available=6, allocated=6), "oversell")

    def test_an_acknowledged_hold_is_lost(self):
        s = sold_story()
        s.reserve("h3", 6, 7)
        self.blames(s.verdict(**SOLD), "lost")

    def test_an_acknowledged_payment_release_or_allocation_is_lost(self):
        for what, asked in (("confirm", dict(hold="h2", order="o-h2", amount=500)), ("release", dict(hold="h9")),
                            ("allocate", dict(sku="mug", ref="other", units=0)), ("sync", dict(sku="mug", version=4, total=2)),
                            ("stop", dict(sku="mug", wish=1)), ("extend", dict(hold="h2", wish=1))):
            s = sold_story()
            s.ask(what, 7, 8, answer={"extends": 1}, **asked)
            self.blames(s.verdict(**SOLD), "lost")

    def test_the_last_word_on_a_switch_counts(self):
        s = sold_story()
        s.entry(6, move_stock("stopped", "mug"))
        s.ask("stop", 5.9, 6.1, sku="mug", wish=1)
        s.entry(7, move_stock("opened", "mug"))
        s.ask("open", 6.9, 7.1, sku="mug", wish=1)
        self.blames(s.verdict(**SOLD))
        s.entry(8, move_stock("stopped", "mug"))
        self.blames(s.verdict(**SOLD), "lost")

    def test_a_place_in_line_is_lost(self):
        s = sold_story()
        s.ask("join", 7, 8, answer={"state": "joined"}, sku="mug")
        self.blames(s.verdict(**SOLD), "lost")

    def test_what_is_unknown_may_have_happened_or_not_but_not_twice(self):
        s = sold_story()
        s.reserve("h3", 6, None)
        s.reserve("h4", 6, 6.5, "unknown", code="unavailable")
        s.hold(7, "reserved", "h4", "v3")
        s.hold(7.1, "released", "h4", "v3")
        verdict = s.verdict(**SOLD)
        self.blames(verdict)
        self.assertEqual((verdict.figures["unknown, never happened"], verdict.figures["unknown, happened once"]), (1, 1))
        s.hold(8, "reserved", "h4", "v3")
        self.blames(s.verdict(**SOLD), "ends")

    def test_a_hold_ends_once(self):
        for kind in ("released", "expired", "confirmed", "extended"):
            s = sold_story()
            s.hold(70, kind, "h2", "v2")
            self.assertIn("ends", s.verdict(wall_s=80, **SOLD).blamed(), kind)

    def test_a_hold_does_not_end_before_its_time(self):
        s = sold_story()
        s.hold(6, "reserved", "h3", "v3", expires=60)
        s.hold(59, "expired", "h3", "v3")
        self.blames(s.verdict(wall_s=80, **SOLD), "ends")

    def test_a_hold_lives_as_long_as_its_viewer_was_told(self):
        s = sold_story()
        s.hold(6, "reserved", "h3", "v3", expires=7)
        s.reserve("h3", 5.9, 6.1, client="v3", state="held", total=500, lines=[["mug", 1]], expires_ms=WALL + 8000)
        s.hold(7.5, "expired", "h3", "v3")
        self.blames(s.verdict(**SOLD), "ends")

    def test_a_clock_that_stands_still_moves_its_holds(self):
        def story(expired_at):
            s = sold_story()
            s.hold(6, "reserved", "h3", "v3", expires=10, broadcast="show")
            s.entry(8, move_stock("frozen", "", broadcast="show"))
            s.entry(18, move_stock("thawed", "", 10_000, broadcast="show"))
            s.hold(expired_at, "expired", "h3", "v3", broadcast="show")
            return s.verdict(wall_s=80, **SOLD)

        self.blames(story(20.1))
        self.blames(story(19.9), "ends")

    def test_paid_too_late_is_void_for_good(self):
        s = sold_story()
        s.hold(6, "reserved", "h3", "v3", expires=7)
        s.hold(8, "expired", "h3", "v3")
        s.hold(9, "voided", "h3", "v3")
        self.blames(s.verdict(**SOLD))
        s.hold(10, "retaken", "h3", "v3")
        self.assertIn("ends", s.verdict(**SOLD).blamed())

    def test_answers_go_one_way(self):
        s = sold_story()
        s.ask("get", 6, 7, answer={"state": "held"}, hold="h1")
        self.blames(s.verdict(**SOLD), "replays")

    def test_answers_that_overlap_may_come_in_any_order(self):
        s = sold_story()
        s.ask("get", 3.95, 7, answer={"state": "held"}, hold="h1")
        self.blames(s.verdict(**SOLD))

    def test_what_was_done_is_not_refused_for_being_done(self):
        s = sold_story()
        s.confirm("h1", 6, 7, "fail", code="hold_confirmed")
        self.blames(s.verdict(**SOLD), "replays")
        s = sold_story()
        s.ask("confirm", 6, 7, "fail", client="stub", answer={"code": "hold_confirmed"}, hold="h1", order="another", amount=500)
        self.blames(s.verdict(**SOLD))
        s.ask("release", 6, 7, "fail", client="v2", answer={"code": "hold_released"}, hold="h2")
        self.blames(s.verdict(**SOLD), "replays")

    def test_one_id_one_content(self):
        s = sold_story()
        s.reserve("h1", 6, 7, state="confirmed", total=400, lines=[["mug", 1]])
        self.blames(s.verdict(**SOLD), "replays")

    def test_an_answer_that_never_was_true(self):
        s = sold_story()
        s.ask("get", 6, 7, answer={"state": "void"}, hold="h2")
        self.blames(s.verdict(**SOLD), "replays")

    def test_refused_for_good_and_held_all_the_time(self):
        s = sold_story()
        s.reserve("h3", 0.5, 0.7, "unknown", code="unavailable")
        s.hold(6, "reserved", "h3", "v3")
        s.reserve("h3", 12, 13, "fail", code="sold_out")
        s.hold(70, "expired", "h3", "v3")
        self.assertIn("replays", s.verdict(wall_s=80, **SOLD).blamed())
        s = sold_story()
        s.reserve("h2", 12, 13, "fail", client="v2", code="sold_out")  # released long ago
        self.blames(s.verdict(**SOLD))
        s.reserve("h1", 12, 13, "fail", code="sold_out")               # paid
        self.blames(s.verdict(**SOLD), "replays")

    def test_charged_and_not_sold(self):
        s = sold_story()
        s.pay("capture", "h2")
        self.blames(s.verdict(**SOLD), "money")
        s.pay("refund", "h2")
        self.blames(s.verdict(**SOLD))
        s.pay("refund", "h2")
        self.blames(s.verdict(**SOLD), "money")

    def test_sold_and_not_charged_or_charged_wrongly(self):
        for wrong in (lambda s: s.pay("refund", "h1"), lambda s: s.pay("capture", "h1"), lambda s: s.pay("refund", "h7"),
                      lambda s: s.records.pop(next(i for i, r in enumerate(s.records) if r["type"] == "money"))):
            s = sold_story()
            wrong(s)
            self.blames(s.verdict(**SOLD), "money")

    def test_the_ledger_keeps_the_order_of_time(self):
        s = Story()
        s.allocated(1, 2)
        s.hold(3.1, "reserved", "h2", "v2")
        s.hold(3.2, "reserved", "h1")
        s.reserve("h1", 2.9, 3.05)   # answered before h2 was asked, and stands behind it
        s.reserve("h2", 3.07, 3.3, client="v2")
        self.blames(s.verdict(held=2, allocated=2), "real time")

    def test_nothing_happens_before_it_was_asked_or_after_it_was_answered(self):
        for began, ended in ((5, 6), (0.1, 1.5)):
            s = Story()
            s.allocated(1, 2)
            s.hold(2, "reserved", "h1")
            s.reserve("h1", began, ended)
            self.blames(s.verdict(available=1, held=1, allocated=2), "real time")

    def test_a_hold_that_is_due_and_stays(self):
        s = sold_story()
        s.hold(6, "reserved", "h3", "v3", expires=10)
        self.blames(s.verdict(wall_s=14, available=0, held=1, sold=1, allocated=2))
        self.blames(s.verdict(wall_s=20, available=0, held=1, sold=1, allocated=2), "liveness")

    def test_a_node_that_shows_something_else(self):
        self.blames(sold_story().verdict(**dict(SOLD, available=2)), "liveness")

    def test_a_node_that_is_behind(self):
        s = sold_story()
        s.verdict_of = lambda ledger: check(History(s.records + [
            {"type": "final", "at": 20, "node": "a", "wall_ms": WALL + 20000, "counts": {"mug": SOLD}, "ledger": ledger}]), s.entries)
        self.blames(s.verdict_of("4-0"))
        self.blames(s.verdict_of("9-0"), "liveness")
        s.hold(6, "reserved", "h3", "v3")
        self.blames(s.verdict_of("4-0"), "liveness")

    def test_told_without_asking_and_never_true(self):
        s = sold_story()
        s.records.append({"type": "push", "at": 6, "client": "v2", "hold": "h2", "state": "expired"})
        self.blames(s.verdict(**SOLD), "replays")

    def test_acknowledged_and_then_unknown(self):
        s = sold_story()
        s.ask("get", 6, 7, "fail", answer={"code": "hold_unknown"}, hold="h2")
        self.blames(s.verdict(**SOLD), "lost")

    def test_sold_for_another_amount(self):
        s = sold_story()
        s.ask("confirm", 6, 7, client="stub", answer={"state": "confirmed"}, hold="h1", order="o-h1", amount=501)
        self.blames(s.verdict(**SOLD), "money", "lost")

    def test_a_shop_that_never_comes_to_rest(self):
        s = sold_story()
        self.blames(check(History(s.records), s.entries), "liveness")

    def test_the_line_is_served_in_order(self):
        def story(*viewers, end=()):
            s = Story()
            s.allocated(1, 1)
            s.hold(2, "reserved", "h1")
            for viewer in ("v2", "v3"):
                s.entry(3, move_stock("waiting", "mug", 1, viewer=viewer))
            s.hold(4, "released", "h1")
            for viewer in viewers:
                s.hold(4, "offered", "~" + viewer, viewer)
                s.hold(5, "released", "~" + viewer, viewer)
            for kind, viewer in end:
                s.hold(6, kind, "h9", viewer)
            held = len(end)
            return s.verdict(available=1 - held, held=held, allocated=1)

        self.blames(story("v2", "v3"))
        self.blames(story("v3", "v2"), "liveness")
        self.blames(story("v2"), "liveness")                             # v3 waits, and a unit is free
        self.blames(story("v2", "v3", end=[("reserved", "v9")]))
        self.blames(story("v2", end=[("reserved", "v9")]), "liveness")   # past v3

    def test_recovery_takes_no_longer_than_it_may(self):
        def story(sold_at):
            s = sold_story()
            s.records += [{"type": "fault", "n": 1, "name": "x", "phase": "begin", "at": 5.5},
                          {"type": "fault", "n": 1, "name": "x", "phase": "end", "at": 5.6}]
            s.reserve("h3", sold_at - 0.05, sold_at + 0.05)
            s.hold(sold_at, "reserved", "h3", "v3")
            return s.verdict(available=0, held=1, sold=1, allocated=2)

        self.blames(story(8))
        self.blames(story(13), "liveness")


if __name__ == "__main__":
    unittest.main()
