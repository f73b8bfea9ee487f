"""The law of the stock, replayed over a ledger: a second opinion, written from the words of the design and not from the code.

It blames "oversell" (a unit taken that was not there, past a viewer's limit, of a stopped SKU, or ahead of those in line), and "ends" (a
hold that ends twice, or too early). Where a movement cannot be, it goes on with what the ledger says, so that one fault is blamed once.
"""
import collections

LOOK_MAX = 16  # so far down a line is looked for somebody whose wish fits
COUNTS = ("available", "held", "sold", "allocated")
OPEN_KINDS = {"reserved", "offered"}
TAKING_KINDS = {"reserved", "offered", "retaken"}


class Hold:
    def __init__(self, move):
        self.id, self.viewer, self.lines, self.broadcast = move["hold"], move["viewer"], move["lines"], move["broadcast"]
        self.state, self.expires = "held", move["expires"]


class Model:
    def __init__(self, blame, put_back=False):
        self.blame, self.put_back = blame, put_back
        self.counts = collections.defaultdict(lambda: dict.fromkeys(COUNTS, 0) | {"stopped": False, "limit": 0, "buffer": 0,
                                                                                              "recall": "none"})
        self.holds = {}
        self.taken = collections.Counter()                # (sku, viewer) -> units held or bought
        self.line = collections.defaultdict(list)         # sku -> [(viewer, units)]
        self.stood = {}                                   # broadcast -> (ms it stood still before, since or None)
        self.seen = collections.Counter()

    # ---- one entry ----

    def apply(self, entry):
        for move in entry.moves:
            kind = move["kind"]
            self.seen[kind] += 1
            if "hold" in move:
                self.of_hold(entry, kind, move)
            else:
                step = getattr(self, "do_" + kind, None)
                if step is not None:
                    step(entry, move)
        for sku, told in entry.counts.items():
            ours = self.counts[sku]
            wrong = {key: (told[key], ours[key]) for key in COUNTS + ("stopped",) if key in told and told[key] != ours[key]}
            if wrong:
                self.blame("oversell", f"entry {entry.id}: counts of {sku}, told and replayed: {wrong}")
                ours.update({key: told[key] for key in COUNTS if key in told})

    # ---- holds ----

    def of_hold(self, entry, kind, move):
        hold = self.holds.get(move["hold"])
        if kind in OPEN_KINDS:
            if hold is not None:
                self.blame("ends", f"entry {entry.id}: {hold.id} is {kind} and was {hold.state} before")
                return
            if kind == "offered":
                self.offer(entry, move)
            else:
                self.no_barging(entry, move)
            hold = self.holds[move["hold"]] = Hold(move)
            self.take(entry, kind, hold, "held")
        elif hold is None:
            self.blame("ends", f"entry {entry.id}: {move['hold']} is {kind} and never was")
        else:
            self.change(entry, kind, hold, move)

    def change(self, entry, kind, hold, move):
        """One end per hold: held, then one of confirmed, released, expired; after expired one of retaken, voided."""
        before = "expired" if kind in ("retaken", "voided") else "held"
        if hold.state != before:
            self.blame("ends", f"entry {entry.id}: {hold.id} is {kind} and was {hold.state}")
            return
        if hold.lines != move["lines"] or hold.viewer != move["viewer"]:
            self.blame("ends", f"entry {entry.id}: {hold.id} is not what it was: {move}")
        self.check_recall(entry, kind, hold)
        if kind == "extended":
            hold.expires = max(hold.expires, move["expires"])
        elif kind == "confirmed":
            self.move_units(hold, "held", "sold")
            hold.state = "confirmed"
        elif kind in ("released", "recalled", "expired"):
            if kind == "expired" and not self.is_due(hold, entry.ms):
                self.blame("ends", f"entry {entry.id}: {hold.id} expired before its time {hold.expires}")
            self.move_units(hold, "held", "available")
            self.count_taken(hold, -1)
            hold.state = "expired" if kind == "expired" else "released"
        elif kind == "retaken":
            self.take(entry, kind, hold, "sold")
            hold.state = "confirmed"
        else:
            hold.state = "void"

    def check_recall(self, entry, kind, hold):
        modes = self.recalls(hold)
        if kind == "confirmed" and modes & {"keep", "cancel"}:
            self.blame("oversell", f"entry {entry.id}: {hold.id} is sold, and what is in it is recalled")
        if kind == "recalled" and "cancel" not in modes:
            self.blame("ends", f"entry {entry.id}: {hold.id} is taken back, and nothing in it is recalled so")

    def recalls(self, hold):
        return {self.counts[sku]["recall"] for sku, _, _ in hold.lines}

    def take(self, entry, kind, hold, to):
        for sku, units, _ in hold.lines:
            count = self.counts[sku]
            if count["available"] < units:
                self.blame("oversell", f"entry {entry.id}: {kind} {units} of {sku}, and {count['available']} were free")
            if count["stopped"] and not self.put_back:
                self.blame("oversell", f"entry {entry.id}: {kind} {sku}, which is stopped")
        self.move_units(hold, "available", to)
        self.count_taken(hold, 1)
        for sku, _, _ in hold.lines:
            limit, has = self.counts[sku]["limit"], self.taken[sku, hold.viewer]
            if limit and has > limit:
                self.blame("oversell", f"entry {entry.id}: {hold.viewer} has {has} of {sku}, and may have {limit}")

    def move_units(self, hold, a, b):
        for sku, units, _ in hold.lines:
            self.counts[sku][a] -= units
            self.counts[sku][b] += units

    def count_taken(self, hold, sign):
        for sku, units, _ in hold.lines:
            self.taken[sku, hold.viewer] += sign * units

    # ---- lines ----

    def fits(self, sku):
        """Index in the line of the first whose wish fits what is free; None: nobody's."""
        count = self.counts[sku]
        for i, (_, units) in enumerate(self.line[sku][:LOOK_MAX]):
            if not count["stopped"] and units <= count["available"] - count["buffer"]:
                return i
        return None

    def offer(self, entry, move):
        sku, units, _ = move["lines"][0]
        first = self.fits(sku)
        line = self.line[sku]
        if not self.put_back and (first is None or line[first] != (move["viewer"], units)):
            self.blame("liveness", f"entry {entry.id}: {sku} offered to {move['viewer']}, whose turn it was not: {line[:LOOK_MAX]}")
        self.leave(sku, move["viewer"])

    def no_barging(self, entry, move):
        for sku, _, _ in move["lines"]:
            first = self.fits(sku)
            if first is not None:
                self.blame("liveness", f"entry {entry.id}: {sku} reserved past {self.line[sku][first]}")

    def leave(self, sku, viewer):
        self.line[sku] = [place for place in self.line[sku] if place[0] != viewer]

    def do_waiting(self, entry, move):
        if any(viewer == move["viewer"] for viewer, _ in self.line[move["sku"]]):
            self.blame("ends", f"entry {entry.id}: {move['viewer']} stands twice in the line of {move['sku']}")
        self.line[move["sku"]].append((move["viewer"], move["units"]))

    def do_left(self, _, move):
        self.leave(move["sku"], move["viewer"])

    # ---- stock ----

    def do_allocated(self, _, move):
        self.counts[move["sku"]]["available"] += move["units"]
        self.counts[move["sku"]]["allocated"] += move["units"]

    def do_withdrawn(self, entry, move):
        if self.counts[move["sku"]]["available"] < move["units"]:
            self.blame("oversell", f"entry {entry.id}: {move['units']} of {move['sku']} withdrawn that were not free")
        self.do_allocated(entry, {**move, "units": -move["units"]})

    def do_synced(self, entry, move):
        version, last = move.get("version"), self.counts[move["sku"]].get("version", 0)
        if version is not None and version <= last:
            self.blame("oversell", f"entry {entry.id}: count {version} of {move['sku']} came after {last}")
        if version is not None:
            self.counts[move["sku"]]["version"] = version
        self.do_allocated(entry, move)

    def do_stopped(self, _, move):
        self.counts[move["sku"]]["stopped"] = True

    def do_recall(self, entry, move):
        self.do_stopped(entry, move)
        self.counts[move["sku"]]["recall"] = move["mode"]

    def do_opened(self, entry, move):
        if self.counts[move["sku"]]["recall"] != "none":
            self.blame("oversell", f"entry {entry.id}: {move['sku']} is opened, and it is recalled")
        self.counts[move["sku"]]["stopped"] = False

    def do_limit(self, _, move):
        self.counts[move["sku"]]["limit"] = move["units"]

    def do_buffer(self, _, move):
        self.counts[move["sku"]]["buffer"] = move["units"]

    # ---- a broadcast's clock ----

    def do_frozen(self, entry, move):
        stood, _ = self.stood.get(move["broadcast"], (0, None))
        self.stood[move["broadcast"]] = (stood, entry.ms)

    def do_thawed(self, _, move):
        self.stood[move["broadcast"]] = (move["units"], None)

    def is_due(self, hold, ms):
        stood, since = self.stood.get(hold.broadcast, (0, None))
        return since is None and hold.expires + stood <= ms and "keep" not in self.recalls(hold)

    # ---- at the end ----

    def due(self, ms):
        return [hold.id for hold in self.holds.values() if hold.state == "held" and self.is_due(hold, ms)]

    def not_taken_back(self):
        return [hold.id for hold in self.holds.values() if hold.state == "held" and "cancel" in self.recalls(hold)]

    def passed_over(self):
        return [(sku, self.line[sku][i][0]) for sku in list(self.line) if (i := self.fits(sku)) is not None]
