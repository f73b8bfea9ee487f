"""Made-up broadcasts with known truth, to judge estimates by.

One integer seed is one merchant: (seed, regime, shift) names one case for ever. A broadcast is a list of events (dicts; `t` is seconds
since its start), in the form that `liveshelf estimate` reads, and its truth. The estimator knows none of the forms used here: a checkout
takes a log-normal time, a pin's burst fades exponentially, the replay sells by two exponentials over three days.

    broadcasts.py SEED REGIME FOLDER [SHIFT]       writes history_N.jsonl, live.jsonl and truth.json
"""
import heapq
import json
import math
import pathlib
import sys

import numpy as np

HOUR = 3600.0
REPLAY = 72 * HOUR              # how long the replay sells
WAVE = 2 * HOUR                 # after the end the first wave leaves
HOLD = 600.0                    # how long a hold lasts
SITES = ("W1", "W2")
HISTORY = 8                     # earlier broadcasts of each merchant
REGIMES = ("normal", "flash_sellout", "no_sales", "bot_spike", "long_checkout", "surprise_hit", "replay_heavy", "cold_start",
           "flop_overrun")
LIVE_NUMBER = 100               # of the judged broadcast, far from the earlier ones' 0..7


def merchant(seed, shift=0.0):
    """What stays the same from show to show. A shift above 0 moves every constant: a merchant unlike those the estimator was tuned on."""
    r = np.random.default_rng([seed, 1])

    def moved(by):
        return math.exp(by * shift * r.standard_normal())

    return dict(
        seed=seed, viewers=float(np.exp(r.normal(7.2, 0.6))) * moved(.5),
        rate=float(np.exp(r.normal(-10.6, 0.35))) * moved(.5),       # wishes per viewer-second
        burst=float(r.uniform(5, 14)) * moved(.4), fade=float(r.uniform(50, 140)) * moved(.4),
        converts=float(r.uniform(.50, .78)), delay=float(r.uniform(50, 130)) * moved(.4),
        delay_spread=float(r.uniform(.6, .95)), releases=float(r.uniform(.06, .16)),
        tail=float(r.uniform(.15, .5)) * moved(.4), tail_fast=float(r.uniform(.25, .55)),
        cancels=float(r.uniform(.02, .08)), skus=int(r.integers(10, 26)),
        pool=int(r.integers(25, 60)), minutes=float(r.uniform(35, 80)),
        basket=float(r.uniform(.15, .40)))


def catalogue(shop):
    r = np.random.default_rng([shop["seed"], 2])
    return [dict(id="S%03d" % i, attract=float(np.exp(r.normal(-.32, .8))), g=int(np.exp(r.normal(6.0, .8))),
                 mm=[int(x) for x in np.exp(r.normal(4.9, .4, 3))]) for i in range(shop["pool"])]


def logit_normal(r, middle, spread, count=None):
    return 1 / (1 + np.exp(-(math.log(middle / (1 - middle)) + r.normal(0, spread, count))))


def plan_evening(r, shop, goods, regime):
    """What this evening is like, and what of it is known before."""
    count = min(shop["skus"], len(goods))
    chosen = [int(i) for i in r.choice(len(goods), count, replace=False)]
    e = dict(chosen=chosen, planned=60 * shop["minutes"], hold=HOLD, stock=1.0, late=1.0)
    e["end"] = e["planned"] * float(np.exp(r.normal(0, .08)))
    e["peak"] = shop["viewers"] * float(np.exp(r.normal(0, .35)))
    e["converts"] = float(logit_normal(r, shop["converts"], .2))
    e["delay"] = shop["delay"] * float(np.exp(r.normal(0, .12)))
    e["tail"] = shop["tail"] * float(np.exp(r.normal(0, .4)))
    e["cancels"] = min(.3, shop["cancels"] * float(np.exp(r.normal(0, .3))))
    e["level"] = float(np.exp(r.normal(0, .25)))
    if regime == "flash_sellout":
        e["stock"], e["level"] = .12, e["level"] * 2
    elif regime == "no_sales":
        e["level"] *= .01
    elif regime == "long_checkout":
        e["delay"], e["hold"] = 480.0, 1800.0
    elif regime == "surprise_hit":
        e["stock"], e["level"] = 5, e["level"] * 5
    elif regime == "replay_heavy":
        e["tail"] *= 4
    elif regime == "flop_overrun":
        e["level"], e["end"] = e["level"] * .35, e["end"] * 1.25
    attract = np.array([goods[i]["attract"] for i in chosen])
    e["attract"] = attract * np.exp(r.normal(0, .35, count)) * e["level"]
    e["sku_converts"] = logit_normal(r, e["converts"], .25, count)
    return e


def run_of_show(r, e):
    """Each SKU once or twice; on air the times drift. Sets `rundown` (planned) and `pins` (as they came)."""
    count = len(e["chosen"])
    slots = list(range(count)) + [int(x) for x in r.choice(count, max(1, count // 4), replace=False)]
    step = e["planned"] / (len(slots) + .5)
    e["rundown"] = [(step * (i + .3), sku) for i, sku in enumerate(slots)]
    e["pins"], clock = [], 0.0
    for planned, sku in e["rundown"]:
        clock = max(clock + 20, planned * e["end"] / e["planned"] + r.normal(0, step * .15))
        if clock < e["end"]:
            e["pins"].append((clock, sku))


def audience(r, e):
    """A ramp, a plateau, a slow fall, with noise that lasts: one count each 15 s."""
    at = np.arange(0, e["end"], 15.0)
    x = at / e["end"]
    noise, shock = np.zeros(len(at)), r.normal(0, .05, len(at))
    for i in range(1, len(at)):
        noise[i] = .97 * noise[i - 1] + shock[i]
    e["viewers_at"] = at
    e["viewers"] = np.maximum(1, e["peak"] * (1 - np.exp(-x * 9)) * (1 - .45 * x ** 2) * np.exp(noise))


def interest(shop, e, sku, grid):
    """Of one SKU over time: weak always, strong behind its pin."""
    level = np.full(len(grid), .35)
    for at, pinned in e["pins"]:
        if pinned == sku:
            age = grid - at
            level = np.where(age >= 0, np.maximum(level, 1 + shop["burst"] * np.exp(-np.maximum(age, 0) / shop["fade"])), level)
    return level


def arrivals(r, shop, e, regime):
    """(t, sku, is it a machine) of everyone who wants one, live and in the replay."""
    came, end = [], e["end"]
    grid = np.arange(0, end, 5.0)
    viewers = np.interp(grid, e["viewers_at"], e["viewers"])
    for sku in range(len(e["chosen"])):
        expected = shop["rate"] * e["attract"][sku] * viewers * interest(shop, e, sku, grid) * 5.0
        counts = r.poisson(expected)
        for i in np.nonzero(counts)[0]:
            for _ in range(counts[i]):
                came.append((min(end - .01, float(grid[i] + 5 * r.random())), sku, 0))
        for _ in range(r.poisson(expected.sum() * e["tail"] * float(np.exp(r.normal(0, .3))))):
            after = r.exponential(1200) if r.random() < shop["tail_fast"] else r.exponential(18 * HOUR)
            if after < REPLAY - HOUR:
                came.append((float(end + after), sku, 0))
    if regime == "bot_spike":
        for _ in range(int(r.integers(1, 4))):
            at, sku = e["pins"][int(r.integers(len(e["pins"])))]
            for _ in range(int(r.integers(150, 700))):
                came.append((at + 5 + float(20 * r.random()), sku, 1))
    return sorted(came)


def stock(r, shop, e, goods):
    """What the planner ordered: the usual demand, with an error of their own; units[sku][site]."""
    count = len(e["chosen"])
    usual = shop["rate"] * np.array([goods[i]["attract"] for i in e["chosen"]]) * shop["viewers"] * e["planned"] * .75 * 2.2
    units = np.maximum(2, np.ceil(usual * e["stock"] * np.exp(r.normal(.25, .5, count)))).astype(int)
    first = np.round(units * r.beta(6, 4, count))
    return np.stack([first, units - first], 1).astype(int)


class Sale:
    """The shop's side, event by event: holds, checkouts, time-outs, the waitlist, cancellations."""

    def __init__(self, r, shop, e, units, skus):
        self.r, self.shop, self.e, self.skus = r, shop, e, skus
        self.available, self.waiting = units.copy(), [[] for _ in skus]
        self.shipped = np.zeros((len(skus), 2), int)
        self.parcels, self.demand, self.wave = {}, np.zeros(len(skus), int), None
        self.buyers, self.buyer_count, self.hold_count = [], 0, 0
        self.due, self.pushed, self.events = [], 0, []

    def push(self, t, kind, *what):
        self.pushed += 1
        heapq.heappush(self.due, (t, self.pushed, kind, what))

    def say(self, t, kind, **members):
        self.events.append(dict(t=round(t, 2), type=kind, **members))

    def run(self, until):
        while self.due:
            t, _, kind, what = heapq.heappop(self.due)
            if t > until:
                break
            getattr(self, "on_" + kind)(t, *what)

    def on_viewers(self, t, count): self.say(t, "viewers", n=count)

    def on_pin(self, t, sku): self.say(t, "pin", sku=self.skus[sku]["id"])

    def on_wave(self, _t): self.wave = [int(x) for x in self.shipped.sum(1)]

    def on_end(self, t): self.say(t, "end")

    def buyer(self, is_machine):
        """Somebody new, or one of the last 300 with one more thing."""
        if not is_machine and self.buyers and self.r.random() < self.shop["basket"]:
            return self.buyers[int(self.r.integers(max(0, len(self.buyers) - 300), len(self.buyers)))]
        self.buyer_count += 1
        self.buyers.append("B%05d" % self.buyer_count)
        return self.buyers[-1]

    def on_arrive(self, t, sku, is_machine, who):
        if who is None:
            self.demand[sku] += not is_machine
            who = self.buyer(is_machine)
        if self.available[sku].sum() == 0:
            if not is_machine and self.r.random() < .45:
                self.waiting[sku].append((who, 0))
                self.say(t, "waitlist", sku=self.skus[sku]["id"])
            return
        self.hold(t, sku, is_machine, who)

    def hold(self, t, sku, is_machine, who):
        r, e = self.r, self.e
        near = 0 if r.random() < .6 else 1
        site = near if self.available[sku][near] > 0 else 1 - near
        units = 1 if is_machine or r.random() < .88 else int(r.integers(2, 4))
        units = int(min(units, self.available[sku][site]))
        self.available[sku][site] -= units
        self.hold_count += 1
        name = "H%06d" % self.hold_count
        self.say(t, "hold", id=name, sku=self.skus[sku]["id"], wh=SITES[site], qty=units, buyer=who)
        chance = .02 if is_machine else e["sku_converts"][sku]
        takes = float(e["delay"] * np.exp(r.normal(0, self.shop["delay_spread"])))
        if r.random() < chance and takes < e["hold"]:
            self.push(t + takes, "confirm", sku, site, units, name, who)
        elif not is_machine and r.random() < self.shop["releases"] / (1 - e["converts"] + .05):
            self.push(t + float(min(e["hold"] - 1, r.exponential(150))), "release", sku, site, units, name)
        else:
            self.push(t + e["hold"], "expire", sku, site, units, name)

    def on_confirm(self, t, sku, site, units, name, who):
        self.say(t, "confirm", id=name, order="O" + name[1:])
        self.shipped[sku][site] += units
        self.parcels[(who, site)] = self.parcels.get((who, site), 0) + units
        if self.r.random() < self.e["cancels"]:
            self.push(t + float(self.r.exponential(8 * HOUR)), "cancel", sku, site, units, name, who)

    def on_release(self, t, sku, site, units, name):
        self.say(t, "release", id=name)
        self.give_back(t, sku, site, units)

    def on_expire(self, t, sku, site, units, name):
        self.say(t, "expire", id=name)
        self.give_back(t, sku, site, units)

    def on_cancel(self, t, sku, site, units, name, who):
        self.say(t, "cancel", id=name)
        self.shipped[sku][site] -= units
        self.parcels[(who, site)] -= units
        self.give_back(t, sku, site, units)

    def give_back(self, t, sku, site, units):
        """To the first in line who still wants it: half of them do."""
        self.available[sku][site] += units
        while self.waiting[sku] and self.available[sku].sum() > 0:
            who, is_machine = self.waiting[sku].pop(0)
            if self.r.random() < .5:
                self.push(t + float(self.r.exponential(45)), "arrive", sku, is_machine, who)
                break


def start_event(e, goods, units):
    skus = [dict(id=goods[c]["id"], g=goods[c]["g"], mm=goods[c]["mm"], stock={w: int(units[i][j]) for j, w in enumerate(SITES)})
            for i, c in enumerate(e["chosen"])]
    return dict(t=0.0, type="start", planned_end=round(e["planned"], 1), ttl=e["hold"], horizon=REPLAY, skus=skus,
                rundown=[dict(sku=skus[s]["id"], t=round(t, 1)) for t, s in e["rundown"]])


def truth_of(sale, e, shop, regime, number):
    skus, shipped = sale.skus, sale.shipped
    return dict(seed=shop["seed"], regime=regime, n=number, end=e["end"], planned=e["planned"],
                units={s["id"]: int(shipped[i].sum()) for i, s in enumerate(skus)},
                wave1={s["id"]: sale.wave[i] for i, s in enumerate(skus)},
                units_wh={s["id"]: {w: int(shipped[i][j]) for j, w in enumerate(SITES)} for i, s in enumerate(skus)},
                parcels=sum(x > 0 for x in sale.parcels.values()),
                demand={s["id"]: int(sale.demand[i]) for i, s in enumerate(skus)},
                grams=int(sum(shipped[i].sum() * s["g"] for i, s in enumerate(skus))),
                cm3=float(sum(shipped[i].sum() * np.prod(s["mm"]) / 1000 for i, s in enumerate(skus))))


def broadcast(shop, goods, number, regime="normal"):
    """The merchant's broadcast of this number: (events, truth)."""
    r = np.random.default_rng([shop["seed"], 3, number, REGIMES.index(regime)])
    e = plan_evening(r, shop, goods, regime)
    run_of_show(r, e)
    audience(r, e)
    came = arrivals(r, shop, e, regime)
    units = stock(r, shop, e, goods)
    start = start_event(e, goods, units)
    sale = Sale(r, shop, e, units, start["skus"])
    sale.events.append(start)
    for t, count in zip(e["viewers_at"], e["viewers"]):
        sale.push(float(t), "viewers", int(count))
    for t, sku in e["pins"]:
        sale.push(t, "pin", sku)
    for t, sku, is_machine in came:
        sale.push(t, "arrive", sku, is_machine, None)
    sale.push(e["end"], "end")
    sale.push(e["end"] + WAVE, "wave")
    sale.run(e["end"] + REPLAY)
    sale.say(e["end"] + REPLAY, "close")
    return sale.events, truth_of(sale, e, shop, regime, number)


def history(seed, shift=0.0):
    """The merchant's earlier broadcasts, all of them normal, oldest first."""
    shop = merchant(seed, shift)
    goods = catalogue(shop)
    return [broadcast(shop, goods, i) for i in range(HISTORY)]


def judged(seed, regime, shift=0.0):
    """The broadcast to foretell. A cold start is a normal one that nothing is known before."""
    shop = merchant(seed, shift)
    return broadcast(shop, catalogue(shop), LIVE_NUMBER, "normal" if regime == "cold_start" else regime)


def write_lines(path, events):
    path.write_text("".join(json.dumps(e) + "\n" for e in events), encoding="utf-8")


def main(seed, regime, folder, shift=0.0):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for i, (events, _) in enumerate([] if regime == "cold_start" else history(seed, shift)):
        write_lines(folder / f"history_{i}.jsonl", events)
    events, truth = judged(seed, regime, shift)
    write_lines(folder / "live.jsonl", events)
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]) if len(sys.argv) > 4 else 0.0)
