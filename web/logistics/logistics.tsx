/* The planner's page: what has been sold and what is on hold, now. Everything on it was counted; nothing is guessed. */

import './logistics.css';
import 'uplot/dist/uPlot.min.css';
import { render } from 'preact';
import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { sessionTake } from '../client/session';
import { ago } from '../client/words';
import type { VolumeRow, Volumes } from '../client/wire';
import { Chart, time } from './chart';
import { Feed } from './feed';

const STALE_MS = 60_000;
const ROWS_MAX = 200;                  /* of the chart's table; the CSV has all */

type Column = { key: keyof VolumeRow; head: string; numeric: boolean; hint?: string };
const COLUMNS: Column[] = [
  { key: 'title', head: 'Product', numeric: false },
  { key: 'confirmed', head: 'Confirmed', numeric: true, hint: 'Paid' },
  { key: 'held', head: 'Held', numeric: true, hint: 'On hold, not paid yet' },
  { key: 'waitlist', head: 'Waiting', numeric: true, hint: 'Unmet demand: viewers in line for a unit' },
  { key: 'available', head: 'Available', numeric: true },
  { key: 'allocated', head: 'Allocated', numeric: true, hint: 'Given to this sale' },
  { key: 'refused', head: 'Refused', numeric: true, hint: 'Unmet demand: tried and got none' },
  { key: 'weight_g', head: 'Weight', numeric: true, hint: 'Of what is confirmed' },
];

function App({ feed }: { feed: Feed }) {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [sort, setSort] = useState<{ key: keyof VolumeRow; down: boolean }>({ key: 'confirmed', down: true });
  const [said, setSaid] = useState('');
  useEffect(() => {
    const off = feed.on('change', () => redraw(0));
    const second = setInterval(() => redraw(0), 1000);
    return () => {
      off();
      clearInterval(second);
    };
  }, []);
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(''), 4000);
    return () => clearTimeout(timer);
  }, [said]);

  const v = feed.volumes;
  if (!v) {
    return (
      <main class="waiting">
        <h1>{feed.problem ? 'No numbers' : 'Connecting…'}</h1>
        <p>{feed.problem || 'The first numbers appear here as soon as they come.'}</p>
      </main>
    );
  }
  const age = Date.now() - feed.known_ms;
  const stale = age > STALE_MS;
  const dot = stale ? 'old' : feed.via ? 'fresh' : 'lost';
  const rows = [...v.skus].sort((a, b) => compare(a, b, sort.key) * (sort.down ? -1 : 1));
  const asOf = feed.via && !stale ? feed.known_ms + (feed.via === 'socket' ? feed.client.serverNow() - Date.now() : 0) : v.as_of_ms;

  return (
    <main class={stale ? 'stale' : ''} data-testid="logistics">
      <header>
        <div>
          <p class="over">Volumes</p>
          <h1 data-testid="broadcast">{v.title || v.broadcast}</h1>
        </div>
        <span class={`badge ${v.state}`} data-testid="state">{STATES[v.state] ?? v.state}</span>
        <p class="as-of" data-testid="freshness">
          <i class={`dot ${dot}`} aria-hidden="true" />
          <span>
            <b data-testid="as-of">As of {time(v.as_of_ms, true)}</b>
            <br />
            {stale ? `These numbers are ${ago(age)} old` : feed.via ? (asOf - v.as_of_ms > 10_000 ? `Nothing has changed since, checked ${ago(age)} ago` : feed.via === 'stream' ? 'Live (by stream)' : 'Live') : `Connection lost, last heard ${ago(age)} ago`}
          </span>
        </p>
      </header>

      {feed.problem && <p class="bar" role="alert">{feed.problem}</p>}
      {stale && <p class="bar" role="alert" data-testid="stale">Nothing was heard for {ago(age)}. What you see is from {time(feed.known_ms, true)} and may have changed.</p>}

      <section class="totals" aria-label="Totals">
        <Figure name="confirmed" label="Confirmed" value={v.total.confirmed} words="units paid for" main />
        <Figure name="held" label="Held" value={v.total.held} words="on hold, may still be paid" />
        <Figure name="orders" label="Orders" value={v.total.orders} words="to pack" />
        <Figure name="waitlist" label="Unmet demand" value={v.total.waitlist} words="viewers waiting for a unit" />
        <Figure name="allocated" label="Allocated" value={v.total.allocated} words={`${v.total.available} still available`} />
      </section>
      <p class="observed" data-testid="kind">{v.kind === 'observed' ? 'Observed, not an estimate: every number here was counted from the ledger.' : v.kind}</p>

      <section class="chart-box">
        <h2>Over time</h2>
        {v.series.length ? <Plot v={v} until={stale || !feed.via || ['ended', 'settled'].includes(v.state) ? 0 : asOf} /> : <p class="none">Nothing has been held or sold yet.</p>}
        <Points v={v} />
      </section>

      <section>
        <div class="head">
          <h2>By product</h2>
          <span role="status" class="said">{said}</span>
          <button data-testid="copy" onClick={() => copy(rows).then(() => setSaid('Copied'), () => setSaid('The browser refused to copy'))}>Copy table</button>
          <button data-testid="csv" onClick={() => csv(feed, v.broadcast).then(() => setSaid('Saved'), (e) => setSaid(`Not saved: ${e.message}`))}>Save CSV</button>
          <button class="print-button" onClick={() => print()}>Print</button>
        </div>
        <div class="scroll" tabIndex={0} role="region" aria-label="By product">
          <table>
            <thead>
              <tr>
                {COLUMNS.map((k) => (
                  <th key={k.key} scope="col" class={k.numeric ? 'n' : ''} aria-sort={sort.key === k.key ? (sort.down ? 'descending' : 'ascending') : 'none'}>
                    <button title={k.hint} onClick={() => setSort({ key: k.key, down: sort.key === k.key ? !sort.down : k.numeric })}>
                      {k.head}<i aria-hidden="true">{sort.key === k.key ? (sort.down ? '↓' : '↑') : ''}</i>
                    </button>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((r) => (
                <tr key={r.sku} data-testid={`row-${r.sku}`}>
                  {COLUMNS.map((k) => k.key === 'title'
                    ? <th key="title" scope="row" data-col="title">{r.title}<small data-col="sku">{r.sku}</small></th>
                    : <td key={k.key} data-col={k.key} class={`n ${Number(r[k.key]) ? '' : 'zero'}`}>{k.key === 'weight_g' ? weight(r.weight_g * r.confirmed) : Number(r[k.key] ?? 0).toLocaleString()}</td>)}
                </tr>
              ))}
              {!rows.length && <tr><td colSpan={COLUMNS.length} class="none">No products in this broadcast yet.</td></tr>}
            </tbody>
            {rows.length > 1 && (
              <tfoot>
                <tr data-testid="row-total">
                  {COLUMNS.map((k) => k.key === 'title'
                    ? <th key="title" scope="row">All products</th>
                    : <td key={k.key} class="n" data-col={k.key}>{k.key === 'weight_g' ? weight(rows.reduce((n, r) => n + r.weight_g * r.confirmed, 0)) : rows.reduce((n, r) => n + (Number(r[k.key]) || 0), 0).toLocaleString()}</td>)}
                </tr>
              </tfoot>
            )}
          </table>
        </div>
        <p class="foot">Available + held + confirmed = allocated, for every product. Waiting and refused are demand that was not met. Weight is of the confirmed units, without packing. Ledger {v.ledger}.</p>
      </section>
    </main>
  );
}

const STATES: Record<string, string> = { draft: 'Draft', scheduled: 'Scheduled', rehearsal: 'Rehearsal', live: 'LIVE', paused: 'Paused', ended: 'Ended', settled: 'Settled' };

function Figure({ name, label, value, words, main }: { name: string; label: string; value: number; words: string; main?: boolean }) {
  return (
    <div class={`figure ${main ? 'main' : ''}`}>
      <h2>{label}</h2>
      <b data-testid={`total-${name}`}>{(value ?? 0).toLocaleString()}</b>
      <p>{words}</p>
    </div>
  );
}

function Plot({ v, until }: { v: Volumes; until: number }) {
  const el = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  useEffect(() => {
    chart.current ??= new Chart(el.current!);
    chart.current.show(v, until);
  });
  return <div class="chart" ref={el} data-testid="chart" role="img" aria-label="Confirmed and held units over time. The table below has the same numbers." />;
}

function Points({ v }: { v: Volumes }) {
  const [open, setOpen] = useState(false);
  const step = Math.max(1, Math.ceil(v.series.length / ROWS_MAX));
  const points = open ? v.series.filter((_, i) => i % step === 0 || i === v.series.length - 1) : [];
  return (
    <details open={open} onToggle={(e) => setOpen((e.currentTarget as HTMLDetailsElement).open)} data-testid="series">
      <summary>The chart as a table</summary>
      <div class="scroll points">
        <table>
          <thead><tr><th scope="col">Time</th><th scope="col" class="n">Confirmed</th><th scope="col" class="n">On hold</th><th scope="col">On screen from then</th></tr></thead>
          <tbody>
            {points.map((p, i) => (
              <tr key={p.ms}><td>{time(p.ms, true)}</td><td class="n">{p.confirmed}</td><td class="n">{p.held}</td><td>{v.pins.filter((q) => q.ms <= p.ms && q.ms > (points[i - 1]?.ms ?? 0)).map((q) => q.title).join(', ')}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
      {step > 1 && <p class="foot">Every {step}th of {v.series.length} points.</p>}
    </details>
  );
}

function compare(a: VolumeRow, b: VolumeRow, key: keyof VolumeRow): number {
  const x = a[key], y = b[key];
  return typeof x === 'string' ? x.localeCompare(String(y)) : (Number(x) || 0) - (Number(y) || 0) || b.title.localeCompare(a.title);
}

function weight(g: number): string {
  return !g ? '–' : g < 1000 ? `${g} g` : `${(g / 1000).toLocaleString(undefined, { maximumFractionDigits: g < 100_000 ? 1 : 0 })} kg`;
}

/* What a spreadsheet takes: plain numbers, tabs, one row per SKU. A cell that would start a formula is text. */
function copy(rows: VolumeRow[]): Promise<void> {
  const keys: (keyof VolumeRow)[] = ['sku', 'title', 'confirmed', 'held', 'waitlist', 'available', 'allocated', 'refused', 'weight_g'];
  const cell = (x: unknown) => String(x ?? '').replace(/[\t\r\n]+/g, ' ').replace(/^[=+\-@]/, "'$&");
  return navigator.clipboard.writeText([keys.join('\t'), ...rows.map((r) => keys.map((k) => (typeof r[k] === 'number' ? r[k] : cell(r[k]))).join('\t'))].join('\n'));
}

async function csv(feed: Feed, name: string): Promise<void> {
  const answer = await feed.fetch('.csv');
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `${name}-volumes.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const session = sessionTake();
const root = document.getElementById('app')!;
if (session) {
  const feed = new Feed(session);
  (window as any).liveshelf = feed.client;
  document.title = `Volumes · ${session.broadcast}`;
  render(<App feed={feed} />, root);
} else {
  render(<main class="waiting"><h1>This link is not complete</h1><p>Open the logistics link that the shop's system printed; it ends in “#token=…&broadcast=…”.</p></main>, root);
}
