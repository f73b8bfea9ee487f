/* Pictures of the planner's page; see shots.mjs. */

import { pastMake } from '../mock/server.mjs';

const id = (page, name) => page.locator(`[data-testid="${name}"]`);
const FLAGS = ['no-history', 'hold-time-changed', 'sku-unknown', 'overrun', 'suspect-holds', 'audience-missing', 'master-data-missing', 'late-events', 'stock-unknown', 'history-cut'];

const open = async (mock, page) => {
  await page.goto(mock.link('logistics', 'logistics', { sub: 'paula' }));
  await id(page, 'total-firm').waitFor();
};
const changes = (mock) => {
  mock.price('scarf', 4400);
  mock.extra({ kind: 'freebie', sku: 'mug-red', adds: 'sticker', adds_units: 1, first_orders: 50, text: 'a sticker with every red mug' });
  mock.extra({ kind: 'bundle', sku: 'teapot', adds: 'tea-tin', adds_units: 2, first_orders: 0, text: 'two tins of tea with each pot' });
  mock.recall('lamp', 'cancel');
};
const live = (mock) => {
  pastMake(mock);
  changes(mock);
  mock.stampAdd('Labour plan for tonight', 'paula');
  mock.sell('scarf', 9);
};
const SHOTS = {
  'log-live': async (mock, page) => {
    live(mock);
    await open(mock, page);
  },
  'log-replay': async (mock, page) => {
    pastMake(mock, { minutes: 48, after_min: 9 });
    await open(mock, page);
  },
  'log-days': async (mock, page) => {
    pastMake(mock, { minutes: 48, after_min: 300 });
    await open(mock, page);
  },
  'log-cold': async (mock, page) => {
    Object.assign(mock.outlook, { flags: FLAGS, suspect_holds: 240, accuracy: { shows: 0, off: 0, covered: 0 }, unknown: ['lamp', 'teapot'] });
    pastMake(mock, { minutes: 6, last: false });
    await open(mock, page);
  },
  'log-over': async (mock, page) => {
    mock.outlook.plan = { ...mock.outlook.plan, sites: mock.outlook.plan.sites.map((s) => ({ ...s, parcels_per_wave: Math.round(s.parcels_per_wave * 0.6) })) };
    live(mock);
    await open(mock, page);
    await id(page, 'tab-places').click();
  },
  'log-compare': async (mock, page) => {
    live(mock);
    mock.sell('mug-blue', 40);
    await open(mock, page);
    await id(page, 'compare-s1').click();
  },
  'log-freeze': async (mock, page) => {
    live(mock);
    await open(mock, page);
    await id(page, 'freeze').click();
    await id(page, 'freeze-note').fill('Lorry for tomorrow');
  },
  'log-large': async (mock, page) => {
    pastMake(mock, { minutes: 50 });
    await open(mock, page);
    await id(page, 'short-first').click();
  },
  'log-dark': async (mock, page) => {
    live(mock);
    await page.emulateMedia({ colorScheme: 'dark' });
    await open(mock, page);
  },
  'log-print': async (mock, page) => {
    live(mock);
    await open(mock, page);
    await page.emulateMedia({ media: 'print' });
  },
  'log-stale': async (mock, page) => {
    await page.clock.install();
    live(mock);
    await open(mock, page);
    mock.refuse = 'upgrade';
    mock.httpDown = true;
    mock.drop();
    await page.clock.runFor(75_000);
    await id(page, 'stale').waitFor();
  },
  'log-quiet': async (mock, page) => {
    await page.clock.install();
    live(mock);
    await open(mock, page);
    await page.clock.runFor(18_000);
    await id(page, 'quiet').waitFor();
  },
  'log-settled': async (mock, page) => {
    pastMake(mock, { minutes: 48, after_min: 300 });
    mock.stateSet('settled');
    mock.moved();
    await open(mock, page);
  },
  'log-soon': async (mock, page) => {
    mock.outlook.on = false;
    await open(mock, page);
  },
};
export default SHOTS;
