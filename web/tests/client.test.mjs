/* The client class on fake time and a fake socket: every wait is a step of the clock, nothing sleeps. */

import { webcrypto } from 'node:crypto';
import test from 'node:test';
import assert from 'node:assert/strict';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

globalThis.crypto ??= webcrypto; /* every browser has it, Node 18 hides it */

const bundle = await build({
  entryPoints: [fileURLToPath(new URL('../client/client.ts', import.meta.url))],
  bundle: true, format: 'esm', write: false, target: 'es2020',
});
const { LiveshelfClient } = await import('data:text/javascript;base64,' + Buffer.from(bundle.outputFiles[0].text).toString('base64'));

const START = 1_795_177_200_000;
const MUG = { sku: 'mug-red', title: 'Red mug', price: { amount: 990, currency: 'EUR', version: 2 }, image: '', url: '', limit: 2, state: 'open' };

function world(options = {}) {
  const w = { now: START, timers: [], sockets: [], store: new Map(options.store ?? []), serial: 0, asked: [], answer: null };
  class Socket {
    constructor(url, protocols) {
      Object.assign(this, { url, protocols, readyState: 0, sent: [] });
      w.sockets.push(this);
    }
    open() {
      this.readyState = 1;
      this.onopen?.();
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    say(message) {
      this.onmessage?.({ data: JSON.stringify(message) });
    }
    close() {
      this.readyState = 3;
    }
    end(code = 1006, reason = '') {
      this.readyState = 3;
      this.onclose?.({ code, reason });
    }
  }
  const env = {
    now: () => w.now,
    setTimeout: (f, ms) => {
      const timer = { at: w.now + ms, f, n: w.serial++ };
      w.timers.push(timer);
      return timer;
    },
    clearTimeout: (timer) => (w.timers = w.timers.filter((t) => t !== timer)),
    random: () => 0.5,
    WebSocket: Socket,
    fetch: options.fetch ?? (async (url, { headers }) => {
      w.asked.push({ url, headers });
      if (!w.answer) throw new TypeError('Failed to fetch');
      const [status, body, more = {}] = w.answer;
      return { status, headers: { get: (name) => more[name] ?? null }, json: async () => JSON.parse(body) };
    }),
    storage: { getItem: (k) => w.store.get(k) ?? null, setItem: (k, v) => w.store.set(k, v), removeItem: (k) => w.store.delete(k) },
  };
  w.run = (ms) => {
    const end = w.now + ms;
    for (;;) {
      const next = w.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.n - b.n)[0];
      if (!next) break;
      w.timers = w.timers.filter((t) => t !== next);
      w.now = Math.max(w.now, next.at);
      next.f();
    }
    w.now = end;
  };
  w.client = new LiveshelfClient({ broadcast: 'spring-drop', token: 'a.eyJzaG9wIjoiZGVtbyJ9.b', base: 'https://shows.example', env, ...options.client });
  w.socket = () => w.sockets[w.sockets.length - 1];
  w.last = (t) => w.socket().sent.filter((m) => m.t === t).pop();
  w.events = [];
  w.client.on('event', (e) => w.events.push(e.seq));
  /* Up to the snapshot at `seq`. */
  w.join = (seq = 10, d = {}) => {
    w.client.connect();
    w.socket().open();
    w.socket().say({ t: 'welcome', re: w.last('hello').id, role: 'viewer', viewer: 'v_1', viewer_key: 'v_1.k', epoch: 'e1', seq, server_ms: w.now, recovered: false, heartbeat_ms: 25_000 });
    w.socket().say({ t: 'snapshot', epoch: 'e1', seq, d: { broadcast: { id: 'spring-drop', title: 'T', state: 'live', hold_ms: 300_000 }, pins: [], shelf: [MUG], stock: { 'mug-red': { left: 7, state: 'low' } }, stock_ver: 5, cue: null, notice: null, my: { holds: [], waitlist: [] }, audience: 3, ...d } });
    return w;
  };
  w.back = (seq, recovered = true, epoch = 'e1') => {
    w.socket().open();
    w.socket().say({ t: 'welcome', re: w.last('hello').id, role: 'viewer', viewer: 'v_1', epoch, seq, server_ms: w.now, recovered, heartbeat_ms: 25_000 });
  };
  return w;
}

/* Every promise that could go on has. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const pinSet = (seq, sku, media_at_ms, slot = 0) => ({ t: 'pin.set', seq, ms: START, media_at_ms, d: { slot, sku, cue: '', title: sku, price: MUG.price, image: '', url: '', sponsored: false, text: '' } });
const hold = (id, more = {}) => ({ hold: id, state: 'held', expires_ms: START + 300_000, extends_left: 2, lines: [{ sku: 'mug-red', qty: 1, price: MUG.price }], total: { amount: 990, currency: 'EUR' }, checkout_url: '/checkout/', ...more });

test('hello carries the token, and the viewer key of before', () => {
  const w = world().join();
  assert.equal(w.socket().url, 'wss://shows.example/v1/broadcasts/spring-drop/live');
  assert.deepEqual(w.socket().protocols, ['liveshelf.v1']);
  assert.equal(w.last('hello').viewer_key, undefined);
  const again = world({ store: w.store });
  again.client.connect();
  again.socket().open();
  assert.equal(again.last('hello').viewer_key, 'v_1.k');
  assert.equal(again.last('hello').resume, undefined);
});

test('each node counts the versions of its values itself: after a resume a smaller one is news', () => {
  const w = world().join(10);
  w.socket().say({ t: 'stock', ver: 4, d: { 'mug-red': { left: 3, state: 'low' } } });
  assert.equal(w.client.state.stock['mug-red'].left, 7);
  w.socket().end();
  w.run(1000);
  w.back(10);
  w.socket().say({ t: 'stock', ver: 4, d: { 'mug-red': { left: 0, state: 'sold_out' } } });
  assert.equal(w.client.state.stock['mug-red'].state, 'sold_out');
});

test('a lost conn resumes after its last seq, without gap or duplicate', () => {
  const w = world().join(10);
  w.socket().say({ t: 'price', seq: 11, ms: START, d: { sku: 'mug-red', price: { amount: 890, currency: 'EUR', version: 3 } } });
  w.socket().end();
  assert.equal(w.client.connection.status, 'waiting');
  w.run(1000);
  w.back(13);
  assert.deepEqual(w.last('hello').resume, { epoch: 'e1', seq: 11 });
  w.socket().say({ t: 'none', seq: 12, ms: START, d: {} });
  w.socket().say({ t: 'notice', seq: 13, ms: START, d: { id: 'n', text: 'Hello', level: 'info' } });
  assert.deepEqual(w.events, [11, 12, 13]);
  assert.equal(w.client.seq, w.client.head);
  assert.equal(w.client.state.shelf[0].price.amount, 890);
  assert.equal(w.client.state.notice.text, 'Hello');
  assert.deepEqual([w.client.gaps, w.client.duplicates, w.client.resumes, w.client.snapshots], [0, 0, 1, 1]);
});

test('a duplicate is counted and not applied; a gap reconnects from the last good seq', () => {
  const w = world().join(10);
  w.socket().say({ t: 'notice', seq: 10, ms: START, d: { id: 'n', text: 'old', level: 'info' } });
  assert.equal(w.client.duplicates, 1);
  assert.equal(w.client.state.notice, null);
  w.socket().say({ t: 'notice', seq: 12, ms: START, d: { id: 'n', text: 'too early', level: 'info' } });
  assert.equal(w.client.gaps, 1);
  assert.equal(w.client.state.notice, null);
  w.run(1000);
  w.socket().open();
  assert.deepEqual(w.last('hello').resume, { epoch: 'e1', seq: 10 });
});

test('the same hole twice asks for the whole', () => {
  const w = world().join(10);
  w.socket().say({ t: 'none', seq: 12, d: {} });
  w.run(1000);
  w.back(12);
  w.socket().say({ t: 'none', seq: 12, d: {} });
  w.run(2000);
  w.socket().open();
  assert.equal(w.last('hello').resume, undefined);
});

test('another epoch is never resumed', () => {
  const w = world().join(10);
  w.socket().end();
  w.run(1000);
  w.back(3, true, 'e2');
  assert.equal(w.client.connection.status, 'waiting');
  w.run(2000);
  w.socket().open();
  assert.equal(w.last('hello').resume, undefined);
});

test('a reserve is repeated under the same id after a lost conn, and survives a reload', async () => {
  const w = world().join();
  const promise = w.client.reserve('mug-red');
  const first = w.last('reserve');
  assert.match(first.id, /^h_[A-Za-z0-9]{20}$/);
  assert.equal(first.seen_price, 2);
  assert.equal(JSON.parse(w.store.get('liveshelf.asking|https://shows.example|spring-drop'))[0].id, first.id);
  w.socket().end();
  w.run(1000);
  w.back(10);
  const second = w.last('reserve');
  assert.deepEqual(second, first);

  const reloaded = world({ store: w.store }).join();
  assert.equal(reloaded.last('reserve').id, first.id);

  w.socket().say({ t: 'hold', re: first.id, d: hold(first.id) });
  assert.equal((await promise).hold, first.id);
  assert.equal(w.client.state.holds[first.id].state, 'held');
  assert.equal(w.store.get('liveshelf.asking|https://shows.example|spring-drop'), undefined);
});

test('unavailable means not known: the same id again, until it is given up visibly', async () => {
  const w = world().join();
  const promise = w.client.reserve('mug-red');
  const ids = [];
  for (let i = 0; i < 3; i++) {
    ids.push(w.last('reserve').id);
    const before = w.socket().sent.length;
    w.socket().say({ t: 'error', re: ids[i], d: { code: 'unavailable', title: 'Try again', retry: true } });
    w.run(4500);
    assert.equal(w.socket().sent.slice(before).filter((m) => m.t === 'reserve').length > 0, true);
  }
  assert.equal(new Set(ids).size, 1);
  const refused = assert.rejects(promise, { code: 'unknown' });
  w.run(30_000);
  await refused;
  assert.deepEqual(w.client.asking, {});
});

test('silence on an open conn repeats the reserve', () => {
  const w = world().join();
  w.client.reserve('mug-red').catch(() => {});
  w.run(5001);
  const asked = w.socket().sent.filter((m) => m.t === 'reserve');
  assert.equal(asked.length, 2);
  assert.equal(asked[0].id, asked[1].id);
});

test('pins and cues wait for the picture, in order; stock and price do not', () => {
  let playing = START - 9000;
  const w = world({ client: { clock: () => playing } }).join(10);
  w.socket().say(pinSet(11, 'mug-red', START));
  w.socket().say({ t: 'cue', seq: 12, ms: START, media_at_ms: START + 500, d: { cue: 'c1', title: 'Red mug', text: 'x', sponsored: true } });
  w.socket().say({ t: 'price', seq: 13, ms: START, d: { sku: 'mug-red', price: { amount: 790, currency: 'EUR', version: 3 } } });
  w.socket().say({ t: 'stock', ver: 6, d: { 'mug-red': { left: 0, state: 'sold_out' } } });
  assert.deepEqual(w.client.state.pins, {});
  assert.equal(w.client.state.stock['mug-red'].state, 'sold_out');
  assert.equal(w.client.state.shelf[0].price.amount, 790);
  assert.equal(w.client.seq, 13);
  playing = START;
  w.run(250);
  assert.equal(w.client.state.pins[0].sku, 'mug-red');
  assert.equal(w.client.state.pins[0].price.amount, 790, 'the price of now, not of the pin');
  assert.equal(w.client.state.cue, null);
  playing = START + 600;
  w.run(500);
  assert.equal(w.client.state.cue.cue, 'c1');
});

test('without a clock, or with one far off, pins show at once', () => {
  const w = world().join(10);
  w.socket().say(pinSet(11, 'mug-red', START + 5000));
  assert.equal(w.client.state.pins[0].sku, 'mug-red');
  const off = world({ client: { clock: () => START - 90_000 } }).join(10);
  off.socket().say(pinSet(11, 'mug-red', START));
  assert.equal(off.client.state.pins[0].sku, 'mug-red');
});

test('a snapshot does not show a pin before the picture does', () => {
  let playing = START - 8000;
  const w = world({ client: { clock: () => playing } });
  const early = { ...pinSet(0, 'mug-red', START).d, media_at_ms: START, pinned_ms: START };
  w.join(10, { pins: [early] });
  assert.deepEqual(w.client.state.pins, {});
  playing = START + 1;
  w.run(300);
  assert.equal(w.client.state.pins[0].sku, 'mug-red');
});

test('stock goes by version', () => {
  const w = world().join();
  w.socket().say({ t: 'stock', ver: 7, d: { 'mug-red': { left: 3, state: 'low' } } });
  w.socket().say({ t: 'stock', ver: 7, d: { lamp: { left: 2, state: 'low' } } }); /* new on the shelf, and no stock moved */
  w.socket().say({ t: 'stock', ver: 6, d: { 'mug-red': { left: 5, state: 'low' } } });
  assert.equal(w.client.state.stock['mug-red'].left, 3);
  assert.equal(w.client.state.stock.lamp.left, 2);
});

test('how late the viewers see it is what was told last', () => {
  const w = world().join();
  assert.equal(w.client.state.lag, null);
  w.socket().say({ t: 'lag', d: { viewers: 3, p50_ms: 6250, p95_ms: 14_000 } });
  assert.equal(w.client.state.lag.p95_ms, 14_000);
  w.socket().say({ t: 'lag', d: null });
  assert.equal(w.client.state.lag, null);
});

test('price_changed refuses and shows the new price', async () => {
  const w = world().join();
  const promise = w.client.reserve('mug-red');
  w.socket().say({ t: 'error', re: w.last('reserve').id, d: { code: 'price_changed', title: 'x', price: { amount: 1090, currency: 'EUR', version: 3 } } });
  await assert.rejects(promise, { code: 'price_changed' });
  assert.equal(w.client.state.shelf[0].price.amount, 1090);
  w.client.reserve('mug-red').catch(() => {});
  assert.equal(w.last('reserve').seen_price, 3);
});

test('4401 and 4403 end it; a new token begins again', () => {
  const w = world().join();
  w.socket().end(4401);
  assert.equal(w.client.connection.status, 'refused');
  w.run(60_000);
  assert.equal(w.sockets.length, 1);
  w.client.setToken('b.eyJzaG9wIjoiZGVtbyJ9.c');
  w.socket().open();
  assert.equal(w.last('hello').token, 'b.eyJzaG9wIjoiZGVtbyJ9.c');
});

test('1013 waits longer, reconnect moves when told', () => {
  const w = world().join();
  w.socket().end(1013);
  assert.equal(w.client.connection.reason, 'busy');
  w.run(4999);
  assert.equal(w.sockets.length, 1);
  w.run(5000);
  assert.equal(w.sockets.length, 2);
  w.back(10);
  w.socket().say({ t: 'reconnect', after_ms: 200, jitter_ms: 5000 });
  w.socket().end(1001);
  w.run(2600);
  assert.equal(w.sockets.length, 2);
  w.run(200);
  assert.equal(w.sockets.length, 3);
});

test('back-off has full jitter and grows', async () => {
  const w = world().join();
  const waits = [];
  for (let i = 0; i < 5; i++) {
    w.socket().end();
    waits.push(w.client.connection.retry_ms - w.now);
    await settled();
    w.run(waits[i]);
    assert.equal(w.sockets.length, i + 2);
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000]);
});

test('a socket that never opened is asked about, and the time it is told is kept', async () => {
  const w = world().join();
  w.socket().end();
  assert.equal(w.asked.length, 0);                     /* it had been open: nobody refused it */
  w.run(250);
  w.answer = [503, '{"code":"overloaded","detail":"Many.","retry_after_ms":4000}'];
  w.socket().end();
  await settled();
  assert.deepEqual(w.asked, [{ url: 'https://shows.example/v1/broadcasts/spring-drop/live', headers: {} }]);
  assert.deepEqual([w.client.connection.status, w.client.connection.reason, w.client.connection.retry_ms - w.now], ['waiting', 'busy', 4200]);
  w.client.nudge();                                    /* nobody gets past the line by looking at the page again */
  w.run(4199);
  assert.equal(w.sockets.length, 2);
  w.run(1);
  assert.equal(w.sockets.length, 3);
  w.answer = [429, '', { 'retry-after': '7' }];
  w.socket().end();
  await settled();
  assert.equal(w.client.connection.retry_ms - w.now, 7350);
  w.run(7350);
  w.back(10);
  assert.deepEqual([w.client.connection.status, w.client.connection.reason], ['open', '']);
});

test('when the door is open, or nobody answers, it waits as usual', async () => {
  const w = world().join();
  w.socket().end();
  w.run(250);
  w.answer = [426, '{"code":"bad_request"}'];
  w.socket().end();
  await settled();
  assert.equal(w.client.connection.reason, 'network');
  w.run(499);
  assert.equal(w.sockets.length, 2);
  w.run(1);
  assert.equal(w.sockets.length, 3);
  w.answer = [503, '<html>'];
  w.socket().end();
  await settled();
  w.run(1000);
  assert.equal(w.sockets.length, 4);
});

test('an answer that never comes, or comes too late, changes nothing', async () => {
  let late;
  const w = world({ fetch: () => new Promise((resolve) => (late = resolve)) }).join();
  w.socket().end();
  w.run(250);
  w.socket().end();
  await settled();
  w.run(3999);
  assert.equal(w.sockets.length, 2);
  w.run(1);
  assert.equal(w.sockets.length, 3);
  late({ status: 503, headers: { get: () => null }, json: async () => ({ retry_after_ms: 30_000 }) });
  await settled();
  assert.equal(w.client.connection.status, 'connecting');
  w.back(10);
  assert.equal(w.client.connection.status, 'open');
});

test('who runs the show asks with the token, and passes with a ticket, once', async () => {
  const host = 'a.' + Buffer.from('{"shop":"demo","role":"host"}').toString('base64url') + '.b';
  const w = world({ client: { token: host } }).join();
  w.socket().end();
  w.run(250);
  w.answer = [426, '{"ticket":"1.x"}'];
  w.socket().end();
  await settled();
  assert.equal(w.asked[0].headers.authorization, `Bearer ${host}`);
  w.run(250);
  assert.equal(w.socket().url, 'wss://shows.example/v1/broadcasts/spring-drop/live?ticket=1.x');
  w.answer = null;
  w.socket().end();
  await settled();
  w.run(1000);
  assert.equal(w.socket().url, 'wss://shows.example/v1/broadcasts/spring-drop/live');
});

test('silence: a ping after 2.5 heartbeats, and a new conn when it stays unanswered', () => {
  const w = world().join();
  w.run(62_500);
  assert.equal(w.last('ping').t, 'ping');
  w.socket().say({ t: 'pong', re: w.last('ping').id, server_ms: w.now });
  w.run(10_000);
  assert.equal(w.client.connection.status, 'open');
  w.run(58_000);
  assert.notEqual(w.client.connection.status, 'open');
});

test('no welcome in time is a lost conn', () => {
  const w = world();
  w.client.connect();
  w.socket().open();
  w.run(10_001);
  assert.notEqual(w.client.connection.status, 'open');
});

test('holds are asked for after a resume, and after an expiry nobody told us of', async () => {
  const w = world().join(10, { my: { holds: [hold('h_1', { expires_ms: START + 20_000 })], waitlist: [] } });
  w.socket().end();
  w.run(1000);
  w.back(10);
  const first = w.last('checkout');
  assert.equal(first.hold, 'h_1');
  w.socket().say({ t: 'hold', re: first.id, d: hold('h_1', { expires_ms: START + 20_000 }) });
  w.run(19_000);
  assert.equal(w.last('checkout').id, first.id);
  w.run(2_000);
  assert.notEqual(w.last('checkout').id, first.id);
});

test('an ended hold is learnt from the refusal', async () => {
  const w = world().join(10, { my: { holds: [hold('h_1')], waitlist: [] } });
  w.socket().end();
  w.run(1000);
  w.back(10);
  w.socket().say({ t: 'error', re: w.last('checkout').id, d: { code: 'hold_expired', title: 'Expired' } });
  await Promise.resolve();
  await new Promise((r) => setImmediate(r));
  assert.equal(w.client.state.holds.h_1.state, 'expired');
});

test('someone in line asks for a snapshot: an offer may have been made meanwhile', () => {
  const w = world().join(10, { my: { holds: [], waitlist: [{ sku: 'mug-red', state: 'joined', ahead: 1 }] } });
  w.socket().end();
  w.run(1000);
  w.socket().open();
  assert.equal(w.last('hello').resume, undefined);
});

const clock = (d) => ({ t: 'hold_clock', d });

test('a hold stands still while its clock does, and goes on exactly where it was', () => {
  const w = world().join(10, { hold_clock: { running: true, stood_ms: 4000 }, my: { holds: [hold('h_1', { stood_ms: 4000 })], waitlist: [] } });
  const left = () => w.client.holdLeft(w.client.state.holds.h_1);
  const listen = (ms) => {
    for (; ms > 0; ms -= 20_000) {
      w.run(Math.min(ms, 20_000));
      w.socket().say({ t: 'audience', d: { viewers: 3 } });
    }
  };
  w.run(10_000);
  w.socket().say(clock({ running: false, stood_ms: 4000, since_ms: START + 9_950 })); /* said 50 ms after it stopped */
  assert.equal(left(), 290_050);
  listen(400_000);
  assert.equal(left(), 290_050);
  assert.equal(w.last('checkout'), undefined);                                           /* nothing ended, so nothing is asked */
  w.socket().say(clock({ running: true, stood_ms: 4000 + 400_050 }));
  assert.equal(left(), 290_050);
  w.run(5_000);
  assert.equal(left(), 285_050);
  listen(284_000);
  assert.equal(w.last('checkout'), undefined);
  w.run(4_000);
  assert.equal(w.last('checkout').hold, 'h_1');
});

test('what is told of a hold in the middle of a pause, and after an absence, fits the same clock', () => {
  const w = world().join(10, { hold_clock: { running: true, stood_ms: 0 }, my: { holds: [hold('h_1', { stood_ms: 0 })], waitlist: [] } });
  const left = () => w.client.holdLeft(w.client.state.holds.h_1);
  w.socket().say(clock({ running: false, stood_ms: 0, since_ms: START }));
  w.run(30_000);
  w.socket().say({ t: 'hold', d: hold('h_1', { expires_ms: START + 330_000, stood_ms: 30_000 }) });
  assert.equal(left(), 300_000);
  w.socket().end();
  w.run(1_000);                                                                          /* away, and it goes on meanwhile */
  w.back(10);
  w.socket().say(clock({ running: true, stood_ms: 30_500 }));
  assert.equal(left(), 299_500);
});

test('a hold of a recalled product is asked for; one that is kept loses no time and is asked for now and then', () => {
  const w = world().join(10, { my: { holds: [hold('h_1', { stood_ms: 0 })], waitlist: [] } });
  w.socket().say({ t: 'sku', seq: 11, ms: START, d: { sku: 'mug-red', state: 'recalled', reason: '' } });
  w.run(4_000);
  const asked = () => w.socket().sent.filter((m) => m.t === 'checkout');
  assert.deepEqual(asked().map((m) => m.hold), ['h_1']);
  w.socket().say({ t: 'hold', re: asked()[0].id, d: hold('h_1', { stood_ms: 0, recall: 'keep', checkout_url: '' }) });
  w.run(29_000);
  assert.equal(asked().length, 1);
  w.run(2_000);
  assert.equal(asked().length, 2);
  w.socket().say({ t: 'error', re: asked()[1].id, d: { code: 'hold_released', title: 'x' } });
});

test('a hold that ended while away is told as what became of it', async () => {
  const w = world().join(10, { my: { holds: [hold('h_1', { stood_ms: 0 })], waitlist: [] } });
  const told = [];
  w.client.on('hold', (h) => told.push(h.state));
  w.socket().end();
  w.run(1000);
  w.back(10);
  w.socket().say({ t: 'error', re: w.last('checkout').id, d: { code: 'hold_released', title: 'x' } });
  await null;
  await null;
  assert.deepEqual(told, ['released']);
});

test('prices that wait for a second person', () => {
  const a = { approval: 'a11', state: 'asked', kind: 'price', sku: 'mug-red', price: { amount: 90, currency: 'EUR' }, for_ms: 0, asked_by: 'anna', until_ms: START + 600_000, reason: 'x' };
  const w = world().join(10, { approvals: [{ ...a, approval: 'a9' }] });
  w.socket().say({ t: 'approval', seq: 11, ms: START, d: a });
  assert.deepEqual(Object.keys(w.client.state.approvals), ['a9', 'a11']);
  w.socket().say({ t: 'approval', seq: 12, ms: START, d: { ...a, state: 'rejected' } });
  assert.deepEqual(Object.keys(w.client.state.approvals), ['a9']);
});

test('commands in flight fail at once when the conn is lost; a queued pin waits for the next', async () => {
  const w = world().join();
  const extend = w.client.extend('h_1');
  const pin = w.client.command('pin.set', { slot: 0, sku: 'mug-red' }, { resend: true });
  const failed = assert.rejects(extend, { code: 'disconnected' });
  w.socket().end();
  await failed;
  w.run(1000);
  w.back(10);
  assert.equal(w.last('pin.set').sku, 'mug-red');
  w.socket().say({ t: 'ok', re: w.last('pin.set').id, seq: 11 });
  assert.equal((await pin).seq, 11);
});

test('the playing time is told every ten seconds', () => {
  const w = world({ client: { clock: () => START - 9000 } }).join();
  w.run(20_001);
  assert.equal(w.socket().sent.filter((m) => m.t === 'clock').length, 2);
});

test('volumes: the first of a connection is the whole history, later ones add to it', () => {
  const w = world();
  w.client.connect();
  w.back(0, false);
  const body = (series) => ({ t: 'volumes', d: { skus: [], total: {}, pins: [], series } });
  w.socket().say(body([{ ms: 1, confirmed: 1, held: 0 }, { ms: 2, confirmed: 2, held: 0 }]));
  w.socket().say(body([{ ms: 2, confirmed: 2, held: 0 }, { ms: 3, confirmed: 3, held: 0 }]));
  assert.deepEqual(w.client.state.volumes.series.map((p) => p.ms), [1, 2, 3]);
});

test('volumes: what is left out stays as it was; fan points and changes are added once', () => {
  const w = world();
  w.client.connect();
  w.back(0, false);
  const body = (d) => ({ t: 'volumes', d: { skus: [], total: {}, pins: [], series: [], ...d } });
  const point = (ms) => ({ ms, firm: 1, q05: 1, q25: 1, q50: 1, q75: 1, q95: 1 });
  const change = (seq, kind, sku) => ({ seq, ms: seq, kind, sku });
  w.socket().say(body({ estimate: { seq: 1 }, fan: [point(1), point(2)], changes: [change(3, 'price', 'a')], stamps: [{ id: 's1' }], plan: { sites: [] }, last: null }));
  w.socket().say(body({ estimate: { seq: 2 }, fan: [point(2), point(3)], changes: [change(3, 'price', 'a'), change(3, 'price', 'b'), change(7, 'offer', 'a')] }));
  const v = w.client.state.volumes;
  assert.deepEqual(v.fan.map((p) => p.ms), [1, 2, 3]);
  assert.deepEqual(v.changes.map((c) => c.seq + c.sku), ['3a', '3b', '7a']);
  assert.equal(v.estimate.seq, 2);
  assert.deepEqual(v.stamps, [{ id: 's1' }]);
  w.socket().say(body({}));
  assert.equal(w.client.state.volumes.estimate.seq, 2);
});

test('volumes: a page that stays open for days keeps a bounded history, the newest of it whole', () => {
  const w = world();
  w.client.connect();
  w.back(0, false);
  const body = (from, to) => ({ t: 'volumes', d: { skus: [], total: {}, pins: [], series: Array.from({ length: to - from }, (_, i) => ({ ms: from + i + 1, confirmed: 0, held: 0 })) } });
  w.socket().say(body(0, 1000));
  for (let n = 1000; n < 20_000; n += 500) w.socket().say(body(n, n + 500));
  const { series } = w.client.state.volumes;
  assert.ok(series.length > 2000 && series.length <= 4500, `${series.length} points`);
  assert.deepEqual(series.slice(-3).map((p) => p.ms), [19_998, 19_999, 20_000]);
  assert.equal(series[0].ms, 1);
});
