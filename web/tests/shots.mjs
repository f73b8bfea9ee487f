/* Pictures of every page in its states, for looking at: node tests/shots.mjs [name...]   ->   ../build/shots */

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { createMock, largeShow } from '../mock/server.mjs';
import { browserOpen, SIZES } from './browser.mjs';

const OUT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../build/shots');
const only = process.argv.slice(2);
const id = (page, name) => page.locator(`[data-testid="${name}"]`);
const frame = (page) => page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))));

const viewer = async (mock, page) => {
  await page.goto(mock.link('viewer'));
  await id(page, 'pin-card').waitFor();
};
const SHOTS = {
  'viewer-live': async (mock, page) => {
    mock.cueGo(1);
    mock.pin(1, 'teapot');
    mock.sell('mug-red', 33);
    await viewer(mock, page);
  },
  'viewer-hold': async (mock, page) => {
    await SHOTS['viewer-live'](mock, page);
    await id(page, 'reserve-button').click();
    await id(page, 'pay-link').waitFor();
  },
  'viewer-late': async (mock, page) => {
    await SHOTS['viewer-hold'](mock, page);
    const h = [...mock.holds.values()][0];
    h.d.expires_ms = Date.now() + 42_000;
    mock.each((c) => mock.send(c, { t: 'hold', d: h.d }));
    await page.locator('.late').first().waitFor();
    mock.pin(0, 'lamp');
    await page.getByText('Reading lamp').first().waitFor();
  },
  'viewer-soldout': async (mock, page) => {
    mock.cueGo(5);
    mock.sell('lamp', 8);
    await viewer(mock, page);
    await id(page, 'waitlist-button').click();
    await page.getByText('You are in line').first().waitFor();
  },
  'viewer-price': async (mock, page) => {
    await SHOTS['viewer-live'](mock, page);
    mock.answer = (m) => m.t === 'reserve' && { t: 'error', d: { code: 'price_changed', title: 'x', price: { amount: 1090, currency: 'EUR', version: 7 } } };
    await id(page, 'reserve-button').click();
    await id(page, 'refusal').waitFor();
  },
  'viewer-shelf': async (mock, page) => {
    mock.sell('lamp', 8);
    mock.holdOthers('teapot', 12);
    await SHOTS['viewer-live'](mock, page);
    if (await id(page, 'shelf-open').isVisible()) await id(page, 'shelf-open').click();
  },
  'viewer-recall': async (mock, page) => {
    mock.cueGo(1);
    mock.skuState('mug-red', 'recalled');
    mock.notice('Do not use the red mug. The glaze may chip. Everyone who bought it is paid back.', 'recall');
    await viewer(mock, page);
  },
  'viewer-lost': async (mock, page) => {
    await SHOTS['viewer-hold'](mock, page);
    mock.refuse = 'upgrade';
    mock.drop();
    await id(page, 'state-banner').waitFor();
  },
  'viewer-paused': async (mock, page) => {
    await SHOTS['viewer-hold'](mock, page);
    mock.stateSet('paused');
    await id(page, 'hold-still').waitFor();
  },
  'viewer-recalled-hold': async (mock, page) => {
    await SHOTS['viewer-hold'](mock, page);
    mock.holdEnd([...mock.holds.keys()][0], 'released');
    mock.skuState('mug-red', 'recalled');
    mock.notice('Do not use the red mug. The glaze may chip.', 'recall');
    await page.getByText('nothing was charged').first().waitFor();
  },
  'viewer-kept': async (mock, page) => {
    await SHOTS['viewer-hold'](mock, page);
    mock.stock['mug-red'].recall = 'keep';
    mock.skuState('mug-red', 'recalled');
    mock.notice('We are looking into the red mug. Please wait before you use it.', 'recall');
    await page.getByText('while the shop decides').first().waitFor();
  },
  'viewer-ended': async (mock, page) => {
    mock.stateSet('ended');
    await page.goto(mock.link('viewer'));
    await id(page, 'state-banner').waitFor();
  },
  'viewer-soon': async (mock, page) => {
    mock.b.state = 'scheduled';
    await page.goto(mock.link('viewer'));
    await id(page, 'state-banner').waitFor();
  },
  'viewer-nolink': async (mock, page) => {
    await page.goto(mock.link('viewer').split('#')[0]);
    await id(page, 'state-banner').waitFor();
  },
};

for (const more of ['./shots-more.mjs', './shots-logistics.mjs']) Object.assign(SHOTS, (await import(more)).default);

await mkdir(OUT, { recursive: true });
const browser = await browserOpen();
for (const [name, make] of Object.entries(SHOTS)) {
  if (only.length && !only.some((o) => name.startsWith(o))) continue;
  for (const [size, viewport] of Object.entries(name.startsWith('log-') ? { ...SIZES, across: { width: 1180, height: 820 } } : SIZES)) {
    const mock = await createMock(name.includes('soon') ? { state: 'scheduled' } : name.includes('large') ? { show: largeShow() } : {});
    const context = await browser.newContext({ viewport, locale: 'en-IE', reducedMotion: 'reduce', deviceScaleFactor: 1 });
    const page = await context.newPage();
    page.on('pageerror', (e) => console.log(name, size, e.message));
    page.on('console', (m) => m.type() === 'error' && !/handshake|EMPTY_RESPONSE|status of/.test(m.text()) && console.log(name, size, m.text()));
    try {
      await make(mock, page, size);
      await frame(page);
      await page.screenshot({ path: path.join(OUT, `${name}-${size}.png`), fullPage: name.startsWith('log-') && size === 'phone' });
    } catch (error) {
      console.log(name, size, error.message.split('\n').slice(0, 6).join('\n'));
      await page.screenshot({ path: path.join(OUT, `${name}-${size}-failed.png`) }).catch(() => {});
    }
    await context.close();
    await mock.close();
  }
}
await browser.close();
