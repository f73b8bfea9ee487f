"""The figures of ./dev bench fanout: to the terminal, to build/bench/fanout.json, and into the README between its markers."""
import json

BEGIN, END = "<!-- fanout: written by loadtest/bench_fanout.py --readme -->", "<!-- /fanout -->"


class Table:
    def __init__(self, about):
        self.about, self.figures, self.peers, self.skipped, self.broken = about, [], [], [], []

    def add(self, name, value, unit, reference=None, beside="", bar=None, on="ratio", at_least=False, note=""):
        """`bar` is on the ratio to the reference, on the value, or on the difference to the reference."""
        ratio = value / reference if reference else None
        judged = {"ratio": ratio, "value": value, "difference": value - (reference or 0)}[on]
        passed = None if bar is None or judged is None else judged >= bar if at_least else judged <= bar
        self.figures.append({"name": name, "value": value, "unit": unit, "reference": reference, "beside": beside, "ratio": ratio,
                             "bar": bar, "bar_on": on, "bar_is": "at least" if at_least else "at most", "passed": passed,
                             "note": note})

    def skip(self, name, why):
        self.skipped.append({"name": name, "why": str(why)})
        print(f"  {name}: skipped, {why}", flush=True)

    def fail(self, name, why):
        self.broken.append({"name": name, "why": str(why)})
        print(f"  {name}: BROKEN, {why}", flush=True)

    def write(self, file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"about": self.about, "figures": self.figures, "peers": self.peers, "skipped": self.skipped,
                                    "broken": self.broken}, indent=1) + "\n", encoding="utf-8")

    def show(self):
        print()
        for f in self.figures:
            reference = "" if f["reference"] is None else f"{number(f['reference'])} {f['beside']}"
            ratio = "" if f["ratio"] is None else f"{f['ratio']:.2f} x"
            print(f"{f['name']:<62}{number(f['value']):>10} {f['unit']:<6}{reference:<34}{ratio:>8}  {bar_text(f):<24}"
                  f"{verdict(f)} {f['note']}".rstrip())
        print()
        for line in peers_markdown(self.peers):
            print(line)
        for s in self.skipped:
            print(f"skipped: {s['name']}: {s['why']}")
        for b in self.broken:
            print(f"BROKEN: {b['name']}: {b['why']}")


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def bar_text(f):
    if f["bar"] is None:
        return ""
    unit = {"ratio": " x", "value": f" {f['unit']}", "difference": f" {f['unit']} more"}[f["bar_on"]]
    return f"{f['bar_is']} {f['bar']:g}{unit}"


def verdict(f):
    return {None: "", True: "holds", False: "missed"}[f["passed"]]


def figures_markdown(figures):
    yield "| | Liveshelf | beside it | ratio | bar | |"
    yield "|---|--:|--:|--:|---|---|"
    for f in figures:
        reference = "" if f["reference"] is None else f"{number(f['reference'])} {f['unit']}, {f['beside']}"
        ratio = "" if f["ratio"] is None else f"{f['ratio']:.2f}"
        mark = {None: "", True: "holds", False: "**missed**"}[f["passed"]]
        yield f"| {f['name']} | {number(f['value'])} {f['unit']} | {reference} | {ratio} | {bar_text(f)} | {mark} |"


def peers_markdown(peers):
    if not peers:
        return
    yield ("| server | CPU per delivery, one in flight | to the bare loop | 16 in flight | to the bare loop | events per read | "
           "to the last, p50 | memory per idle viewer | CPU per handshake |")
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for p in peers:
        name = f"**{p['name']}**" if p["name"].startswith("Liveshelf") else p["name"]
        yield (f"| {name} | {p['one_us']:.2f} us | {p['one_ratio']:.2f} | {p['many_us']:.2f} us | {p['many_ratio']:.2f} | "
               f"{p['per_read']:.1f} | {p['last_ms']:.0f} ms | {p['memory']:,.0f} B | {p['handshake_us']:.0f} us |")


def readme_write(readme, results):
    data = json.loads(results.read_text(encoding="utf-8"))
    about = data["about"]
    if about["quick"]:
        raise SystemExit("bench: the last run was a quick one, its figures mean nothing")
    block = [BEGIN, "", f"{about['viewers']:,} viewers, events of {about['event_bytes']} bytes, medians of {about['rounds']} interleaved "
             f"rounds, kernel {about['kernel']}, {about['cpu']}.", ""]
    block += [*figures_markdown(data["figures"]), "", *peers_markdown(data["peers"]), ""]
    block += [f"Not measured: {s['name']} ({s['why']})." for s in data["skipped"] + data["broken"]]
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    readme.write_text(before + "\n".join(block) + "\n" + END + after, encoding="utf-8")
