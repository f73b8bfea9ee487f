"""What the clients of a round saw, told as JSON Lines, and the shop's own account of it: the ledger.

A history is written while it happens. Every attempt of a request is one operation: a record `invoke`, later one of
    ok       answered: done, now or before
    fail     answered: refused, this attempt changed nothing
    unknown  no answer, or "not known": it may have happened, once or not at all
with the attempt's number `op`, what it was about, and the monotonic time `at` in seconds. Beside them stand
    push     something a viewer was told without asking
    money    what the payment stub took and gave back
    fault    what was done to the machines, `begin` and `end`
    clock    one moment on both clocks, monotonic and Unix
    final    what every node says when all is quiet, and the ledger's whole text is in a file beside this one
"""
import json
import time


class Recorder:
    """Writes one history. Used from one thread."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.next_op = 0
        self.counted = {"ok": 0, "fail": 0, "unknown": 0}
        self.write("clock", wall_ms=time.time() * 1000)

    def write(self, kind, **more):
        self.file.write(json.dumps({"type": kind, "at": time.monotonic(), **more}, separators=(",", ":")) + "\n")

    def invoke(self, what, client, **more):
        """Returns the number to end it with."""
        self.next_op += 1
        self.write("invoke", op=self.next_op, what=what, client=client, **more)
        return self.next_op

    def end(self, how, op, **more):
        self.counted[how] += 1
        self.write(how, op=op, **more)

    def close(self):
        self.file.close()


class Attempt:
    """One operation: what was asked, when, and how it ended (`how` is unknown when it never did)."""
    __slots__ = ("op", "what", "client", "asked", "began", "ended", "how", "answer")

    def __init__(self, record):
        self.op, self.what, self.client, self.asked = record["op"], record["what"], record["client"], record
        self.began, self.ended, self.how, self.answer = record["at"], None, "unknown", {}

    def __repr__(self):
        return f"{self.what} by {self.client} at {self.began:.3f} ({self.asked.get('hold') or self.asked.get('sku') or ''})"


class History:
    def __init__(self, records):
        self.attempts, self.pushes, self.money, self.faults, self.finals = [], [], [], [], []
        self.clock = None
        open_ops = {}
        for record in records:
            kind = record["type"]
            if kind == "invoke":
                attempt = open_ops[record["op"]] = Attempt(record)
                self.attempts.append(attempt)
            elif kind in ("ok", "fail", "unknown"):
                attempt = open_ops.pop(record["op"])
                attempt.ended, attempt.how, attempt.answer = record["at"], kind, record
            elif kind == "clock":
                self.clock = self.clock or (record["at"], record["wall_ms"])
            else:
                {"push": self.pushes, "money": self.money, "fault": self.faults, "final": self.finals}[kind].append(record)

    def at_of_ms(self, ms):
        """The monotonic time of a Unix time: both are read on one machine."""
        return self.clock[0] + (ms - self.clock[1]) / 1000

    def of(self, *whats):
        return [attempt for attempt in self.attempts if attempt.what in whats]


def history_read(path):
    with open(path, encoding="utf-8") as file:
        return History([json.loads(line) for line in file])


# ---- the ledger ----

HOLD_KINDS = {"reserved", "offered", "extended", "confirmed", "retaken", "voided", "released", "expired", "recalled"}


class Entry:
    """One entry: `moves`, in order, and `counts` after them, {sku: {available, held, sold, allocated, stopped}}."""
    __slots__ = ("id", "ms", "moves", "counts")

    def __init__(self, id_, ms, moves, counts):
        self.id, self.ms, self.moves, self.counts = id_, ms, moves, counts


def move_hold(kind, hold, viewer, lines, expires=0, broadcast="", order="", extends=0):
    """`lines` are (sku, units, minor)."""
    return {"kind": kind, "hold": hold, "viewer": viewer, "lines": [tuple(line[:3]) for line in lines], "expires": expires,
            "broadcast": broadcast, "order": order, "extends": extends}


def move_stock(kind, sku, units=0, **more):
    return {"kind": kind, "sku": sku, "units": units, **more}
