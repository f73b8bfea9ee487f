/* The pages in a real browser against the mock. Every wait is for something to be seen or said; nothing sleeps. */

import test, { before, after, beforeEach, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createMock, mockToken, sampleShow } from '../mock/server.mjs';
import { browserOpen, SIZES } from './browser.mjs';

let browser, mock, context, faults;
before(async () => (browser = await browserOpen()));
after(() => browser?.close());
beforeEach(() => (faults = []));
afterEach(async () => {
  await context?.close();
  await mock?.close();
  assert.deepEqual(faults, []);
});

async function openPage(url, size = 'phone', options = {}) {
  context ??= null;
  context = await browser.newContext({ viewport: SIZES[size], locale: 'en-IE', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (e) => faults.push(e.message));
  page.on('console', (m) => /Content Security Policy|Uncaught/.test(m.text()) && faults.push(m.text()));
  await page.goto(url);
  return page;
}
const id = (page, name) => page.getByTestId(name);
const see = (page, name, text) => page.getByTestId(name).filter({ hasText: text }).first().waitFor();
const until = (page, condition, arg) => page.waitForFunction(condition, arg);
const sent = (t) => mock.heard.filter((m) => m.t === t);
/* The next command of this kind, as the mock hears it. */
const hears = (t) => new Promise((resolve, reject) => {
  const before = mock.onmessage;
  const late = setTimeout(() => reject(new Error(`no ${t} was heard`)), 15_000);
  mock.onmessage = (c, m) => {
    before?.(c, m);
    if (m.t !== t) return;
    clearTimeout(late);
    resolve(m);
  };
});

/* ---- viewer ----------------------------------------------------------------------------------------------------------- */

test('viewer: one tap holds, the button becomes the hold, paying confirms it', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await see(page, 'pin-card', 'Red mug');
  assert.equal(page.url().includes('token'), false);
  await see(page, 'disclosure', 'Advertisement');
  await see(page, 'stock-text', '40 left');
  await id(page, 'reserve-button').click();
  await see(page, 'countdown', /^(5:00|4:5\d)$/);
  await see(page, 'stock-text', '39 left');
  const [checkout] = await Promise.all([context.waitForEvent('page'), id(page, 'pay-link').click()]);
  await id(checkout, 'pay').click();
  await see(checkout, 'checkout-state', 'Paid');
  assert.equal(mock.paid.amount, 990);
  assert.equal(typeof mock.paid.expires_ms, 'number');
  await see(page, 'refusal', 'Paid. Red mug is yours.');
  await id(page, 'reserve-button').waitFor();
});

test('viewer: a reload keeps the session and the hold', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'reserve-button').click();
  await id(page, 'countdown').waitFor();
  await page.reload();
  await id(page, 'countdown').waitFor();
  assert.equal(mock.holds.size, 1);
});

test('viewer: a reserve lost with the connection is asked again under its id, and events go on without a gap', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'pin-card').waitFor();
  mock.mute = (m) => {
    if (m.t !== 'reserve') return false;
    mock.mute = null;
    mock.publish('none', {});
    mock.drop();
    mock.publish('none', {});
    return true;
  };
  await id(page, 'reserve-button').click();
  await id(page, 'countdown').waitFor();
  const asked = sent('reserve');
  assert.equal(asked.length, 2);
  assert.equal(asked[0].id, asked[1].id);
  await until(page, (seq) => window.liveshelf.seq === seq, mock.log.length);
  const counts = await page.evaluate(() => { const { gaps, duplicates, resumes, snapshots } = window.liveshelf; return { gaps, duplicates, resumes, snapshots }; });
  assert.deepEqual(counts, { gaps: 0, duplicates: 0, resumes: 1, snapshots: 1 });
});

test('viewer: a changed price is shown and asked again', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'pin-card').waitFor();
  mock.answer = (m) => {
    if (m.t !== 'reserve') return null;
    mock.answer = null;
    mock.shelf[0].price = { amount: 1090, currency: 'EUR', version: 2 };
    return { t: 'error', d: { code: 'price_changed', title: 'x', sku: 'mug-red', price: mock.shelf[0].price } };
  };
  await id(page, 'reserve-button').click();
  await see(page, 'refusal', '€10.90');
  assert.equal(mock.holds.size, 0);
  await id(page, 'reserve-button').filter({ hasText: 'Hold it at €10.90' }).click();
  await see(page, 'pay-link', '€10.90');
});

test('viewer: the card does not change under a finger', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await see(page, 'pin-card', 'Red mug');
  await id(page, 'reserve-button').hover();
  await page.mouse.down();
  mock.pin(0, 'lamp');
  await until(page, () => window.liveshelf.state.pins[0].sku === 'lamp');
  await page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))));
  assert.match(await id(page, 'pin-card').innerText(), /Red mug/);
  const reserve = hears('reserve');
  await page.mouse.up();
  assert.equal((await reserve).lines[0].sku, 'mug-red');
  await see(page, 'pin-card', 'Reading lamp');
});

test('viewer: in line for the last one, and it is your turn', async () => {
  mock = await createMock();
  mock.cueGo(5);
  mock.sell('lamp', 7);
  mock.holdOthers('lamp', 1);
  const page = await openPage(mock.link('viewer'));
  await see(page, 'stock-text', 'All on hold, may come back');
  await id(page, 'waitlist-button').click();
  await see(page, 'waitlist-button', 'In line');
  mock.holdEnd(mock.others()[0], 'released');
  await see(page, 'hold-state', 'Your turn!');
  await page.getByTestId('live-assertive').filter({ hasText: 'It is your turn' }).waitFor({ state: 'attached' });
  await see(page, 'countdown', /^(1:00|0:5\d)$/);
});

test('viewer: extend, give back, and time running out are told', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'reserve-button').click();
  await id(page, 'extend-button').click();
  await see(page, 'countdown', /^(6:00|5:5\d)$/);
  await id(page, 'release-button').click();
  await see(page, 'refusal', 'You gave Red mug back.');
  await id(page, 'reserve-button').click();
  await id(page, 'countdown').waitFor();
  const h = [...mock.holds.values()].find((x) => x.d.state === 'held');
  mock.holdEnd(h.d.hold, 'expired');
  await see(page, 'refusal', 'Time ran out.');
});

test('viewer: recall, pause and end in plain words; an empty notice takes it down', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'pin-card').waitFor();
  mock.skuState('mug-red', 'recalled');
  mock.notice('Do not use the red mug.', 'recall');
  await see(page, 'notice', 'Do not use the red mug.');
  await see(page, 'reserve-button', 'Recalled');
  mock.notice('', 'recall');
  await id(page, 'notice').waitFor({ state: 'hidden' });
  mock.stateSet('paused');
  await see(page, 'state-banner', 'Short pause');
  mock.stateSet('ended');
  await see(page, 'state-banner', 'The show has ended');
});

test('viewer: reconnecting is said, 4401 ends with a way back', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'pin-card').waitFor();
  mock.refuse = 'upgrade';
  mock.drop();
  await see(page, 'state-banner', 'Reconnecting');
  mock.refuse = 4401;
  await page.evaluate(() => window.liveshelf.nudge());
  await see(page, 'state-banner', 'has run out or is not valid');
});

test('viewer: in a storm of joins the page says when its turn is, and keeps to it', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'pin-card').waitFor();
  mock.retry_after_ms = 3000;
  mock.drop();
  await see(page, 'state-banner', /Many are coming in. Your turn is in about \d s./);
  await id(page, 'live-polite').filter({ hasText: 'Many are coming in' }).waitFor({ state: 'attached' });
  mock.retry_after_ms = 0;
  await page.evaluate(() => window.liveshelf.nudge()); /* does not help */
  assert.equal(await page.evaluate(() => window.liveshelf.connection.status), 'waiting');
  await id(page, 'state-banner').waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => window.liveshelf.connection.status), 'open');
  await id(page, 'live-polite').filter({ hasNotText: 'coming in' }).waitFor({ state: 'attached' }); /* nor is it left for a screen reader */
});

test('viewer: hls.js comes only with a video, and the shop goes on without the picture', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'pin-card').waitFor();
  const loaded = () => page.evaluate(() => performance.getEntriesByType('resource').filter((r) => /assets\/hls-/.test(r.name)).length);
  assert.equal(await loaded(), 0);
  const chunk = page.waitForResponse((r) => /assets\/hls-/.test(r.url()));
  const asked = page.waitForRequest((r) => r.url().endsWith('.m3u8'));
  mock.publish('details', { video: { url: `http://127.0.0.1:${mock.port}/none.m3u8`, still: '' } });
  await chunk;
  await asked;
  await page.getByText('The picture is not here right now').waitFor();
  await id(page, 'reserve-button').click();
  await id(page, 'countdown').waitFor();
});

test('viewer: the shelf opens, holds from there, and closes with Escape giving focus back', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'shelf-open').click();
  await id(page, 'shelf-row-scarf').getByTestId('row-reserve-button').click();
  await id(page, 'shelf-row-scarf').getByTestId('row-countdown').waitFor();
  await page.keyboard.press('Escape');
  await id(page, 'shelf').waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => document.querySelector('live-shelf').shadowRoot.activeElement?.dataset.testid), 'shelf-open');
  await see(page, 'my-holds', 'Lambswool scarf');
});

test('viewer: nothing is wider than the screen, targets are 44 px, at 360 px and at twice the size', async () => {
  mock = await createMock();
  mock.cueGo(1);
  mock.pin(1, 'teapot');
  for (const viewport of [{ width: 360, height: 640 }, { width: 320, height: 568 }, { width: 720, height: 450 }]) {
    await context?.close();
    const page = await openPage(mock.link('viewer'), 'phone', { viewport });
    await id(page, 'reserve-button').click();
    await id(page, 'countdown').waitFor();
    await id(page, 'release-button').click();
    await id(page, 'reserve-button').waitFor();
    const small = await page.evaluate(() => [...document.querySelector('live-shelf').shadowRoot.querySelectorAll('button, a.button, select')]
      .filter((e) => e.checkVisibility()).map((e) => [e.dataset.testid, e.getBoundingClientRect()]).filter(([, r]) => r.height < 44 || r.width < 44).map(([n]) => n));
    assert.deepEqual(small, []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  }
});

test('the element on a shop’s own page: another origin, events bubble, a shop can keep its own checkout', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const shop = createServer((_q, r) => {
    r.writeHead(200, { 'content-type': 'text/html' });
    r.end(`<!doctype html><style>button{display:none}</style><script type="module" src="http://127.0.0.1:${mock.port}/client/live-shelf.js"></script>
      <live-shelf broadcast="spring-drop" token="${mockToken('viewer')}" style="height:600px"></live-shelf>
      <script>window.seen=[];for(const n of ['pin','stock','hold','state','snapshot'])document.addEventListener('liveshelf:'+n,e=>seen.push(n));
      document.addEventListener('liveshelf:checkout',e=>{e.preventDefault();window.paying=e.detail.hold})</script>`);
  });
  await new Promise((r) => shop.listen(0, '127.0.0.1', r));
  try {
    const page = await openPage(`http://localhost:${shop.address().port}/`, 'desk');
    await see(page, 'pin-card', 'Red mug');
    const hold = await page.evaluate(() => document.querySelector('live-shelf').reserve('scarf', { qty: 2 }).then((h) => h.total.amount));
    assert.equal(hold, 9800);
    await id(page, 'reserve-button').click();
    await id(page, 'pay-link').click();
    await until(page, () => window.paying);
    assert.equal(context.pages().length, 1);
    await until(page, () => ['snapshot', 'hold', 'stock'].every((n) => window.seen.includes(n)));
  } finally {
    shop.close();
    shop.closeAllConnections?.();
  }
});

/* ---- host ------------------------------------------------------------------------------------------------------------- */

test('host: go/no-go names each problem, start needs a second step, then NEXT, ticks and UNDO', async () => {
  mock = await createMock({ state: 'scheduled' });
  mock.stock.lamp.allocated = 3;
  const page = await openPage(mock.link('host'));
  await id(page, 'start').click();
  await see(page, 'verdict', 'NO-GO');
  await see(page, 'problem-allocation_short', '8 planned, 3 allocated');
  await id(page, 'start-force').click();
  assert.equal(mock.b.state, 'scheduled');
  await id(page, 'start-force-confirm').click();
  await see(page, 'state', 'LIVE');
  assert.equal(sent('start')[0].force, true);
  await id(page, 'next').click();
  await see(page, 'cue-title', 'Welcome');
  await id(page, 'next').click();
  await see(page, 'cue-title', 'Red mug');
  await see(page, 'stock-number', '40');
  await id(page, 'must-say-1').click();
  await page.locator('[data-testid="must-say-1"][aria-pressed="true"]').waitFor();
  assert.deepEqual(sent('cue.done')[0].must_say, [false, true, false]);
  await id(page, 'next').click();
  await see(page, 'cue-title', 'Blue mug');
  await see(page, 'undo', /UNDO \d/);
  await id(page, 'undo').click();
  await see(page, 'cue-title', 'Red mug');
});

test('host: sold out is said large; stop sale is one step; end is two', async () => {
  mock = await createMock();
  mock.cueGo(5);
  const page = await openPage(mock.link('host'));
  await see(page, 'stock-number', '8');
  mock.sell('lamp', 8);
  await see(page, 'stock-number', 'SOLD OUT');
  await id(page, 'stop-sale').click();
  await see(page, 'stock-number', 'SALE STOPPED');
  await id(page, 'pause').click();
  await see(page, 'state', 'PAUSED');
  await id(page, 'resume').click();
  await see(page, 'state', 'LIVE');
  await id(page, 'menu').click();
  await id(page, 'end').click();
  assert.equal(mock.b.state, 'live');
  await id(page, 'end-confirm').click();
  await see(page, 'state', 'ENDED');
});

test('host: keys; a brush of the space bar does nothing while live', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('host'), 'desk');
  await see(page, 'cue-title', 'Red mug');
  await page.keyboard.press(' ');
  await page.keyboard.press('2');
  await see(page, 'slot-2', 'Red mug');
  assert.equal(sent('cue.next').length, 0);
  const next = hears('cue.next');
  await page.keyboard.down(' ');
  await next;
  await page.keyboard.up(' ');
  await see(page, 'cue-title', 'Blue mug');
  await page.keyboard.press('u');
  await see(page, 'cue-title', 'Red mug');
  await page.keyboard.press('2');
  await page.keyboard.press('Backspace');
  await see(page, 'slot-2', 'Pin here');
  await page.keyboard.press('?');
  await id(page, 'help-sheet').waitFor();
  await page.keyboard.press('Escape');
  await id(page, 'help-sheet').waitFor({ state: 'hidden' }); /* until then Escape is the sheet's */
  const stop = hears('stock.stop');
  await page.keyboard.down('Shift');
  await page.keyboard.down('Escape');
  assert.equal((await stop).sku, 'mug-red');
});

test('host: while the connection is lost only pins wait, and are shown as pending', async () => {
  mock = await createMock();
  mock.cueGo(2);
  const page = await openPage(mock.link('host'), 'desk');
  await see(page, 'cue-title', 'Blue mug');
  mock.refuse = 'upgrade';
  mock.drop();
  await see(page, 'state-banner', 'Connection lost');
  assert.match(await id(page, 'script-text').innerText(), /cobalt/);
  assert.equal(await id(page, 'next').isDisabled(), true);
  await page.keyboard.press('3');
  await see(page, 'slot-3', 'pending');
  mock.refuse = null;
  await page.evaluate(() => window.liveshelf.nudge());
  await see(page, 'slot-3', '€9.90');
  assert.equal(mock.log[mock.log.length - 1].t, 'pin.set');
});

test('host: how much later the viewers see it is told when somebody says it', async () => {
  mock = await createMock();
  mock.cueGo(1);
  mock.lag({ viewers: 380, p50_ms: 6250, p95_ms: 14_000 });
  const page = await openPage(mock.link('host'), 'desk');
  await see(page, 'lag', 'Viewers see it 6 s later, most within 14 s');
  mock.lag({ viewers: 380, p50_ms: 3500, p95_ms: 3750 });
  await see(page, 'lag', 'Viewers see it 4 s later');
  await until(page, () => !document.querySelector('[data-testid="lag"]').textContent.includes('most'));
  mock.lag({ viewers: 380, p50_ms: 8000, p95_ms: 272_000 });
  await see(page, 'lag', 'Viewers see it 8 s later, most within 5 min');
  mock.lag(null);
  await until(page, () => !document.querySelector('[data-testid="lag"]'));
});

test('host: selling unavailable, conflict, demand and counts are told', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('host'), 'desk');
  await see(page, 'cue-title', 'Red mug');
  mock.health({ selling: 'unavailable', why: 'The stock cannot be reached.' });
  await see(page, 'selling', 'Selling is paused');
  await see(page, 'selling-why', 'The stock cannot be reached.');
  mock.health({ selling: 'stopped', why: 'The books of the stock do not add up.' });
  await see(page, 'selling', 'Selling is stopped. The books of the stock do not add up.');
  mock.health({ selling: 'ok', why: '', sync_delay_ms: { last: 45_000, p95: 70_000 } });
  await until(page, () => !document.querySelector('[data-testid="selling"]'));
  await see(page, 'sync-delay', 'was 45 s old when it came; 19 of 20 are at most 70 s');
  mock.stock.lamp.buffer = 3;
  mock.moved('lamp');
  await page.locator('[data-testid="goods-lamp"] [data-col="available"]').filter({ hasText: '5' }).waitFor();
  await see(page, 'buffer-lamp', '3 kept back');
  await see(page, 'sync-delay', '3 units are kept back for that');
  mock.refuseSome('mug-red', 8);
  await page.locator('[data-testid="goods-mug-red"] [data-col="refused"]').filter({ hasText: '8' }).waitFor();
  mock.holdOthers('mug-red', 3);
  await page.locator('[data-testid="goods-mug-red"] [data-col="held"]').filter({ hasText: '3' }).waitFor();
  mock.answer = (m) => m.t === 'cue.next' && { t: 'error', d: { code: 'conflict', title: 'Maya pinned the bag 1 s ago.' } };
  await id(page, 'next').click();
  await see(page, 'toasts', 'Maya pinned the bag 1 s ago. Look, and press again');
});

test('host: price, notice, units and a run of show', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('host'), 'desk');
  await page.locator('[data-testid="goods-teapot"] td:first-child button').click();
  await id(page, 'price-input').fill('29,50');
  await id(page, 'price-set').click();
  await see(page, 'product', '€29.50');
  await id(page, 'units-input').fill('5');
  await id(page, 'allocate').click();
  await page.locator('[data-testid="goods-teapot"] [data-col="available"]').filter({ hasText: '17' }).waitFor();
  await id(page, 'notice-open').click();
  await id(page, 'notice-text').fill('Back in a minute');
  await id(page, 'notice-send').click();
  await see(page, 'notice', 'Back in a minute');
  await id(page, 'load-open').first().click();
  await id(page, 'load-text').fill('{"cues":[{"title":"no id"}]}');
  await id(page, 'load-go').click();
  await see(page, 'load-problem', 'cues[0]');
  await id(page, 'load-text').fill(JSON.stringify({ cues: sampleShow().cues.slice(0, 2) }));
  await id(page, 'load-go').click();
  await id(page, 'cue-c2').waitFor({ state: 'detached' });
});

test('host: promises something in two taps, viewers read it, and it is taken back, ended and recalled', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const desk = await openPage(mock.link('host'), 'desk');
  const viewer = await context.newPage();
  await viewer.goto(mock.link('viewer'));
  await id(desk, 'promise-mug-red').click();
  await id(desk, 'extra-add').click();
  await see(desk, 'extra-mug-red', '+ a free gift');
  await see(viewer, 'extra', 'With it: a free gift');
  await id(desk, 'undo').click();
  await id(desk, 'extra-mug-red').waitFor({ state: 'detached' });
  await id(viewer, 'extra').first().waitFor({ state: 'hidden' });
  await id(desk, 'promise-mug-red').click();
  await id(desk, 'extra-text').fill('a sticker with every mug');
  await id(desk, 'extra-adds').fill('mug-blue');
  await id(desk, 'extra-first').fill('50');
  await id(desk, 'extra-kind').selectOption('bundle');
  const asked = hears('extra.add');
  await id(desk, 'extra-add').click();
  const { id: _id, ...said } = await asked;
  assert.deepEqual(said, { t: 'extra.add', sku: 'mug-red', kind: 'bundle', text: 'a sticker with every mug', first_orders: 50, adds: 'mug-blue' });
  await see(viewer, 'extra', 'With it: a sticker with every mug (first 50 orders)');
  mock.forget();
  mock.drop();
  await viewer.reload();
  await see(viewer, 'extra', 'With it: a sticker with every mug (first 50 orders)');
  await id(desk, 'promise-mug-red').click();
  await id(desk, 'extra-end').click();
  await id(viewer, 'extra').first().waitFor({ state: 'hidden' });
  mock.extra({ sku: 'mug-red', kind: 'freebie', adds: 'mug-blue', adds_units: 1, text: 'a blue one' });
  await see(viewer, 'extra', 'a blue one');
  mock.skuState('mug-blue', 'recalled');
  await id(viewer, 'extra').first().waitFor({ state: 'hidden' });
  await id(desk, 'extra-mug-red').waitFor({ state: 'detached' });
});

/* ---- checkout --------------------------------------------------------------------------------------------------------- */

test('checkout: an ended hold says that nothing was charged', async () => {
  mock = await createMock();
  const page = await openPage(`http://127.0.0.1:${mock.port}/checkout/?hold=h_gone&shop=demo&amount=990&currency=EUR&expires_ms=${Date.now() + 60_000}&sig=s`);
  await id(page, 'pay').click();
  await see(page, 'checkout-state', 'There is no such hold');
  await id(page, 'pay').waitFor({ state: 'hidden' });
});

/* ---- pauses, recalls, and prices that need a second person ------------------------------------------------------------ */

test('viewer: in a pause the countdown stands still and says so, and goes on exactly after', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'reserve-button').click();
  await id(page, 'countdown').waitFor();
  mock.stateSet('paused');
  await see(page, 'hold-still', 'Your time stands still while the show is paused');
  await page.getByTestId('live-polite').filter({ hasText: 'Your time stands still' }).waitFor({ state: 'attached' });
  const left = () => page.evaluate(() => Math.round(window.liveshelf.holdLeft(Object.values(window.liveshelf.state.holds)[0])));
  const before = await left();
  const shown = await id(page, 'countdown').innerText();
  /* As if an hour went by at the server's and here: the clock says so. */
  await page.evaluate(() => { const now = Date.now; Date.now = () => now() + 3_600_000; });
  assert.ok(Math.abs((await left()) - before) < 5);
  await page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))));
  assert.equal(await id(page, 'countdown').innerText(), shown);
  assert.equal(sent('checkout').length, 0);
  await id(page, 'pay-link').waitFor();                    /* what is held can be paid all the same */
  await page.reload();
  await see(page, 'hold-still', 'Your time stands still');
  mock.stateSet('live');
  await until(page, () => document.querySelector('live-shelf').shadowRoot.querySelector('[data-testid="hold-still"]').hidden);
  assert.ok(Math.abs((await left()) - before) < 1_500);
});

test('viewer: a recall takes the reservation, and says that nothing was charged', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'reserve-button').click();
  await id(page, 'countdown').waitFor();
  mock.pin(1, 'teapot');
  mock.recall('mug-red', 'cancel', 'Do not use the red mug.');
  await page.getByTestId('live-assertive').filter({ hasText: 'This product was recalled; your reservation was cancelled and nothing was charged' }).waitFor({ state: 'attached' });
  await id(page, 'shelf-open').click();
  await page.locator('[data-testid="shelf-row-mug-red"]').getByText('nothing was charged').waitFor();
});

test('viewer: the reservation goes before the recall is told, and is explained all the same', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'reserve-button').click();
  await id(page, 'countdown').waitFor();
  mock.holdEnd([...mock.holds.keys()][0], 'released');
  await see(page, 'refusal', 'Red mug was given back.');
  mock.skuState('mug-red', 'recalled');
  await see(page, 'refusal', 'your reservation was cancelled and nothing was charged');
});

test('viewer: a recalled product that is kept waits without a payment', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'reserve-button').click();
  await id(page, 'countdown').waitFor();
  mock.recall('mug-red', 'keep', 'We are looking into the red mug.');
  mock.pin(0, 'mug-red');
  await see(page, 'hold-still', 'It stays reserved for you while the shop decides');
  await until(page, () => document.querySelector('live-shelf').shadowRoot.querySelector('[data-testid="pay-link"]').hidden);
});

test('viewer: a release in one tab is heard in the other', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const page = await openPage(mock.link('viewer'));
  await id(page, 'reserve-button').click();
  await id(page, 'countdown').waitFor();
  const other = await context.newPage();
  await other.goto(mock.link('viewer'));
  await id(other, 'countdown').waitFor();
  await id(page, 'release-button').click();
  await see(page, 'refusal', 'You gave Red mug back.');
  await see(other, 'refusal', 'Red mug was given back.');
  await id(other, 'reserve-button').waitFor();
});

for (const size of ['phone', 'desk']) {
  test(`host: a recall with its choice, the numbers, and the list (${size})`, async () => {
    mock = await createMock();
    mock.cueGo(1);
    mock.holdOthers('mug-red', 3);
    mock.holdEnd(mock.others()[0], 'confirmed');
    const page = await openPage(mock.link('host'), size, { acceptDownloads: true });
    await see(page, 'cue-title', 'Red mug');
    if (size === 'phone') {
      await id(page, 'menu').click();
      await id(page, 'recall-pinned').click();
    } else {
      await page.locator('[data-testid="goods-mug-red"] td:first-child button').click();
      await id(page, 'recall').click();
    }
    await id(page, 'recall-sheet').waitFor();
    assert.equal(await id(page, 'recall-cancel').isChecked(), true);
    await id(page, 'recall-cancel').focus();
    await page.keyboard.press('ArrowDown');                /* by keyboard as any group of choices */
    assert.equal(await id(page, 'recall-keep').isChecked(), true);
    await id(page, 'recall-confirm').scrollIntoViewIfNeeded();
    await id(page, 'recall-confirm').click();
    await see(page, 'recall-holds', '2');
    await see(page, 'recall-orders', '1');
    assert.equal(sent('recall')[0].holds, 'keep');
    const [saved] = await Promise.all([page.waitForEvent('download'), id(page, 'recall-csv').click()]);
    assert.equal(saved.suggestedFilename(), 'recall-mug-red.csv');
    await id(page, 'recall-done').click();
    await id(page, 'recalled-sheet').waitFor({ state: 'detached' });
    if (size === 'desk') return;
    await id(page, 'menu').click();                        /* it left the screen, and can still be decided otherwise */
    await id(page, 'recall-again-mug-red').click();
    await id(page, 'recall-honour').check();
    await id(page, 'recall-confirm').click();
    await see(page, 'recalled-sheet', 'may still be paid');
    assert.equal(sent('recall')[1].holds, 'honour');
  });
}

test('host: a price that needs a second person waits for one, and another host approves it', async () => {
  mock = await createMock();
  mock.cueGo(1);
  const anna = await openPage(mock.link('host', 'host', { sub: 'anna' }), 'desk');
  const ben = await context.newPage();
  await ben.setViewportSize(SIZES.phone);
  await ben.goto(mock.link('host', 'host', { sub: 'ben' }));
  await anna.locator('[data-testid="goods-mug-red"] td:first-child button').click();
  await id(anna, 'price-input').fill('2,90');
  await id(anna, 'price-set').click();
  await see(anna, 'toasts', 'waits for a second person');
  await anna.getByText('You asked').filter({ hasText: 'Waits for a second person' }).waitFor();
  assert.equal(await id(anna, 'approve').count(), 0);
  await see(ben, 'state-banner', 'Red mug at €2.90');
  await see(ben, 'approval-why', '71 percent below 9.90 EUR');
  await see(ben, 'state-banner', 'Asked by anna');
  await id(ben, 'approve').click();
  await see(anna, 'toasts', 'Red mug at €2.90: agreed to');
  await see(anna, 'product', '€2.90');
  await id(ben, 'approve').waitFor({ state: 'detached' });
  assert.equal(sent('approve')[0].approval, 'a3');
  mock.ask('mug-red', 90, 'anna');
  await id(ben, 'reject').click();
  await see(anna, 'toasts', 'turned down');
});
