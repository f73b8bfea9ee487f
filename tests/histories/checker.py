"""Judges a history against the ledger, off line: seven checks, each of which alone would find a shop that breaks its word.

    check(history, entries) -> Verdict

The ledger is the order in which things happened, so nothing has to be searched: it is replayed once on a model of the law, and
every answer a client got is compared with it. What the checks are is said at each.
"""
import collections

from model import COUNTS, Model

CHECKS = ("oversell", "lost", "ends", "replays", "money", "real time", "liveness")
CLOCK_S = 0.25         # two clocks of one machine, read one after the other, and a clock that is slewed meanwhile
TOLD_MS = 20           # an expiry is told in whole milliseconds by two processes
RECOVERY_S = 5.0       # after the last fault everything due has happened
STALE_REFUSAL_S = 5.0  # a node may refuse an id that another node granted a moment ago; its viewer hears from the ledger

STATE_OF_CODE = {"hold_expired": {"expired", "void"}, "hold_confirmed": {"confirmed"}, "hold_released": {"released"}}
MAY_BECOME = {"held": {"held", "confirmed", "released", "expired", "void"}, "expired": {"expired", "confirmed", "void"},
              "confirmed": {"confirmed"}, "released": {"released"}, "void": {"void"}}
REFUSED_FOR_GOOD = {"sold_out", "held_out", "limit_reached", "stopped", "sku_unknown", "recalled"}
STATE_AFTER = {"reserved": "held", "offered": "held", "extended": "held", "confirmed": "confirmed", "retaken": "confirmed",
               "voided": "void", "released": "released", "recalled": "released", "expired": "expired"}


class Verdict:
    def __init__(self):
        self.violations = []
        self.figures = collections.Counter()
        self.recovery_s = []  # (seconds, the fault's name)

    def blame(self, which, text):
        self.violations.append((which, text))

    def blamed(self):
        return {which for which, _ in self.violations}


class Ledger:
    """The entries, looked up by what clients know: hold ids, refs, versions. A position is (entry, movement)."""

    def __init__(self, entries):
        self.entries = entries
        self.of_hold = collections.defaultdict(list)   # hold -> [(position, move)]
        self.of_ref = collections.defaultdict(list)    # (kind, sku, ref)
        self.of_version = collections.defaultdict(list)  # (sku, version)
        self.of_sku = collections.defaultdict(list)    # (kind, sku)
        self.waited = set()                            # (sku, viewer) who stood in line, or were offered what they waited for
        for i, entry in enumerate(entries):
            for j, move in enumerate(entry.moves):
                where = ((i, j), move)
                if move["kind"] == "offered":
                    self.waited.add((move["lines"][0][0], move["viewer"]))
                elif move["kind"] == "waiting":
                    self.waited.add((move["sku"], move["viewer"]))
                if "hold" in move:
                    self.of_hold[move["hold"]].append(where)
                elif move["kind"] in ("allocated", "withdrawn"):
                    self.of_ref[move["kind"], move["sku"], move["ref"]].append(where)
                elif move["kind"] not in ("waiting", "left"):
                    self.of_sku[move["kind"], move["sku"]].append(where)
                    if move.get("version") is not None:
                        self.of_version[move["sku"], move["version"]].append(where)

    def moves(self, hold, *kinds):
        return [(position, move) for position, move in self.of_hold.get(hold, ()) if move["kind"] in kinds]

    def ms(self, position):
        return self.entries[position[0]].ms


class Intent:
    """All attempts at one thing: the same id, asked again until there was an answer."""

    def __init__(self, key):
        self.key, self.attempts = key, []

    def began(self):
        return min(attempt.began for attempt in self.attempts)

    def oks(self):
        return [attempt for attempt in self.attempts if attempt.how == "ok"]

    def acknowledged_at(self):
        return min((attempt.ended for attempt in self.oks()), default=None)

    def was_unknown(self):
        return any(attempt.how == "unknown" for attempt in self.attempts)


def intents_of(history):
    intents = {}
    for attempt in history.attempts:
        key = intent_key(attempt)
        if key is not None:
            intents.setdefault(key, Intent(key)).attempts.append(attempt)
    return intents


def intent_key(attempt):
    asked = attempt.asked
    if attempt.what in ("reserve", "release"):
        return attempt.what, asked["hold"]
    if attempt.what == "confirm":  # with another amount it is another wish, and must never come true
        return attempt.what, asked["hold"], asked["order"], asked["amount"]
    if attempt.what == "extend":
        return attempt.what, asked["hold"], asked["wish"]
    if attempt.what in ("allocate", "withdraw"):
        return attempt.what, asked["sku"], asked["ref"]
    if attempt.what == "sync":
        return attempt.what, asked["sku"], asked["version"]
    if attempt.what in ("stop", "open"):
        return attempt.what, asked["sku"], asked["wish"]
    if attempt.what == "recall":
        return attempt.what, asked["sku"], asked["mode"]
    return None


def check(history, entries, recovery_s=RECOVERY_S, put_back=False):
    """`put_back`: the ledger's end was lost on purpose, and nodes said it again. What they said is not in the order of time, an offer comes
    back without the line it came from, and who had let go of a hold before it was lost gets nothing back."""
    verdict = Verdict()
    ledger, intents = Ledger(entries), intents_of(history)
    model = check_oversell(verdict, history, entries, put_back)
    check_granted(verdict, history)
    let_go = {key[1] for key, intent in intents.items() if put_back and key[0] == "release" and intent.oks()}
    check_lost(verdict, history, ledger, intents, let_go, put_back)
    check_switches(verdict, history, ledger, intents, model, put_back)
    check_replays(verdict, history, ledger, let_go)
    check_money(verdict, history, ledger)
    if not put_back:
        check_real_time(verdict, history, ledger, intents)
    check_liveness(verdict, history, model, recovery_s)
    count_figures(verdict, history, ledger, intents, model)
    return verdict


# ---- 1 and 3: no unit twice, one end per hold. The model knows the law and blames ----

def check_oversell(verdict, history, entries, put_back):
    """Also what every node showed at the end is compared, with the counts at the very entry it had read."""
    model = Model(verdict.blame, put_back)
    shown = collections.defaultdict(list)
    for final in history.finals:
        shown[final["ledger"]].append(final)
    for entry in entries:
        model.apply(entry)
        for final in shown.pop(entry.id, ()):
            check_shown(verdict, final, entry, entries, model)
    for final in (final for left in shown.values() for final in left):
        verdict.blame("liveness", f"node {final['node']} read the ledger up to {final['ledger']}, which is not there")
    return model


def check_shown(verdict, final, entry, entries, model):
    for sku, count in model.counts.items():
        shown, ours = final["counts"].get(sku), {key: count[key] for key in COUNTS}
        if shown is None or {key: shown[key] for key in COUNTS} != ours:
            verdict.blame("liveness", f"node {final['node']} shows {shown} of {sku}, the ledger says {ours}")
    if entries[-1] is not entry and entry.ms < final["wall_ms"] - RECOVERY_S * 1000:
        behind = next(later for later in entries if later.ms > entry.ms)
        if behind.ms < final["wall_ms"] - RECOVERY_S * 1000:
            verdict.blame("liveness", f"node {final['node']} is behind since entry {behind.id}")


def check_granted(verdict, history):
    """Without the ledger, from what buyers were told alone: never more paid for than there ever was to sell. An allocation counts as
    soon as it was asked for, a sync by the count it brought."""
    there, counted, sold, paid = collections.Counter(), collections.Counter(), collections.Counter(), set()
    lines = {attempt.asked["hold"]: attempt.asked["lines"] for attempt in history.of("reserve")}
    seen = set()
    for attempt in history.of("sync"):
        counted[attempt.asked["sku"]] = max(counted[attempt.asked["sku"]], attempt.asked["total"])
    for attempt in history.of("allocate"):
        if intent_key(attempt) not in seen:
            seen.add(intent_key(attempt))
            there[attempt.asked["sku"]] += attempt.asked["units"]
    for attempt in history.of("confirm"):
        hold = attempt.asked["hold"]
        if attempt.how == "ok" and hold not in paid and hold in lines:
            paid.add(hold)
            for sku, units in lines[hold]:
                sold[sku] += units
    for sku, units in sold.items():
        if units > there[sku] + counted[sku]:
            verdict.blame("oversell", f"{units} of {sku} were sold, and there were never more than {there[sku] + counted[sku]}")


# ---- 2: what was acknowledged is in the ledger, once ----

def proofs(ledger, intent):
    """The ledger's movements that an intent led to; None: cannot be told one from another."""
    what, subject = intent.key[0], intent.key[1]
    if what == "reserve":
        return ledger.moves(subject, "reserved")
    if what == "confirm":
        return [(p, m) for p, m in ledger.moves(subject, "confirmed", "retaken")
                if m["order"] == intent.key[2] and price_of(m) == intent.key[3]]
    if what == "release":
        return ledger.moves(subject, "released", "recalled")
    if what in ("allocate", "withdraw"):
        return ledger.of_ref.get(({"allocate": "allocated", "withdraw": "withdrawn"}[what], subject, intent.key[2]), [])
    if what == "sync":
        return ledger.of_version.get((subject, intent.key[2]), [])
    if what == "recall":
        return [(p, m) for p, m in ledger.of_sku.get(("recall", subject), ()) if m["mode"] == intent.key[2]]
    return None


def price_of(move):
    return sum(units * minor for _, units, minor in move["lines"])


def check_lost(verdict, history, ledger, intents, let_go, put_back):
    for intent in intents.values():
        found = proofs(ledger, intent)
        if found is None:
            continue
        if len(found) > 1:
            verdict.blame("ends", f"{' '.join(map(str, intent.key))} happened {len(found)} times")
        if not found and intent.key[1] not in let_go and any(not attempt.answer.get("ignored") for attempt in intent.oks()):
            verdict.figures["lost"] += 1
            verdict.blame("lost", f"acknowledged and not in the ledger: {intent.oks()[0]}")
    if not put_back:  # one node may ask before another has said again what only that one knew
        check_forgotten(verdict, history, intents)
    check_extends(verdict, history, ledger)
    left = {(attempt.asked["sku"], attempt.client) for attempt in history.of("leave") if put_back}
    for attempt in history.of("join"):
        place = attempt.asked["sku"], attempt.client
        if attempt.how == "ok" and attempt.answer.get("state") == "joined" and place not in ledger.waited | left:
            verdict.blame("lost", f"acknowledged and never in line: {attempt}")


def check_forgotten(verdict, history, intents):
    for attempt in history.of("get", "extend", "release", "confirm", "checkout"):
        intent = intents.get(("reserve", attempt.asked["hold"]))
        known_at = intent.acknowledged_at() if intent is not None else None
        if attempt.answer.get("code") == "hold_unknown" and known_at is not None and known_at < attempt.began:
            verdict.blame("lost", f"acknowledged and then unknown: {attempt}")


def check_extends(verdict, history, ledger):
    """An answer tells how many extensions are left; so many as are gone are in the ledger."""
    for attempt in history.of("extend"):
        if attempt.how == "ok":
            there, used = len(ledger.moves(attempt.asked["hold"], "extended")), attempt.answer.get("extends", 0)
            if there < used:
                verdict.blame("lost", f"extended {used} times and {there} times in the ledger: {attempt}")


def check_switches(verdict, history, ledger, intents, model, put_back):
    """Stop and open are said in turn by one host, each until it is answered: in turn they stand in the ledger, and the last one counts."""
    for what, kind in (("stop", "stopped"), ("open", "opened")) if not put_back else ():
        wished = collections.Counter(key[1] for key, intent in intents.items() if key[0] == what and intent.oks())
        for sku, times in wished.items():
            there = len(ledger.of_sku.get((kind, sku), ()))
            if there < times:
                verdict.blame("lost", f"{sku} was {kind} {times} times and {there} times in the ledger")
    last = {attempt.asked["sku"]: attempt for attempt in history.of("stop", "open")}
    for sku, attempt in last.items():
        if attempt.how == "ok" and model.counts[sku]["stopped"] != (attempt.what == "stop"):
            verdict.blame("lost", f"the last word on {sku} is not so: {attempt}")


# ---- 4: all answers about one hold go one way ----

class Seen:
    """What somebody was told about a hold between two moments."""

    def __init__(self, attempt, states):
        self.attempt, self.states = attempt, states


def seen_of(attempt):
    if attempt.how == "ok" and attempt.answer.get("state") in MAY_BECOME:
        return Seen(attempt, {attempt.answer["state"]})
    if attempt.how == "fail" and attempt.answer.get("code") in STATE_OF_CODE:
        states = STATE_OF_CODE[attempt.answer["code"]]
        return Seen(attempt, {"void"} if attempt.what == "confirm" and "void" in states else states)
    return None


def check_replays(verdict, history, ledger, let_go):
    seen, contents, refused = collections.defaultdict(list), {}, []
    for attempt in history.of("reserve", "extend", "release", "confirm", "get", "checkout"):
        told = seen_of(attempt)
        if told is not None:
            seen[attempt.asked["hold"]].append(told)
        if attempt.how == "ok" and "total" in attempt.answer:
            check_content(verdict, attempt, contents)
        if (attempt.what, attempt.answer.get("code")) in (("release", "hold_released"), ("confirm", "hold_confirmed")):
            check_same_answer(verdict, ledger, attempt)
        if attempt.what == "reserve" and attempt.how == "fail" and attempt.answer["code"] in REFUSED_FOR_GOOD:
            refused.append(attempt)
    for hold, tellings in seen.items():
        check_path(verdict, ledger, hold, tellings)
    for push in history.pushes:
        known = {STATE_AFTER[move["kind"]] for _, move in ledger.of_hold.get(push["hold"], ())}
        if push["hold"] not in let_go and push["state"] not in known:
            verdict.blame("replays", f"{push['client']} was told that {push['hold']} is {push['state']}, and it never was")
    for attempt in refused:
        check_refusal(verdict, history, ledger, attempt)


def check_same_answer(verdict, ledger, attempt):
    """What was done at one's own wish is not refused because it is done."""
    orders = {move["order"] for _, move in ledger.moves(attempt.asked["hold"], "confirmed", "retaken")}
    if attempt.what == "release" or attempt.asked["order"] in orders:
        verdict.blame("replays", f"done, and refused for being done: {attempt}")


def check_content(verdict, attempt, contents):
    content = (attempt.answer["total"], tuple(map(tuple, attempt.answer["lines"])))
    before = contents.setdefault(attempt.asked["hold"], content)
    if before != content:
        verdict.blame("replays", f"one id, two contents: {before} and {content}: {attempt}")


def check_path(verdict, ledger, hold, tellings):
    tellings.sort(key=lambda told: told.attempt.ended)
    for i, later in enumerate(tellings):
        for earlier in tellings[:i]:
            if earlier.attempt.ended < later.attempt.began and \
                    not any(state in MAY_BECOME[before] for before in earlier.states for state in later.states):
                verdict.blame("replays", f"{hold} was {earlier.states} and then {later.states}: {later.attempt}")
                return
    moves = ledger.of_hold.get(hold)
    if moves:
        check_told_expiry(verdict, ledger, hold, tellings)
        known = {STATE_AFTER[move["kind"]] for _, move in moves}
        for told in tellings:
            if not told.states & known:
                verdict.blame("replays", f"{hold} was said to be {told.states} and never was: {told.attempt}")


def check_told_expiry(verdict, ledger, hold, tellings):
    told = max((t.attempt.answer.get("expires_ms", 0) for t in tellings if t.states == {"held"}), default=0)
    for position, _ in ledger.moves(hold, "expired"):
        if ledger.ms(position) < told - TOLD_MS:
            verdict.blame("ends", f"{hold} expired {told - ledger.ms(position)} ms before what its viewer was told")


def check_refusal(verdict, history, ledger, attempt):
    """Refused, and yet theirs before it was asked: only the node that had not heard of it yet may say so, and only for a moment. Of what has
    ended, all may be said that is said to a stranger."""
    moves = [(history.at_of_ms(ledger.ms(position)), move["kind"]) for position, move in ledger.of_hold.get(attempt.asked["hold"], ())]
    before = [(at, kind) for at, kind in moves if at < attempt.began - CLOCK_S]
    ended = any(STATE_AFTER[kind] in ("released", "expired", "void") for at, kind in moves if at < attempt.ended + CLOCK_S)
    if before and not ended:
        verdict.figures["refused by a node that had not heard"] += 1
        if before[0][0] < attempt.began - STALE_REFUSAL_S:
            verdict.blame("replays", f"held since {before[0][0]:.3f} and refused: {attempt}")


# ---- 5: money ----

def check_money(verdict, history, ledger):
    """Taken and kept is what was sold, to the cent; what could not be sold is given back once; nothing else moved."""
    taken, back = collections.defaultdict(list), collections.defaultdict(list)
    for record in history.money:
        (taken if record["what"] == "capture" else back)[record["hold"]].append(record["amount"])
    for hold, amounts in taken.items():
        sold = ledger.moves(hold, "confirmed", "retaken")
        kept = sum(amounts) - sum(back.get(hold, ()))
        price = price_of(sold[0][1]) if sold else 0
        if len(amounts) > 1:
            verdict.blame("money", f"{hold} was charged {len(amounts)} times")
        if len(back.get(hold, ())) > 1:
            verdict.blame("money", f"{hold} was refunded {len(back[hold])} times")
        if kept != price:
            verdict.blame("money", f"{hold}: {kept} was kept and {price} is the price of what was sold"
                                   f" ({'sold' if sold else 'not sold'})")
    for attempt in history.of("confirm"):
        sold = ledger.moves(attempt.asked["hold"], "confirmed", "retaken")
        if attempt.how == "ok" and sold and price_of(sold[0][1]) != attempt.asked["amount"]:
            verdict.blame("money", f"sold for another amount than its price: {attempt}")
    for hold, moves in ledger.of_hold.items():
        kinds = {move["kind"] for _, move in moves}
        if kinds & {"confirmed", "retaken"} and hold not in taken:
            verdict.blame("money", f"{hold} was sold and nobody paid")
    for hold in back:
        if hold not in taken:
            verdict.blame("money", f"{hold} was refunded and never charged")


# ---- 6: real time ----

def check_real_time(verdict, history, ledger, intents):
    """What was answered before another thing was asked stands before it in the ledger. The ledger is the order, so one sweep
    over time is enough: the furthest position answered so far, against the position of what is asked then."""
    asked, answered = [], []
    for intent in intents.values():
        found = proofs(ledger, intent)
        if not found:
            continue
        position, began, ended = found[0][0], intent.began(), intent.acknowledged_at()
        asked.append((began, position, intent))
        happened = history.at_of_ms(ledger.ms(position))
        if happened < began - CLOCK_S:
            verdict.blame("real time", f"{intent.attempts[0]} happened {began - happened:.3f} s before it was asked")
        if ended is not None:
            answered.append((ended, position, intent))
            if happened > ended + CLOCK_S:
                verdict.blame("real time", f"{intent.attempts[0]} was answered {happened - ended:.3f} s before it happened")
    asked.sort(key=lambda item: item[0])
    answered.sort(key=lambda item: item[0])
    i, furthest = 0, None
    for began, position, intent in asked:
        while i < len(answered) and answered[i][0] < began:
            if furthest is None or answered[i][1] > furthest[0]:
                furthest = (answered[i][1], answered[i][2])
            i += 1
        if furthest is not None and position < furthest[0]:
            verdict.blame("real time", f"{intent.attempts[0]} stands before {furthest[1].attempts[0]}, "
                                       "which was answered before it was asked")


# ---- 7: liveness ----

def check_liveness(verdict, history, model, recovery_s):
    """When all is quiet: nothing is due, every node shows what the ledger says, nobody in line is passed over."""
    if not history.finals:
        verdict.blame("liveness", "the shop never came to rest")
        return
    for hold in model.due(min(final["wall_ms"] for final in history.finals) - recovery_s * 1000):
        verdict.blame("liveness", f"{hold} is long due and still held")
    for hold in model.not_taken_back():
        verdict.blame("liveness", f"{hold} is recalled and still held")
    for sku, viewer in model.passed_over():
        verdict.blame("liveness", f"{viewer} waits for {sku} while units are free")
    for fault, seconds in recoveries(history):
        if seconds is None or seconds > recovery_s:
            verdict.blame("liveness", f"after {fault['name']} it took {seconds} s until something was sold again")
    last = max((fault["at"] for fault in history.faults if fault["phase"] == "end"), default=None)
    for final in history.finals if last is not None else ():
        sold = min((a.ended for a in history.of("reserve", "confirm", "release") if a.how == "ok" and a.began > last and
                    a.asked.get("node", final["node"]) == final["node"]), default=None)
        if sold is None or sold - last > recovery_s:
            verdict.blame("liveness", f"node {final['node']} sold nothing in {recovery_s} s after the last fault")
    told = [push for push in history.pushes if push["state"] == "expired"]
    verdict.figures["expiries told"] = len(told)


def recoveries(history):
    """From the end of each fault to the first thing done that was asked after it; of overlapping faults the last counts."""
    oks = sorted((attempt.began, attempt.ended) for attempt in history.of("reserve", "confirm", "release")
                 if attempt.how == "ok")
    begins = [fault["at"] for fault in history.faults if fault["phase"] == "begin"]
    ends = [fault for fault in history.faults if fault["phase"] == "end"]
    for fault in ends:
        later = [ended for began, ended in oks if began > fault["at"]]
        if any(fault["at"] < begin < min(later, default=float("inf")) for begin in begins):
            continue  # the next one came before this one was over
        if any(other["at"] > fault["at"] and begin < fault["at"] for other, begin in spans(history)):
            continue  # another one was still on
        yield fault, (min(later) - fault["at"] if later else None)


def spans(history):
    begun = {}
    for fault in history.faults:
        if fault["phase"] == "begin":
            begun[fault["n"]] = fault["at"]
        else:
            yield fault, begun.get(fault["n"], fault["at"])


# ---- figures ----

def count_figures(verdict, history, ledger, intents, model):
    figures = verdict.figures
    figures["operations"] = len(history.attempts)
    for attempt in history.attempts:
        figures[attempt.how] += 1
    for intent in intents.values():
        found = proofs(ledger, intent)
        if found is None:
            continue
        figures["acknowledged"] += bool(intent.oks())
        if intent.was_unknown():
            figures["unknown intents"] += 1
            figures["unknown, happened once" if len(found) == 1 else
                    "unknown, never happened" if not found else "unknown, happened twice"] += 1
    figures["entries"] = len(ledger.entries)
    for kind, times in model.seen.items():
        figures["moves " + kind] = times
    for fault in history.faults:
        if fault["phase"] == "begin":
            figures["fault " + fault["name"]] += 1
