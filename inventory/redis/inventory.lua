#!lua name=liveshelf
-- version 2
--
-- Where the truth lies: the stock and the holds of one shop, changed in one atomic step per call. The law is that of
-- inventory/rules and core/ports/inventory.h; tests/contract plays one game to both. Raise the version in the second line with
-- every change: a node loads this library where it is missing or older, and refuses to work with a newer one.
--
-- Redis does not roll back. So every function reads, decides on copies, and writes at the very end, the ledger
-- first: nothing may fail after the first write. All keys are declared, and of one hash tag: legal on Cluster.
--
--   KEYS of a shop's stock, "ls:{shop.bucket}:" and (text.h tells of records, rows, timers and clocks, entry.h of the ledger)
--    1 c  hash    sku -> row
--    2 h  hash    hold id -> record
--    3 x  zset    timers: lists of holds, by when to look at them
--    4 l  hash    "sku/viewer" -> units held or bought; only of SKUs that ever had a limit ("tracked")
--    5 g  stream  the ledger: one entry per call that moved anything, and one per checkpoint
--    6 w  zset    the lines of the waitlists: "sku|ticket", score 0, in lexical order
--    7 y  hash    "sku|ticket" -> ttl|wish, "sku/viewer" -> ticket, or the id of the open offer made from it;
--                 "#" -> last ticket given
--    8 r  hash    sku/ref of a stock move -> op sku units; kept for ever
--    9 f  hash    broadcast -> clock; "|sku" -> lane of a recall that keeps; "#lane" -> last lane given; "#format" -> version of
--                 these texts; "#checkpoint" -> ms|ledger id of the last one
--
-- Most of a drop is one claim made by thousands at once. So what a call's requests promise alike comes once, is parsed once
-- and stands in the ledger once; a reserve that is granted costs a record, a line that is the request's own word, and no
-- table; and one timer stands for all holds of a call with the same end.
--
-- Numbers are written with %.0f: tostring loses digits. While a library loads, Redis 7.0 hides redis.call, string and
-- table; they are looked up inside functions only.

local FORMAT = '2'
local OPS_MAX, LINES_MAX = 256, 16            -- per call; per cart
local EXPIRE_BATCH_MAX = 128                  -- holds that end by one call because they are due
local TIMERS_LOOK_MAX, PURGES_LOOK_MAX = 1024, 8 -- lists looked at by one call; a long timer counts more
local TIMERS_PAGE = 128
local TIMER_IDS_MAX = 128                     -- in one list: as many as end by one call
local PARK_BASE, PURGE_BASE = 1000000000000000, 5000000000000000 -- scores: behind them a lane, a time
local RETAIN_MS, TTL_MS_MAX = 86400000, 604800000
local EXTENDS_MAX = 2
local UNITS_MAX, STOCK_MAX, MONEY_MAX, VERSION_MAX = 1000000, 1000000000, 1000000000000, 4294967295
local WHOLE_MAX = 9007199254740991            -- of versions and seqs: what a number holds exactly
local ID_MAX, REF_MAX = 63, 128
local LOOK_MAX, LINE_LEN_MAX = 16, 100000     -- of a waitlist
local BACKFILL_HOLDS_MAX = 20000
local CHECKPOINT_HOLDS_MAX = 20000
local CHECKPOINT_LOOK_MAX = 60000             -- ids in timers: those of closed holds stay there until they are due
local CHECKPOINT_PAGE = 100                   -- timers
local UNPACK_MAX = 4000                       -- values given to one command; Lua's stack ends near 8000

-- What refuses a claim, as enum inventory_answer numbers it: an answer that is a number is 16 * this + the line refused.
local SOLD_OUT, HELD_OUT, LIMIT_REACHED, STOPPED, SKU_UNKNOWN = 3, 4, 5, 6, 7
local refusal_words = { [3] = 'sold_out', [4] = 'held_out', [5] = 'limit_reached', [6] = 'stopped', [7] = 'sku_unknown' }
local KEEP, CANCEL = 1, 2                     -- of enum recall_mode
local recall_words = { [0] = 'none', [1] = 'keep', [2] = 'cancel', [3] = 'honour' }

local function num(n) return string.format('%.0f', n) end

-- ---- texts ----

-- "sku:units:minor:version,..." -> { { sku, units }..., total = }, or false
local function parse_lines(text)
  local match, out, seen, total = string.match, {}, {}, 0
  if match(text, ',,') or match(text, '^,') or match(text, ',$') then return false end
  for part in string.gmatch(text, '[^,]+') do
    local sku, units, minor, version = match(part, '^([%w._~-]+):(%d+):(%d+):(%d+)$')
    units, minor = tonumber(units), tonumber(minor)
    if not sku or #sku > ID_MAX or seen[sku] or units < 1 or units > UNITS_MAX or minor > MONEY_MAX
      or tonumber(version) > VERSION_MAX then return false end
    seen[sku] = true
    total = total + units * minor
    out[#out + 1] = { sku, units }
  end
  if #out == 0 or #out > LINES_MAX or total > MONEY_MAX then return false end
  out.total = total
  return out
end

local function lines_of(b, text)
  local lines = b.memo[text]
  if lines == nil then
    lines = parse_lines(text)
    b.memo[text] = lines
  end
  return lines
end

local function whole(text, low, high)
  local n = text and tonumber(text)
  return n and n % 1 == 0 and n >= low and n <= high and n or nil
end
local function is_id(text) return #text <= ID_MAX and string.match(text, '^[%w._~-]+$') ~= nil end
local function is_ref(text) return #text <= REF_MAX and not string.match(text, '[^\33-\126]') and not string.match(text, '[|,]') end

-- "broadcast|currency|lines" -> what any viewer may claim with it, or nil
local function parse_claim(b, text, ttl)
  local broadcast, currency, lines_text = string.match(text, '^([%w._~-]*)|(%u%u%u)|([^|]+)$')
  local lines = broadcast and #broadcast <= ID_MAX and lines_of(b, lines_text)
  if not lines then return nil end
  local only = #lines == 1 and lines[1]
  return { broadcast = broadcast, currency = currency, lines = lines, text = text, ttl = whole(ttl, 1, TTL_MS_MAX),
           sku = only and only[1] or false, units = only and only[2] or 0, number = 0, expires = false, head = false, tail = false, timer = false }
end

-- A hold that is not there yet.
local function new_hold(claim, viewer)
  return { id = false, state = 'H', expires = 0, extends = 0, offer = false, order = '', viewer = viewer,
           broadcast = claim.broadcast, currency = claim.currency, lines = claim.lines, body = viewer .. '|' .. claim.text,
           record = false, dirty = false }
end

-- The ids and records in the store were written by pack_hold: no doubts here.
local function parse_hold(b, id, record)
  local match = string.match
  local state, time, extends, offer, order, body = match(record, '^(%u)(%d+)%+?(%d?)(~?)#?([^|]*)|(.*)$')
  local viewer, broadcast, currency, lines = match(body, '^([^|]*)|([^|]*)|(%u%u%u)|(.*)$')
  return { id = id, state = state, expires = tonumber(time), extends = extends == '' and 0 or tonumber(extends),
           offer = offer ~= '', order = order, viewer = viewer, broadcast = broadcast, currency = currency,
           lines = lines_of(b, lines), body = body, record = record, dirty = false }
end

local function pack_hold(h)
  h.record = h.state .. num(h.expires) .. (h.extends > 0 and '+' .. h.extends or '') .. (h.offer and '~' or '')
    .. (h.order ~= '' and '#' .. h.order or '') .. '|' .. h.body
end

local function parse_count(row)
  local a, h, s, t, stop, limit, version, waiting, tracked, recall, buffer =
    string.match(row, '^(-?%d+):(%d+):(%d+):(-?%d+):([01]):(%d+):(%d+):(%d+):([01]):(%d):(%d+)$')
  return { a = tonumber(a), h = tonumber(h), s = tonumber(s), t = tonumber(t), stopped = stop == '1', limit = tonumber(limit),
           version = tonumber(version), waiting = tonumber(waiting), tracked = tracked == '1', recall = tonumber(recall),
           buffer = tonumber(buffer), dirty = false }
end

local function pack_count(c)
  return string.format('%.0f:%.0f:%.0f:%.0f:%s:%.0f:%.0f:%.0f:%s:%d:%.0f', c.a, c.h, c.s, c.t, c.stopped and '1' or '0', c.limit,
    c.version, c.waiting, c.tracked and '1' or '0', c.recall, c.buffer)
end

local function new_count()
  return { a = 0, h = 0, s = 0, t = 0, stopped = false, limit = 0, version = 0, waiting = 0, tracked = false, recall = 0,
           buffer = 0, dirty = false }
end

-- ---- what a call changes, on copies ----

local function note(b, line)
  local n = b.notes_count + 1
  b.notes_count = n
  b.notes[n] = line
end

local function note_hold(b, kind, h)
  pack_hold(h)
  if not h.dirty then
    h.dirty = true
    b.dirty_holds[#b.dirty_holds + 1] = h
  end
  note(b, kind .. h.id .. ' ' .. h.record)
end

local function changed(b, sku, c)
  if not c.dirty then
    c.dirty = true
    b.dirty_skus[#b.dirty_skus + 1] = sku
    b.counts[sku] = c
  end
end

-- A field of `y` or `f`: its value now, with what this call changed; nil: none.
local function fact(facts, field)
  local value = facts.values[field]
  if value == nil then
    value = redis.call('HGET', facts.key, field)
    facts.values[field] = value
  end
  return value or nil
end

local function set_fact(facts, field, value) -- false: none
  local dirty = facts.dirty
  if not dirty[field] then
    dirty[field] = true
    dirty[#dirty + 1] = field
  end
  facts.values[field] = value
end

-- The hold as this call left it, or nil; of the ids that the call names, and those it made.
local function hold_of(b, id)
  local h = b.holds[id]
  if h then return h end
  local slot = b.at[id]
  local record = slot and b.records[slot]
  if not record then return nil end
  h = parse_hold(b, id, record)
  b.holds[id] = h
  return h
end

-- ---- clocks and timers ----

local never_stood = { stood = 0, since = 0, epoch = '', seq = 0, lane = 0 }

local function parse_clock(text)
  local stood, since, epoch, seq, lane = string.match(text, '^(%d+)|(%d+)|([^|]*)|(%d+)|(%d+)$')
  return { stood = tonumber(stood), since = tonumber(since), epoch = epoch, seq = tonumber(seq), lane = tonumber(lane) }
end

local function clock_of(b, broadcast)
  local clock = b.clocks[broadcast]
  if not clock then
    local text = broadcast ~= '' and fact(b.f, broadcast)
    clock = text and parse_clock(text) or never_stood
    b.clocks[broadcast] = clock
  end
  return clock
end

-- Server time less this is the broadcast's.
local function shift_of(b, broadcast)
  local clock = clock_of(b, broadcast)
  local pause = clock.since > 0 and b.now - clock.since or 0
  return clock.stood + (pause > 0 and pause or 0)
end

local function new_lane(b)
  local lane = num(tonumber(fact(b.f, '#lane') or 0) + 1)
  set_fact(b.f, '#lane', lane)
  return lane
end

-- What waits in the lane is looked at from the next call on, also when the server's clock is set back before it.
local function open_lane(b, lane)
  b.moved[#b.moved + 1] = '0'
  b.moved[#b.moved + 1] = 'u|' .. lane
end

-- The list of timers with this score and end.
local function timer_list(b, score, broadcast, expires)
  local ends = num(expires)
  local head = 't|' .. broadcast .. '|' .. ends .. '|'
  local key = score .. head
  local list = b.timers[key]
  if not list then
    list = { score = score, head = head, ends = ends, count = 0 }
    b.timers[key] = list
    b.timers[#b.timers + 1] = list
  end
  return list
end

-- The server time of its end if the broadcast never stood still from now on, nor does now: never too late, whatever the
-- server's clock does meanwhile; and what is found too early is given its new time, or parked.
local function end_score(b, h) return num(h.expires + clock_of(b, h.broadcast).stood) end

local function add_timer(b, score, h)
  local list = timer_list(b, score, h.broadcast, h.expires)
  list.count = list.count + 1
  list[list.count] = h.id
end

-- ---- units ----

-- Units of a tracked SKU that a viewer holds or bought.
local function taken(b, sku, viewer)
  local key = sku .. '/' .. viewer
  local units = b.taken[key]
  if not units then
    units = not b.backfilled[sku] and tonumber(redis.call('HGET', b.keys[4], key) or 0) or 0
    b.taken[key] = units
  end
  return units, key
end

local function take(b, sku, viewer, units)
  local before, key = taken(b, sku, viewer)
  b.taken[key] = before + units
  if not b.dirty_taken[key] then
    b.dirty_taken[key] = true
    b.dirty_taken[#b.dirty_taken + 1] = key
  end
end

-- Moves a cart's units by what is added to available, held and sold, per unit; a viewer's own by `own`.
local function move_units(b, lines, viewer, available, held, sold, own)
  local counts = b.counts
  for i = 1, #lines do
    local sku, units = lines[i][1], lines[i][2]
    local c = counts[sku]
    c.a, c.h, c.s = c.a + available * units, c.h + held * units, c.s + sold * units
    if own ~= 0 and c.tracked then take(b, sku, viewer, own * units) end
    if not c.dirty then changed(b, sku, c) end
  end
end

-- May these units be taken? nil, or what refuses them. `late`: what was promised once may use the buffer; `restores`: it
-- was granted before, so only units that are not there refuse it.
local function refusal(b, sku, c, viewer, units, late, restores)
  if not restores then
    if c.stopped then return STOPPED end
    if c.limit > 0 and taken(b, sku, viewer) + units > c.limit then return LIMIT_REACHED end
  end
  if c.a - (late and 0 or c.buffer) < units then return c.h > 0 and HELD_OUT or SOLD_OUT end
end

-- All lines or none: nil, or what refuses, and the line's index from 0.
local function cart_refusal(b, lines, viewer, late, restores)
  for i = 1, #lines do
    local sku = lines[i][1]
    local c = b.counts[sku]
    if not c then return SKU_UNKNOWN, i - 1 end
    local why = refusal(b, sku, c, viewer, lines[i][2], late, restores)
    if why then return why, i - 1 end
  end
end

local function any_recalled(b, h, mode, other)
  for i = 1, #h.lines do
    local recall = b.counts[h.lines[i][1]].recall
    if recall == mode or recall == other then return h.lines[i][1] end
  end
end

-- ---- a hold begins and ends ----

local function open_hold(b, h, id, ttl, offer)
  h.id, h.offer, h.expires = id, offer, b.now + ttl - shift_of(b, h.broadcast)
  b.holds[id] = h
  if b.at[id] then b.records[b.at[id]] = true end -- taken
  add_timer(b, end_score(b, h), h)
  move_units(b, h.lines, h.viewer, -1, 1, 0, 1)
end

-- The only way for a hold to end. An offer that ended lets its viewer join the line again.
local function end_hold(b, kind, h, state)
  h.state, h.expires = state, b.now
  b.ended[#b.ended + 1] = h.id
  note_hold(b, kind, h)
  if h.offer then
    local field = h.lines[1][1] .. '/' .. h.viewer
    if fact(b.y, field) == h.id then set_fact(b.y, field, false) end
  end
end

-- ---- the waitlist ----

local function line_of(b, sku)
  local line = b.lines[sku]
  if not line then
    line = { joined = {}, left = {}, from = '[' .. sku .. '|' }
    b.lines[sku] = line
  end
  return line
end

-- Loads the head of the line, page by page, until LOOK_MAX places are here or there are no more.
local function line_load(b, sku, line)
  while #line < LOOK_MAX and not line.complete do
    local page = redis.call('ZRANGEBYLEX', b.keys[6], line.from, '(' .. sku .. '}', 'LIMIT', 0, LOOK_MAX)
    local wishes = #page > 0 and redis.call('HMGET', b.keys[7], unpack(page)) or {}
    for i = 1, #page do
      if wishes[i] and not line.left[page[i]] then
        local ttl, viewer, text = string.match(wishes[i], '^(%d+)|([^|]*)|(.*)$')
        local wish = new_hold(parse_claim(b, text), viewer)
        wish.ttl, wish.place = tonumber(ttl), page[i]
        line[#line + 1] = wish
      end
      line.from = '(' .. page[i]
    end
    if #page < LOOK_MAX then
      line.complete = true
      for _, wish in ipairs(line.joined) do line[#line + 1] = wish end
      line.joined = line
    end
  end
end

local function line_remove(wishes, place)
  for i = 1, #wishes do
    if wishes[i].place == place then
      table.remove(wishes, i)
      return true
    end
  end
end

local function leave_line(b, sku, viewer, place)
  local line, key = line_of(b, sku), sku .. '/' .. viewer
  if not line_remove(line, place) and not (line.joined ~= line and line_remove(line.joined, place)) then
    line.left[place] = true
  end
  if b.joins[place] then
    b.joins[place] = nil
  else
    b.leaves[#b.leaves + 1] = place
  end
  set_fact(b.y, place, false)
  set_fact(b.y, key, false)
  local c = b.counts[sku]
  c.waiting = c.waiting - 1
  changed(b, sku, c)
end

-- Where a viewer stands: "sku|ticket"; nil: not in line.
local function place_of(b, sku, viewer)
  local ticket = fact(b.y, sku .. '/' .. viewer)
  return ticket and string.byte(ticket) ~= 126 and sku .. '|' .. ticket or nil
end

-- Also one that the call did not name.
local function hold_kept(b, id)
  local h = hold_of(b, id)
  if h then return h end
  local record = redis.call('HGET', b.keys[2], id)
  h = record and parse_hold(b, id, record)
  return h and (h.state == 'H' or h.expires > b.now - RETAIN_MS) and h or nil
end

-- The viewer's open offer of this SKU, or nil.
local function offer_of(b, sku, viewer)
  local id = fact(b.y, sku .. '/' .. viewer)
  if not id or string.byte(id) ~= 126 then return nil end
  local h = hold_kept(b, id)
  return h and h.state == 'H' and h or nil
end

local function next_ticket(b)
  local ticket = string.format('%016.0f', tonumber(fact(b.y, '#') or 0) + 1)
  set_fact(b.y, '#', ticket)
  return ticket
end

local function join_line(b, sku, wish)
  local ticket = next_ticket(b)
  wish.place = sku .. '|' .. ticket
  local line = line_of(b, sku)
  line.joined[#line.joined + 1] = wish
  b.joins[wish.place] = wish
  set_fact(b.y, wish.place, num(wish.ttl) .. '|' .. wish.body)
  set_fact(b.y, sku .. '/' .. wish.viewer, ticket)
  local c = b.counts[sku]
  c.waiting = c.waiting + 1
  changed(b, sku, c)
end

-- Viewers before this place, with what this call changed counted in.
local function ahead_of(b, sku, place)
  local ahead = redis.call('ZLEXCOUNT', b.keys[6], '[' .. sku .. '|', '(' .. place)
  local head = sku .. '|'
  for _, gone in ipairs(b.leaves) do
    if string.sub(gone, 1, #head) == head and gone < place then ahead = ahead - 1 end
  end
  for new in pairs(b.joins) do
    if string.sub(new, 1, #head) == head and new < place then ahead = ahead + 1 end
  end
  return ahead
end

local function offer_id(place) return '~' .. num(tonumber(string.match(place, '%d+$'))) end

-- Its place's number, unless an offer of that number was put back: then the next.
local function free_offer_id(b, place)
  local id = offer_id(place)
  return hold_kept(b, id) and offer_id(next_ticket(b)) or id
end

-- Free units go to the first in line whose whole wish fits, before anybody else sees them.
local function serve(b, sku)
  local c = b.counts[sku]
  while c.waiting > 0 and not c.stopped and c.a > c.buffer do
    local line, wish = line_of(b, sku), nil
    line_load(b, sku, line)
    for i = 1, math.min(#line, LOOK_MAX) do
      if line[i].lines[1][2] <= c.a - c.buffer then
        wish = line[i]
        break
      end
    end
    if not wish then return end
    leave_line(b, sku, wish.viewer, wish.place)
    if refusal(b, sku, c, wish.viewer, wish.lines[1][2]) then
      note(b, 'left ' .. sku .. ' ' .. num(wish.lines[1][2]) .. ' ' .. wish.viewer)
    else
      local id = free_offer_id(b, wish.place)
      open_hold(b, wish, id, wish.ttl, true)
      note_hold(b, 'offered ', wish)
      set_fact(b.y, sku .. '/' .. wish.viewer, id)
    end
  end
end

local function serve_lines(b, h)
  for _, line in ipairs(h.lines) do
    if b.counts[line[1]].waiting > 0 then serve(b, line[1]) end
  end
end

-- ---- the operations: (batch, id, number, text) -> answer ----

-- The number is what turns the end of a held hold into server time.
local function with_hold(b, answer, h)
  return answer .. ' ' .. (h.state == 'H' and num(shift_of(b, h.broadcast)) or '0') .. ' ' .. h.id .. ' ' .. h.record
end
local function with_count(answer, c) return answer .. ' 0 ' .. pack_count(c) end
local ended = { C = 'hold_confirmed', R = 'hold_released', X = 'hold_expired', V = 'hold_expired' }

local op = {}

-- A reserve of an id that is known, or that no client may take.
local function reserve_again(b, id, claim, viewer)
  local h = hold_of(b, id)
  return h and h.body == viewer .. '|' .. claim.text and with_hold(b, 'replayed', h) or 'mismatch'
end

-- The viewer of an offer that is put back has left the line; offers to come are numbered above it.
local function offer_again(b, h, id)
  local sku = h.lines[1][1]
  local place = b.counts[sku].waiting > 0 and place_of(b, sku, h.viewer)
  if place then leave_line(b, sku, h.viewer, place) end
  local ticket = tonumber(string.sub(id, 2))
  if ticket > tonumber(fact(b.y, '#') or 0) then set_fact(b.y, '#', string.format('%016.0f', ticket)) end
  set_fact(b.y, sku .. '/' .. h.viewer, id)
end

function op.Y(b, id, ttl, text) -- a reserve that was granted before, and lost by a fail-over
  local offer, viewer, rest = string.match(text, '^([01])|([%w._~-]+)|(.*)$')
  local claim = rest and parse_claim(b, rest, ttl)
  if not claim or not claim.ttl or #viewer > ID_MAX or not is_id(id) then return 'bad' end
  local is_offer = offer == '1' and #claim.lines == 1 and string.match(id, '^~[1-9]%d*$') and #id <= 14
  if hold_of(b, id) or (string.byte(id) == 126 and not is_offer) then return reserve_again(b, id, claim, viewer) end
  local why, line = cart_refusal(b, claim.lines, viewer, true, true)
  if why then return 16 * why + line end
  local h = new_hold(claim, viewer)
  if is_offer then offer_again(b, h, id) end
  open_hold(b, h, id, claim.ttl, is_offer and true or false)
  note_hold(b, is_offer and 'offered ' or 'reserved ', h)
  return with_hold(b, 'done', h)
end

function op.E(b, id, ttl, viewer) -- extend
  ttl = whole(ttl, 1, TTL_MS_MAX)
  if not ttl then return 'bad' end
  local h = hold_of(b, id)
  if not h or h.viewer ~= viewer then return 'hold_unknown' end
  if h.state ~= 'H' then return with_hold(b, ended[h.state], h) end
  local expires = b.now - shift_of(b, h.broadcast) + ttl
  local gain = expires - h.expires
  if gain <= 0 or gain < math.floor(ttl / 10) then return with_hold(b, 'replayed', h) end
  if h.extends >= EXTENDS_MAX then return with_hold(b, 'extends_used', h) end
  h.expires, h.extends = expires, h.extends + 1
  add_timer(b, end_score(b, h), h)
  note_hold(b, 'extended ', h)
  return with_hold(b, 'done', h)
end

local function confirm_late(b, h, order, restores)
  if cart_refusal(b, h.lines, h.viewer, true, restores) then -- paid after expiry, and the units are gone: void for good
    end_hold(b, 'voided ', h, 'V')
    return with_hold(b, 'hold_expired', h)
  end
  h.order = order
  move_units(b, h.lines, h.viewer, -1, 0, 1, 1)
  end_hold(b, 'retaken ', h, 'C')
  return with_hold(b, 'late', h)
end

local function confirm(b, id, amount, text, restores)
  local currency, order = string.match(text, '^([^|]*)|(.*)$')
  if not currency or not is_ref(order) then return 'bad' end
  local h = hold_of(b, id)
  if not h then return 'hold_unknown' end
  if tonumber(amount) ~= h.lines.total or currency ~= h.currency then return 'mismatch' end
  if h.state == 'C' then return h.order == order and with_hold(b, 'replayed', h) or 'mismatch' end
  if (h.state == 'H' or h.state == 'R') and not restores and any_recalled(b, h, KEEP, CANCEL) then
    return with_hold(b, 'recalled', h)
  end
  if h.state == 'X' then return confirm_late(b, h, order, restores) end
  if h.state ~= 'H' then return with_hold(b, ended[h.state], h) end
  h.order = order
  move_units(b, h.lines, h.viewer, 0, -1, 1, 0)
  end_hold(b, 'confirmed ', h, 'C')
  return with_hold(b, 'done', h)
end

function op.C(b, id, amount, text) return confirm(b, id, amount, text, false) end
function op.Z(b, id, amount, text) return confirm(b, id, amount, text, true) end -- was confirmed before, and lost

local function free(b, kind, h, state)
  move_units(b, h.lines, h.viewer, 1, -1, 0, -1)
  end_hold(b, kind, h, state)
  serve_lines(b, h)
end

function op.L(b, id, _, viewer) -- release; viewer '': the shop
  local h = hold_of(b, id)
  if not h or (viewer ~= '' and viewer ~= h.viewer) then return 'hold_unknown' end
  if h.state == 'R' then return with_hold(b, 'replayed', h) end
  if h.state ~= 'H' then return with_hold(b, ended[h.state], h) end
  free(b, 'released ', h, 'R')
  return with_hold(b, 'done', h)
end

function op.T(b, id) -- take back, by a recall
  local h = hold_of(b, id)
  if not h then return 'hold_unknown' end
  if h.state == 'R' then return with_hold(b, 'replayed', h) end
  if h.state ~= 'H' then return with_hold(b, ended[h.state], h) end
  if not any_recalled(b, h, CANCEL) then return with_hold(b, 'ignored', h) end
  free(b, 'recalled ', h, 'R')
  return with_hold(b, 'done', h)
end

function op.G(b, id) -- get
  local h = hold_of(b, id)
  return h and with_hold(b, 'done', h) or 'hold_unknown'
end

function op.J(b, number, _, viewer) -- join a waitlist
  local claim = b.claims[number]
  if not claim or not claim.ttl or #claim.lines ~= 1 or not is_id(viewer) then return 'bad' end
  local sku, units = claim.lines[1][1], claim.lines[1][2]
  local c = b.counts[sku]
  if not c then return 'sku_unknown' end
  local place, offered = place_of(b, sku, viewer), offer_of(b, sku, viewer)
  if place then return 'replayed ' .. ahead_of(b, sku, place) end
  if offered then return with_hold(b, 'replayed', offered) end
  local why = refusal(b, sku, c, viewer, units)
  if why == STOPPED or why == LIMIT_REACHED then return refusal_words[why] end
  if c.waiting >= LINE_LEN_MAX then return 'limit_reached' end
  local wish = new_hold(claim, viewer)
  wish.ttl = claim.ttl
  join_line(b, sku, wish)
  note(b, 'waiting ' .. sku .. ' ' .. num(units) .. ' ' .. viewer)
  serve(b, sku)
  local offer = offer_of(b, sku, viewer)
  return offer and with_hold(b, 'done', offer) or 'done ' .. num(c.waiting - 1) -- the last in line
end

function op.Q(b, sku, _, viewer) -- leave a waitlist
  local c = b.counts[sku]
  local place = c and c.waiting > 0 and place_of(b, sku, viewer)
  if not place then return 'replayed' end
  local wish = b.joins[place] or new_hold(parse_claim(b, string.match(fact(b.y, place), '^%d+|[^|]*|(.*)$')), viewer)
  leave_line(b, sku, viewer, place)
  note(b, 'left ' .. sku .. ' ' .. num(wish.lines[1][2]) .. ' ' .. viewer)
  return 'done'
end

-- Was a stock move of this SKU done under this ref? nil: no. One purchase order brings many SKUs, so a ref is a SKU's own.
local function ref_answer(b, ref, text, sku)
  local before = b.refs[ref] or redis.call('HGET', b.keys[8], ref)
  if not before then return nil end
  return before == text and with_count('replayed', b.counts[sku]) or 'mismatch'
end

local function ref_keep(b, ref, text)
  b.refs[ref] = text
  b.refs[#b.refs + 1] = ref
end

function op.A(b, ref, units, sku) -- allocate
  units = whole(units, 1, STOCK_MAX)
  if not units or not is_id(sku) or ref == '' or not is_ref(ref) then return 'bad' end
  local text = 'A ' .. sku .. ' ' .. num(units)
  local before = ref_answer(b, sku .. '/' .. ref, text, sku)
  if before then return before end
  local c = b.counts[sku] or new_count()
  if c.t + units > STOCK_MAX then return 'bad' end
  c.a, c.t = c.a + units, c.t + units
  ref_keep(b, sku .. '/' .. ref, text)
  changed(b, sku, c)
  note(b, 'allocated ' .. sku .. ' ' .. num(units) .. ' ' .. ref)
  serve(b, sku)
  return with_count('done', c)
end

function op.D(b, ref, units, sku) -- withdraw
  units = whole(units, 1, STOCK_MAX)
  if not units or not is_id(sku) or ref == '' or not is_ref(ref) then return 'bad' end
  local text = 'D ' .. sku .. ' ' .. num(units)
  local before = ref_answer(b, sku .. '/' .. ref, text, sku)
  if before then return before end
  local c = b.counts[sku]
  if not c then return 'sku_unknown' end
  if c.a < units then return with_count(c.h > 0 and 'held_out' or 'sold_out', c) end
  c.a, c.t = c.a - units, c.t - units
  ref_keep(b, sku .. '/' .. ref, text)
  changed(b, sku, c)
  note(b, 'withdrawn ' .. sku .. ' ' .. num(units) .. ' ' .. ref)
  return with_count('done', c)
end

function op.S(b, sku, count, text) -- sync: the warehouse's absolute count
  local gone, version, counted = string.match(text, '^(%d+)|(%d+)|(%d+)$')
  count, gone, version = whole(count, 0, STOCK_MAX), whole(gone, 0, STOCK_MAX), whole(version, 1, WHOLE_MAX)
  if not is_id(sku) or not count or not gone or not version or count + gone > STOCK_MAX then return 'bad' end
  local c = b.counts[sku] or new_count()
  if version <= c.version then return with_count('ignored', c) end
  if gone > c.s then return 'bad' end -- says that more of our sales left the shelf than we made
  local change, delay = count + gone - c.t, counted == '0' and -1 or math.max(0, b.now - tonumber(counted))
  c.t, c.a, c.version = c.t + change, c.a + change, version
  changed(b, sku, c)
  note(b, 'synced ' .. sku .. ' ' .. num(change) .. ' ' .. num(gone) .. ' ' .. num(version) .. ' ' .. num(delay))
  serve(b, sku)
  return with_count('done', c)
end

function op.P(b, sku) -- stop
  if not is_id(sku) then return 'bad' end
  local c = b.counts[sku] or new_count()
  if c.stopped then return with_count('replayed', c) end
  c.stopped = true
  changed(b, sku, c)
  note(b, 'stopped ' .. sku)
  return with_count('done', c)
end

function op.O(b, sku) -- open
  if not is_id(sku) then return 'bad' end
  local c = b.counts[sku]
  if not c then return 'sku_unknown' end
  if not c.stopped then return with_count('replayed', c) end
  if c.recall ~= 0 then return with_count('recalled', c) end
  c.stopped = false
  changed(b, sku, c)
  note(b, 'opened ' .. sku)
  serve(b, sku)
  return with_count('done', c)
end

function op.K(b, sku, mode) -- recall
  mode = whole(mode, 0, 3)
  if not is_id(sku) or not mode then return 'bad' end
  local c = b.counts[sku] or new_count()
  if c.recall == mode then return with_count('replayed', c) end
  if c.recall == KEEP then open_lane(b, fact(b.f, '|' .. sku)) end
  if mode == KEEP then set_fact(b.f, '|' .. sku, new_lane(b)) end
  c.recall, c.stopped = mode, true
  changed(b, sku, c)
  note(b, 'recall ' .. sku .. ' ' .. recall_words[mode])
  return with_count('done', c)
end

function op.B(b, sku, units) -- withhold from sale
  units = whole(units, 0, STOCK_MAX)
  if not is_id(sku) or not units then return 'bad' end
  local c = b.counts[sku] or new_count()
  if c.buffer == units then return with_count('replayed', c) end
  c.buffer = units
  changed(b, sku, c)
  note(b, 'buffer ' .. sku .. ' ' .. num(units))
  serve(b, sku)
  return with_count('done', c)
end

function op.F(b, broadcast, frozen, text) -- a broadcast's clock stands still, or goes on
  local epoch, seq = string.match(text, '^([%w._~-]+)|(%d+)$')
  seq = whole(seq, 1, WHOLE_MAX)
  if not is_id(broadcast) or not seq or #epoch > ID_MAX then return 'bad' end
  local clock = clock_of(b, broadcast)
  if (frozen == '1') == (clock.since > 0) then return 'replayed' end
  if epoch == clock.epoch and seq <= clock.seq then return 'ignored' end
  local stood = shift_of(b, broadcast)
  local lane, since = num(clock.lane), b.now
  if frozen == '1' then
    lane = new_lane(b)
    note(b, 'frozen ' .. broadcast)
  else
    since = 0
    open_lane(b, lane)
    note(b, 'thawed ' .. broadcast .. ' ' .. num(stood))
  end
  local text = num(stood) .. '|' .. num(since) .. '|' .. epoch .. '|' .. num(seq) .. '|' .. lane
  b.clocks[broadcast] = parse_clock(text)
  set_fact(b.f, broadcast, text)
  return 'done'
end

-- A SKU already selling gets its first limit: what viewers hold and bought is counted back from the holds. Those in the
-- store are not taken apart: most are of other SKUs or closed.
local function backfill(b, sku, c)
  c.tracked = true
  b.backfilled[sku] = true
  if c.h + c.s == 0 then return end
  local find, match = string.find, string.match
  local all, word, at, records = redis.call('HGETALL', b.keys[2]), sku .. ':', b.at, b.records
  local line = ',' .. string.gsub(sku, '%W', '%%%0') .. ':(%d+):'
  local function count(record)
    local units = find(record, word, 1, true) and find(record, '^[HC]') and match(',' .. match(record, '|([^|]*)$'), line)
    if units then take(b, sku, match(record, '^[^|]*|([^|]*)'), tonumber(units)) end
  end
  for i = 1, #all, 2 do
    local id, record = all[i], all[i + 1]
    local ended_at = not b.holds[id] and not at[id] and match(record, '^[HC](%d+)')
    if ended_at and (find(record, '^H') or tonumber(ended_at) > b.now - RETAIN_MS) then count(record) end
  end
  for i = 1, #b.ids do -- what this call named, or made
    local record = not b.holds[b.ids[i]] and records[i]
    if record then count(record) end
  end
  for _, h in pairs(b.holds) do count(h.record) end
end

function op.M(b, sku, limit) -- units per viewer
  limit = whole(limit, 0, UNITS_MAX)
  if not is_id(sku) or not limit then return 'bad' end
  local c = b.counts[sku] or new_count()
  if c.limit == limit then return with_count('replayed', c) end
  if not c.tracked then
    if c.h + c.s > 0 and redis.call('HLEN', b.keys[2]) > BACKFILL_HOLDS_MAX then return with_count('limit_reached', c) end
    backfill(b, sku, c)
  end
  c.limit = limit
  changed(b, sku, c)
  note(b, 'limit ' .. sku .. ' ' .. num(limit))
  return with_count('done', c)
end

function op.W(b, _, ttl) -- checkpoint: written when the rest of the call is
  ttl = whole(ttl, 0, TTL_MS_MAX)
  if not ttl then return 'bad' end
  b.checkpoint = b.checkpoint or { answer = b.at_answer, ttl = ttl }
  return 'replayed'
end

function op.X() return 'done' end -- nothing but the expiry that every call begins with

-- ---- a call: read, decide, write ----

local of_hold = { R = true, Y = true, E = true, C = true, Z = true, L = true, T = true, G = true }
local sku_first = { Q = true, S = true, P = true, O = true, M = true, K = true, B = true }
local sku_last = { A = true, D = true }

local function want_hold(b, id)
  local slot = b.at[id]
  if not slot then
    slot = b.ids_count + 1
    b.ids_count = slot
    b.ids[slot] = id
    b.at[id] = slot
  end
  return slot
end

local function want_sku(b, sku)
  if b.counts[sku] == nil then
    b.counts[sku] = false
    b.skus[#b.skus + 1] = sku
  end
end

local function want_lines(b, lines)
  for i = 1, #lines do want_sku(b, lines[i][1]) end
end

-- What the call's requests promise alike: ARGV[2] of them, numbered from 1.
local function gather_claims(b, ARGV, count)
  for i = 1, count do
    local ttl, text = string.match(ARGV[2 + i], '^(%-?%d+)|(.*)$')
    local claim = text and parse_claim(b, text, ttl)
    if claim then
      claim.number = i
      b.claims[num(i)] = claim
      want_lines(b, claim.lines)
    end
  end
end

-- One that is not a plain reserve: { op, id, number, text }. Confirms and extends are remembered: they spare a due hold.
local function gather_other(b, word)
  local o, id, number, text = string.match(word, '^(%u) ([^ ]*) (%-?%d+) ?(.*)$')
  if not o then -- a reserve of an id that no client may take, or one that cannot be read
    number, id, text = string.match(word, '^(%d+) ([^ ]*) ([^ ]*)$')
    o = number and 'R' or '?'
  end
  if of_hold[o] then want_hold(b, id) end
  if o == 'C' or o == 'Z' or o == 'E' then b.spares = b.spares + 1 end
  if o == 'C' or o == 'Z' then b.paying[id] = true
  elseif o == 'E' then b.extending[#b.extending + 1] = { id, text, number }
  elseif o == 'Y' then
    local claim = parse_claim(b, string.match(text, '^[01]|[^|]*|(.*)$') or '', number)
    if claim then want_lines(b, claim.lines) end
  elseif sku_first[o] then want_sku(b, id)
  elseif sku_last[o] then want_sku(b, text) end
  return { o, id, number, text }
end

function op.R(b, id, number, viewer)
  local claim = b.claims[number]
  if not claim or not claim.ttl or not is_id(id) or not is_id(viewer) then return 'bad' end
  return reserve_again(b, id, claim, viewer)
end

-- Which holds, claims and SKUs the operations name. A plain reserve is a claim, a slot among the records and a viewer;
-- its word is the line that the ledger will keep.
local function gather(b, ARGV, first)
  local match, claims, at, ids = string.match, b.claims, b.at, b.ids
  local under, slots, viewers = b.under, b.slots, b.viewers
  for p = first, #ARGV do
    local i, word = p - first + 1, ARGV[p]
    local number, id, viewer = match(word, '^(%d+) ([%w._-][%w._~-]*) ([%w._~-]+)$')
    local claim = number and claims[number]
    if claim and claim.ttl and #id <= ID_MAX and #viewer <= ID_MAX then
      local slot = at[id]
      if not slot then
        slot = b.ids_count + 1
        b.ids_count = slot
        ids[slot], at[id] = id, slot
      end
      under[i], slots[i], viewers[i] = claim, slot, viewer
    else
      under[i], slots[i], viewers[i] = false, gather_other(b, word), false
    end
  end
end

-- Facts of the shop that most calls need; and whether its stock is written as this library reads it.
local function load_facts(b)
  local fields, values = { '#format' }, b.f.values
  for _, claim in pairs(b.claims) do
    if claim.broadcast ~= '' and values[claim.broadcast] == nil then
      values[claim.broadcast] = false
      fields[#fields + 1] = claim.broadcast
    end
  end
  local found = redis.call('HMGET', b.keys[9], unpack(fields))
  for i = 1, #fields do values[fields[i]] = found[i] end
  if found[1] == FORMAT then return true end
  if found[1] or redis.call('EXISTS', b.keys[1], b.keys[5]) > 0 then return false end
  set_fact(b.f, '#format', FORMAT)
  return true
end

-- The records of the ids named since the last time. What had ended long enough ago is unknown, purged or not.
local function load_records(b)
  local match, horizon, ids, all = string.match, b.now - RETAIN_MS, b.ids, b.records
  for from = b.loaded + 1, b.ids_count, UNPACK_MAX do
    local last = math.min(from + UNPACK_MAX - 1, b.ids_count)
    local records = redis.call('HMGET', b.keys[2], unpack(ids, from, last))
    for slot = from, last do
      local record = records[slot - from + 1]
      if record then
        local state, time = match(record, '^(%u)(%d+)')
        if state ~= 'H' and tonumber(time) <= horizon then
          record = false
          b.purges[#b.purges + 1] = ids[slot]
        end
      end
      all[slot] = record
    end
  end
  b.loaded = b.ids_count
end

local function load_taken(b)
  local keys, n = {}, 0
  local function want(lines, viewer)
    for _, line in ipairs(lines) do
      local c = b.counts[line[1]]
      if c and c.tracked then
        local key = line[1] .. '/' .. viewer
        if not b.taken[key] then
          n = n + 1
          keys[n] = key
          b.taken[key] = 0
        end
      end
    end
  end
  for _, h in pairs(b.holds) do want(h.lines, h.viewer) end
  for i = 1, #b.under do
    if b.under[i] then want(b.under[i].lines, b.viewers[i]) end
  end
  for at = 1, n, UNPACK_MAX do
    local last = math.min(at + UNPACK_MAX - 1, n)
    local units = redis.call('HMGET', b.keys[4], unpack(keys, at, last))
    for i = at, last do b.taken[keys[i]] = tonumber(units[i - at + 1] or 0) end
  end
end

-- The counts of the SKUs named since the last time.
local function load_counts(b)
  local skus = b.skus
  for at = b.skus_loaded + 1, #skus, UNPACK_MAX do
    local last = math.min(at + UNPACK_MAX - 1, #skus)
    local rows = redis.call('HMGET', b.keys[1], unpack(skus, at, last))
    for i = at, last do
      local row = rows[i - at + 1]
      if row then
        local c = parse_count(row)
        b.counts[skus[i]] = c
        b.tracks = b.tracks or c.tracked
      end
    end
  end
  b.skus_loaded = #skus
end

-- Those the operations name, with what they are of.
local function load_holds(b)
  load_records(b)
  for slot = 1, b.ids_count do
    if b.records[slot] then want_lines(b, hold_of(b, b.ids[slot]).lines) end
  end
  load_counts(b)
end

-- ---- what is due ----

-- The server time at which a held hold ends, or nil: its clock stands still.
local function ends_of(b, h)
  local clock = clock_of(b, h.broadcast)
  return clock.since == 0 and h.expires + clock.stood or nil
end

-- Of the ids found in timers, those of holds whose end has come: by its server time, and these times. One that was extended,
-- or that bears the id of one long gone, has a timer of its own.
local function sort_out_due(b)
  local found, by_time, times = b.found, b.due, b.due_times
  load_records(b)
  for i = 1, #found do
    local h = hold_of(b, found[i])
    if h and h.state == 'H' then want_lines(b, h.lines) end
  end
  load_counts(b)
  for i = 1, #found do
    local h = hold_of(b, found[i])
    local ends = h and h.state == 'H' and not b.is_due[h.id] and ends_of(b, h)
    local kept_by = ends and ends <= b.now and any_recalled(b, h, KEEP)
    if kept_by then
      b.is_due[h.id] = true
      add_timer(b, num(PARK_BASE + tonumber(fact(b.f, '|' .. kept_by))), h)
    elseif ends and ends <= b.now then
      b.is_due[h.id] = true
      b.due_count = b.due_count + 1
      if not by_time[ends] then
        by_time[ends] = {}
        times[#times + 1] = ends
      end
      local ids = by_time[ends]
      ids[#ids + 1] = h.id
    end
  end
  b.found = {}
end

-- A list of holds whose time has come, or that was parked: its holds are due, or it gets another time as a whole.
local function look_at_timer(b, member)
  local broadcast, expires, list_at = string.match(member, '^t|([^|]*)|(%d+)|()')
  local clock = clock_of(b, broadcast)
  local ends = tonumber(expires) + clock.stood
  if clock.since > 0 then
    ends = PARK_BASE + clock.lane
  elseif ends <= b.now then
    b.spent[#b.spent + 1] = member
    for id in string.gmatch(string.sub(member, list_at), '[^ ]+') do
      b.found[#b.found + 1] = id
      want_hold(b, id)
    end
    return
  end
  b.moved[#b.moved + 1] = num(ends)
  b.moved[#b.moved + 1] = member
end

-- The timers with scores from `low` to `high`, page by page, until enough is due: as much as may end, and what may be
-- spared. True: these were all.
local function look_at_timers(b, low, high, look)
  local at, page, enough = 0, nil, EXPIRE_BATCH_MAX + b.spares
  repeat
    page = redis.call('ZRANGEBYSCORE', b.keys[3], low, high, 'LIMIT', at, TIMERS_PAGE)
    for i = 1, #page do
      if #b.found >= EXPIRE_BATCH_MAX then sort_out_due(b) end
      if b.due_count >= enough or b.looks >= TIMERS_LOOK_MAX then return false end
      b.looks = b.looks + 1 + math.floor(#page[i] / 256)
      look(b, page[i])
    end
    at = at + #page
  until #page < TIMERS_PAGE
  return true
end

-- "u|lane" stands for what is parked in the lane.
local function look_at_any(b, member)
  if string.byte(member) ~= 117 then return look_at_timer(b, member) end
  local score = num(PARK_BASE + tonumber(string.sub(member, 3)))
  if look_at_timers(b, score, score, look_at_timer) then b.spent[#b.spent + 1] = member end
end

local function find_due(b)
  look_at_timers(b, '0', b.now_text, look_at_any)
  if #b.found > 0 then sort_out_due(b) end
  table.sort(b.due_times)
end

-- Records that ended long enough ago; one that is retaken meanwhile is on a later list.
local function find_purges(b)
  local lists = redis.call('ZRANGEBYSCORE', b.keys[3], num(PURGE_BASE), num(PURGE_BASE + b.now), 'LIMIT', 0, PURGES_LOOK_MAX)
  for i = 1, #lists do
    b.spent[#b.spent + 1] = lists[i]
    for id in string.gmatch(string.sub(lists[i], 3), '[^ ]+') do want_hold(b, id) end
  end
  load_records(b)
end

local function is_spared(b, h)
  if b.paying[h.id] then return true end
  for _, e in ipairs(b.extending) do
    if e[1] == h.id and e[2] == h.viewer and h.extends < EXTENDS_MAX and whole(e[3], 1, TTL_MS_MAX) then return true end
  end
end

-- Redis compares texts as the language it was started in does, unless that is C.
local function is_bytewise() return 'B' < 'a' and '-' < '.' and '.' < '0' end
local function bytes_before(x, y)
  for i = 1, math.min(#x, #y) do
    local p, q = string.byte(x, i), string.byte(y, i)
    if p ~= q then return p < q end
  end
  return #x < #y
end
local function sort_by_bytes(texts)
  if is_bytewise() then table.sort(texts) else table.sort(texts, bytes_before) end
end
-- For tens of thousands whose order is good to have, and no law.
local function sort_if_cheap(texts)
  if is_bytewise() then table.sort(texts) end
end

local function expire_due(b)
  local count = 0
  for _, ends in ipairs(b.due_times) do
    local ids = b.due[ends]
    sort_by_bytes(ids)
    for i = 1, #ids do
      local h = b.holds[ids[i]]
      if count == EXPIRE_BATCH_MAX or is_spared(b, h) then
        b.spared[#b.spared + 1] = h
      else
        count = count + 1
        free(b, 'expired ', h, 'X')
      end
    end
  end
end

-- What was spared for an act that then was refused is still due; and what was too much for one call.
local function spare_no_longer(b)
  for _, h in ipairs(b.spared) do
    local ends = h.expires + clock_of(b, h.broadcast).stood
    if h.state == 'H' and ends <= b.now then add_timer(b, end_score(b, h), h) end
  end
end

-- The first grant under this claim: what all of them share.
local function begin_claim(b, claim)
  claim.expires = b.now + claim.ttl - shift_of(b, claim.broadcast)
  claim.timer = timer_list(b, num(claim.expires + clock_of(b, claim.broadcast).stood), claim.broadcast, claim.expires)
  local ends = claim.timer.ends
  claim.head, claim.tail = 'H' .. ends .. '|', '|' .. claim.text
  b.shared[claim.number] = ends .. claim.tail
  for i = claim.number - 1, 1, -1 do b.shared[i] = b.shared[i] or '' end
end

-- The operations, in their order. The plain reserve stands here itself: it is what thousands send in one second.
local function decide(b, ARGV, first)
  local under, slots, viewers, records, ids = b.under, b.slots, b.viewers, b.records, b.ids
  local counts, notes, fresh, answers = b.counts, b.notes, b.fresh, {}
  local fresh_count = 0
  for i = 1, #under do
    local claim = under[i]
    if not claim then
      local other = slots[i]
      local f = op[other[1]]
      b.at_answer = i
      answers[i] = f and f(b, other[2], other[3], other[4]) or 'bad'
    elseif records[slots[i]] then
      answers[i] = reserve_again(b, ids[slots[i]], claim, viewers[i])
    else
      local viewer, c, why, line = viewers[i], counts[claim.sku], nil, nil
      if c and c.dirty and claim.timer and not c.tracked and not c.stopped and c.a - c.buffer >= claim.units then
        c.a, c.h = c.a - claim.units, c.h + claim.units -- as below, for the many
      else
        why, line = cart_refusal(b, claim.lines, viewer)
        if not why then
          if not claim.timer then begin_claim(b, claim) end
          move_units(b, claim.lines, viewer, -1, 1, 0, 1)
        end
      end
      if why then
        answers[i] = 16 * why + line
      else
        local slot, timer = slots[i], claim.timer
        local id, record, n = ids[slot], claim.head .. viewer .. claim.tail, timer.count + 1
        records[slot] = record
        timer[n], timer.count = id, n
        fresh[fresh_count + 1], fresh[fresh_count + 2] = id, record
        fresh_count = fresh_count + 2
        n = b.notes_count + 1
        notes[n], b.notes_count = ARGV[first + i - 1], n
        answers[i] = 0
      end
    end
  end
  return answers
end

-- ---- writing ----

-- One command per structure; more only where Lua's stack could not carry the values.
local function write(command, key, values)
  for at = 1, #values, UNPACK_MAX do
    redis.call(command, key, unpack(values, at, math.min(at + UNPACK_MAX - 1, #values)))
  end
end

local function write_ledger(b)
  local counts, rows = {}, b.rows
  for i, sku in ipairs(b.dirty_skus) do
    local row = pack_count(b.counts[sku])
    rows[2 * i - 1], rows[2 * i] = sku, row
    counts[i] = sku .. ' ' .. row
  end
  local movements = table.concat(b.notes, '\n')
  counts = table.concat(counts, '\n')
  if #b.shared > 0 then
    return redis.call('XADD', b.keys[5], '*', 't', b.now_text, 'k', table.concat(b.shared, '\n'), 'm', movements, 'c', counts)
  end
  return redis.call('XADD', b.keys[5], '*', 't', b.now_text, 'm', movements, 'c', counts)
end

-- The ids as members of `x`, at most TIMER_IDS_MAX in one.
local function add_lists(out, score, head, ids, count)
  for at = 1, count, TIMER_IDS_MAX do
    out[#out + 1] = score
    out[#out + 1] = head .. table.concat(ids, ' ', at, math.min(at + TIMER_IDS_MAX - 1, count))
  end
end

local function write_holds(b)
  local fresh, n, timers = b.fresh, #b.fresh, b.moved
  for i = 1, #b.dirty_holds do
    local h = b.dirty_holds[i]
    fresh[n + 1], fresh[n + 2] = h.id, h.record
    n = n + 2
  end
  for _, list in ipairs(b.timers) do add_lists(timers, list.score, list.head, list, list.count) end
  if #b.ended > 0 then add_lists(timers, num(PURGE_BASE + b.now + RETAIN_MS), 'p|', b.ended, #b.ended) end
  write('HDEL', b.keys[2], b.purges)
  write('HSET', b.keys[2], fresh)
  write('ZREM', b.keys[3], b.spent)
  write('ZADD', b.keys[3], timers)
end

-- Units per viewer.
local function write_taken(b)
  local rows, none = {}, {}
  for _, key in ipairs(b.dirty_taken) do
    if b.taken[key] > 0 then
      rows[#rows + 1] = key
      rows[#rows + 1] = num(b.taken[key])
    else
      none[#none + 1] = key
    end
  end
  write('HSET', b.keys[4], rows)
  write('HDEL', b.keys[4], none)
end

local function write_facts(facts)
  local values, none = {}, {}
  for _, field in ipairs(facts.dirty) do
    if facts.values[field] then
      values[#values + 1] = field
      values[#values + 1] = facts.values[field]
    else
      none[#none + 1] = field
    end
  end
  write('HDEL', facts.key, none)
  write('HSET', facts.key, values)
end

local function write_line(b)
  local places = {}
  for place in pairs(b.joins) do
    places[#places + 1] = '0'
    places[#places + 1] = place
  end
  write('ZREM', b.keys[6], b.leaves)
  write('ZADD', b.keys[6], places)
end

local function write_refs(b)
  local facts = {}
  for _, ref in ipairs(b.refs) do
    facts[#facts + 1] = ref
    facts[#facts + 1] = b.refs[ref]
  end
  write('HSET', b.keys[8], facts)
end

local function write_all(b)
  local entry = b.notes_count > 0 and write_ledger(b) or ''
  if entry == '' and #b.spent == 0 and #b.moved == 0 and #b.purges == 0 then return '' end
  write_holds(b)
  write('HSET', b.keys[1], b.rows)
  if #b.dirty_taken > 0 then write_taken(b) end
  if #b.y.dirty > 0 then
    write_line(b)
    write_facts(b.y)
  end
  if #b.f.dirty > 0 then write_facts(b.f) end
  if #b.refs > 0 then write_refs(b) end
  return entry
end

-- ---- checkpoints: the whole state, as the call left it ----

-- Adds "kept id record" for those of the ids whose hold is open.
local function add_open(b, lines, ids)
  for at = 1, #ids, UNPACK_MAX do
    local last = math.min(at + UNPACK_MAX - 1, #ids)
    local records = redis.call('HMGET', b.keys[2], unpack(ids, at, last))
    for i = at, last do
      local record = records[i - at + 1]
      if record and string.byte(record) == 72 then lines[#lines + 1] = 'kept ' .. ids[i] .. ' ' .. record end
    end
  end
end

-- The open holds, found by their timers, as lines by id; nil: more than `most`, or too many to look for.
local function kept_holds(b, most)
  local lines, seen, looked, at, page = {}, {}, 0, 0, nil
  repeat
    local ids = {}
    page = redis.call('ZRANGE', b.keys[3], at, at + CHECKPOINT_PAGE - 1)
    for i = 1, #page do
      for id in string.gmatch(string.match(page[i], '^t|[^|]*|%d+|(.*)$') or '', '[^ ]+') do
        if not seen[id] then
          seen[id] = true
          ids[#ids + 1] = id
        end
      end
    end
    add_open(b, lines, ids)
    looked, at = looked + #ids, at + #page
    if #lines > most or looked > CHECKPOINT_LOOK_MAX then return nil end
  until #page < CHECKPOINT_PAGE or string.byte(page[#page]) == 112 -- purges stand behind all timers
  sort_if_cheap(lines)
  return lines
end

local function add_places(b, lines, sku)
  local places = redis.call('ZRANGEBYLEX', b.keys[6], '[' .. sku .. '|', '(' .. sku .. '}')
  for at = 1, #places, UNPACK_MAX do
    local wishes = redis.call('HMGET', b.keys[7], unpack(places, at, math.min(at + UNPACK_MAX - 1, #places)))
    for i = 1, #wishes do
      local viewer, units = string.match(wishes[i], '^%d+|([^|]*)|[^|]*|%u%u%u|[^:]*:(%d+):')
      lines[#lines + 1] = 'waiting ' .. sku .. ' ' .. units .. ' ' .. viewer
    end
  end
end

local function add_clocks(b, lines)
  local all, names, clocks = redis.call('HGETALL', b.keys[9]), {}, {}
  for i = 1, #all, 2 do
    if is_id(all[i]) then
      names[#names + 1] = all[i]
      clocks[all[i]] = parse_clock(all[i + 1])
    end
  end
  sort_if_cheap(names)
  for _, name in ipairs(names) do
    local clock = clocks[name]
    lines[#lines + 1] = clock.since > 0 and 'frozen ' .. name .. ' ' .. num(clock.stood) .. ' ' .. num(clock.since)
      or 'thawed ' .. name .. ' ' .. num(clock.stood)
  end
end

-- Replies the answer and the entry's id, or ''.
local function checkpoint(b, ttl)
  local last = fact(b.f, '#checkpoint')
  if last and b.now - tonumber(string.match(last, '^%d+')) < ttl then return 'replayed', '' end
  local all, rows, skus, waiting, counts = redis.call('HGETALL', b.keys[1]), {}, {}, 0, {}
  for i = 1, #all, 2 do
    skus[#skus + 1] = all[i]
    rows[all[i]] = all[i + 1]
    waiting = waiting + parse_count(all[i + 1]).waiting
  end
  local lines = waiting <= CHECKPOINT_HOLDS_MAX and kept_holds(b, CHECKPOINT_HOLDS_MAX - waiting)
  if not lines then return 'busy', '' end
  sort_if_cheap(skus)
  for i, sku in ipairs(skus) do
    counts[i] = sku .. ' ' .. rows[sku]
    add_places(b, lines, sku)
  end
  add_clocks(b, lines)
  table.insert(lines, 1, 'checkpoint')
  local id = redis.call('XADD', b.keys[5], '*', 't', num(b.now), 'm', table.concat(lines, '\n'), 'c', table.concat(counts, '\n'))
  redis.call('HSET', b.keys[9], '#format', FORMAT, '#checkpoint', num(b.now) .. '|' .. id)
  return 'done', id
end

local function time_of(text)
  local now = tonumber(text)
  if now ~= 0 then return now end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function batch(KEYS, now)
  return { keys = KEYS, now = now, now_text = num(now), ids = {}, ids_count = 0, loaded = 0, at = {}, records = {}, holds = {}, claims = {}, memo = {},
           under = {}, slots = {}, viewers = {}, paying = {}, extending = {}, spares = 0, found = {}, due = {}, due_times = {}, due_count = 0, is_due = {}, spared = {}, ended = {}, clocks = {},
           skus = {}, skus_loaded = 0, counts = {}, rows = {}, tracks = false, taken = {}, backfilled = {}, lines = {}, joins = {}, leaves = {}, refs = {},
           y = { key = KEYS[7], values = {}, dirty = {} }, f = { key = KEYS[9], values = {}, dirty = {} },
           notes = {}, notes_count = 0, shared = {}, fresh = {}, dirty_holds = {}, dirty_skus = {}, dirty_taken = {},
           timers = {}, moved = {}, spent = {}, purges = {}, looks = 0, checkpoint = false, at_answer = 0 }
end

-- ls_exec: ARGV = now (0: Redis's clock), how many claims are shared, these: "ttl|broadcast|currency|lines", numbered from 1,
-- then one word per operation:
--   "1 id viewer"     reserve under shared claim 1
-- and all others as "OP id number text":
--   E id ttl viewer        C id amount currency|order   L id 0 viewer    T id 0       G id 0
--   J claim 0 viewer       Q sku 0 viewer               A ref units sku  D ref units sku
--   S sku count gone|version|counted   P sku 0   O sku 0   M sku limit   K sku mode   B sku units
--   F broadcast 1|0 epoch|seq   W - ttl   X - 0
--   Y id ttl 0|viewer|broadcast|currency|lines, of an offer 1|..., and Z as C: granted before, and lost
-- Replies { now, ledger id or '', {answer...} }; an answer is
--   0                       a reserve was done: held until now + ttl
--   16 * n + line           a claim was refused by enum inventory_answer n
--   word [number [id record]]      of holds and waitlists: number is to be added to the end of a held hold, or the viewers ahead
--   word [0 row]                   of stock: the row of `c` after it
-- An error that begins "ERR liveshelf" says that nothing was done.
local function ls_exec(KEYS, ARGV)
  local now, shared = time_of(ARGV[1]), tonumber(ARGV[2])
  local first = shared and 3 + shared
  if #KEYS ~= 9 or not now or not first or #ARGV < first - 1 or #ARGV > first - 1 + OPS_MAX or shared > OPS_MAX then
    return redis.error_reply('ERR liveshelf: malformed call')
  end
  local b = batch(KEYS, now)
  gather_claims(b, ARGV, shared)
  if not load_facts(b) then
    return redis.error_reply('ERR liveshelf: the stock at ' .. KEYS[1] .. ' was written by another version of Liveshelf, in a form '
      .. 'that version ' .. FORMAT .. ' does not read')
  end
  gather(b, ARGV, first)
  load_holds(b)
  find_due(b)
  find_purges(b)
  if b.tracks then load_taken(b) end
  expire_due(b)
  local answers = decide(b, ARGV, first)
  spare_no_longer(b)
  local entry = write_all(b)
  if b.checkpoint then
    local answer, id = checkpoint(b, b.checkpoint.ttl)
    answers[b.checkpoint.answer] = answer
    if id ~= '' then entry = id end
  end
  return { now, entry, answers }
end

-- ls_append: KEYS = an event log; ARGV = expected seq, entries. Replies { 1 appended | 0 not, head }. Ids are "seq-0".
local function ls_append(KEYS, ARGV)
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
  local head = last[1] and tonumber(string.match(last[1][1], '^%d+')) or 0
  if tonumber(ARGV[1]) ~= head then return { 0, num(head) } end
  for i = 2, #ARGV do
    redis.call('XADD', KEYS[1], num(head + i - 1) .. '-0', 'e', ARGV[i])
  end
  return { 1, num(head + #ARGV - 1) }
end

-- ls_share: KEYS = a topic; ARGV = now, node, value, ttl. Keeps the node's share; replies all fresh ones, by node.
local function ls_share(KEYS, ARGV)
  local now, ttl = time_of(ARGV[1]), tonumber(ARGV[4])
  local all, shares, stale = redis.call('HGETALL', KEYS[1]), {}, {}
  for i = 1, #all, 2 do
    local expires, value = string.match(all[i + 1], '^(%d+) (.*)$')
    if expires and tonumber(expires) > now then
      if all[i] ~= ARGV[2] then shares[#shares + 1] = { all[i], value } end
    else
      stale[#stale + 1] = all[i]
    end
  end
  shares[#shares + 1] = { ARGV[2], ARGV[3] }
  table.sort(shares, function(x, y) return x[1] < y[1] end)
  write('HDEL', KEYS[1], stale)
  redis.call('HSET', KEYS[1], ARGV[2], num(now + ttl) .. ' ' .. ARGV[3])
  if redis.call('PTTL', KEYS[1]) < ttl then redis.call('PEXPIRE', KEYS[1], num(ttl)) end
  local lines = {}
  for i, share in ipairs(shares) do lines[i] = share[1] .. ' ' .. share[2] .. '\n' end
  return table.concat(lines)
end

-- ls_check: the laws, checked from the holds themselves. KEYS as ls_exec. Replies { skus, holds, open holds, breach... }.

-- Per hold: the server time at which a timer finds it ("p": as if purged then), and where it is parked.
local function check_timers(b, breach)
  local all, ends, parked, purged = redis.call('ZRANGE', b.keys[3], 0, -1, 'WITHSCORES'), {}, {}, {}
  local lanes = {}
  for i = 1, #all, 2 do
    local member, score = all[i], tonumber(all[i + 1])
    local kind, rest = string.match(member, '^(%l)|(.*)$')
    if kind == 'u' then
      lanes[tonumber(rest)] = true
    elseif kind == 'p' then
      for id in string.gmatch(rest, '[^ ]+') do purged[id] = math.max(purged[id] or 0, score - PURGE_BASE) end
    elseif kind == 't' then
      local expires, ids = string.match(rest, '^[^|]*|(%d+)|(.*)$')
      for id in string.gmatch(ids, '[^ ]+') do
        local key = id .. '|' .. expires
        if score >= PARK_BASE then parked[key] = score - PARK_BASE else ends[key] = math.min(ends[key] or score, score) end
      end
    else
      breach('timer that cannot be read: ' .. string.sub(member, 1, 80))
    end
  end
  return { ends = ends, parked = parked, purged = purged, lanes = lanes }
end

-- A hold that is open is found when it is due, or parked in the lane of what keeps it, or in one that was opened.
local function check_open(b, h, timers, breach)
  local key = h.id .. '|' .. num(h.expires)
  local clock, ends, lane = clock_of(b, h.broadcast), timers.ends[key], timers.parked[key]
  if ends then
    if ends > h.expires + clock.stood then breach('timer later than the end: ' .. h.id) end
    return
  end
  if not lane then return breach('hold without timer: ' .. h.id) end
  if timers.lanes[lane] or (clock.since > 0 and lane == clock.lane) then return end
  for _, line in ipairs(h.lines) do
    local c = b.counts[line[1]]
    if c and c.recall == KEEP and lane == tonumber(fact(b.f, '|' .. line[1])) then return end
  end
  breach('parked for nothing: ' .. h.id)
end

local function check_holds(b, held, sold, breach)
  local all, open, timers = redis.call('HGETALL', b.keys[2]), 0, check_timers(b, breach)
  for i = 1, #all, 2 do
    local h = parse_hold(b, all[i], all[i + 1])
    if h.state == 'H' then
      open = open + 1
      check_open(b, h, timers, breach)
    elseif (timers.purged[h.id] or 0) < h.expires + RETAIN_MS then
      breach('purged too early, or never: ' .. h.id)
    end
    for _, line in ipairs(h.lines) do
      local sku, key = line[1], line[1] .. '/' .. h.viewer
      if h.state == 'H' then held[sku] = (held[sku] or 0) + line[2] end
      -- What is unknown by now was not counted back for a limit that came later.
      if h.state == 'H' or (h.state == 'C' and h.expires > b.now - RETAIN_MS) then sold[key] = (sold[key] or 0) + line[2] end
    end
  end
  return #all / 2, open
end

local function check_skus(b, held, breach)
  local n = 0
  for sku, c in pairs(b.counts) do
    n = n + 1
    if c.a + c.h + c.s ~= c.t or c.h < 0 or c.s < 0 then breach('counts do not add up: ' .. sku) end
    if c.h ~= (held[sku] or 0) then breach('held differs from the open holds: ' .. sku) end
    if c.recall ~= 0 and not c.stopped then breach('recalled, and on sale: ' .. sku) end
    if c.waiting ~= redis.call('ZLEXCOUNT', b.keys[6], '[' .. sku .. '|', '(' .. sku .. '}') then
      breach('waiting differs from the line: ' .. sku)
    end
  end
  return n
end

-- Facts of the waitlists: a ticket is in line, an offer is open.
local function check_lines(b, breach)
  local facts = redis.call('HGETALL', b.keys[7])
  for i = 1, #facts, 2 do
    local field, value = facts[i], facts[i + 1]
    if string.find(field, '|', 1, true) then
      if not redis.call('ZSCORE', b.keys[6], field) then breach('wish without a place: ' .. field) end
    elseif string.byte(value) == 126 then
      local record = redis.call('HGET', b.keys[2], value)
      if not record or string.byte(record) ~= 72 then breach('offer that is not open: ' .. field) end
    end
  end
end

local function check_clocks(b, breach)
  local all = redis.call('HGETALL', b.keys[9])
  for i = 1, #all, 2 do
    local name, text = all[i], all[i + 1]
    if is_id(name) then
      local clock = string.match(text, '^%d+|%d+|[%w._~-]+|%d+|%d+$') and parse_clock(text)
      if not clock or clock.lane > tonumber(fact(b.f, '#lane') or 0) then breach('clock that cannot be: ' .. name) end
    end
  end
end

-- ARGV = now, or nothing: Redis's clock.
local function ls_check(KEYS, ARGV)
  local b, held, sold, breaches = batch(KEYS, time_of(ARGV[1] or '0')), {}, {}, {}
  local function breach(text)
    if #breaches < 100 then breaches[#breaches + 1] = text end
  end
  local rows = redis.call('HGETALL', b.keys[1])
  for i = 1, #rows, 2 do b.counts[rows[i]] = parse_count(rows[i + 1]) end
  check_clocks(b, breach)
  local holds, open = check_holds(b, held, sold, breach)
  local skus = check_skus(b, held, breach)
  check_lines(b, breach)
  for key, units in pairs(sold) do -- more may have been bought than is still kept, never less
    local c = b.counts[string.match(key, '^[^/]+')]
    if c and c.tracked and tonumber(redis.call('HGET', b.keys[4], key) or 0) < units then
      breach('taken is less than the holds: ' .. key)
    end
  end
  return { skus, holds, open, unpack(breaches) }
end

redis.register_function('ls_exec', ls_exec)
redis.register_function('ls_append', ls_append)
redis.register_function('ls_share', ls_share)
redis.register_function { function_name = 'ls_check', callback = ls_check, flags = { 'no-writes' } }
redis.register_function { function_name = 'ls_version', callback = function() return 2 end, flags = { 'no-writes' } }
