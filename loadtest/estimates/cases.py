"""One case: the generated files (kept in a folder, so that a second run begins at once), our command and the opponents on them."""
import json
import math
import os
import pathlib
import subprocess
import tempfile

import numpy as np

import broadcasts
import opponents
import scores

QUANTILES = ("q05", "q25", "q50", "q75", "q95")
PLAN = {"sites": [{"id": w} for w in broadcasts.SITES], "waves": [{"id": "first", "after_end_ms": int(broadcasts.WAVE * 1000)}]}
TIMEOUT_S = 300


class Fault(Exception):
    """The command did not do what it promises."""


# ---- files ----

def write_whole(path, text):
    """Another process may write the same: whoever reads sees one of them, whole."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(name, path)


def lines_of(events):
    return "".join(json.dumps(e, separators=(",", ":")) + "\n" for e in events)


class Merchant:
    """What is kept of one seed."""

    def __init__(self, cache, seed, shift):
        self.seed, self.shift = seed, shift
        self.folder = pathlib.Path(cache) / f"shift-{shift:g}" / str(seed)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.memory_file = self.folder / "memory.json"
        if not self.memory_file.exists():
            self.generate_history()
        self.plan_file = self.folder / "plan.json"
        if not self.plan_file.exists():
            write_whole(self.plan_file, json.dumps(PLAN))

    def generate_history(self):
        history = broadcasts.history(self.seed, self.shift)
        for i, (events, _) in enumerate(history):
            write_whole(self.folder / f"history_{i}.jsonl", lines_of(events))
        write_whole(self.memory_file, json.dumps(opponents.Memory(history).as_json()))

    def memory(self, regime):
        if regime == "cold_start":
            return opponents.Memory([])
        return opponents.Memory.from_json(json.loads(self.memory_file.read_text(encoding="utf-8")))

    def history_files(self, regime):
        count = 0 if regime == "cold_start" else broadcasts.HISTORY
        return [str(self.folder / f"history_{i}.jsonl") for i in range(count)]

    def live(self, regime):
        """(path of the events, truth with the opponents' estimates)"""
        events_file, truth_file = self.folder / f"{regime}.jsonl", self.folder / f"{regime}.truth.json"
        if not truth_file.exists():
            events, truth = broadcasts.judged(self.seed, regime, self.shift)
            write_whole(events_file, lines_of(events))
            write_whole(truth_file, json.dumps(truth))
        return events_file, json.loads(truth_file.read_text(encoding="utf-8"))


# ---- our command ----

def ask(command, files, moments, events, *more):
    """The printed lines, {t: {sku: line}}, and the text they came in."""
    words = [*command, "--history", ",".join(files), "--at", ",".join("%.3f" % t for t in moments), *more]
    done = subprocess.run(words, input=events, capture_output=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise Fault(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr.decode().strip()[-300:]}")
    told = {}
    for text in done.stdout.splitlines():
        line = json.loads(text)
        told.setdefault(round(line["t"], 3), {})[line["sku"]] = line
    return told, done.stdout


def until(events, t):
    """The recording as it was at `t`."""
    return b"".join(line for line in events.splitlines(keepends=True) if json.loads(line)["t"] <= t)


def check_twice(command, files, moments, events, first):
    """The same again, and each moment from a recording that ends there: nothing may depend on what comes behind."""
    if ask(command, files, moments, events)[1] != first:
        raise Fault("a second run printed other numbers")
    for t in moments:
        part = ask(command, files, [t], until(events, t))[1]
        if part not in first:
            raise Fault(f"at {t:g} s it looked ahead: a recording that ends there gives other numbers")


def quantiles(line, prefix=""):
    return np.array([line[prefix + q] for q in QUANTILES], float)


def check_line(line, stock):
    q = quantiles(line)
    if (np.diff(q) < 0).any():
        raise Fault(f"{line['sku']} at {line['t']:g} s: quantiles cross")
    if line["sku"] != "*" and q[4] > stock[line["sku"]]:
        raise Fault(f"{line['sku']} at {line['t']:g} s: above stock")


# ---- scores ----

def ours_row(truth, told, waves):
    """One phase of ours: units, and what the warehouse asks for beside them."""
    skus, all_of_it = list(truth["units"]), told["*"]
    y = np.array([truth["units"][s] for s in skus], float)
    each = np.stack([quantiles(told[s]) for s in skus], 1)
    row = scores.row(y, each, quantiles(all_of_it), all_of_it["q50"])
    sites = np.array([[truth["units_wh"][s][w] for w in broadcasts.SITES] for s in skus], float)
    told_sites = np.array([[told[s]["wh"][w] for w in broadcasts.SITES] for s in skus])
    few = max(scores.SMALL, y.sum())
    row.update(parcels_off=scores.relative(all_of_it["parcels"], truth["parcels"]),
               parcels_covered=scores.within(truth["parcels"], all_of_it["parcels_q05"], all_of_it["parcels_q95"]),
               grams_off=scores.relative(all_of_it["grams"], truth["grams"], 1e4),
               grams_covered=scores.within(truth["grams"], all_of_it["grams_q05"], all_of_it["grams_q95"]),
               sites_off=float(np.abs(told_sites.sum(0) - sites.sum(0)).sum() / few),
               cells_off=float(np.abs(told_sites - sites).sum() / few))
    first = next((load for load in waves["*"]["loads"] if load["wave"] == "first" and load["site"] == "*"), None)
    if first is not None and told["*"]["t"] < truth["end"] + broadcasts.WAVE:
        leaves = sum(truth["wave1"].values())
        row.update(wave_off=scores.relative(first["units"]["q50"], leaves),
                   wave_covered=scores.within(leaves, first["units"]["q05"], first["units"]["q95"]))
    return row


def parcels_so_far(events, truth):
    """Parcels of what is confirmed, at each phase: for comparison."""
    holds, parcels, due, told = {}, {}, list(opponents.moments(truth).items()), {}
    for e in events:
        while due and e["t"] > due[0][1]:
            told[due.pop(0)[0]] = sum(n > 0 for n in parcels.values())
        if e["type"] == "hold":
            holds[e["id"]] = ((e["buyer"], e["wh"]), e["qty"])
        elif e["type"] in ("confirm", "cancel"):
            key, units = holds[e["id"]]
            parcels[key] = parcels.get(key, 0) + (units if e["type"] == "confirm" else -units)
    return told


def opponents_rows(merchant, regime, events, truth):
    """Kept beside the case: they never change."""
    kept = merchant.folder / f"{regime}.opponents.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    memory, rows = merchant.memory(regime), []
    y = np.array(list(truth["units"].values()), float)
    events = [json.loads(line) for line in events.splitlines()]
    parcels = parcels_so_far(events, truth)
    for phase, counts in opponents.Counts.at_phases(events, truth):
        if phase is None:
            continue
        for name, (each, total, point) in opponents.tell(memory, phase, counts).items():
            row = dict(phase=phase, method=name, **scores.row(y, each, total, point))
            if name == "holds x rate":
                row["wave_off"] = scores.relative(point, sum(truth["wave1"].values()))
            if name == "so far":
                row["parcels_off"] = scores.relative(parcels[phase], truth["parcels"])
            rows.append(row)
    write_whole(kept, json.dumps(rows))
    return rows


def run_case(command, cache, seed, regime, shift, checks_twice):
    """(rows, faults) of one case."""
    merchant = Merchant(cache, seed, shift)
    events_file, truth = merchant.live(regime)
    events, files = events_file.read_bytes(), merchant.history_files(regime)
    name = dict(seed=seed, regime=regime)
    rows = [dict(name, **r) for r in opponents_rows(merchant, regime, events, truth)]
    moments = {p: math.floor(t * 1000 + .5) / 1000 for p, t in opponents.moments(truth).items()}
    try:
        told, text = ask(command, files, moments.values(), events)
        waves, _ = ask(command, files, moments.values(), events, "--logistics", str(merchant.plan_file))
        stock = {s["id"]: sum(s["stock"].values()) for s in json.loads(events.split(b"\n", 1)[0])["skus"]}
        for phase, t in moments.items():
            if round(t, 3) not in told:
                raise Fault(f"{phase}: no estimate")
            for line in told[round(t, 3)].values():
                check_line(line, stock)
            rows.append(dict(name, phase=phase, method=scores.OURS, **ours_row(truth, told[round(t, 3)], waves[round(t, 3)])))
        if checks_twice:
            check_twice(command, files, list(moments.values()), events, text)
    except Fault as fault:
        return rows, [f"seed {seed}, {regime}: {fault}"]
    return rows, []
