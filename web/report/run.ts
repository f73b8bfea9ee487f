/* What liveshelf-load writes about a run (format liveshelf-load/1), as far as the report reads it. Anything may be missing: an older
 * or newer program wrote it. Times are milliseconds; in a series null is a second in which nothing of the kind happened. */

export interface Times {
  count: number;
  p50: number; p90: number; p95: number; p99: number; p999: number; max: number;
  bounds_ms?: number[];                /* upper end of each bucket */
  buckets?: number[];                  /* how many fell into it */
}

export type Series = (number | null)[];

export interface Run {
  format: string;
  scenario: string;
  url?: string;
  broadcast?: string;
  viewers: number;
  seed?: number;
  started_ms?: number;
  ended_ms?: number;
  interrupted?: boolean;               /* stopped before its end; sound is then what was seen until it */
  sound: boolean;
  why?: string[];
  thresholds?: { name: string; at_most?: number; at_least?: number; value: number | null; passed: boolean }[];
  phases?: { number: number; do: string; began_ms: number; ended_ms: number; passed: boolean; detail?: string }[];
  counts?: Record<string, number | boolean>;
  answers?: Record<string, number>;
  skus?: { sku: string; allocated: number; limit?: number; outstanding_max: number; oversold: number }[];
  times?: Record<string, Times>;
  series?: { every_ms?: number; t_ms?: number[] } & Record<string, Series | number | undefined>;
  marks?: { t_ms: number; what: string; text?: string }[];
  faults?: { t_ms: number; lost: number; all_back_ms: number | null }[];
}

export function seriesOf(run: Run, name: string): Series | null {
  const s = run.series?.[name];
  return Array.isArray(s) && s.some((v) => v !== null) ? s : null;
}

export function countOf(run: Run, name: string): number | null {
  const n = run.counts?.[name];
  return typeof n === 'number' ? n : null;
}

/* ---- words ---- */

const locale = typeof navigator === 'undefined' ? 'en' : navigator.language;

export function whole(n: number | null | undefined): string {
  return n === null || n === undefined ? '–' : Math.round(n).toLocaleString(locale);
}

/* Three significant digits, in the unit that reads best. */
export function ms(n: number | null | undefined): string {
  if (n === null || n === undefined) return '–';
  if (n >= 10_000) return `${(n / 1000).toLocaleString(locale, { maximumSignificantDigits: 3 })} s`;
  return `${n.toLocaleString(locale, { maximumSignificantDigits: 3 })} ms`;
}

export function length(ms_: number): string {
  const s = Math.round(ms_ / 1000);
  return s < 120 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

/* From the beginning: "2:05" */
export function clock(t_ms: number): string {
  return `${Math.floor(t_ms / 60000)}:${String(Math.floor(t_ms / 1000) % 60).padStart(2, '0')}`;
}

export const TIMES: Record<string, string> = {
  join_ms: 'Hello to welcome',
  resume_ms: 'Line lost to level again',
  pin_ms: 'Pin to each viewer',
  pin_last_ms: 'Pin to the last viewer',
  reserve_ms: 'Reserve to its answer',
  reserve_unbroken_ms: 'Reserve to its answer, line unbroken',
};

export const ANSWERS: Record<string, string> = {
  held: 'held', sold_out: 'sold out', held_out: 'all on hold', limit_reached: 'over the limit per viewer', price_changed: 'price had changed',
  not_live: 'not live', paused: 'paused', stopped: 'stopped', recalled: 'recalled', rate_limited: 'too fast', overloaded: 'overloaded', unavailable: 'unavailable',
};

export const PHASES: Record<string, string> = {
  start: 'Start', allocate: 'Units given', pins: 'Pins', reserve: 'Buying', drop: 'Lines cut', return: 'Coming back', wait: 'Quiet',
  stock: 'Units to sell', slow: 'Slow readers', join: 'Everybody here', mark: 'Mark',
};

/* "pin_last_ms.p99" */
export function figureName(name: string): string {
  const [what, which] = name.split('.');
  if (name === 'counts.all_back_max_ms') return 'All back after a loss, the longest';
  const words = TIMES[what ?? ''];
  return words && which ? `${words}, ${which === 'p999' ? 'p99.9' : which}` : name.replace(/^counts\./, '').replace(/_/g, ' ');
}

export function figureText(name: string, value: number | null): string {
  return value === null ? 'nothing measured' : name.includes('_ms') ? ms(value) : value.toLocaleString(locale, { maximumSignificantDigits: 4 });
}
