/* The planner's page in a real browser against the mock. Every wait is for something to be seen or said; nothing sleeps. */

import test, { before, after, afterEach } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createMock, largeShow, pastMake } from '../mock/server.mjs';
import { browserOpen, SIZES } from './browser.mjs';

let browser, mock, context;
const faults = [];
before(async () => (browser = await browserOpen()));
after(() => browser?.close());
afterEach(async () => {
  await context?.close();
  await mock?.close();
  assert.deepEqual(faults.splice(0), []);
});

async function openPage(size = 'tablet', options = {}) {
  context = await browser.newContext({ viewport: SIZES[size], locale: 'en-IE', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (e) => faults.push(e.message));
  page.on('console', (m) => /Content Security Policy|Uncaught/.test(m.text()) && faults.push(m.text()));
  if (options.clock) await page.clock.install();
  await page.goto(mock.link('logistics', 'logistics', { sub: 'paula' }));
  await id(page, 'total-firm').waitFor();
  return page;
}
const id = (page, name) => page.getByTestId(name);
const see = (page, name, text) => page.getByTestId(name).filter({ hasText: text }).first().waitFor();
const cell = (page, sku, col) => page.locator(`[data-testid="row-${sku}"] [data-col="${col}"]`);
const text = (page, name) => id(page, name).innerText();
const order = (page) => page.locator('tbody tr[data-testid^="row-"]').evaluateAll((rows) => rows.map((r) => r.dataset.testid.slice(4)));
const narrow = (number) => Number(number.replace(/[^\d.]/g, ''));
const past = async (options = {}, mockOptions = {}) => {
  mock = await createMock(mockOptions);
  pastMake(mock, options);
};

test('without an estimate everything counted is there, and nothing pretends to be planning', async () => {
  mock = await createMock();
  mock.outlook.on = false;
  mock.sell('lamp', 8);
  const page = await openPage();
  await see(page, 'total-firm', '8');
  await id(page, 'no-estimate').waitFor();
  await cell(page, 'lamp', 'firm').filter({ hasText: '8' }).waitFor();
  assert.equal(await cell(page, 'lamp', 'units').innerText(), '–');
  assert.equal(await id(page, 'freeze').isDisabled(), true);
  assert.equal(await id(page, 'tab-places').count(), 0);
});

test('firm and planning stand apart, with ranges for units, parcels, weight, volume and the fullest wave', async () => {
  await past();
  const page = await openPage();
  const { total } = mock.estimate;
  assert.equal(narrow(await text(page, 'total-firm')), total.firm);
  const planned = await text(page, 'total-units');
  assert.ok(planned.includes(total.units.q50.toLocaleString('en-IE')) && planned.includes(`${total.units.q05.toLocaleString('en-IE')}–${total.units.q95.toLocaleString('en-IE')}`), planned);
  assert.match(await text(page, 'total-weight'), /\d kg/);
  assert.match(await text(page, 'total-volume'), /\d\.\d\d m³/);
  assert.match(await text(page, 'total-capacity'), /%\n[\s\S]*Rotterdam · tonight/);
  assert.match(await text(page, 'accuracy'), /Off by 4% on the last 10 shows/);
  assert.equal(await id(page, 'planning').getByTestId('total-firm').count(), 0);
  const looks = (name) => id(page, name).evaluate((el) => getComputedStyle(el).borderTopStyle);
  assert.equal(await looks('planning'), 'dashed');
  await see(page, 'kind', 'All else is planning, not an order');
});

test('numbers follow the sale and the layout stays where it is', async () => {
  await past();
  const page = await openPage();
  const places = () => page.locator('.firm-box, .figure, .card, .products thead th').evaluateAll((all) => all.map((el) => { const r = el.getBoundingClientRect(); return [r.left, r.top + scrollY, r.width, r.height].map(Math.round).join(' '); }));
  const before = await places();
  mock.sell('scarf', 600);
  await cell(page, 'scarf', 'firm').filter({ hasText: mock.stock.scarf.sold.toLocaleString('en-IE') }).waitFor();
  await see(page, 'total-firm', mock.estimate.total.firm.toLocaleString('en-IE'));
  assert.deepEqual(await places(), before);
});

test('products: sorted, searched, short ones first, and only the whole has a range for its sum', async () => {
  await past({}, { show: largeShow() });
  const page = await openPage('desk', { permissions: ['clipboard-read', 'clipboard-write'] });
  assert.equal((await order(page)).length, 200);
  await id(page, 'short-first').click();
  const short = [...mock.estimate.skus].sort((a, b) => b.short_by - a.short_by);
  assert.ok(short[0].short_by > short[1].short_by, 'the show has one that is shortest');
  assert.equal((await order(page))[0], short[0].sku);
  const whole = mock.estimate.total.units;
  assert.ok((await page.locator('[data-testid="row-total"] [data-col="units"]').innerText()).includes(whole.q95.toLocaleString('en-IE')));
  await id(page, 'find').fill('MUG');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr[data-testid^="row-"]').length === 2);
  assert.match(await page.locator('[data-testid="row-total"] [data-col="units"]').innerText(), /^\s*about [\d,]+\s*$/);
  await id(page, 'copy').click();
  await page.getByText('Copied').waitFor();
  const copied = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
  assert.match(copied[0], /^sku\tgtin\ttitle\tfirm\t/);
  assert.equal(copied.length, 3);
  await id(page, 'find').fill('');
  await page.getByRole('button', { name: 'Product', exact: true }).click();
  const names = [...mock.estimate.skus].sort((a, b) => a.title.localeCompare(b.title));
  assert.equal((await order(page))[0], names[0].sku);
});

test('sites and waves: loads against capacity, and the products of one site and wave', async () => {
  await past();
  const page = await openPage();
  const load = mock.estimate.loads.find((l) => l.site === 'Rotterdam' && l.wave === 'tonight');
  await id(page, 'capacity-Rotterdam-tonight').filter({ hasText: 'may not fit' }).waitFor();
  await id(page, 'tab-products').press('ArrowRight');
  assert.equal(await id(page, 'tab-places').getAttribute('aria-selected'), 'true');
  await id(page, 'load-Rotterdam-tonight').filter({ hasText: load.parcels.q95.toLocaleString('en-IE') }).waitFor();
  await page.getByText('what is ordered until 2 h after the end').waitFor();
  await id(page, 'load-Limerick-later').waitFor();
  assert.equal(await id(page, 'capacity-Limerick-later').count(), 0);
  await see(page, 'cartons', 'M');
  await see(page, 'returns', 'may come back');
  await id(page, 'tab-places').press('Home');
  await id(page, 'where').selectOption('Rotterdam · tonight');
  const one = mock.estimate.cells.find((c) => c.sku === 'scarf' && c.site === 'Rotterdam' && c.wave === 'tonight');
  await cell(page, 'scarf', 'firm').filter({ hasText: new RegExp(`^${one.firm}$`) }).waitFor();
  assert.equal(await cell(page, 'scarf', 'held').innerText(), '–');
});

test('firm adds up: what no site is named for yet stands by itself', async () => {
  await past();
  const placed = (l) => ({ ...l, firm: l.site === 'Limerick' ? 5 : l.site === 'Rotterdam' ? 0 : l.firm });
  const loads = mock.estimate.loads.map(placed);
  mock.outlook.change = { loads };
  mock.moved();
  const page = await openPage();
  await id(page, 'tab-places').click();
  const firm = async (row) => narrow(await id(page, row).locator('[data-col="firm"]').innerText());
  for (const w of ['tonight', '*']) {
    const all = loads.find((l) => l.site === '*' && l.wave === w).firm;
    assert.equal(await firm(`unplaced-${w}`), all - 5);
    assert.equal(await firm(`load-*-${w}`), all);
  }
});

test('sold out is what is ordered to the last unit; what will sell out does so in the middle case', async () => {
  await past();
  const spread = (q25, q50, q75) => ({ mean: q50, q05: q25, q25, q50, q75, q95: q75 });
  const [a, b, c, d] = mock.estimate.skus.slice(0, 4).map((s) => s.sku);
  const told = { [a]: [40, spread(40, 40, 40)], [b]: [5, spread(30, 40, 40)], [c]: [5, spread(20, 39, 40)], [d]: [5, spread(20, 30, 39)] };
  mock.outlook.change = { skus: mock.estimate.skus.map((s) => (told[s.sku] ? { ...s, stock: 40, firm: told[s.sku][0], units: told[s.sku][1], short_by: 0 } : s)) };
  mock.moved();
  const page = await openPage();
  const note = (sku) => cell(page, sku, 'short').innerText().then((t) => t.split('\n').slice(1).join(''));
  assert.deepEqual([await note(a), await note(b), await note(c), await note(d)], ['sold out', 'will sell out', 'may sell out', '']);
});

test('a shop that told nothing of its warehouses has totals, and is not asked to choose a place', async () => {
  mock = await createMock();
  Object.assign(mock.outlook, { plan: { sites: [], waves: [], cartons: [] } });
  pastMake(mock);
  mock.outlook.change = { sites: ['*'], waves: [], cells: [], cartons: [], loads: [mock.estimate.loads[0]] };
  mock.moved();
  const page = await openPage();
  await see(page, 'total-units', mock.estimate.total.units.q50.toLocaleString('en-IE'));
  assert.equal(await id(page, 'total-capacity').count(), 0);
  assert.equal(await id(page, 'where').count(), 0);
  await page.getByText('No site has stated what it can take').waitFor();
  await id(page, 'tab-places').click();
  assert.deepEqual(await page.locator('.places tbody tr').allInnerTexts().then((all) => all.map((t) => t.split('\t')[0].trim())), ['Everything']);
});

test('what the protocol shows as an example is understood', async () => {
  const example = async (name) => JSON.parse(await readFile(new URL(`../../docs/protocol/examples/messages/${name}.json`, import.meta.url))).d;
  mock = await createMock();
  const whole = (mock.verbatim = await example('volumes'));
  const page = await openPage();
  const { total, skus, flags } = whole.estimate;
  await see(page, 'total-units', `${total.units.q05}–${total.units.q95}`);
  await see(page, 'total-firm', String(total.firm));
  for (const s of skus) await cell(page, s.sku, 'units').filter({ hasText: `${s.units.q05}${s.units.q50}${s.units.q95}` }).waitFor();
  for (const flag of flags) await id(page, `flag-${flag}`).waitFor();
  for (const c of whole.changes) await id(page, `change-${c.kind}-${c.sku}`).waitFor();
  for (const s of whole.stamps) await see(page, `stamp-${s.id}`, s.note);
  await id(page, 'tab-places').click();
  for (const l of whole.estimate.loads) await see(page, `load-${l.site}-${l.wave}`, String(l.units.q95));
  mock.verbatim = await example('volumes~new');
  mock.volumesTell();
  await page.waitForFunction((ms) => window.liveshelf.state.volumes.series.at(-1).ms === ms, mock.verbatim.series.at(-1).ms);
  const stays = await page.evaluate(() => window.liveshelf.state.volumes);
  assert.equal(stays.series.length, new Set([...whole.series, ...mock.verbatim.series].map((p) => p.ms)).size);
  assert.deepEqual(stays.stamps, mock.verbatim.stamps ?? whole.stamps);
});

test('every flag is a sentence, and the uncertainty says where it comes from', async () => {
  mock = await createMock();
  const flags = ['no-history', 'hold-time-changed', 'sku-unknown', 'overrun', 'suspect-holds', 'audience-missing', 'master-data-missing', 'late-events', 'stock-unknown', 'history-cut', 'made-up'];
  Object.assign(mock.outlook, { flags, suspect_holds: 240, unknown: ['lamp'], accuracy: { shows: 0, off: 0, covered: 0 } });
  pastMake(mock, { minutes: 6 });
  const page = await openPage();
  for (const flag of flags) assert.match(await text(page, `flag-${flag}`), /^[A-Z0-9].{30,}\.$/, flag);
  await see(page, 'flag-suspect-holds', '240 holds');
  await see(page, 'total-weight', 'not known');
  await see(page, 'accuracy', 'No earlier show');
  await page.locator('[data-testid="row-lamp"] .tag', { hasText: 'new' }).waitFor();
  assert.equal(await cell(page, 'lamp', 'stock').innerText(), '–');
  await see(page, 'because', 'still sold on air');
  mock.stateSet('ended');
  mock.b.ended_ms = Date.now() - 5 * 60_000;
  mock.outlook.change = { because: { holds: 0.1, live: 0, tail: 0.9, cancelled: 0 } };
  mock.moved();
  await see(page, 'because', 'Most of the uncertainty is the replay: it will narrow in about 10 minutes.');
  await see(page, 'phase', 'replay');
});

test('once nothing more is expected the range is one number, and nothing grows old', async () => {
  mock = await createMock();
  pastMake(mock, { minutes: 20, after_min: 30 });
  mock.stateSet('settled');
  const { firm } = mock.estimate.total;
  const one = { mean: firm, q05: firm, q25: firm, q50: firm, q75: firm, q95: firm };
  mock.outlook.change = { total: { ...mock.estimate.total, units: one } };
  mock.moved();
  const page = await openPage('tablet', { clock: true });
  await see(page, 'phase', 'nothing more is expected');
  await see(page, 'planning', 'what ships');
  assert.deepEqual((await text(page, 'total-units')).split('\n').filter(Boolean).slice(1, 3), [firm.toLocaleString('en-IE'), firm.toLocaleString('en-IE')]);
  assert.match(await text(page, 'legend'), new RegExp(`Expected\\s+${firm.toLocaleString('en-IE')}\\s`));
  const held = mock.estimate.total.held;
  mock.stock.scarf.allocated += 500;    /* the shop goes on: other shows sell and hold now */
  mock.stock.scarf.held += 3;
  mock.countsTell();
  await page.waitForFunction((n) => window.liveshelf.state.volumes.total.held === n, mock.volumes().total.held);
  assert.equal(await text(page, 'total-held'), String(held));
  for (const counted of ['orders', 'waitlist', 'available']) assert.equal(await id(page, `total-${counted}`).count(), 0, counted);
  await see(page, 'kind', 'As settled');
  for (let i = 0; i < 100; i++) await page.clock.runFor(10_000);
  await page.waitForFunction(() => Date.now() - window.liveshelf.heard_ms < 15_000);
  assert.equal(await id(page, 'estimate-stale').count(), 0);
});

test('changes on air: what to do, marked until seen, said politely, kept over a reload', async () => {
  await past();
  mock.price('scarf', 4400);
  const page = await openPage();
  await see(page, 'change-price-scarf', '€44.00, was €49.00');
  await see(page, 'unread', '1 new');
  assert.equal(await id(page, 'announced').textContent(), '');
  mock.extra({ kind: 'freebie', sku: 'mug-red', adds: 'sticker', adds_units: 2, first_orders: 50, text: 'two stickers' });
  await see(page, 'change-freebie-mug-red', 'Have 100 ready');
  await page.getByTestId('announced').filter({ hasText: 'First 50 orders with Red mug' }).waitFor({ state: 'attached' });
  assert.match(await page.title(), /^\(2\) Volumes/);
  mock.recall('lamp', 'cancel');
  await see(page, 'change-recalled-lamp', 'Do not ship it');
  await id(page, 'seen').click();
  await id(page, 'unread').waitFor({ state: 'detached' });
  await page.reload();
  await see(page, 'change-recalled-lamp', 'Do not ship it');
  assert.equal(await id(page, 'unread').count(), 0);
});

test('an estimate is frozen with a note and compared with what came since', async () => {
  await past();
  const page = await openPage();
  await id(page, 'freeze').click();
  await id(page, 'freeze-note').fill('Labour plan');
  mock.refuseEstimates = 'The store is away';
  await id(page, 'freeze-go').click();
  await page.getByText('Not frozen: The store is away').waitFor();
  mock.refuseEstimates = '';
  await id(page, 'freeze-go').click();
  await see(page, 'stamp-s1', 'Labour plan');
  assert.match(await text(page, 'stamp-s1'), /paula/);
  assert.match(mock.stampKey, /^[0-9a-f]{32}$/);
  assert.equal(await id(page, 'freeze-dialog').isVisible(), false);
  await id(page, 'compare-s1').click();
  await see(page, 'comparing', 'Compared with “Labour plan”');
  mock.sell('scarf', 30);
  await see(page, 'since-firm', '+30 since frozen');
  await see(page, 'compared', '+30');
  const { units } = mock.estimate.total;
  const moved = units.q50 - mock.stamps[0].units.q50;
  await see(page, 'since-expected', `${moved > 0 ? '+' : ''}${moved} since frozen`.replace('-', '-'));
});

test('the table is saved as CSV, and a refusal is told', async () => {
  await past();
  const page = await openPage('tablet', { acceptDownloads: true });
  const [saved] = await Promise.all([page.waitForEvent('download'), id(page, 'csv').click()]);
  assert.equal(saved.suggestedFilename(), 'spring-drop-estimates.csv');
  mock.refuseEstimates = 'Try again in a moment';
  await id(page, 'csv').click();
  await page.getByText('Not saved: Try again in a moment').waitFor();
});

test('without a WebSocket the stream takes over, and goes on where it broke off', async () => {
  await past();
  mock.refuse = 'upgrade';
  const page = await openPage();
  await see(page, 'freshness', 'by stream');
  mock.sell('scarf', 7);
  await cell(page, 'scarf', 'firm').filter({ hasText: mock.stock.scarf.sold.toLocaleString('en-IE') }).waitFor();
  const said = mock.outlook.seq;
  for (const stream of mock.streams) stream.destroy();
  mock.sell('scarf', 5);
  await cell(page, 'scarf', 'firm').filter({ hasText: mock.stock.scarf.sold.toLocaleString('en-IE') }).waitFor();
  assert.match(mock.lastEventId, new RegExp(`^${said}\\.`));
  await id(page, 'series').click();
  const times = await page.locator('.points tbody td:first-child').allInnerTexts();
  assert.ok(times.length > 100 && new Set(times).size > 100, `${times.length} points, none lost`);
  mock.refuse = null;
  await page.evaluate(() => window.liveshelf.nudge());
  await page.getByTestId('freshness').filter({ hasNotText: 'stream' }).waitFor();
});

test('after half a minute of silence the numbers grey out and say their age, and come back by themselves', async () => {
  await past();
  const page = await openPage('tablet', { clock: true });
  mock.refuse = 'upgrade';
  mock.httpDown = true;
  mock.drop();
  await see(page, 'freshness', 'Connection lost');
  assert.equal(await page.locator('main.stale').count(), 0);
  await page.clock.runFor(31_000);
  await see(page, 'stale', /The server is not heard.*it is 3\d s old/);
  await page.locator('main.stale').waitFor();
  mock.refuse = null;
  mock.httpDown = false;
  await page.clock.runFor(31_000);
  await page.waitForFunction(() => Date.now() - window.liveshelf.heard_ms < 15_000);
  mock.moved();
  await page.locator('main:not(.stale)').waitFor();
});

test('an estimate that stands still is told apart from a connection that does', async () => {
  await past();
  const page = await openPage('tablet', { clock: true });
  for (let i = 0; i < 4; i++) {
    await page.clock.runFor(10_000);
    mock.countsTell();                  /* counts move, what is expected does not */
    await page.waitForFunction(() => Date.now() - window.liveshelf.heard_ms < 5000);
  }
  await see(page, 'estimate-stale', /The estimate is [34]\d s old/);
  assert.equal(await id(page, 'quiet').count(), 0);
  assert.equal(await page.locator('main.stale').count(), 0);
  mock.moved();
  await id(page, 'estimate-stale').waitFor({ state: 'detached' });
});

const colour = (page, selector) => page.locator(selector).first().evaluate((el) => getComputedStyle(el).color);

test('a server that answers and knows nothing new is not taken for one where nothing happens', async () => {
  await past();
  const page = await openPage('tablet', { clock: true });
  const fresh = await Promise.all(['[data-testid="total-firm"]', '[data-testid="total-available"]', '[data-testid="row-scarf"] [data-col="held"]'].map((s) => colour(page, s)));
  await page.clock.runFor(6_000);
  await page.locator('.dot.fresh').waitFor();
  assert.equal(await id(page, 'quiet').count(), 0);
  mock.as_of_ms = Date.now();
  mock.volumesTell();                   /* the same again is no news */
  await page.waitForFunction((ms) => window.liveshelf.state.volumes.as_of_ms === ms, mock.as_of_ms);
  await page.clock.runFor(10_000);
  await page.getByTestId('freshness').filter({ hasText: /Nothing new from the server for [12]\d s/ }).waitFor({ timeout: 3000 });   /* the clock goes on meanwhile */
  await see(page, 'quiet', /numbers as of \d\d:\d\d:\d\d/);
  await page.locator('.dot.old').waitFor();
  for (let i = 0; i < 3; i++) {
    await page.clock.runFor(10_000);
    await page.waitForFunction(() => Date.now() - window.liveshelf.heard_ms < 12_000);
  }
  await see(page, 'freshness', /Nothing new from the server for [45]\d s/);
  assert.equal(await id(page, 'stale').count(), 0, 'it is heard');
  const grey = await Promise.all(['[data-testid="total-firm"]', '[data-testid="total-available"]', '[data-testid="row-scarf"] [data-col="held"]'].map((s) => colour(page, s)));
  assert.equal(new Set(grey).size, 1, `${grey}`);
  grey.forEach((c, i) => assert.notEqual(c, fresh[i]));
  mock.moved();
  await id(page, 'quiet').waitFor({ state: 'detached' });
  await page.locator('main:not(.stale) .dot.fresh').waitFor();
});

test('in the replay estimates come more slowly: minutes without one are nothing, many are', async () => {
  await past({ minutes: 20, after_min: 5 });
  const page = await openPage('tablet', { clock: true });
  const wait = async (minutes) => {
    for (let i = 0; i < minutes * 6; i++) await page.clock.runFor(10_000);
    await page.waitForFunction(() => Date.now() - window.liveshelf.heard_ms < 12_000);
  };
  await wait(1);
  assert.equal(await id(page, 'quiet').count(), 0);
  await wait(2);
  await see(page, 'quiet', /That was 3 min ago/);
});

test('a shop that has estimates made once a minute is not told each minute that they are late', async () => {
  await past();
  const page = await openPage('tablet', { clock: true });
  for (let i = 0; i < 6; i++) {
    mock.as_of_ms = await page.evaluate(() => Date.now());
    mock.moved();
    await page.waitForFunction((seq) => window.liveshelf.state.volumes.estimate.seq === seq, mock.estimate.seq);
    for (let s = 0; s < 6; s++) await page.clock.runFor(10_000);
  }
  await page.waitForFunction(() => Date.now() - window.liveshelf.heard_ms < 12_000);
  assert.equal(await id(page, 'quiet').count(), 0);
});

test('on paper: as of when, which estimate, not an order, and every table', async () => {
  await past();
  const page = await openPage('desk');
  await page.emulateMedia({ media: 'print' });
  await see(page, 'print-stamp', 'Planning figures, not an order');
  await see(page, 'print-stamp', `estimate no. ${mock.estimate.seq}`);
  assert.equal(await id(page, 'row-scarf').isVisible(), true);
  assert.equal(await id(page, 'load-Limerick-tonight').isVisible(), true);
  assert.equal(await id(page, 'freeze').isVisible(), false);
});

test('at 360 px nothing runs out of the page, by day and by night', async () => {
  await past();
  mock.extra({ kind: 'bundle', sku: 'teapot', adds: 'tea-tin', adds_units: 2, first_orders: 0, text: 'two tins with each pot' });
  for (const colorScheme of ['light', 'dark']) {
    await context?.close();
    const page = await openPage('phone', { colorScheme });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    const high = await cell(page, 'scarf', 'units').locator('.three > :last-child').boundingBox();
    const table = await page.locator('.scroll:has(.products)').boundingBox();
    assert.ok(high.x + high.width <= table.x + table.width, 'the whole range is seen without moving the table');
    const cut = await page.locator('.products :is(tbody, tfoot) :is(td, th)').evaluateAll((all) => all.filter((el) => el.scrollWidth > el.clientWidth).map((el) => el.innerText));
    assert.deepEqual(cut, []);
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(paper, colorScheme === 'dark' ? 'rgb(18, 21, 14)' : 'rgb(246, 247, 242)');
  }
});
