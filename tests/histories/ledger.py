"""The only place that knows how the ledger is written in Redis: inventory/redis/entry.h and text.h say it, and this is a second reader."""
import re

from history import HOLD_KINDS, Entry, move_hold, move_stock

COUNT_FIELDS = ("available", "held", "sold", "allocated")
PAGE = 2000
RECORD = re.compile(r"[HCRXV](?P<time>\d+)(?P<extends>\+\d+)?(?P<offer>~)?(?:#(?P<order>[^|]*))?\|(?P<viewer>[^|]*)\|(?P<claim>.*)$")


def ledger_read(ask, shop):
    """All entries of a shop's ledger; `ask` sends one command to Redis and returns the reply."""
    key, entries, start = f"ls:{{{shop}.0}}:g", [], "-"
    while True:
        page = ask("XRANGE", key, start, "+", "COUNT", PAGE)
        entries += [entry_of(id_, fields) for id_, fields in page]
        if len(page) < PAGE:
            return entries
        start = "(" + page[-1][0]


def entry_of(id_, fields):
    """What a checkpoint keeps moves nothing, and is left out."""
    named = dict(zip(fields[::2], fields[1::2]))
    texts = list(filter(None, named["m"].split("\n")))
    claims = named.get("k", "").split("\n")
    moves = [] if texts[:1] == ["checkpoint"] else [move_of(text, claims) for text in texts]
    return Entry(id_, int(named["t"]), moves, counts_of(named["c"]))


def move_of(text, claims):
    kind, *words = text.split(" ")
    if kind.isdigit():  # reserved, under one of the entry's claims
        end, claim = claims[int(kind) - 1].split("|", 1)
        return hold_of("reserved", words[0], words[1], int(end), claim)
    if kind in HOLD_KINDS:
        record = RECORD.match(words[1])
        return hold_of(kind, words[0], record["viewer"], int(record["time"]), record["claim"], record["order"] or "",
                       int(record["extends"] or 0))
    if kind in ("frozen", "thawed"):
        return {"kind": kind, "sku": "", "broadcast": words[0], "units": int(words[1]) if len(words) > 1 else 0}
    if kind == "recall":
        return move_stock(kind, words[0], mode=words[1])
    more = {"allocated": {"ref": words[-1]}, "withdrawn": {"ref": words[-1]}, "waiting": {"viewer": words[-1]},
            "left": {"viewer": words[-1]}}.get(kind, {})
    if kind == "synced":
        more = {"version": int(words[3])}
    return move_stock(kind, words[0], int(words[1]) if len(words) > 1 else 0, **more)


def hold_of(kind, id_, viewer, time, claim, order="", extends=0):
    broadcast, _, lines = claim.split("|")
    return move_hold(kind, id_, viewer, lines_of(lines), time, broadcast, order, extends)


def lines_of(text):
    return [(sku, int(units), int(minor)) for sku, units, minor, _ in (line.split(":") for line in text.split(","))]


def counts_of(text):
    counts = {}
    for line in filter(None, text.split("\n")):
        sku, row = line.split(" ")
        fields = row.split(":")
        counts[sku] = dict(zip(COUNT_FIELDS, map(int, fields))) | {"stopped": fields[4] == "1"}
    return counts
