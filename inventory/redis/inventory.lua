#!lua name=liveshelf
-- version 1
--
-- Where the truth lies: the stock and the holds of one shop, changed in one atomic step per call. The law is that of
-- inventory/rules; tests/contract plays one game to both. Raise the version in the second line with every change: a node
-- loads this library where it is missing or older, and refuses to work with a newer one.
--
-- Redis does not roll back. So every function reads, decides on copies, and writes at the very end, the ledger
-- first: nothing may fail after the first write. All keys are declared, and of one hash tag: legal on Cluster.
--
--   KEYS of a shop's stock, "ls:{shop.bucket}:" and
--    1 c  hash    sku -> available:held:sold:allocated:stopped:limit:version:waiting:tracked
--    2 h  hash    hold id -> state|expires|extends|offer|order|viewer|broadcast|currency|lines
--                 state H held, C confirmed, R released, X expired, V void; lines "sku:units:minor:version,..."
--    3 x  zset    hold id, by expiry while held, by the time of its purge afterwards
--    4 l  hash    "sku/viewer" -> units held or bought; only of SKUs that ever had a limit ("tracked")
--    5 g  stream  the ledger: t time, m movements, c counts after them; one entry per call that moved anything
--    6 w  zset    the lines of the waitlists: "sku|ticket", score 0, in lexical order
--    7 y  hash    "sku|ticket" -> ttl|wish, "sku/viewer" -> ticket, or the id of the open offer made from it;
--                 "#" -> last ticket given
--    8 r  hash    sku/ref of a stock move -> op sku units; kept for ever
--
-- Numbers are written with %.0f: tostring loses digits. While a library loads, Redis 7.0 hides redis.call, string and
-- table; they are looked up inside functions only.

local OPS_MAX, LINES_MAX = 256, 16            -- per call; per cart
local EXPIRE_BATCH_MAX = 128                  -- timers looked at by one call
local RETAIN_MS, TTL_MS_MAX = 86400000, 604800000
local EXTENDS_MAX = 2
local UNITS_MAX, STOCK_MAX, MONEY_MAX, VERSION_MAX = 1000000, 1000000000, 1000000000000, 4294967295
local ID_MAX, REF_MAX = 63, 128
local LOOK_MAX, LINE_LEN_MAX = 16, 100000     -- of a waitlist
local BACKFILL_HOLDS_MAX = 20000
local UNPACK_MAX = 4000                       -- values given to one command; Lua's stack ends near 8000

local function num(n) return string.format('%.0f', n) end

-- ---- texts ----

-- "sku:units:minor:version,..." -> { { sku, units, minor * units }..., total = }, or false
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

-- "viewer|broadcast|currency|lines" -> a hold that is not there yet, or nil
local function parse_claim(b, body)
  local viewer, broadcast, currency, text = string.match(body, '^([%w._~-]+)|([%w._~-]*)|(%u%u%u)|([^|]+)$')
  if not viewer or #viewer > ID_MAX or #broadcast > ID_MAX then return nil end
  local lines = lines_of(b, text)
  if not lines then return nil end
  -- All fields at once: a table that grows one by one is allocated four times.
  return { viewer = viewer, currency = currency, lines = lines, body = body, id = false, state = false, expires = 0,
           extends = 0, offer = '0', order = '', timer = 0, record = false, dirty = false }
end

-- The ids and records in the store were written by pack_hold: no doubts here.
local function parse_hold(b, id, record)
  local state, expires, extends, offer, order, body = string.match(record, '^(%u)|(%d+)|(%d+)|([01])|([^|]*)|(.*)$')
  local viewer, currency, text = string.match(body, '^([^|]*)|[^|]*|(%u%u%u)|(.*)$')
  return { id = id, state = state, expires = tonumber(expires), extends = tonumber(extends), offer = offer, order = order,
           body = body, viewer = viewer, currency = currency, lines = lines_of(b, text), record = record }
end

local function pack_hold(b, h)
  local expires = b.nums[h.expires]
  if not expires then
    expires = num(h.expires)
    b.nums[h.expires] = expires
  end
  h.record = h.state .. '|' .. expires .. '|' .. h.extends .. '|' .. h.offer .. '|' .. h.order .. '|' .. h.body
end

local function parse_count(row)
  local a, h, s, t, stop, limit, version, waiting, tracked =
    string.match(row, '^(-?%d+):(%d+):(%d+):(-?%d+):([01]):(%d+):(%d+):(%d+):([01])$')
  return { a = tonumber(a), h = tonumber(h), s = tonumber(s), t = tonumber(t), stopped = stop == '1', limit = tonumber(limit),
           version = tonumber(version), waiting = tonumber(waiting), tracked = tracked == '1' }
end

local function pack_count(c)
  return string.format('%.0f:%.0f:%.0f:%.0f:%s:%.0f:%.0f:%.0f:%s', c.a, c.h, c.s, c.t, c.stopped and '1' or '0', c.limit,
    c.version, c.waiting, c.tracked and '1' or '0')
end

local function new_count()
  return { a = 0, h = 0, s = 0, t = 0, stopped = false, limit = 0, version = 0, waiting = 0, tracked = false }
end

local function whole(text, low, high)
  local n = text and tonumber(text)
  return n and n % 1 == 0 and n >= low and n <= high and n or nil
end
local function is_id(text) return #text <= ID_MAX and string.match(text, '^[%w._~-]+$') ~= nil end
local function is_ref(text) return #text <= REF_MAX and not string.match(text, '[^\33-\126]') and not string.match(text, '[|,]') end

-- ---- what a call changes, on copies ----

local function note(b, line)
  local n = b.notes_count + 1
  b.notes_count = n
  b.notes[n] = line
end

local function note_hold(b, kind, h)
  pack_hold(b, h)
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

local function hold_units(b, h)
  local lines = h.lines
  for i = 1, #lines do
    local sku, units = lines[i][1], lines[i][2]
    local c = b.counts[sku]
    c.a, c.h = c.a - units, c.h + units
    if c.tracked then take(b, sku, h.viewer, units) end
    changed(b, sku, c)
  end
end

local function free_units(b, h)
  local lines = h.lines
  for i = 1, #lines do
    local sku, units = lines[i][1], lines[i][2]
    local c = b.counts[sku]
    c.a, c.h = c.a + units, c.h - units
    if c.tracked then take(b, sku, h.viewer, -units) end
    changed(b, sku, c)
  end
end

local function sell_units(b, h)
  local lines = h.lines
  for i = 1, #lines do
    local sku, units = lines[i][1], lines[i][2]
    local c = b.counts[sku]
    c.h, c.s = c.h - units, c.s + units
    changed(b, sku, c)
  end
end

local function retake_units(b, h)
  local lines = h.lines
  for i = 1, #lines do
    local sku, units = lines[i][1], lines[i][2]
    local c = b.counts[sku]
    c.a, c.s = c.a - units, c.s + units
    if c.tracked then take(b, sku, h.viewer, units) end
    changed(b, sku, c)
  end
end

-- May these units be taken? nil, or the answer that refuses them.
local function refusal(b, sku, c, viewer, units)
  if c.stopped then return 'stopped' end
  if c.limit > 0 and taken(b, sku, viewer) + units > c.limit then return 'limit_reached' end
  if c.a < units then return c.h > 0 and 'held_out' or 'sold_out' end
end

-- All lines or none: nil, or the answer that refuses, and the line's index from 0.
local function cart_refusal(b, h)
  local lines = h.lines
  for i = 1, #lines do
    local sku = lines[i][1]
    local c = b.counts[sku]
    local why = not c and 'sku_unknown' or c and refusal(b, sku, c, h.viewer, lines[i][2])
    if why then return why, i - 1 end
  end
end

local function open_hold(b, kind, h, id, ttl, offer)
  h.id, h.state, h.expires, h.extends, h.offer, h.order = id, 'H', b.now + ttl, 0, offer, ''
  h.timer = h.expires
  b.holds[id] = h
  hold_units(b, h)
  note_hold(b, kind, h)
end

-- ---- the waitlist ----

-- A field of `y`: its value now, with what this call changed; nil: none.
local function fact(b, field)
  local value = b.facts[field]
  if value == nil then
    value = redis.call('HGET', b.keys[7], field)
    b.facts[field] = value
  end
  return value or nil
end

local function set_fact(b, field, value) -- false: none
  if not b.dirty_facts[field] then
    b.dirty_facts[field] = true
    b.dirty_facts[#b.dirty_facts + 1] = field
  end
  b.facts[field] = value
end

-- The only way for a hold to end. An offer that ended lets its viewer join the line again.
local function end_hold(b, kind, h, state)
  h.state, h.timer = state, b.now + RETAIN_MS
  note_hold(b, kind, h)
  if h.offer == '1' then
    local field = h.lines[1][1] .. '/' .. h.viewer
    if fact(b, field) == h.id then set_fact(b, field, false) end
  end
end

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
        local ttl, body = string.match(wishes[i], '^(%d+)|(.*)$')
        local wish = parse_claim(b, body)
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
  set_fact(b, place, false)
  set_fact(b, key, false)
  local c = b.counts[sku]
  c.waiting = c.waiting - 1
  changed(b, sku, c)
end

-- Where a viewer stands: "sku|ticket"; nil: not in line.
local function place_of(b, sku, viewer)
  local ticket = fact(b, sku .. '/' .. viewer)
  return ticket and string.byte(ticket) ~= 126 and sku .. '|' .. ticket or nil
end

-- The viewer's open offer of this SKU, or nil.
local function offer_of(b, sku, viewer)
  local id = fact(b, sku .. '/' .. viewer)
  if not id or string.byte(id) ~= 126 then return nil end
  local h = b.holds[id]
  if not h then
    local record = redis.call('HGET', b.keys[2], id)
    h = record and parse_hold(b, id, record)
  end
  return h and h.state == 'H' and h or nil
end

local function join_line(b, sku, wish)
  local ticket = string.format('%016.0f', tonumber(fact(b, '#') or 0) + 1)
  set_fact(b, '#', ticket)
  wish.place = sku .. '|' .. ticket
  local line = line_of(b, sku)
  line.joined[#line.joined + 1] = wish
  b.joins[wish.place] = wish
  set_fact(b, wish.place, num(wish.ttl) .. '|' .. wish.body)
  set_fact(b, sku .. '/' .. wish.viewer, ticket)
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

local function offer_id(place) return '~' .. num(tonumber(string.match(place, '|(%d+)$'))) end

-- Free units go to the first in line whose whole wish fits, before anybody else sees them.
local function serve(b, sku)
  local c = b.counts[sku]
  while c.waiting > 0 and not c.stopped and c.a > 0 do
    local line, wish = line_of(b, sku), nil
    line_load(b, sku, line)
    for i = 1, math.min(#line, LOOK_MAX) do
      if line[i].lines[1][2] <= c.a then
        wish = line[i]
        break
      end
    end
    if not wish then return end
    leave_line(b, sku, wish.viewer, wish.place)
    if refusal(b, sku, c, wish.viewer, wish.lines[1][2]) then
      note(b, 'left ' .. sku .. ' ' .. num(wish.lines[1][2]) .. ' ' .. wish.viewer)
    else
      local id = offer_id(wish.place)
      open_hold(b, 'offered ', wish, id, wish.ttl, '1')
      set_fact(b, sku .. '/' .. wish.viewer, id)
    end
  end
end

local function serve_lines(b, h)
  for _, line in ipairs(h.lines) do
    if b.counts[line[1]].waiting > 0 then serve(b, line[1]) end
  end
end

-- ---- the operations: (batch, id, number, text) -> answer ----

local function with_hold(answer, h) return answer .. ' 0 ' .. h.id .. ' ' .. h.record end
local function with_count(answer, c) return answer .. ' 0 ' .. pack_count(c) end
local ended = { C = 'hold_confirmed', R = 'hold_released', X = 'hold_expired', V = 'hold_expired' }

local op = {}

function op.R(b, id, ttl, body) -- reserve
  local claim = b.claims[body]
  claim = claim and not claim.id and claim or parse_claim(b, body)
  ttl = whole(ttl, 1, TTL_MS_MAX)
  if not claim or not ttl or not is_id(id) then return 'bad' end
  local h = b.holds[id]
  if h then return h.body == body and with_hold('replayed', h) or 'mismatch' end
  if string.byte(id) == 126 then return 'mismatch' end -- "~..." are offers' ids
  local why, line = cart_refusal(b, claim)
  if why then return why .. ' ' .. line end
  open_hold(b, 'reserved ', claim, id, ttl, '0')
  return with_hold('done', claim)
end

function op.E(b, id, ttl, viewer) -- extend
  ttl = whole(ttl, 1, TTL_MS_MAX)
  if not ttl then return 'bad' end
  local h = b.holds[id]
  if not h or h.viewer ~= viewer then return 'hold_unknown' end
  if h.state ~= 'H' then return with_hold(ended[h.state], h) end
  local gain = b.now + ttl - h.expires
  if gain <= 0 or gain < math.floor(ttl / 10) then return with_hold('replayed', h) end
  if h.extends >= EXTENDS_MAX then return with_hold('extends_used', h) end
  h.expires, h.extends = b.now + ttl, h.extends + 1
  h.timer = h.expires
  note_hold(b, 'extended ', h)
  return with_hold('done', h)
end

function op.C(b, id, amount, text) -- confirm
  local currency, order = string.match(text, '^([^|]*)|(.*)$')
  if not currency or not is_ref(order) then return 'bad' end
  local h = b.holds[id]
  if not h then return 'hold_unknown' end
  if tonumber(amount) ~= h.lines.total or currency ~= h.currency then return 'mismatch' end
  if h.state == 'C' then return h.order == order and with_hold('replayed', h) or 'mismatch' end
  if h.state == 'H' then
    h.order = order
    sell_units(b, h)
    end_hold(b, 'confirmed ', h, 'C')
    return with_hold('done', h)
  end
  if h.state ~= 'X' then return with_hold(ended[h.state], h) end
  if cart_refusal(b, h) then -- paid after expiry, and the units are gone: void for good
    end_hold(b, 'voided ', h, 'V')
    return with_hold('hold_expired', h)
  end
  h.order = order
  retake_units(b, h)
  end_hold(b, 'retaken ', h, 'C')
  return with_hold('late', h)
end

function op.L(b, id, _, viewer) -- release; viewer '': the shop
  local h = b.holds[id]
  if not h or (viewer ~= '' and viewer ~= h.viewer) then return 'hold_unknown' end
  if h.state == 'R' then return with_hold('replayed', h) end
  if h.state ~= 'H' then return with_hold(ended[h.state], h) end
  free_units(b, h)
  end_hold(b, 'released ', h, 'R')
  serve_lines(b, h)
  return with_hold('done', h)
end

function op.G(b, id) -- get
  local h = b.holds[id]
  return h and with_hold('done', h) or 'hold_unknown'
end

function op.J(b, _, ttl, body) -- join a waitlist
  local wish = parse_claim(b, body)
  ttl = whole(ttl, 1, TTL_MS_MAX)
  if not wish or not ttl or #wish.lines ~= 1 then return 'bad' end
  local sku, units = wish.lines[1][1], wish.lines[1][2]
  local c = b.counts[sku]
  if not c then return 'sku_unknown' end
  local place, offered = place_of(b, sku, wish.viewer), offer_of(b, sku, wish.viewer)
  if place then return 'replayed ' .. ahead_of(b, sku, place) end
  if offered then return with_hold('replayed', offered) end
  local why = refusal(b, sku, c, wish.viewer, units)
  if why == 'stopped' or why == 'limit_reached' then return why end
  if c.waiting >= LINE_LEN_MAX then return 'limit_reached' end
  local ahead = c.waiting
  wish.ttl = ttl
  join_line(b, sku, wish)
  note(b, 'waiting ' .. sku .. ' ' .. num(units) .. ' ' .. wish.viewer)
  serve(b, sku)
  local offer = b.holds[offer_id(wish.place)]
  return offer and with_hold('done', offer) or 'done ' .. num(ahead)
end

function op.Q(b, sku, _, viewer) -- leave a waitlist
  local c = b.counts[sku]
  local place = c and c.waiting > 0 and place_of(b, sku, viewer)
  if not place then return 'replayed' end
  local wish = b.joins[place] or parse_claim(b, string.match(fact(b, place), '^%d+|(.*)$'))
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
  local gone, version = string.match(text, '^(%d+)|(%d+)$')
  count, gone, version = whole(count, 0, STOCK_MAX), whole(gone, 0, STOCK_MAX), whole(version, 1, MONEY_MAX)
  if not is_id(sku) or not count or not gone or not version or count + gone > STOCK_MAX then return 'bad' end
  local c = b.counts[sku] or new_count()
  if version <= c.version then return with_count('ignored', c) end
  if gone > c.s then return 'bad' end -- says that more of our sales left the shelf than we made
  local change = count + gone - c.t
  c.t, c.a, c.version = c.t + change, c.a + change, version
  changed(b, sku, c)
  note(b, 'synced ' .. sku .. ' ' .. num(change))
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
  c.stopped = false
  changed(b, sku, c)
  note(b, 'opened ' .. sku)
  serve(b, sku)
  return with_count('done', c)
end

-- A SKU already selling gets its first limit: what viewers hold and bought is counted back from the holds. Those in the
-- store are not taken apart: most are of other SKUs or closed.
local function backfill(b, sku, c)
  c.tracked = true
  b.backfilled[sku] = true
  if c.h + c.s == 0 then return end
  local find, match = string.find, string.match
  local all, word = redis.call('HGETALL', b.keys[2]), sku .. ':'
  local line = ',' .. string.gsub(sku, '%W', '%%%0') .. ':(%d+):'
  for i = 1, #all, 2 do
    local record = all[i + 1]
    if b.holds[all[i]] == nil and find(record, word, 1, true) and find(record, '^[HC]') then
      local units = match(',' .. match(record, '|([^|]*)$'), line)
      if units then take(b, sku, match(record, '^%u|%d+|%d+|[01]|[^|]*|([^|]*)'), tonumber(units)) end
    end
  end
  for _, h in pairs(b.holds) do
    if h and (h.state == 'H' or h.state == 'C') then
      for _, own in ipairs(h.lines) do
        if own[1] == sku then take(b, sku, h.viewer, own[2]) end
      end
    end
  end
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

function op.X() return 'done' end -- nothing but the expiry that every call begins with

-- ---- a call: read, decide, write ----

local holds_ops = { R = true, E = true, C = true, L = true, G = true }
local sku_first = { Q = true, S = true, P = true, O = true, M = true }
local sku_last = { A = true, D = true }

local function want_sku(b, sku)
  if b.counts[sku] == nil then
    b.counts[sku] = false
    b.skus[#b.skus + 1] = sku
  end
end

local function want_lines(b, h)
  local lines = h.lines
  for i = 1, #lines do want_sku(b, lines[i][1]) end
end

-- Which holds, claims and SKUs the operations name. Confirms and extends are remembered: they spare a due hold.
local function gather(b, ARGV)
  local holds, ids, claims = b.holds, b.ids, b.claims
  for p = 2, #ARGV, 4 do
    local o, id = ARGV[p], ARGV[p + 1]
    if holds_ops[o] and holds[id] == nil then
      holds[id] = false
      ids[#ids + 1] = id
    end
    if o == 'R' or o == 'J' then
      local body = ARGV[p + 3]
      local claim = claims[body] or parse_claim(b, body)
      if claim then
        claims[body] = claim
        want_lines(b, claim)
      end
    elseif o == 'C' then b.paying[id] = true
    elseif o == 'E' then b.extending[#b.extending + 1] = p
    elseif sku_first[o] then want_sku(b, id)
    elseif sku_last[o] then want_sku(b, ARGV[p + 3]) end
  end
  b.due = redis.call('ZRANGEBYSCORE', b.keys[3], '-inf', num(b.now), 'LIMIT', 0, EXPIRE_BATCH_MAX)
  for i = 1, #b.due do
    local id = b.due[i]
    if holds[id] == nil then
      holds[id] = false
      ids[#ids + 1] = id
    end
  end
end

local function load_taken(b)
  local keys, n = {}, 0
  local function want(h)
    for _, line in ipairs(h.lines) do
      local c = b.counts[line[1]]
      if c and c.tracked then
        local key = line[1] .. '/' .. h.viewer
        if not b.taken[key] then
          n = n + 1
          keys[n] = key
          b.taken[key] = 0
        end
      end
    end
  end
  for _, id in ipairs(b.ids) do
    if b.holds[id] then want(b.holds[id]) end
  end
  for _, claim in pairs(b.claims) do want(claim) end
  for at = 1, n, UNPACK_MAX do
    local last = math.min(at + UNPACK_MAX - 1, n)
    local units = redis.call('HMGET', b.keys[4], unpack(keys, at, last))
    for i = at, last do b.taken[keys[i]] = tonumber(units[i - at + 1] or 0) end
  end
end

local function load(b)
  if #b.ids > 0 then
    local records = redis.call('HMGET', b.keys[2], unpack(b.ids))
    for i, id in ipairs(b.ids) do
      if records[i] then
        local h = parse_hold(b, id, records[i])
        b.holds[id] = h
        want_lines(b, h)
      end
    end
  end
  local tracked, skus = false, b.skus
  for at = 1, #skus, UNPACK_MAX do
    local last = math.min(at + UNPACK_MAX - 1, #skus)
    local rows = redis.call('HMGET', b.keys[1], unpack(skus, at, last))
    for i = at, last do
      local row = rows[i - at + 1]
      if row then
        local c = parse_count(row)
        b.counts[skus[i]] = c
        tracked = tracked or c.tracked
      end
    end
  end
  if tracked then load_taken(b) end
end

local function is_spared(b, ARGV, h)
  if b.paying[h.id] then return true end
  for _, p in ipairs(b.extending) do
    if ARGV[p + 1] == h.id and ARGV[p + 3] == h.viewer and h.extends < EXTENDS_MAX and whole(ARGV[p + 2], 1, TTL_MS_MAX) then
      return true
    end
  end
end

local function expire_due(b, ARGV)
  for _, id in ipairs(b.due) do
    local h = b.holds[id]
    if h and h.state == 'H' then
      if not is_spared(b, ARGV, h) then
        free_units(b, h)
        end_hold(b, 'expired ', h, 'X')
        serve_lines(b, h)
      end
    else
      b.purges[#b.purges + 1] = id
      b.holds[id] = false
    end
  end
end

-- One command per structure; more only where Lua's stack could not carry the values.
local function write(command, key, values)
  for at = 1, #values, UNPACK_MAX do
    redis.call(command, key, unpack(values, at, math.min(at + UNPACK_MAX - 1, #values)))
  end
end

local function write_ledger(b)
  local counts = {}
  for i, sku in ipairs(b.dirty_skus) do counts[i] = sku .. ' ' .. pack_count(b.counts[sku]) end
  return redis.call('XADD', b.keys[5], '*', 't', num(b.now), 'm', table.concat(b.notes, '\n'), 'c', table.concat(counts, '\n'))
end

local function write_holds(b)
  write('HDEL', b.keys[2], b.purges)
  write('ZREM', b.keys[3], b.purges)
  local records, times, n = {}, {}, 0
  for _, h in ipairs(b.dirty_holds) do
    records[n + 1], records[n + 2] = h.id, h.record
    times[n + 1], times[n + 2] = b.nums[h.timer] or num(h.timer), h.id
    n = n + 2
  end
  write('HSET', b.keys[2], records)
  write('ZADD', b.keys[3], times)
end

local function write_counts(b)
  local rows, taken_rows, none = {}, {}, {}
  for _, sku in ipairs(b.dirty_skus) do
    rows[#rows + 1] = sku
    rows[#rows + 1] = pack_count(b.counts[sku])
  end
  for _, key in ipairs(b.dirty_taken) do
    if b.taken[key] > 0 then
      taken_rows[#taken_rows + 1] = key
      taken_rows[#taken_rows + 1] = num(b.taken[key])
    else
      none[#none + 1] = key
    end
  end
  write('HSET', b.keys[1], rows)
  write('HSET', b.keys[4], taken_rows)
  write('HDEL', b.keys[4], none)
end

local function write_lines(b)
  local places, facts, none = {}, {}, {}
  for place in pairs(b.joins) do
    places[#places + 1] = '0'
    places[#places + 1] = place
  end
  for _, field in ipairs(b.dirty_facts) do
    if b.facts[field] then
      facts[#facts + 1] = field
      facts[#facts + 1] = b.facts[field]
    else
      none[#none + 1] = field
    end
  end
  write('ZREM', b.keys[6], b.leaves)
  write('ZADD', b.keys[6], places)
  write('HDEL', b.keys[7], none)
  write('HSET', b.keys[7], facts)
end

local function write_refs(b)
  local facts = {}
  for _, ref in ipairs(b.refs) do
    facts[#facts + 1] = ref
    facts[#facts + 1] = b.refs[ref]
  end
  write('HSET', b.keys[8], facts)
end

local function time_of(text)
  local now = tonumber(text)
  if now ~= 0 then return now end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function batch(KEYS, now)
  return { keys = KEYS, now = now, ids = {}, holds = {}, claims = {}, memo = {}, nums = {}, paying = {}, extending = {},
           skus = {}, counts = {}, taken = {}, backfilled = {}, lines = {}, joins = {}, leaves = {}, facts = {}, dirty_facts = {},
           refs = {},
           notes = {}, notes_count = 0, dirty_holds = {}, dirty_skus = {}, dirty_taken = {}, purges = {} }
end

-- ls_exec: ARGV = now (0: Redis's clock), then per operation: op id number text
--   R id ttl claim      E id ttl viewer     C id amount currency|order   L id 0 viewer    G id 0 ''    X '' 0 ''
--   J '' ttl claim      Q sku 0 viewer      A ref units sku              D ref units sku
--   S sku count gone|version                P sku 0 ''                   O sku 0 ''       M sku limit ''
-- claim = viewer|broadcast|currency|lines. Replies { {answer...}, ledger id or '' }; an answer is
--   word [number [id record]]      of holds and waitlists: number is the refused line, or the viewers ahead
--   word [0 row]                   of stock: the row of `c` after it
local function ls_exec(KEYS, ARGV)
  local now = time_of(ARGV[1])
  if #KEYS ~= 8 or not now or (#ARGV - 1) % 4 ~= 0 or #ARGV > 1 + 4 * OPS_MAX then
    return redis.error_reply('ERR liveshelf: malformed call')
  end
  local b = batch(KEYS, now)
  gather(b, ARGV)
  load(b)
  expire_due(b, ARGV)
  local answers, n = {}, 0
  for p = 2, #ARGV, 4 do
    local f = op[ARGV[p]]
    n = n + 1
    answers[n] = f and f(b, ARGV[p + 1], ARGV[p + 2], ARGV[p + 3]) or 'bad'
  end
  local entry = b.notes_count > 0 and write_ledger(b) or ''
  if entry ~= '' or #b.purges > 0 then
    write_holds(b)
    write_counts(b)
    if #b.dirty_facts > 0 then write_lines(b) end
    if #b.refs > 0 then write_refs(b) end
  end
  return { answers, entry }
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
local function check_holds(b, held, sold, breach)
  local all, open = redis.call('HGETALL', b.keys[2]), 0
  for i = 1, #all, 2 do
    local h = parse_hold(b, all[i], all[i + 1])
    local timer = tonumber(redis.call('ZSCORE', b.keys[3], h.id) or -1)
    if timer < 0 then breach('hold without timer: ' .. h.id) end
    if h.state == 'H' then
      open = open + 1
      if timer ~= h.expires then breach('timer differs from expiry: ' .. h.id) end
    end
    for _, line in ipairs(h.lines) do
      local sku, key = line[1], line[1] .. '/' .. h.viewer
      if h.state == 'H' then held[sku] = (held[sku] or 0) + line[2] end
      if h.state == 'H' or h.state == 'C' then sold[key] = (sold[key] or 0) + line[2] end
    end
  end
  if redis.call('ZCARD', b.keys[3]) ~= #all / 2 then breach('timers without holds') end
  return #all / 2, open
end

local function check_skus(b, held, breach)
  local rows, n = redis.call('HGETALL', b.keys[1]), 0
  for i = 1, #rows, 2 do
    local sku, c = rows[i], parse_count(rows[i + 1])
    n = n + 1
    b.counts[sku] = c
    if c.a + c.h + c.s ~= c.t or c.h < 0 or c.s < 0 then breach('counts do not add up: ' .. sku) end
    if c.h ~= (held[sku] or 0) then breach('held differs from the open holds: ' .. sku) end
    if c.waiting ~= redis.call('ZLEXCOUNT', b.keys[6], '[' .. sku .. '|', '(' .. sku .. '}') then
      breach('waiting differs from the line: ' .. sku)
    end
  end
  return n
end

-- Facts of the waitlists: a ticket is in line, an offer is open.
local function check_facts(b, breach)
  local facts = redis.call('HGETALL', b.keys[7])
  for i = 1, #facts, 2 do
    local field, value = facts[i], facts[i + 1]
    if string.find(field, '|', 1, true) then
      if not redis.call('ZSCORE', b.keys[6], field) then breach('wish without a place: ' .. field) end
    elseif string.byte(value) == 126 then
      local record = redis.call('HGET', b.keys[2], value)
      if not record or string.sub(record, 1, 1) ~= 'H' then breach('offer that is not open: ' .. field) end
    end
  end
end

local function ls_check(KEYS)
  local b, held, sold, breaches = batch(KEYS, 0), {}, {}, {}
  local function breach(text)
    if #breaches < 100 then breaches[#breaches + 1] = text end
  end
  local holds, open = check_holds(b, held, sold, breach)
  local skus = check_skus(b, held, breach)
  check_facts(b, breach)
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
redis.register_function { function_name = 'ls_version', callback = function() return 1 end, flags = { 'no-writes' } }
