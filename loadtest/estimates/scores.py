"""How good an estimate was, once the truth is known, and tables of it.

The weighted interval score (Bracher et al. 2021, Gneiting and Raftery 2007) counts in units: the error of the median, the width of
the 50 % and 90 % intervals, and a fine for a truth outside of them. Lower is better; one that is sure and right scores nothing."""
import numpy as np

from opponents import LEVELS, PHASES, RATIO

OURS = "liveshelf"
SMALL = 10                      # units, parcels: relative errors of less count as of so many


def pinball(truth, q):
    """Mean over the five quantiles; q: (5, ...)."""
    level = np.array(LEVELS).reshape(-1, *([1] * (np.ndim(q) - 1)))
    off = truth - q
    return np.maximum(level * off, (level - 1) * off).mean(0)


def interval_score(truth, q):
    score = .5 * np.abs(truth - q[2])
    for alpha, low, high in ((.5, q[1], q[3]), (.1, q[0], q[4])):
        score = score + (alpha / 2) * (high - low + 2 / alpha * np.maximum(low - truth, 0) + 2 / alpha * np.maximum(truth - high, 0))
    return score / 2.5


def within(truth, low, high):
    return float(low <= truth <= high)


def relative(told, truth, small=SMALL):
    return abs(float(told) - truth) / max(truth, small)


def row(truth, each, total, point):
    """One estimate of one case: `truth` units per SKU, `each` their quantiles, `total` those of the sum, `point` what to plan on."""
    sold = truth.sum()
    return dict(units=float(sold), wis=float(interval_score(truth, each).sum()), pinball=float(pinball(truth, each).sum()),
                off=float(np.abs(truth - each[2]).sum()), covered=float(((truth >= each[0]) & (truth <= each[4])).mean()),
                total_off=relative(point, sold), total_covered=within(sold, total[0], total[4]))


class Table:
    """Rows of many cases, summed up."""

    def __init__(self, rows):
        self.rows = rows

    def where(self, **wanted):
        return Table([r for r in self.rows if all(r[k] == v for k, v in wanted.items())])

    def per_unit(self, name):
        return sum(r[name] for r in self.rows) / max(1, sum(max(r["units"], 1) for r in self.rows))

    def mean(self, name):
        values = [r[name] for r in self.rows if r.get(name) is not None]
        return float(np.mean(values)) if values else float("nan")

    def median(self, name):
        values = [r[name] for r in self.rows if r.get(name) is not None]
        return float(np.median(values)) if values else float("nan")


# The bars: phase -> (SKU WIS per unit, coverage of the total, median error of the total, parcels' error, parcels' coverage).
BARS = {"mid": (.130, .75, .150, None, None), "end": (.085, .82, .075, .120, None), "end+15m": (.024, .82, .022, .045, .80),
        "end+60m": (.020, .82, .018, None, None), "end+24h": (.008, .82, .005, None, None)}
SKU_COVERAGE = (.84, .97)
WORSE_BY, WORSE_PLUS = 1.15, .005     # than the ratio, in any regime and phase


def misses(rows):
    """What does not hold, in words."""
    ours, said = Table(rows).where(method=OURS), []
    for phase in PHASES:
        t, (wis, total_covered, total_off, parcels, parcels_covered) = ours.where(phase=phase), BARS[phase]
        for what, value, ok in (
                ("SKU WIS per unit", t.per_unit("wis"), lambda x: x <= wis),
                ("SKU coverage", t.mean("covered"), lambda x: SKU_COVERAGE[0] <= x <= SKU_COVERAGE[1]),
                ("coverage of the total", t.mean("total_covered"), lambda x: x >= total_covered),
                ("median error of the total", t.median("total_off"), lambda x: x <= total_off),
                ("parcels' error", t.mean("parcels_off"), lambda x: parcels is None or x <= parcels),
                ("parcels' coverage", t.mean("parcels_covered"), lambda x: parcels_covered is None or x >= parcels_covered)):
            if not ok(value):
                said.append(f"{phase}: {what} {value:.4f}")
    return said + [f"{phase}, {regime}: SKU WIS per unit {us:.4f}, the ratio's {them:.4f}"
                   for regime, phase, us, them in against_ratio(rows) if us > them * WORSE_BY + WORSE_PLUS]


def against_ratio(rows):
    """(regime, phase, our SKU WIS per unit, the ratio's)"""
    table = Table(rows)
    for regime in dict.fromkeys(r["regime"] for r in rows):
        for phase in PHASES:
            t = table.where(regime=regime, phase=phase)
            yield regime, phase, t.where(method=OURS).per_unit("wis"), t.where(method=RATIO).per_unit("wis")


def print_methods(rows, by):
    """A table by phase or regime, all methods."""
    print(f"| {by} | method | SKU WIS/unit | SKU WAPE | SKU pinball/unit | SKU 90 % covered | total off, median | mean | "
          "total 90 % covered |")
    print("|---" * 9 + "|")
    table = Table(rows)
    for key in dict.fromkeys(r[by] for r in rows):
        for method in dict.fromkeys(r["method"] for r in rows):
            t = table.where(**{by: key, "method": method})
            has_interval = method in (OURS, RATIO)
            print("| %s | %s | %.3f | %.3f | %.3f | %s | %.3f | %.3f | %s |" % (
                key, method, t.per_unit("wis"), t.per_unit("off"), t.per_unit("pinball"),
                "%.2f" % t.mean("covered") if has_interval else "-", t.median("total_off"), t.mean("total_off"),
                "%.2f" % t.mean("total_covered") if has_interval else "-"))


def print_quantities(rows):
    """What a warehouse asks for beside units; the last columns are opponents'."""
    print("| phase | parcels off (90 % covered) | weight off (covered) | sites' totals off | SKU x site off | first wave off (90 % covered) | "
          "parcels so far | first wave by holds x rate |")
    print("|---" * 8 + "|")
    for phase in PHASES:
        t, table = Table(rows).where(method=OURS, phase=phase), Table(rows).where(phase=phase)
        print("| %s | %.3f (%.2f) | %.3f (%.2f) | %.3f | %.3f | %s | %.3f | %s |" % (
            phase, t.mean("parcels_off"), t.mean("parcels_covered"), t.mean("grams_off"), t.mean("grams_covered"), t.mean("sites_off"),
            t.mean("cells_off"), "-" if np.isnan(t.mean("wave_off")) else "%.3f (%.2f)" % (t.mean("wave_off"), t.mean("wave_covered")),
            table.where(method="so far").mean("parcels_off"),
            "-" if np.isnan(t.mean("wave_off")) else "%.3f" % table.where(method="holds x rate").mean("wave_off")))


def print_against_ratio(rows):
    """Our SKU WIS per unit / the ratio's; `!` where it is worse by more than the bar allows."""
    print("| regime | " + " | ".join(PHASES) + " |")
    print("|---" * (len(PHASES) + 1) + "|")
    line = {}
    for regime, _, us, them in against_ratio(rows):
        mark = " !" if us > them * WORSE_BY + WORSE_PLUS else ""
        line.setdefault(regime, []).append("%.3f / %.3f%s" % (us, them, mark))
    for regime, cells in line.items():
        print(f"| {regime} | " + " | ".join(cells) + " |")
