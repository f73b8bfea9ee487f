/* The table per product: sorted, searched, for all or for one site and wave. */

import type { ComponentChild } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Volumes } from '../client/wire';
import { pairs, place } from './capacity';
import { units } from './numbers';
import { RangeBar } from './range';
import { found, ordered, rowsOf, tabbed, type Key, type Order, type Row } from './rows';
import { SKU_FLAGS, flagText } from './words';

const SHOWN_MAX = 250;
const SHORT_FIRST: Order = { key: 'short', down: true };

interface Column { key: Key; head: string; hint: string }
const COLUMNS: Column[] = [
  { key: 'title', head: 'Product', hint: 'By name' },
  { key: 'firm', head: 'Firm', hint: 'Ordered and not cancelled' },
  { key: 'held', head: 'Held', hint: 'On hold, not paid yet' },
  { key: 'waitlist', head: 'Waiting', hint: 'Viewers in line for a unit' },
  { key: 'units', head: 'Expected', hint: 'Planning: units that will ship in the end, low, middle and high' },
  { key: 'stock', head: 'Stock', hint: 'The most that can ship' },
  { key: 'short', head: 'Short by', hint: 'Units wanted beyond the stock: lost so far, and in the middle of what may still come' },
  { key: 'lost', head: 'Lost', hint: 'Units wanted while there were none' },
];
const HAND: Key[] = ['title', 'firm', 'units', 'stock', 'short', 'held', 'waitlist', 'lost'];   /* what is planned by is seen without moving the table */
const NARROW = matchMedia('(max-width: 700px)');

function useColumns(): Column[] {
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const turned = () => setNarrow(NARROW.matches);
    NARROW.addEventListener('change', turned);
    return () => NARROW.removeEventListener('change', turned);
  }, []);
  return narrow ? HAND.map((key) => COLUMNS.find((c) => c.key === key)!) : COLUMNS;
}

export function Products({ v, say }: { v: Volumes; say: (text: string) => void }) {
  const [order, setOrder] = useState<Order>({ key: 'units', down: true });
  const [text, setText] = useState('');
  const [where, setWhere] = useState('');
  const [all, setAll] = useState(false);
  const columns = useColumns();
  const e = v.estimate ?? null;
  const places = (e ? pairs(e) : []).map((l) => ({ site: l.site, wave: l.wave, name: place(l) }));
  const at = places.find((p) => p.name === where) ?? null;
  const every = rowsOf(v, at);
  const rows = ordered(found(every, text), order);
  const shown = all ? rows : rows.slice(0, SHOWN_MAX);
  const short = order.key === 'short' && order.down;
  const copy = () => navigator.clipboard.writeText(tabbed(rows)).then(() => say('Copied'), () => say('The browser refused to copy'));
  return (
    <>
      <div class="tools">
        <input type="search" placeholder="Find a product" aria-label="Find a product" data-testid="find" value={text} onInput={(x) => setText(x.currentTarget.value)} />
        {places.length > 1 && (
          <select aria-label="Site and wave" data-testid="where" value={where} onChange={(x) => setWhere(x.currentTarget.value)}>
            <option value="">All sites and waves</option>
            {places.map((p) => <option key={p.name} value={p.name}>{p.name}</option>)}
          </select>
        )}
        <button aria-pressed={short} data-testid="short-first" onClick={() => setOrder(short ? { key: 'units', down: true } : SHORT_FIRST)}>Short first</button>
        <button data-testid="copy" onClick={copy}>Copy</button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="By product">
        <table class="products">
          <colgroup>{columns.map((c) => <col key={c.key} class={c.key} />)}</colgroup>
          <thead>
            <tr>
              {columns.map((c) => (
                <th key={c.key} scope="col" class={c.key === 'title' ? '' : c.key === 'units' ? 'planned' : 'n'} aria-sort={order.key === c.key ? (order.down ? 'descending' : 'ascending') : 'none'}>
                  <button title={c.hint} onClick={() => setOrder({ key: c.key, down: order.key === c.key ? !order.down : c.key !== 'title' })}>
                    {c.head}<i aria-hidden="true">{order.key === c.key ? (order.down ? '↓' : '↑') : ''}</i>
                  </button>
                  {c.key === 'units' && <small>low · middle · high</small>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((r) => <Line key={r.sku} r={r} v={v} columns={columns} />)}
            {!rows.length && <tr><td colSpan={COLUMNS.length} class="none">{every.length ? 'No product is called so.' : 'No products in this broadcast yet.'}</td></tr>}
          </tbody>
          {rows.length > 1 && <Sums rows={rows} whole={rows.length === every.length && !at} v={v} columns={columns} />}
        </table>
      </div>
      {!at && !!e?.skus_cut && <p class="foot">{units(e.skus_cut)} products with the fewest units have no range of their own; the sums have them.</p>}
      {at && !!e?.cells_cut && <p class="foot">Products with very few units in one place are not listed by place; the sums in “Sites and waves” have them.</p>}
      {shown.length < rows.length && <button onClick={() => setAll(true)}>Show all {units(rows.length)} products</button>}
    </>
  );
}

type Cells = Record<Key, ComponentChild>;

function Line({ r, v, columns }: { r: Row; v: Volumes; columns: Column[] }) {
  const cells: Cells = {
    title: (
      <th key="title" scope="row" data-col="title">
        {r.title} {r.flags.map((f) => <span key={f} class="tag" title={v.estimate ? flagText(f, v.estimate) : f}>{SKU_FLAGS[f] ?? f}</span>)}
        <small data-col="sku">{r.sku}</small>
      </th>
    ),
    firm: <Cell key="firm" col="firm" x={r.firm} />,
    held: <Cell key="held" col="held" x={r.held} />,
    waitlist: <Cell key="waitlist" col="waitlist" x={r.waitlist} />,
    units: (
      <td key="units" data-col="units" class="planned">
        {r.units ? (
          <>
            <span class="three"><span>{units(r.units.q05)}</span><b>{units(r.units.q50)}</b><span>{units(r.units.q95)}</span></span>
            <RangeBar spread={r.units} firm={r.firm} bound={r.stock} small />
          </>
        ) : '–'}
      </td>
    ),
    stock: <Cell key="stock" col="stock" x={r.stock} />,
    short: <Cell key="short" col="short" x={r.short} warn={(r.short ?? 0) >= 0.5} note={sellsOut(r)} />,
    lost: <Cell key="lost" col="lost" x={r.lost} />,
  };
  return <tr data-testid={`row-${r.sku}`}>{columns.map((c) => cells[c.key])}</tr>;
}

function sellsOut(r: Row): string {
  if (!r.stock || !r.units) return '';
  return r.firm >= r.stock ? 'sold out' : r.units.q50 >= r.stock ? 'will sell out' : r.units.q75 >= r.stock ? 'may sell out' : '';
}

function Cell({ col, x, warn, note }: { col: Key; x: number | null; warn?: boolean; note?: string }) {
  const nothing = x === null || Math.round(x) === 0;
  return <td data-col={col} class={`n ${nothing ? 'zero' : ''} ${warn ? 'warn' : ''}`}>{x === null ? '–' : units(x)}{note && <small>{note}</small>}</td>;
}

/* The range of a sum is not the sum of ranges: only the whole has one. */
function Sums({ rows, whole, v, columns }: { rows: Row[]; whole: boolean; v: Volumes; columns: Column[] }) {
  const all = whole ? v.estimate?.total.units : undefined;
  const about = rows.reduce((n, r) => n + (r.units?.mean ?? 0), 0);
  const cell = (key: Key): ComponentChild => {
    if (key === 'title') return <th key={key} scope="row">{whole ? 'All products' : `${units(rows.length)} products`}</th>;
    if (key !== 'units') return <Cell key={key} col={key} x={rows.some((r) => r[key] === null) ? null : rows.reduce((n, r) => n + r[key]!, 0)} />;
    return (
      <td key={key} data-col="units" class="planned">
        {all ? <span class="three"><span>{units(all.q05)}</span><b>{units(all.q50)}</b><span>{units(all.q95)}</span></span>
          : rows.some((r) => r.units) ? <span class="three" title="Ranges do not add up; the middle of a choice is given alone"><span /><b>about {units(about)}</b><span /></span> : '–'}
      </td>
    );
  };
  return <tfoot><tr data-testid="row-total">{columns.map((c) => cell(c.key))}</tr></tfoot>;
}
