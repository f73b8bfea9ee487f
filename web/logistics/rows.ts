/* One row per product: the estimate's where it has one, what was counted where it has none. */

import type { Estimate, Spread, Volumes } from '../client/wire';

export interface Row {
  sku: string;
  title: string;
  gtin: string;
  firm: number;
  held: number | null;                 /* null here and below: not known, or not of one place */
  waitlist: number | null;
  units: Spread | null;
  stock: number | null;
  short: number | null;
  lost: number | null;
  flags: string[];
}

export type Key = 'title' | 'firm' | 'held' | 'waitlist' | 'units' | 'stock' | 'short' | 'lost';
export interface Order { key: Key; down: boolean }

/* `at`: a site and a wave, or null for all. Of a show that is settled only what its document says. */
export function rowsOf(v: Volumes, at: { site: string; wave: string } | null): Row[] {
  const e = v.estimate;
  const known = new Map((e?.skus ?? []).map((s) => [s.sku, s]));
  const rows: Row[] = (e?.skus ?? []).map((s) => ({
    sku: s.sku, title: s.title || s.sku, gtin: s.gtin ?? '', firm: s.firm, held: s.held, waitlist: s.waitlist, units: s.units, stock: s.stock, short: s.short_by, lost: s.lost, flags: s.flags ?? [],
  }));
  for (const s of e?.phase === 'closed' ? [] : v.skus) {
    if (known.has(s.sku)) continue;
    rows.push({ sku: s.sku, title: s.title || s.sku, gtin: '', firm: s.confirmed, held: s.held, waitlist: s.waitlist, units: null, stock: s.allocated, short: null, lost: null, flags: [] });
  }
  return at && e ? placed(rows, e, at) : rows;
}

function placed(rows: Row[], e: Estimate, at: { site: string; wave: string }): Row[] {
  const cells = new Map(e.cells.filter((c) => c.site === at.site && c.wave === at.wave).map((c) => [c.sku, c]));
  return rows.filter((r) => cells.has(r.sku)).map((r) => ({ ...r, firm: cells.get(r.sku)!.firm, units: spreadOf(cells.get(r.sku)!.units), held: null, waitlist: null, stock: null, short: null, lost: null }));
}

function spreadOf([mean, q05, q25, q50, q75, q95]: number[]): Spread {
  return { mean, q05, q25, q50, q75, q95 };
}

export function found(rows: Row[], text: string): Row[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return words.length ? rows.filter((r) => words.every((w) => `${r.title} ${r.sku} ${r.gtin}`.toLocaleLowerCase().includes(w))) : rows;
}

/* Those with the same are ordered by how near their high end comes to the stock, then by what they are called. */
export function ordered(rows: Row[], by: Order): Row[] {
  const near = (r: Row) => (r.stock && r.units ? r.units.q95 / r.stock : 0);
  const value = (r: Row) => (by.key === 'units' ? r.units?.q50 ?? -1 : by.key === 'title' ? 0 : r[by.key] ?? -1);
  const turn = by.down ? -1 : 1;
  return [...rows].sort((a, b) => (by.key === 'title' ? turn * a.title.localeCompare(b.title) : turn * (value(a) - value(b)) || near(b) - near(a)) || a.title.localeCompare(b.title));
}

/* What a spreadsheet takes: plain numbers, tabs, one row per SKU. A cell that would start a formula is text. */
export function tabbed(rows: Row[]): string {
  const cell = (x: string | number | null) => (typeof x === 'number' ? x : String(x ?? '').replace(/[\t\r\n]+/g, ' ').replace(/^[=+\-@]/, "'$&"));
  const head = ['sku', 'gtin', 'title', 'firm', 'held', 'waitlist', 'planning_q05', 'planning_q50', 'planning_q95', 'stock', 'short_by', 'lost'];
  return [head, ...rows.map((r) => [r.sku, r.gtin, r.title, r.firm, r.held, r.waitlist, r.units?.q05 ?? null, r.units?.q50 ?? null, r.units?.q95 ?? null, r.stock, r.short, r.lost].map(cell))].map((line) => line.join('\t')).join('\n');
}
