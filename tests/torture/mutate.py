#!/usr/bin/env python3
"""Does the torture notice when a guard is missing?

    mutate.py TORTURE_PROGRAM [--only WORD]... [--ops N]

Takes one guard after another out of inventory.lua, plays the game to what is left, and expects a difference within
100,000 operations. Each guard is a piece of text that must stand in the library exactly once: who changes it there changes
it here. Exits 1 when a guard is not found, or when its absence is not noticed."""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY = HERE.parent.parent / "inventory/redis/inventory.lua"
# What is played until something is noticed: first seed, games, and their share of the operations. Three of the test's own games,
# with long lines, ids that come back and extends too late; then ten tempers.
PLAYS = [(11, 2, 0.4), (8, 1, 0.1), (1, 10, 0.5)]

# (what is missing, the text, what takes its place)
GUARDS = [
    # ---- what may be taken ----
    ("a stopped SKU is not sold", "    if c.stopped then return STOPPED end\n", ""),
    ("the limit per viewer",
     "    if c.limit > 0 and taken(b, sku, viewer) + units > c.limit then return LIMIT_REACHED end\n", ""),
    ("the limit counts what is asked", "taken(b, sku, viewer) + units > c.limit", "taken(b, sku, viewer) > c.limit"),
    ("units that are not there",
     "  if c.a - (late and 0 or c.buffer) < units then return c.h > 0 and HELD_OUT or SOLD_OUT end\n", ""),
    ("the buffer is not sold", "c.a - (late and 0 or c.buffer) < units", "c.a < units"),
    ("who paid late may use the buffer", "c.a - (late and 0 or c.buffer) < units", "c.a - c.buffer < units"),
    ("held out is not sold out", "return c.h > 0 and HELD_OUT or SOLD_OUT end", "return SOLD_OUT end"),
    ("an unknown SKU", "    if not c then return SKU_UNKNOWN, i - 1 end\n", "    if not c then return SOLD_OUT, i - 1 end\n"),
    ("what is put back passes stops and limits", "  if not restores then\n    if c.stopped",
     "  if true then\n    if c.stopped"),
    ("all lines of a cart are checked", "    if why then return why, i - 1 end\n", "    return why, i - 1\n"),
    ("the quick way: stopped", "not c.tracked and not c.stopped and c.a", "not c.tracked and c.a"),
    ("the quick way: limits", "claim.timer and not c.tracked and not c.stopped", "claim.timer and not c.stopped"),
    ("the quick way: units", " and c.a - c.buffer >= claim.units then", " then"),
    ("the quick way: the buffer", "c.a - c.buffer >= claim.units then", "c.a >= claim.units then"),
    # ---- names ----
    ("a known id with other parameters is a mismatch",
     "return h and h.body == viewer .. '|' .. claim.text and with_hold(b, 'replayed', h) or 'mismatch'",
     "return h and with_hold(b, 'replayed', h) or 'mismatch'"),
    ("the viewer belongs to the parameters",
     "h.body == viewer .. '|' .. claim.text and with_hold",
     "string.gsub(h.body, '^[^|]*|', '') == claim.text and with_hold"),
    ("a known id is no new hold", "    elseif records[slots[i]] then\n", "    elseif false then\n"),
    ("offers' names are not for clients", "'^(%d+) ([%w._-][%w._~-]*) ([%w._~-]+)$'", "'^(%d+) ([%w._~-]+) ([%w._~-]+)$'"),
    ("an extend by another viewer", "  if not h or h.viewer ~= viewer then return 'hold_unknown' end\n",
     "  if not h then return 'hold_unknown' end\n"),
    ("a release by another viewer", "  if not h or (viewer ~= '' and viewer ~= h.viewer) then return 'hold_unknown' end\n",
     "  if not h then return 'hold_unknown' end\n"),
    ("a confirm with another sum", "if tonumber(amount) ~= h.lines.total or currency", "if currency"),
    ("a confirm in another currency", " or currency ~= h.currency then return 'mismatch'", " then return 'mismatch'"),
    ("a confirm under another order", "return h.order == order and with_hold(b, 'replayed', h) or 'mismatch' end",
     "return with_hold(b, 'replayed', h) end"),
    ("an order that cannot be", "if not currency or not is_ref(order) then return 'bad' end",
     "if not currency then return 'bad' end"),
    ("a SKU twice in a cart", "if not sku or #sku > ID_MAX or seen[sku] or units < 1", "if not sku or #sku > ID_MAX or units < 1"),
    ("no units", "or seen[sku] or units < 1 or units > UNITS_MAX", "or seen[sku] or units > UNITS_MAX"),
    ("too many units", "or units < 1 or units > UNITS_MAX or", "or units < 1 or"),
    ("too high a total", " or total > MONEY_MAX then", " then"),
    # ---- the life of a hold ----
    ("an extend of what has ended", "  if h.state ~= 'H' then return with_hold(b, ended[h.state], h) end\n  local expires",
     "  local expires"),
    ("an extend never shortens, a repeat uses none",
     "  if gain <= 0 or gain < math.floor(ttl / 10) then return with_hold(b, 'replayed', h) end\n", ""),
    ("an extend that gains nothing", "if gain <= 0 or gain < math.floor(ttl / 10)", "if gain < 0 or gain < math.floor(ttl / 10)"),
    ("a tenth is gained", "gain < math.floor(ttl / 10)", "gain <= math.floor(ttl / 10)"),
    ("extensions are counted", "  if h.extends >= EXTENDS_MAX then return with_hold(b, 'extends_used', h) end\n", ""),
    ("an extension's time", "  ttl = whole(ttl, 1, TTL_MS_MAX)\n  if not ttl then return 'bad' end\n  local h",
     "  ttl = whole(ttl, -1, TTL_MS_MAX * 2)\n  if not ttl then return 'bad' end\n  local h"),
    ("paid late: are the units there", "  if cart_refusal(b, h.lines, h.viewer, true, restores) then -- paid", "  if false then -- paid"),
    ("paid late: void is for good", "    end_hold(b, 'voided ', h, 'V')\n", ""),
    ("paid late: units of the viewer", "  move_units(b, h.lines, h.viewer, -1, 0, 1, 1)\n",
     "  move_units(b, h.lines, h.viewer, -1, 0, 1, 0)\n"),
    ("a confirm after the end", "  if h.state ~= 'H' then return with_hold(b, ended[h.state], h) end\n  h.order", "  h.order"),
    ("a confirm after a release takes nothing", "  if h.state == 'X' then return confirm_late", "  if h.state == 'X' or h.state == 'R' then return confirm_late"),
    ("what is void stays void", "  if h.state == 'X' then return confirm_late", "  if h.state == 'X' or h.state == 'V' then return confirm_late"),
    ("a release twice", "  if h.state == 'R' then return with_hold(b, 'replayed', h) end\n  if h.state ~= 'H' then return "
     "with_hold(b, ended[h.state], h) end\n  free(b, 'released ', h, 'R')", "  if h.state ~= 'H' and h.state ~= 'R' then return "
     "with_hold(b, ended[h.state], h) end\n  free(b, 'released ', h, 'R')"),
    ("a release of what is sold", "  if h.state ~= 'H' then return with_hold(b, ended[h.state], h) end\n  free(b, 'released ', h, 'R')",
     "  if h.state ~= 'H' and h.state ~= 'C' then return with_hold(b, ended[h.state], h) end\n  free(b, 'released ', h, 'R')"),
    ("units that come free are given back", "  move_units(b, h.lines, h.viewer, 1, -1, 0, -1)\n",
     "  move_units(b, h.lines, h.viewer, 0, 0, 0, -1)\n"),
    ("the viewer's units are given back", "  move_units(b, h.lines, h.viewer, 1, -1, 0, -1)\n",
     "  move_units(b, h.lines, h.viewer, 1, -1, 0, 0)\n"),
    # ---- expiry ----
    ("the millisecond of expiry", "    elseif ends and ends <= b.now then\n      b.is_due", "    elseif ends and ends < b.now then\n      b.is_due"),
    ("only held holds expire", "local ends = h and h.state == 'H' and not b.is_due[h.id] and ends_of(b, h)",
     "local ends = h and not b.is_due[h.id] and ends_of(b, h)"),
    ("a hold is due once", "h.state == 'H' and not b.is_due[h.id] and ends_of", "h.state == 'H' and ends_of"),
    ("an extended hold is found by its old timer", "    elseif ends and ends <= b.now then\n      b.is_due",
     "    elseif ends then\n      b.is_due"),
    ("due holds are looked for behind timers that are none",
     "      if #b.found >= EXPIRE_BATCH_MAX then sort_out_due(b) end\n",
     "      if #b.found >= EXPIRE_BATCH_MAX then return false end\n"),
    ("due holds in numbers: the first", "b.due_count >= enough or", "b.due_count >= 1 or"),
    ("a confirm spares", "  if b.paying[h.id] then return true end\n", ""),
    ("an extend spares", "    if e[1] == h.id and e[2] == h.viewer and h.extends < EXTENDS_MAX and whole",
     "    if false and whole"),
    ("a stranger's extend spares nothing", "e[1] == h.id and e[2] == h.viewer and h.extends", "e[1] == h.id and h.extends"),
    ("an extend that is not granted spares nothing", "e[2] == h.viewer and h.extends < EXTENDS_MAX and whole", "e[2] == h.viewer and whole"),
    ("an extend with a bad time spares nothing", " and whole(e[3], 1, TTL_MS_MAX) then return true", " then return true"),
    ("what was spared is due again", "  spare_no_longer(b)\n", ""),
    ("due holds in the order of their end", "  table.sort(b.due_times)\n", ""),
    ("due holds of one moment by id", "    sort_by_bytes(ids)\n    for i = 1, #ids do\n      local h", "    for i = 1, #ids do\n      local h"),
    ("closed holds are unknown after a day", "      if state ~= 'H' and tonumber(time) <= horizon then", "      if false then"),
    ("the millisecond of the purge", "tonumber(time) <= horizon then", "tonumber(time) < horizon then"),
    ("open holds are never purged", "      if state ~= 'H' and tonumber(time) <= horizon then", "      if tonumber(time) <= horizon then"),
    # ---- clocks ----
    ("a hold's end is on its broadcast's clock", "h.id, h.offer, h.expires = id, offer, b.now + ttl - shift_of(b, h.broadcast)",
     "h.id, h.offer, h.expires = id, offer, b.now + ttl"),
    ("a claim's end is on its broadcast's clock", "  claim.expires = b.now + claim.ttl - shift_of(b, claim.broadcast)",
     "  claim.expires = b.now + claim.ttl"),
    ("an extend is on its broadcast's clock", "  local expires = b.now - shift_of(b, h.broadcast) + ttl", "  local expires = b.now + ttl"),
    ("frozen holds are parked", "  if clock.since > 0 then\n    ends = PARK_BASE + clock.lane\n  elseif ends", "  if ends"),
    ("a timer of an earlier hold of that id", "  return clock.since == 0 and h.expires + clock.stood or nil",
     "  return h.expires + clock.stood"),
    ("a thaw opens the lane", "    since = 0\n    open_lane(b, lane)\n", "    since = 0\n"),
    ("the pause is added", "  local stood = shift_of(b, broadcast)\n", "  local stood = clock.stood\n"),
    ("a pause is never negative", "(pause > 0 and pause or 0)", "pause"),
    ("answers tell the pause", "(h.state == 'H' and num(shift_of(b, h.broadcast)) or '0')",
     "(h.state == 'H' and num(clock_of(b, h.broadcast).stood) or '0')"),
    ("frozen already", "  if (frozen == '1') == (clock.since > 0) then return 'replayed' end\n", ""),
    ("an older state event", "  if epoch == clock.epoch and seq <= clock.seq then return 'ignored' end\n", ""),
    ("of the same epoch", "  if epoch == clock.epoch and seq <= clock.seq then", "  if seq <= clock.seq then"),
    ("the same state event", "epoch == clock.epoch and seq <= clock.seq", "epoch == clock.epoch and seq < clock.seq"),
    # ---- recalls ----
    ("a recalled hold cannot be paid", "  if (h.state == 'H' or h.state == 'R') and not restores and any_recalled(b, h, KEEP, CANCEL) then\n"
     "    return with_hold(b, 'recalled', h)\n  end\n", ""),
    ("kept ones cannot be paid", "and any_recalled(b, h, KEEP, CANCEL) then", "and any_recalled(b, h, CANCEL) then"),
    ("cancelled ones cannot be paid", "and any_recalled(b, h, KEEP, CANCEL) then", "and any_recalled(b, h, KEEP) then"),
    ("released and recalled: recalled", "(h.state == 'H' or h.state == 'R') and not restores", "h.state == 'H' and not restores"),
    ("put back: sold though recalled", "and not restores and any_recalled(b, h, KEEP, CANCEL)", "and any_recalled(b, h, KEEP, CANCEL)"),
    ("kept holds are parked", "    local kept_by = ends and ends <= b.now and any_recalled(b, h, KEEP)\n", "    local kept_by = nil\n"),
    ("a lifted recall opens the lane", "  if c.recall == KEEP then open_lane(b, fact(b.f, '|' .. sku)) end\n", ""),
    ("taken back only when cancelled", "  if not any_recalled(b, h, CANCEL) then return with_hold(b, 'ignored', h) end\n", ""),
    ("taken back once", "  if h.state ~= 'H' then return with_hold(b, ended[h.state], h) end\n  if not any_recalled",
     "  if not any_recalled"),
    ("any line counts", "    if recall == mode or recall == other then return h.lines[i][1] end\n",
     "    if i == 1 and (recall == mode or recall == other) then return h.lines[i][1] end\n"),
    ("a recall stops", "  c.recall, c.stopped = mode, true\n", "  c.recall = mode\n"),
    ("a recalled SKU is not opened", "  if c.recall ~= 0 then return with_count('recalled', c) end\n", ""),
    ("recalled so already", "  if c.recall == mode then return with_count('replayed', c) end\n", ""),
    # ---- stock ----
    ("a ref is booked once", "  if not before then return nil end\n", "  if true then return nil end\n"),
    ("a ref with other units", "return before == text and with_count('replayed', b.counts[sku]) or 'mismatch'",
     "return with_count('replayed', b.counts[sku])"),
    ("a ref within one call", "local before = b.refs[ref] or redis.call", "local before = redis.call"),
    ("too much stock", "  if c.t + units > STOCK_MAX then return 'bad' end\n", ""),
    ("withdrawn is only what is there",
     "  if c.a < units then return with_count(c.h > 0 and 'held_out' or 'sold_out', c) end\n", ""),
    ("late and repeated counts", "  if version <= c.version then return with_count('ignored', c) end\n", ""),
    ("the same version", "  if version <= c.version then", "  if version < c.version then"),
    ("more gone than was sold", "  if gone > c.s then return 'bad' end", "  if false then return 'bad' end"),
    ("what had left counts", "local change, delay = count + gone - c.t", "local change, delay = count - c.t"),
    ("a delay is never negative", "math.max(0, b.now - tonumber(counted))", "b.now - tonumber(counted)"),
    ("stopped already", "  if c.stopped then return with_count('replayed', c) end\n", ""),
    ("open already", "  if not c.stopped then return with_count('replayed', c) end\n", ""),
    ("buffered so already", "  if c.buffer == units then return with_count('replayed', c) end\n", ""),
    ("limited so already", "  if c.limit == limit then return with_count('replayed', c) end\n", ""),
    ("a late limit counts back", "    backfill(b, sku, c)\n", "    c.tracked = true\n"),
    ("counted back: open and sold ones alone", "and find(record, '^[HC]') and match", "and match"),
    ("counted back: not those unknown by now", "(find(record, '^H') or tonumber(ended_at) > b.now - RETAIN_MS)", "true"),
    ("counted back: what the call changed", "  for _, h in pairs(b.holds) do count(h.record) end\n", ""),
    # ---- lines and offers ----
    ("a stopped line waits", "  while c.waiting > 0 and not c.stopped and c.a > c.buffer do", "  while c.waiting > 0 and c.a > c.buffer do"),
    ("offers leave the buffer", "      if line[i].lines[1][2] <= c.a - c.buffer then", "      if line[i].lines[1][2] <= c.a then"),
    ("the whole wish fits", "      if line[i].lines[1][2] <= c.a - c.buffer then", "      if true then"),
    ("so many of a line are looked at, no more", "local LOOK_MAX, LINE_LEN_MAX = 16, 100000", "local LOOK_MAX, LINE_LEN_MAX = 17, 100000"),
    ("so many of a line are looked at, no fewer", "local LOOK_MAX, LINE_LEN_MAX = 16, 100000", "local LOOK_MAX, LINE_LEN_MAX = 15, 100000"),
    ("the first who fits", "        wish = line[i]\n        break\n", "        wish = line[i]\n"),
    ("who bought elsewhere leaves the line", "    if refusal(b, sku, c, wish.viewer, wish.lines[1][2]) then\n      note",
     "    if false then\n      note"),
    ("an offer's name that is taken", "  return hold_kept(b, id) and offer_id(next_ticket(b)) or id", "  return id"),
    ("freed units are offered", "    if b.counts[line[1]].waiting > 0 then serve(b, line[1]) end\n", ""),
    ("allocated units are offered", "' ' .. num(units) .. ' ' .. ref)\n  serve(b, sku)\n  return with_count('done', c)\nend\n\nfunction op.D",
     "' ' .. num(units) .. ' ' .. ref)\n  return with_count('done', c)\nend\n\nfunction op.D"),
    ("counted units are offered", "num(version) .. ' ' .. num(delay))\n  serve(b, sku)\n", "num(version) .. ' ' .. num(delay))\n"),
    ("opened units are offered", "  note(b, 'opened ' .. sku)\n  serve(b, sku)\n", "  note(b, 'opened ' .. sku)\n"),
    ("a lowered buffer is offered", "  note(b, 'buffer ' .. sku .. ' ' .. num(units))\n  serve(b, sku)\n",
     "  note(b, 'buffer ' .. sku .. ' ' .. num(units))\n"),
    ("who joins hears the place after the line was served", "  serve(b, sku)\n  local offer = offer_of(b, sku, viewer)\n",
     "  local before = c.waiting\n  serve(b, sku)\n  c = { waiting = before }\n  local offer = offer_of(b, sku, viewer)\n"),
    ("one place per viewer", "  if place then return 'replayed ' .. ahead_of(b, sku, place) end\n", ""),
    ("an open offer is the answer", "  if offered then return with_hold(b, 'replayed', offered) end\n", ""),
    ("no line at a stopped SKU", "  if why == STOPPED or why == LIMIT_REACHED then return", "  if why == LIMIT_REACHED then return"),
    ("no place beyond the limit", "  if why == STOPPED or why == LIMIT_REACHED then return", "  if why == STOPPED then return"),
    ("one SKU per wish", "if not claim or not claim.ttl or #claim.lines ~= 1 or not is_id(viewer)", "if not claim or not claim.ttl or not is_id(viewer)"),
    ("who was offered may join again", "    if fact(b.y, field) == h.id then set_fact(b.y, field, false) end\n",
     "    set_fact(b.y, field, false)\n"),
    ("who is put back has left the line", "  if place then leave_line(b, sku, h.viewer, place) end\n", ""),
    ("numbers above what is put back", "  if ticket > tonumber(fact(b.y, '#') or 0) then set_fact", "  if false then set_fact"),
    ("only whole numbers are put back", "string.match(id, '^~[1-9]%d*$') and #id <= 14", "true"),
    ("places left by this call are not counted", "gone < place then ahead = ahead - 1 end", "gone < place then ahead = ahead end"),
    ("places taken by this call are counted", "new < place then ahead = ahead + 1 end", "new < place then ahead = ahead end"),
    # ---- checkpoints ----
    ("a young checkpoint", "  if last and b.now - tonumber(string.match(last, '^%d+')) < ttl then return 'replayed', '' end\n", ""),
    ("one checkpoint per call", "  b.checkpoint = b.checkpoint or {", "  b.checkpoint = {"),
    ("each open hold once", "        if not seen[id] then", "        if true then"),
    ("open holds alone", "if record and string.byte(record) == 72 then lines", "if record then lines"),
]


def play(program, library, ops):
    """True: a difference was found. Any other end of the program than 0 is one: a broken promise counts too."""
    for seed, games, share in PLAYS:
        run = subprocess.run([program, "--library", library, "--seed", str(seed), "--ops", str(int(ops * share / games)),
                              "--games", str(games), "--kills", "0"], capture_output=True, timeout=600)
        if run.returncode in (3, 77):
            sys.exit(run.stderr.decode() or run.returncode)
        if run.returncode != 0:
            return True
    return False


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--only", action="append", default=[])
    options.add_argument("--ops", type=int, default=100000)
    chosen = options.parse_args()
    text = LIBRARY.read_text()
    guards = [g for g in GUARDS if not chosen.only or any(word in g[0] for word in chosen.only)]
    lost = [name for name, old, _ in guards if text.count(old) != 1]
    for name in lost:
        print(f"not found exactly once in {LIBRARY.name}: {name}")
    missed, began = [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        mutant = pathlib.Path(folder) / "mutant.lua"
        mutant.write_text(text)
        if play(chosen.program, str(mutant), chosen.ops):
            sys.exit("there is a difference with nothing missing")
        for name, old, new in guards:
            if name in lost:
                continue
            mutant.write_text(text.replace(old, new))
            noticed = play(chosen.program, str(mutant), chosen.ops)
            print(f"{'noticed' if noticed else 'NOT NOTICED'}: {name}", flush=True)
            if not noticed:
                missed.append(name)
    print(f"{len(guards) - len(lost) - len(missed)} of {len(guards)} guards are missed when they are gone, "
          f"{time.monotonic() - began:.0f} s")
    sys.exit(1 if lost or missed else 0)


if __name__ == "__main__":
    main()
