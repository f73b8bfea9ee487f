"""What people do today instead of an estimate, each from what is known at the moment, and scored like one.

    so far          what is confirmed
    all holds       confirmed and everything on hold
    holds x rate    confirmed and holds at the share of holds that were confirmed in earlier broadcasts
    ratio           holds x rate, times what earlier broadcasts came to from this moment on (chain ladder), with the spread of those
                    ratios as its interval, and never above stock: the one that must be beaten everywhere
    last show       what the last broadcast sold
"""
import numpy as np

LEVELS = (.05, .25, .50, .75, .95)
PHASES = ("mid", "end", "end+15m", "end+60m", "end+24h")
RATE_UNKNOWN = .6               # of holds that are confirmed, without history
RATIO = "ratio"
NAMES = (RATIO, "holds x rate", "all holds", "so far", "last show")


def moments(truth):
    """When each phase is judged: the half of the plan, a second after the end, and later."""
    end = truth["end"]
    return dict(zip(PHASES, (truth["planned"] / 2, end + 1, end + 900, end + 3600, end + 86400)))


class Counts:
    """What anyone can see: units confirmed and on hold per SKU."""

    def __init__(self, start):
        self.skus = [s["id"] for s in start["skus"]]
        self.stock = np.array([sum(s["stock"].values()) for s in start["skus"]], float)
        self.place = {s: i for i, s in enumerate(self.skus)}
        self.confirmed, self.open = np.zeros(len(self.skus)), np.zeros(len(self.skus))
        self.holds = {}
        self.held = self.sold = 0

    def take(self, event):
        kind = event["type"]
        if kind == "hold":
            self.holds[event["id"]] = (self.place[event["sku"]], event["qty"])
            self.open[self.place[event["sku"]]] += event["qty"]
            self.held += 1
        elif kind in ("confirm", "release", "expire"):
            sku, units = self.holds[event["id"]]
            self.open[sku] -= units
            if kind == "confirm":
                self.confirmed[sku] += units
                self.sold += 1
        elif kind == "cancel":
            sku, units = self.holds[event["id"]]
            self.confirmed[sku] -= units

    @staticmethod
    def at_phases(events, truth):
        """(phase, counts) at each phase in turn; the same object each time. Ends with (None, counts) at the close."""
        counts, due = Counts(events[0]), list(moments(truth).items())
        for event in events[1:]:
            while due and event["t"] > due[0][1]:
                yield due.pop(0)[0], counts
            counts.take(event)
        yield None, counts


class Memory:
    """What the opponents keep of earlier broadcasts [(events, truth)]."""

    def __init__(self, history):
        self.ratios, rates, self.last = {p: [] for p in PHASES}, [], None
        for events, truth in history:
            rate, units = np.mean(rates) if rates else RATE_UNKNOWN, sum(truth["units"].values())
            for phase, counts in Counts.at_phases(events, truth):
                if phase is None:
                    rates.append(counts.sold / max(1, counts.held))
                else:
                    so_far = counts.confirmed.sum() + rate * counts.open.sum()
                    self.ratios[phase].append(float(units / max(1, so_far)))
            self.last = truth["units"]
        self.rate = float(np.mean(rates)) if rates else RATE_UNKNOWN

    def as_json(self):
        return dict(ratios=self.ratios, rate=self.rate, last=self.last)

    @staticmethod
    def from_json(kept):
        memory = Memory([])
        memory.ratios, memory.rate, memory.last = kept["ratios"], kept["rate"], kept["last"]
        return memory


def point(values):
    return np.stack([values] * len(LEVELS))


def ratio(memory, phase, base, stock):
    """(quantiles per SKU, of the total, point of the total)"""
    ratios = memory.ratios[phase] or [1.0]
    factors = np.quantile(ratios, LEVELS) if len(ratios) >= 2 else np.ones(len(LEVELS))
    each = np.minimum(np.stack([base * f for f in factors]), stock)
    total = np.minimum(factors * base.sum(), stock.sum())
    return each, total, np.minimum(base * float(np.median(ratios)), stock).sum()


def tell(memory, phase, counts):
    """{name: (quantiles per SKU, quantiles of the total, point of the total)}"""
    confirmed, held = counts.confirmed.copy(), counts.open.copy()
    base = confirmed + memory.rate * held
    told = {RATIO: ratio(memory, phase, base, counts.stock)}
    last = confirmed
    if memory.last:
        usual = np.mean(list(memory.last.values()))
        last = np.array([memory.last.get(s, usual) for s in counts.skus], float)
    for name, units in (("holds x rate", base), ("all holds", confirmed + held), ("so far", confirmed), ("last show", last)):
        told[name] = (point(units), point(units.sum()), units.sum())
    return told
