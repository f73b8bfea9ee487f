/* A stand-in for the server, for developing the pages and for their tests: one broadcast, one process, everything in memory.
 *
 *   node mock/server.mjs [port] [large]    prints links to the pages, with a show that goes on by itself; large: of 200 products
 *   createMock()                           the same under a test's control: mock.drop(), mock.sell(sku), mock.at(...)
 *
 * It speaks docs/protocol/wire.md and enforces none of it beyond what the pages can see. */

import { createServer } from 'node:http';
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { estimateMake, PLAN } from './estimate.mjs';
import { EUR, goOn, largeShow, pastMake, sampleShow } from './show.mjs';
import { accept } from './socket.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const WEB = path.resolve(process.env.LIVESHELF_WEB_OUT || path.join(here, '../../build/web'));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const CSP = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src * data:; media-src * blob:; connect-src 'self' ws: wss: http: https:; worker-src 'self'; object-src 'none'; base-uri 'none'";

export { largeShow, pastMake, sampleShow };

export function mockToken(role, more = {}) {
  const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ role, shop: 'demo', broadcast: 'spring-drop', ...more })}.x`;
}

export async function createMock({ port = 0, hold_ms = 300_000, state = 'live', heartbeat_ms = 25_000, show = sampleShow(), video = { url: '', still: '' } } = {}) {
  const conns = new Set();
  const log = [];                          /* every event since the epoch began */
  const holds = new Map();
  const lines = {};                        /* sku -> viewers waiting */
  const heard = [];                        /* every command, for tests */
  const stock = Object.fromEntries(show.products.map((p) => [p.sku, { allocated: p.units, held: 0, sold: 0, refused: 0, attempts: 0, buffer: 0, recall: 'none' }]));
  const b = { id: 'spring-drop', title: 'Spring table', state, video, hold_ms, started_ms: state === 'live' ? Date.now() - 754_000 : 0, sponsored: false };
  let epoch = 'e1', ver = 1, pins = {}, index = -1, notice = null, done = {}, undo = null, orders = 0, lost = 0, cues = show.cues;
  const shelf = show.products.map(({ sku, title, price, image, url, limit }) => ({ sku, title, price, image, url, limit, state: 'open' }));
  const series = [];
  const fan = [], changes = [], stamps = [];
  const marks = [];
  const approvals = new Map();
  let lag = null; /* what hosts are told of it; clocks that come are only acknowledged */
  const health = { selling: 'ok', why: '', sync_delay_ms: null };
  const clock = { running: state !== 'paused', stood_ms: 0, ...(state === 'paused' ? { since_ms: Date.now() } : {}) };
  const stood = () => clock.stood_ms + (clock.running ? 0 : Date.now() - clock.since_ms);
  let ledger_seq = 0;
  const outlook = { seq: 1, on: true, last: null, plan: PLAN };      /* what estimates say besides: see estimateMake */
  const mock = { conns, outlook, fan, changes, stamps, heard, holds, lines, stock, log, b, shelf, silent: new Set(), streams: new Set(), refuse: null, retry_after_ms: 0, port: 0 };

  const entry = (sku) => shelf.find((e) => e.sku === sku);
  const available = (sku) => stock[sku].allocated - stock[sku].held - stock[sku].sold;
  const free = (sku) => Math.max(0, available(sku) - stock[sku].buffer);
  const waiting = (sku) => (lines[sku] ??= []);
  const stockWord = (sku) => {
    const left = free(sku), s = stock[sku];
    if (entry(sku).state !== 'open') return { state: 'stopped' };
    if (left > 50) return { state: 'ok' };
    if (left > 10) return { state: 'ok', left };
    if (left > 0) return { state: 'low', left };
    return s.held > 0 ? { state: 'held_out', left: 0 } : { state: 'sold_out', left: 0 };
  };
  const counts = (sku) => ({ allocated: stock[sku].allocated, available: available(sku), held: stock[sku].held, sold: stock[sku].sold, waitlist: waiting(sku).length, stopped: entry(sku).state !== 'open', buffer: stock[sku].buffer, recall: stock[sku].recall });
  const send = (c, m) => c.ws.send(m);
  const each = (f) => conns.forEach((c) => c.role && f(c));
  const forRole = (e, role) => {
    if (role === 'host') return e;
    if (e.t === 'cue.done' || e.t === 'approval') return { t: 'none', seq: e.seq, ms: e.ms, d: {} };
    if (e.t === 'cue') return { ...e, d: { cue: e.d.cue, title: e.d.title, text: e.d.text, sponsored: e.d.sponsored } };
    if (e.t === 'shelf') return { ...e, d: { shelf: e.d.shelf, pins: e.d.pins } };
    return e;
  };

  function publish(t, d, media_at_ms) {
    const e = { t, seq: log.length + 1, ms: Date.now(), d };
    if (t.startsWith('pin.') || t === 'cue') e.media_at_ms = media_at_ms ?? e.ms;
    log.push(e);
    each((c) => c.role !== 'logistics' && !mock.silent.has(c) && send(c, forRole(e, c.role)));
    if (t === 'pin.set') marks.push({ ms: e.ms, sku: d.sku, title: d.title });
    return e;
  }

  function moved(...skus) {
    ver++;
    pointAdd(Date.now());
    each((c) => {
      if (c.role === 'logistics') return send(c, { t: 'volumes', d: volumes(1) });
      send(c, { t: 'stock', ver, d: Object.fromEntries(skus.map((s) => [s, stockWord(s)])) });
      if (c.role !== 'host') return;
      send(c, { t: 'counts', ver, d: Object.fromEntries(skus.map((s) => [s, counts(s)])) });
      send(c, { t: 'demand', d: Object.fromEntries(skus.map((s) => [s, { attempts: stock[s].attempts, refused: stock[s].refused }])) });
    });
  }

  const sum = (field) => Object.values(stock).reduce((n, s) => n + s[field], 0);
  function estimate(now_ms) {
    const goods = show.products.map((p) => ({
      sku: p.sku, title: p.title, firm: stock[p.sku].sold, held: stock[p.sku].held, waitlist: waiting(p.sku).length, refused: stock[p.sku].refused,
      stock: outlook.flags?.includes('stock-unknown') ? null : stock[p.sku].allocated, grams: p.weight_g, cm3: p.weight_g * 3.1,
    }));
    return { ...estimateMake({ broadcast: b.id, title: b.title, state: b.state, now_ms, started_ms: b.started_ms, ended_ms: b.ended_ms ?? 0, goods, ...outlook }), ...outlook.change };
  }
  function pointAdd(ms) {
    ledger_seq++;
    series.push({ ms, confirmed: sum('sold'), held: sum('held') });
    if (!outlook.on) return;
    outlook.seq++;
    const { firm, units: { mean: _mean, ...q } } = (mock.estimate = estimate(mock.as_of_ms ?? ms)).total;
    fan.push({ ms, firm, ...q });
  }
  /* `tail`: only so many of the newest points. */
  const volumes = (tail = Infinity) => mock.verbatim ?? ({
    broadcast: b.id, title: b.title, state: b.state, started_ms: b.started_ms, ended_ms: b.ended_ms ?? 0, as_of_ms: mock.as_of_ms ?? Date.now(), ledger: `1795177200000-${ledger_seq}`, kind: 'observed',
    skus: show.products.map((p) => ({ sku: p.sku, title: p.title, allocated: stock[p.sku].allocated, confirmed: stock[p.sku].sold, held: stock[p.sku].held, waitlist: waiting(p.sku).length, available: free(p.sku), refused: stock[p.sku].refused, weight_g: p.weight_g })),
    total: { allocated: sum('allocated'), confirmed: sum('sold'), held: sum('held'), waitlist: Object.values(lines).flat().length, available: show.products.reduce((n, p) => n + free(p.sku), 0), orders },
    series: newest(series, tail), pins: marks,
    estimate: outlook.on ? (mock.estimate ??= estimate(mock.as_of_ms ?? Date.now())) : null, fan: newest(fan, tail), last: outlook.last, changes, stamps, plan: outlook.on ? outlook.plan : null,
  });
  const newest = (list, n) => (n === 0 ? [] : n === Infinity ? list : list.slice(-n));
  function countsTell() {                 /* something moved, and no estimate of it is made */
    ledger_seq++;
    volumesTell();
  }
  const volumesTell = () => each((c) => c.role === 'logistics' && send(c, { t: 'volumes', d: volumes(0) }));
  function changeAdd(kind, sku, more = {}) {
    changes.push({ seq: log.length, ms: Date.now(), kind, sku, title: entry(sku)?.title ?? sku, adds: '', adds_units: 0, first_orders: 0, was: null, now: null, text: '', ...more });
    volumesTell();
  }
  function stampAdd(note, by) {
    const e = (mock.estimate ??= estimate(Date.now()));
    const stamp = { id: `s${stamps.length + 1}`, ms: Date.now(), by, note, seq: e.seq, firm: e.total.firm, units: e.total.units, parcels: e.total.parcels };
    stamps.push(stamp);
    volumesTell();
    return stamp;
  }

  function pin(slot, sku, cue, media_at_ms) {
    const e = entry(sku);
    const c = cues.find((x) => x.id === cue);
    pins[slot] = { slot, sku, cue: cue ?? '', title: e.title, price: e.price, image: e.image, url: e.url, sponsored: !!c?.sponsored, text: c?.viewer_text ?? '', pinned_ms: Date.now() };
    const sent = publish('pin.set', pins[slot], media_at_ms);
    pins[slot].media_at_ms = sent.media_at_ms;
    return sent;
  }
  const cueBody = (i) => {
    const c = cues[i];
    return c ? { cue: c.id, title: c.title, text: c.viewer_text ?? '', sponsored: !!c.sponsored, index: i, card: c.card, planned_units: c.planned_units, minutes: c.minutes, sku: c.sku, slot: c.slot } : { cue: '', title: '', text: '', sponsored: false, index: -1 };
  };
  function cueGo(i, media_at_ms) {
    index = i;
    publish('cue', cueBody(i), media_at_ms);
    if (cues[i]?.sku) pin(cues[i].slot ?? 0, cues[i].sku, cues[i].id, media_at_ms);
  }
  const preflight = () => {
    const problems = [];
    if (!cues.length) problems.push({ code: 'no_cues', detail: 'There is no run of show', blocking: true });
    for (const c of cues) {
      if (!c.card?.say) problems.push({ cue: c.id, code: 'card_missing', detail: `${c.title} has no script card`, blocking: true });
      if (c.sku && !stock[c.sku]) problems.push({ cue: c.id, code: 'sku_unknown', detail: `${c.sku} is not in the catalogue`, blocking: true });
      else if (c.sku && c.planned_units > stock[c.sku].allocated) problems.push({ cue: c.id, code: 'allocation_short', detail: `${c.planned_units} planned, ${stock[c.sku].allocated} allocated`, blocking: true });
      if (!c.viewer_text) problems.push({ cue: c.id, code: 'viewer_text_missing', detail: 'Viewers see only the title', blocking: false });
    }
    return { go: !problems.some((p) => p.blocking), problems };
  };

  /* As it would be told now: its end moves on while the clock stands still. */
  const told = (h) => {
    const recall = h.d.lines.map((l) => stock[l.sku].recall).find((r) => r !== 'none');
    const now = { ...h.d, expires_ms: h.d.expires_ms + stood() - h.d.stood_ms, stood_ms: stood() };
    return h.d.state !== 'held' || !recall ? now : { ...now, recall, checkout_url: recall === 'honour' ? now.checkout_url : '' };
  };
  const myHolds = (viewer) => [...holds.values()].filter((h) => h.viewer === viewer && h.d.state === 'held').map(told);
  function snapshot(c) {
    const d = {
      broadcast: { ...b }, pins: Object.values(pins), shelf, stock: Object.fromEntries(shelf.map((e) => [e.sku, stockWord(e.sku)])), stock_ver: ver,
      cue: index >= 0 ? { cue: cues[index].id, title: cues[index].title, text: cues[index].viewer_text ?? '', sponsored: !!cues[index].sponsored } : null,
      notice, my: { holds: myHolds(c.viewer), waitlist: Object.keys(lines).filter((s) => lines[s].includes(c.viewer)).map((sku) => ({ sku, state: 'joined', ahead: lines[sku].indexOf(c.viewer) })) },
      audience: 412 + conns.size, hold_clock: { ...clock },
    };
    if (c.role === 'host') Object.assign(d, { run_of_show: cues, cue_index: index, counts: Object.fromEntries(shelf.map((e) => [e.sku, counts(e.sku)])), demand: Object.fromEntries(shelf.map((e) => [e.sku, { attempts: stock[e.sku].attempts, refused: stock[e.sku].refused }])), can_undo_until_ms: 0, preflight: preflight(), done, approvals: [...approvals.values()], ...health, lag });
    send(c, { t: 'snapshot', epoch, seq: log.length, d });
  }

  /* ---- holds ------------------------------------------------------------------------------------------------------ */

  function holdMake(id, viewer, wanted, ttl = hold_ms, offer) {
    const d = {
      hold: id, state: 'held', expires_ms: Date.now() + ttl, stood_ms: stood(), extends_left: 2,
      lines: wanted.map((l) => ({ ...l, price: entry(l.sku).price })),
      total: { amount: wanted.reduce((n, l) => n + l.qty * entry(l.sku).price.amount, 0), currency: 'EUR' },
    };
    d.checkout_url = `/checkout/?hold=${id}&shop=demo&amount=${d.total.amount}&currency=EUR&expires_ms=${d.expires_ms}&sig=s`;
    if (offer) d.offer = true;
    for (const l of wanted) stock[l.sku].held += l.qty;
    holds.set(id, { d, viewer });
    return d;
  }
  function holdEnd(id, state) {
    const h = holds.get(id);
    if (h?.d.state !== 'held') return;
    h.d.state = state;
    for (const l of h.d.lines) {
      stock[l.sku].held -= l.qty;
      if (state === 'confirmed') stock[l.sku].sold += l.qty;
    }
    if (state === 'confirmed') orders++;
    each((c) => c.viewer === h.viewer && send(c, { t: 'hold', d: { ...h.d } }));
    for (const l of h.d.lines) {
      const next = state === 'confirmed' ? undefined : waiting(l.sku)[0];
      if (!next || !free(l.sku) || entry(l.sku).state !== 'open') continue;
      waiting(l.sku).shift();
      const offered = holdMake(`h_offer${ver}${next.slice(-4)}`, next, [{ sku: l.sku, qty: 1 }], 60_000, true);
      each((c) => c.viewer === next && send(c, { t: 'hold', d: { ...offered } }));
    }
    moved(...h.d.lines.map((l) => l.sku));
  }
  const sweep = setInterval(() => {
    for (const [id, h] of holds) if (h.d.state === 'held' && clock.running && told(h).expires_ms <= Date.now() && stock[h.d.lines[0].sku].recall !== 'keep') holdEnd(id, 'expired');
  }, 100);

  /* ---- commands --------------------------------------------------------------------------------------------------- */

  const refusal = (code, title, more = {}) => ({ t: 'error', d: { code, title, detail: title, retry: false, ...more } });
  const acts = {
    ping: () => ({ t: 'pong', server_ms: Date.now() }),
    clock: () => ({ t: 'ok' }),
    reserve(c, m) {
      const known = holds.get(m.id);
      if (known) return { t: 'hold', d: told(known) };
      const { sku, qty } = m.lines[0];
      const e = entry(sku);
      if (!e) return refusal('sku_unknown', 'Not on sale');
      stock[sku].attempts++;
      const no = (code, title, detail, more) => {
        stock[sku].refused++;
        setImmediate(() => moved(sku));
        return refusal(code, title, { detail, sku, ...more });
      };
      if (b.state === 'paused') return no('paused', 'Paused', 'The host has paused the show.');
      if (b.state !== 'live') return no('not_live', 'Not live', 'Selling opens when the show starts.');
      if (e.state === 'recalled') return no('recalled', 'Recalled', 'This product has been recalled.');
      if (e.state === 'stopped') return no('stopped', 'Stopped', 'The host has stopped selling this.');
      if (m.seen_price !== undefined && m.seen_price < e.price.version) return no('price_changed', 'The price changed', 'The price changed a moment ago.', { price: e.price });
      const mine = [...holds.values()].filter((h) => h.viewer === c.viewer && ['held', 'confirmed'].includes(h.d.state)).flatMap((h) => h.d.lines).filter((l) => l.sku === sku).reduce((n, l) => n + l.qty, 0);
      if (e.limit && mine + qty > e.limit) return no('limit_reached', 'Limit reached', `At most ${e.limit} per person.`);
      if (free(sku) < qty) return stock[sku].held ? no('held_out', 'All on hold', `${stock[sku].held} are on hold and may come back.`, { waitlist: true }) : no('sold_out', 'Sold out', 'The last one was taken a moment ago.', { waitlist: true });
      const d = holdMake(m.id, c.viewer, m.lines);
      setImmediate(() => moved(sku));
      return { t: 'hold', d: { ...d } };
    },
    hold(c, m, f) {
      const h = holds.get(m.hold);
      if (!h || h.viewer !== c.viewer) return refusal('hold_unknown', 'No such hold');
      if (h.d.state !== 'held') return refusal(`hold_${h.d.state}`, `Already ${h.d.state}`);
      return f(h) ?? { t: 'hold', d: told(h) };
    },
    extend: (c, m) => acts.hold(c, m, (h) => {
      if (!h.d.extends_left) return refusal('limit_reached', 'No more extensions');
      h.d.extends_left--;
      h.d.expires_ms += 60_000;
    }),
    release: (c, m) => acts.hold(c, m, () => void holdEnd(m.hold, 'released')),
    checkout: (c, m) => acts.hold(c, m, () => {}),
    'waitlist.join'(c, m) {
      if (!waiting(m.sku).includes(c.viewer)) waiting(m.sku).push(c.viewer);
      setImmediate(() => moved(m.sku));
      return { t: 'waitlist', d: { sku: m.sku, state: 'joined', ahead: waiting(m.sku).indexOf(c.viewer) } };
    },
    'waitlist.leave'(c, m) {
      lines[m.sku] = waiting(m.sku).filter((v) => v !== c.viewer);
      return { t: 'waitlist', d: { sku: m.sku, state: 'left' } };
    },
  };
  function clockSet(running) {
    clock.stood_ms = stood();
    clock.running = running;
    if (running) delete clock.since_ms;
    else clock.since_ms = Date.now();
    each((c) => c.role !== 'logistics' && send(c, { t: 'hold_clock', d: { ...clock } }));
  }
  const healthTell = () => each((c) => c.role === 'host' && send(c, { t: 'health', d: { ...health } }));
  /* More than half away from the usual price needs a second person. */
  const far = (e, amount) => Math.abs(amount - (e.usual ?? e.price.amount)) > (e.usual ?? e.price.amount) / 2;
  function approvalAsk(m, kind, by) {
    const e = entry(m.sku);
    const usual = e.usual ?? e.price.amount;
    const a = {
      approval: `a${log.length + 1}`, state: 'asked', kind, sku: m.sku, price: { amount: m.amount, currency: m.currency ?? 'EUR' }, for_ms: m.for_ms ?? 0,
      asked_by: by, until_ms: Date.now() + 600_000, reason: `${Math.round((100 * Math.abs(m.amount - usual)) / usual)} percent ${m.amount < usual ? 'below' : 'above'} ${(usual / 100).toFixed(2)} EUR`,
    };
    approvals.set(a.approval, a);
    publish('approval', a);
    return refusal('approval_needed', 'A second person must agree', { approval: a.approval, sku: m.sku });
  }
  function approvalDecide(m, by, state) {
    const a = approvals.get(m.approval);
    if (!a) return refusal('not_found', 'No such price waits');
    if (a.asked_by === by) return refusal('forbidden', 'Another person must decide');
    approvals.delete(m.approval);
    publish('approval', { ...a, state });
    if (state === 'approved') (a.kind === 'offer' ? mock.offer : mock.price)(a.sku, a.price.amount, a.for_ms);
  }
  const stateSet = (state) => {
    b.state = state;
    if (state === 'live') b.started_ms ||= Date.now();
    if (state === 'ended') b.ended_ms ??= Date.now();
    publish('state', { state, reason: '' });
    if (clock.running === (state === 'paused')) clockSet(state !== 'paused');
    moved();
  };
  const remember = (back) => (undo = { until: Date.now() + 5000, back });
  const hostActs = {
    'pin.set'(m) {
      if (!entry(m.sku)) return refusal('sku_unknown', 'No such product');
      const old = pins[m.slot];
      pin(m.slot, m.sku, cues[index]?.sku === m.sku ? cues[index].id : '');
      remember(() => (old ? pin(m.slot, old.sku, old.cue) : hostActs['pin.clear'](m)));
    },
    'pin.clear'(m) {
      const old = pins[m.slot];
      delete pins[m.slot];
      publish('pin.clear', { slot: m.slot });
      if (old) remember(() => pin(m.slot, old.sku, old.cue));
    },
    'cue.next'() {
      if (index + 1 >= cues.length) return refusal('conflict', 'That was the last cue');
      const old = index;
      cueGo(index + 1);
      remember(() => cueGo(old));
    },
    'cue.go'(m) {
      const i = cues.findIndex((c) => c.id === m.cue);
      if (i < 0) return refusal('not_found', 'No such cue');
      const old = index;
      cueGo(i);
      remember(() => cueGo(old));
    },
    'cue.done'(m) {
      done[m.cue] = m.must_say;
      publish('cue.done', { cue: m.cue, must_say: m.must_say });
    },
    'price.set'(m, c) {
      const e = entry(m.sku), old = e.price.amount;
      if (far(e, m.amount)) return approvalAsk(m, 'price', c.sub);
      mock.price(m.sku, m.amount);
      remember(() => mock.price(m.sku, old));
    },
    'offer.start'(m, c) {
      if (far(entry(m.sku), m.amount)) return approvalAsk(m, 'offer', c.sub);
      mock.offer(m.sku, m.amount, m.for_ms);
    },
    approve: (m, c) => approvalDecide(m, c.sub, 'approved'),
    reject: (m, c) => approvalDecide(m, c.sub, 'rejected'),
    'offer.stop'(m) {
      const e = entry(m.sku);
      e.price = EUR(e.usual ?? e.price.amount, e.price.version + 1);
      publish('offer', { sku: m.sku, state: 'stopped', price: e.price });
    },
    'extra.add'({ t: _t, id: _id, ...d }) {
      mock.extra({ adds_units: 1, ...d });
      remember(() => hostActs['extra.end'](d));
    },
    'extra.end'({ sku }) {
      delete entry(sku).extra;
      publish('extra', { sku, state: 'ended' });
      changeAdd('extra_ended', sku);
    },
    notice: (m) => void mock.notice(m.text, m.level),
    'stock.allocate'(m) {
      stock[m.sku].allocated += m.units;
      moved(m.sku);
    },
    'stock.withdraw'(m) {
      if (free(m.sku) < m.units) return refusal('conflict', 'Not that many are free');
      stock[m.sku].allocated -= m.units;
      moved(m.sku);
    },
    'stock.stop': (m) => void mock.skuState(m.sku, 'stopped', m.reason),
    'stock.open': (m) => void mock.skuState(m.sku, 'open'),
    recall(m) {
      const d = { sku: m.sku, recall: m.holds ?? 'cancel', affected: mock.affected(m.sku) };
      mock.recall(m.sku, d.recall, m.text);
      return { t: 'ok', seq: log.length, d };
    },
    start(m) {
      const p = preflight();
      if (!p.go && !m.force) return refusal('preflight_failed', 'Not ready', { problems: p.problems });
      stateSet('live');
    },
    pause: () => stateSet('paused'),
    resume: () => stateSet('live'),
    end: () => stateSet('ended'),
    undo() {
      if (!undo || undo.until < Date.now()) return refusal('conflict', 'Too late to undo');
      const { back } = undo;
      back();
      undo = null;
    },
    'run.load'(m) {
      if (!Array.isArray(m.cues)) return refusal('bad_request', 'cues is not a list', { field: 'cues' });
      const bad = m.cues.findIndex((c) => !c.id || !c.title);
      if (bad >= 0) return refusal('bad_request', 'A cue needs an id and a title', { field: `cues[${bad}]` });
      cues = m.cues;
      index = -1;
      publish('shelf', { shelf, pins: Object.values(pins), run_of_show: cues, cue_index: index, preflight: preflight() });
    },
    preflight: () => ({ t: 'preflight', d: preflight() }),
  };

  function received(c, m) {
    heard.push({ ...m, viewer: c.viewer });
    mock.onmessage?.(c, m);
    if (m.t === 'hello') return hello(c, m);
    if (!c.role) return c.ws.close(4401);
    if (mock.mute?.(m, c)) return;
    const act = acts[m.t] ?? (c.role === 'host' ? hostActs[m.t] && ((who, x) => hostActs[x.t](x, who) ?? { t: 'ok', seq: log.length }) : null);
    const answer = mock.answer?.(m, c) ?? (act ? act(c, m) : refusal('forbidden', 'Not for this role'));
    send(c, { re: m.id, ...answer });
  }

  function hello(c, m) {
    let claims = {};
    try {
      claims = JSON.parse(Buffer.from(m.token.split('.')[1], 'base64url').toString());
    } catch { /* answered below */ }
    if (!claims.role) {
      send(c, { t: 'error', re: m.id, d: { code: 'unauthenticated', title: 'The token is not valid', detail: 'The token is not valid.' } });
      return c.ws.close(4401);
    }
    if (claims.broadcast !== c.broadcast) return c.ws.close(4403);
    c.role = claims.role;
    c.sub = claims.sub ?? '';
    c.viewer = claims.sub ?? m.viewer_key?.split('.')[0] ?? `v_${Math.random().toString(36).slice(2, 9)}`;
    const recovered = !!m.resume && m.resume.epoch === epoch && m.resume.seq <= log.length && m.resume.seq >= lost;
    send(c, { t: 'welcome', re: m.id, role: c.role, viewer: c.viewer, ...(claims.sub ? {} : { viewer_key: `${c.viewer}.k` }), broadcast: b.id, epoch, seq: log.length, server_ms: Date.now(), recovered, heartbeat_ms });
    if (c.role === 'logistics') return send(c, { t: 'volumes', d: volumes() });
    if (recovered) {
      for (const e of log.slice(m.resume.seq)) send(c, forRole(e, c.role));
      send(c, { t: 'hold_clock', d: { ...clock } });
    }
    else snapshot(c);
    mock.onwelcome?.(c);
  }

  /* ---- what a test or the show does -------------------------------------------------------------------------------- */

  Object.assign(mock, {
    publish, moved, cueGo, pin, stateSet, holdEnd, send, each, volumes, volumesTell, countsTell, pointAdd, stampAdd, orderAdd: () => orders++,
    /* A bundle or a freebie of the host's: {kind, sku, adds, adds_units, first_orders, text}. */
    extra(d) {
      const { sku, ...extra } = d;
      entry(sku).extra = extra;
      publish('extra', { sku, state: 'started', ...extra });
      const first = d.first_orders ? `First ${d.first_orders} orders` : 'Every order', adds = entry(d.adds)?.title ?? d.adds;
      changeAdd(d.kind, sku, { ...d, text: `${first} with ${entry(sku).title}${d.kind === 'bundle' ? ', for each of them' : ''}: ${adds ? `add ${d.adds_units} x ${adds} (${d.text})` : d.text}` });
    },
    drop: () => conns.forEach((c) => c.ws.drop()),
    closeAll: (code, reason) => conns.forEach((c) => c.ws.close(code, reason)),
    forget: () => (lost = log.length + 1),                /* the next resume gets a snapshot */
    newEpoch: () => (epoch = `e${Number(epoch.slice(1)) + 1}`),
    price(sku, amount) {
      const e = entry(sku);
      const was = e.price;
      e.price = EUR(amount, e.price.version + 1);
      for (const p of Object.values(pins)) if (p.sku === sku) p.price = e.price;
      publish('price', { sku, price: e.price });
      changeAdd('price', sku, { was, now: e.price });
    },
    offer(sku, amount, for_ms) {
      const e = entry(sku);
      e.usual ??= e.price.amount;
      e.price = EUR(amount, e.price.version + 1);
      for (const p of Object.values(pins)) if (p.sku === sku) p.price = e.price;
      publish('offer', { sku, state: 'started', price: e.price, ends_ms: Date.now() + for_ms });
      changeAdd('offer', sku, { was: EUR(e.usual), now: e.price });
    },
    ask: (sku, amount, by, kind = 'price') => approvalAsk({ sku, amount, for_ms: kind === 'offer' ? 60_000 : 0 }, kind, by),
    lag(d) {
      lag = d;
      each((c) => c.role === 'host' && send(c, { t: 'lag', d }));
    },
    health(change) {
      Object.assign(health, change);
      healthTell();
    },
    affected(sku) {
      const with_ = (state) => [...holds.values()].filter((h) => h.d.state === state && h.d.lines.some((l) => l.sku === sku));
      const units = (list) => list.flatMap((h) => h.d.lines).filter((l) => l.sku === sku).reduce((n, l) => n + l.qty, 0);
      return { holds: with_('held').length, units_held: units(with_('held')), orders: with_('confirmed').length, units_sold: units(with_('confirmed')) };
    },
    recall(sku, mode, text = '') {
      stock[sku].recall = mode;
      mock.skuState(sku, 'recalled');
      for (const [slot, p] of Object.entries(pins)) if (p.sku === sku) hostActs['pin.clear']({ slot: Number(slot) });
      if (text) mock.notice(text, 'recall');
      if (mode !== 'cancel') return;
      for (const [id, h] of holds) if (h.d.state === 'held' && h.d.lines.some((l) => l.sku === sku)) holdEnd(id, 'released');
    },
    notice(text, level = 'info') {
      notice = text ? { id: `n${log.length}`, text, level, ms: Date.now() } : null;
      publish('notice', { id: `n${log.length}`, text, level });
    },
    skuState(sku, state, reason = '') {
      entry(sku).state = state;
      publish('sku', { sku, state, reason });
      changeAdd({ open: 'opened' }[state] ?? state, sku, { text: state === 'recalled' ? `Recall: stop packing ${entry(sku).title}` : `Sale of ${entry(sku).title} ${state === 'open' ? 'goes on' : 'stopped'}${reason ? ` (${reason})` : ''}` });
      moved(sku);
    },
    sell(sku, n = 1) {
      stock[sku].sold += Math.min(n, free(sku));
      orders += 1;
      moved(sku);
    },
    holdOthers(sku, n = 1) {
      for (let i = 0; i < n && free(sku) > 0; i++) holdMake(`h_other${ver}${sku}${i}`, 'v_other', [{ sku, qty: 1 }]);
      moved(sku);
    },
    refuseSome(sku, n) {
      stock[sku].attempts += n;
      stock[sku].refused += n;
      moved(sku);
    },
    others: () => [...holds.values()].filter((h) => h.viewer === 'v_other' && h.d.state === 'held').map((h) => h.d.hold),
    seriesSet: (points, pinsAt = []) => {
      series.splice(0, series.length, ...points);
      marks.splice(0, marks.length, ...pinsAt);
    },
    link: (page, role = page === 'viewer' ? 'viewer' : page, more) => `http://127.0.0.1:${mock.port}/${page}/#token=${mockToken(role, more)}&broadcast=${b.id}`,
    close: () => new Promise((resolve) => {
      clearInterval(sweep);
      conns.forEach((c) => c.ws.drop());
      server.close(resolve);
      server.closeAllConnections?.();
    }),
  });

  /* ---- HTTP ------------------------------------------------------------------------------------------------------- */

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://x');
    const problem = (status, code, detail) => {
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: `https://liveshelf.example/errors/${code}`, title: detail, status, code, detail }));
    };
    if (mock.httpDown) return request.socket.destroy();
    if (mock.retry_after_ms && url.pathname.endsWith('/live')) {
      response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': String(Math.ceil(mock.retry_after_ms / 1000)) });
      return response.end(JSON.stringify({ status: 503, code: 'overloaded', title: 'Very busy', retry: true, retry_after_ms: mock.retry_after_ms }));
    }
    const recalled = url.pathname.match(/^\/v1\/broadcasts\/[^/]+\/recalls\/(.+)\.csv$/);
    if (recalled) {
      if (!/^Bearer ./.test(request.headers.authorization ?? '')) return problem(401, 'unauthenticated', 'A token is needed');
      response.writeHead(200, { 'content-type': 'text/csv' });
      return response.end(['hold,state,viewer,sku', ...[...holds].filter(([, h]) => h.d.lines.some((l) => l.sku === recalled[1])).map(([hold, h]) => `${hold},${h.d.state},${h.viewer},${recalled[1]}`)].join('\r\n'));
    }
    const estimates = url.pathname.match(/^\/v1\/broadcasts\/[^/]+\/estimates(\.csv|\/stream|\/stamps)?$/);
    if (estimates) {
      const token = request.headers.authorization?.match(/^Bearer [^.]*\.([^.]*)/)?.[1];
      if (!token) return problem(401, 'unauthenticated', 'A token is needed');
      if (mock.refuseEstimates) return problem(503, 'unavailable', mock.refuseEstimates);
      if (estimates[1] === '/stamps' && request.method === 'POST') {
        let body = '';
        for await (const part of request) body += part;
        mock.stampKey = request.headers['idempotency-key'];
        response.writeHead(201, { 'content-type': 'application/json' });
        return response.end(JSON.stringify(stampAdd(JSON.parse(body).note, JSON.parse(Buffer.from(token, 'base64url')).sub ?? '')));
      }
      if (estimates[1] === '.csv') {
        response.writeHead(200, { 'content-type': 'text/csv' });
        return response.end(['broadcast,sku,status,units', ...volumes().skus.map((s) => `${b.id},${s.sku},firm,${s.confirmed}`)].join('\r\n'));
      }
      if (!estimates[1]) return response.end(JSON.stringify(volumes()));
      const after = Number(request.headers['last-event-id']?.split('.')[0] ?? -1);
      mock.lastEventId = request.headers['last-event-id'] ?? '';
      const say = (points) => response.write(`event: volumes\nid: ${outlook.seq}.${log.length}.${Date.now()}-0\ndata: ${JSON.stringify(volumes(points))}\n\n`);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      mock.streams.add(response);
      say(after < 0 ? Infinity : Math.max(0, outlook.seq - after));
      let said = outlook.seq;
      const timer = setInterval(() => {
        say(outlook.seq - said);
        said = outlook.seq;
      }, 500);
      return void request.on('close', () => {
        clearInterval(timer);
        mock.streams.delete(response);
      });
    }
    if (url.pathname === '/demo/pay' && request.method === 'POST') {
      let body = '';
      for await (const part of request) body += part;
      const asked = JSON.parse(body);
      mock.paid = asked;
      const h = holds.get(asked.hold);
      if (!h) return problem(404, 'hold_unknown', 'There is no such hold.');
      if (h.d.state !== 'held' && h.d.state !== 'confirmed') return problem(410, 'hold_expired', 'The hold has ended. Nothing was charged.');
      holdEnd(asked.hold, 'confirmed');
      response.writeHead(200, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ hold: asked.hold, state: 'confirmed', order: 'demo-17', replayed: false }));
    }
    let file = path.normalize(path.join(WEB, url.pathname));
    if (!file.startsWith(WEB)) return problem(404, 'not_found', 'Not here');
    if (file.endsWith(path.sep)) file += 'index.html';
    try {
      if (!(await stat(file)).isFile()) throw new Error();
    } catch {
      return problem(404, 'not_found', 'Not here');
    }
    response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP, 'access-control-allow-origin': '*' });
    response.end(await readFile(file));
  });
  server.on('upgrade', (request, socket) => {
    const broadcast = request.url.match(/^\/v1\/broadcasts\/([^/]+)\/live$/)?.[1];
    if (!broadcast || mock.refuse === 'upgrade' || mock.retry_after_ms) return socket.destroy();
    const c = { ws: accept(request, socket, 'liveshelf.v1'), broadcast: decodeURIComponent(broadcast), role: '', viewer: '' };
    conns.add(c);
    c.ws.onmessage = (text) => received(c, JSON.parse(text));
    c.ws.onclose = () => conns.delete(c);
    if (typeof mock.refuse === 'number') c.ws.close(mock.refuse);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  mock.port = server.address().port;
  return mock;
}

/* ---- the show that goes on by itself ------------------------------------------------------------------------------- */

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const large = process.argv.includes('large');
  const mock = await createMock({ port: Number(process.argv[2] ?? 8099), ...(large ? { show: largeShow() } : {}) });
  pastMake(mock, { minutes: 34 });
  mock.cueGo(1);
  mock.pin(1, 'teapot');
  for (const page of ['viewer', 'host', 'logistics']) console.log(mock.link(page));
  goOn(mock);
}
