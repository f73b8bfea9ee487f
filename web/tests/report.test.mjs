/* The report of a load run, opened from a disk as its reader would. */

import test, { before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';
import { browserOpen, SIZES } from './browser.mjs';
import { sampleRun } from './sample-run.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const WEB = path.resolve(process.env.LIVESHELF_WEB_OUT || path.join(here, '../../build/web'));
let browser, folder, template;
before(async () => {
  browser = await browserOpen();
  folder = await mkdtemp(path.join(tmpdir(), 'liveshelf-report-'));
  template = await readFile(path.join(WEB, '.report.html'), 'utf8');
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function openReport(run, size = 'desk', options = {}) {
  const file = path.join(folder, `${Math.random().toString(36).slice(2)}.html`);
  await writeFile(file, template.replace('{{run}}', () => JSON.stringify(run).replaceAll('<', '\\u003c')));
  const context = await browser.newContext({ viewport: SIZES[size], locale: 'en-IE', offline: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.faults = [];
  page.on('pageerror', (e) => page.faults.push(e.message));
  page.on('console', (m) => m.type() === 'error' && page.faults.push(m.text()));
  page.on('request', (r) => r.url() !== pathToFileURL(file).href && !r.url().startsWith('data:') && page.faults.push(`asked for ${r.url()}`));
  await page.goto(pathToFileURL(file).href);
  await page.getByTestId('verdict').waitFor();
  return page;
}
const text = (page, id) => page.getByTestId(id).innerText();
/* Has anything but the background been drawn? */
const drawn = (page) => page.evaluate(() => [...document.querySelectorAll('canvas')].map((c) => {
  const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  return data.some((v) => v !== 0);
}));

test('report: the verdict, what was asked, and every chart', async () => {
  const page = await openReport(sampleRun());
  assert.match(await text(page, 'verdict'), /^Sound\n/);
  assert.match(await text(page, 'thresholds'), /Pin to the last viewer, p99\s+at most 500 ms\s+312 ms\s+yes/);
  assert.match(await text(page, 'percentiles'), /Reserve to its answer\s+4,800/);
  assert.match(await text(page, 'account'), /at most 97 units were theirs at any one time, of 100 .* No unit was promised twice/s);
  assert.match(await text(page, 'skus'), /mug-red\s+97\s+100\s+0$/);
  assert.match(await text(page, 'faults'), /0:40\s+4,900\s+2,210 ms$/);
  const charts = await drawn(page);
  assert.equal(charts.length, 7 + 2);
  assert.ok(charts.every(Boolean), 'a chart is empty');
  assert.equal(await page.title(), 'full-show: sound');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('report: what went wrong is said first, and in words', async () => {
  const run = sampleRun();
  run.sound = false;
  run.why = ['2 events were missed by viewers'];
  run.counts.oversold = true;
  run.thresholds[0] = { ...run.thresholds[0], value: 812, passed: false };
  run.series.own_cpu_percent[5] = 97;
  const page = await openReport(run, 'phone', { colorScheme: 'dark' });
  assert.match(await text(page, 'verdict'), /^Not sound\n.*\n+2 events were missed/s);
  assert.match(await text(page, 'thresholds'), /812 ms\s+no/);
  assert.match(await text(page, 'account'), /units were sold twice/);
  assert.match(await text(page, 'busy'), /^For 1 of 60 seconds/);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it scrolls sideways at 360 px');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('report: one that was stopped is called that, and what was wrong before is still said', async () => {
  const run = { ...sampleRun(), interrupted: true };
  let page = await openReport(run);
  assert.match(await text(page, 'verdict'), /^Interrupted\n+It was stopped before its end\. Until then every viewer/);
  assert.equal(await page.title(), 'full-show: interrupted');
  await page.context().close();
  run.faults = [{ t_ms: 40_020, lost: 12, all_back_ms: null }];
  page = await openReport({ ...run, sound: false, why: ['2 events missed'] });
  assert.match(await text(page, 'verdict'), /^Interrupted, and not sound\n.*\n+2 events missed/s);
  assert.match(await text(page, 'faults'), /12\s+not all came back$/);
  await page.context().close();
});

test('report: a limit missed is not sound enough; nothing measured breaks nothing; a name is no script', async () => {
  const limited = sampleRun();
  limited.thresholds[1].passed = false;
  let page = await openReport(limited);
  assert.match(await text(page, 'verdict'), /^Sound, but one limit was missed\n/);
  await page.context().close();
  const name = '</script><script>window.attacked = true</script>';
  page = await openReport({ format: 'liveshelf-load/1', scenario: name, viewers: 1, sound: true, series: { t_ms: [1000], live: [null] } });
  assert.equal(await page.locator('h1').innerText(), name);
  assert.equal(await page.evaluate(() => window.attacked), undefined);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
