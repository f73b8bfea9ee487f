/* Firm units over time below the fan of what was expected to ship in the end, as it was said at each moment: the fan closes as
 * the firm line climbs into it. The page shows the same as a table. */

import uPlot from 'uplot';
import type { Volumes } from '../client/wire';
import { around, time, units } from './numbers';

const FIRM = 1, LAST = 7, COLUMNS = 8;
const AHEAD = 0.12;                    /* the last show's line runs on for so much of what has passed */
const EARLY = 2.2;                     /* a fan opened wider than so much of what matters now runs out of the picture */

type Row = (number | undefined)[];

export class Chart {
  #plot: uPlot;
  #v: Volumes | null = null;
  #top = 4;
  #from = 0;
  #to = 1;

  constructor(el: HTMLElement, told: (text: string[]) => void) {
    const paint = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = (): uPlot.Axis => ({ stroke: () => paint('--quiet'), grid: { stroke: () => paint('--line'), width: 1 }, ticks: { stroke: () => paint('--line'), width: 1, size: 5 }, font: '13px system-ui, sans-serif', gap: 4 });
    const quiet = (label: string): uPlot.Series => ({ label, stroke: 'transparent', width: 0, points: { show: false }, spanGaps: true });
    this.#plot = new uPlot(
      {
        width: el.clientWidth || 600, height: el.clientHeight || 260, padding: [24, 30, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7 } },
        scales: { x: { time: true, range: () => [this.#from, this.#to] }, y: { range: () => [0, this.#top] } },
        axes: [
          { ...axis(), space: 100, size: 28, values: (_u, at) => at.map((s) => tick(s * 1000, at[at.length - 1]! - at[0]!)) },
          { ...axis(), size: 54, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000], values: (_u, at) => at.map((y) => units(y)) },
        ],
        series: [
          {},
          { label: 'Firm', stroke: () => paint('--leaf'), width: 2.5, fill: () => paint('--firm-wash'), paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false }, spanGaps: true },
          quiet('5 %'), quiet('25 %'),
          { label: '50 %', stroke: () => paint('--plan'), width: 1.5, dash: [5, 4], points: { show: false }, spanGaps: true },
          quiet('75 %'), quiet('95 %'),
          { label: 'Last show', stroke: () => paint('--quiet'), width: 1, points: { show: false }, spanGaps: true },
        ],
        bands: [{ series: [6, 2], fill: () => hatch(paint('--plan'), 9, 0.07) }, { series: [5, 3], fill: () => hatch(paint('--plan'), 5, 0.16) }],
        hooks: { draw: [(u) => this.#marks(u, paint)], setCursor: [(u) => told(this.#at(u.cursor.idx))] },
      },
      Array.from({ length: COLUMNS }, () => []) as unknown as uPlot.AlignedData,
      el,
    );
    new ResizeObserver(() => el.clientWidth && this.#plot.setSize({ width: el.clientWidth, height: el.clientHeight })).observe(el);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot.redraw());
  }

  show(v: Volumes, until_ms: number, air_only: boolean): void {
    this.#v = v;
    const started = v.started_ms || v.series[0]?.ms || v.fan?.[0]?.ms || until_ms;
    const fan = v.fan ?? [];
    const known = Math.max(until_ms, v.series[v.series.length - 1]?.ms ?? 0, fan[fan.length - 1]?.ms ?? 0);
    const to = air_only && v.ended_ms ? Math.min(known, v.ended_ms + 3_600_000) : known;
    const first = Math.min(started, v.series[0]?.ms ?? started);
    const rows = new Map<number, Row>();
    const row = (ms: number): Row => rows.get(ms) ?? rows.set(ms, new Array(COLUMNS).fill(undefined)).get(ms)!;
    const line = fan.length ? fan.map((p) => ({ ms: p.ms, firm: p.firm })) : v.series.map((p) => ({ ms: p.ms, firm: p.confirmed }));
    for (const p of line) row(p.ms)[FIRM] = p.firm;
    for (const p of fan) row(p.ms).splice(2, 5, p.q05, p.q25, p.q50, p.q75, p.q95);
    const latest = fan[fan.length - 1];
    if (latest && until_ms > latest.ms) row(until_ms).splice(FIRM, 6, latest.firm, latest.q05, latest.q25, latest.q50, latest.q75, latest.q95);
    else if (line.length && until_ms > line[line.length - 1]!.ms) row(until_ms)[FIRM] = line[line.length - 1]!.firm;
    const ahead = to + (v.last && !v.ended_ms ? AHEAD * (to - first) : 0);
    for (const p of v.last?.points ?? []) if (started + p.s * 1000 <= ahead) row(started + p.s * 1000)[LAST] = p.firm;
    const times = [...rows.keys()].sort((a, b) => a - b);
    this.#from = first / 1000;
    this.#to = Math.max(ahead, first + 60_000) / 1000;
    const most = (i: number) => times.reduce((n, t) => Math.max(n, (t <= ahead && rows.get(t)![i]) || 0), 0);
    const matters = Math.max(4, most(FIRM), most(LAST), latest?.q95 ?? 0);
    this.#top = Math.min(Math.max(most(6), matters), matters * EARLY) * 1.06;
    this.#plot.setData([times.map((t) => t / 1000), ...Array.from({ length: COLUMNS - 1 }, (_, i) => times.map((t) => rows.get(t)![i + 1]))] as uPlot.AlignedData);
  }

  /* What stands under the cursor: the nearest of each line, in the order of the legend. Empty: no cursor. */
  #at(idx: number | null | undefined): string[] {
    if (idx == null) return [];
    const data = this.#plot.data as (number | undefined)[][];
    const near = (column: number): number | undefined => {
      for (let i = idx; i >= 0; i--) if (data[column][i] != null) return data[column][i];
      return undefined;
    };
    const [firm, low, mid, high, last] = [FIRM, 2, 4, 6, LAST].map(near);
    return [time(data[0][idx]! * 1000, true), firm === undefined ? '–' : units(firm), mid === undefined ? '–' : around({ q05: low!, q50: mid, q95: high! }), last === undefined ? '–' : units(last)];
  }

  #marks(u: uPlot, paint: (name: string) => string): void {
    const { ctx, bbox } = u;
    const ratio = uPlot.pxRatio;
    const taken: [number, number][] = [];
    const mark = (ms: number, name: string, ink: string, dash: number[]) => {
      const x = u.valToPos(ms / 1000, 'x', true);
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) return;
      ctx.strokeStyle = ink;
      ctx.lineWidth = ratio;
      ctx.setLineDash(dash.map((d) => d * ratio));
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const width = ctx.measureText(name).width;
      const at = Math.max(bbox.left, Math.min(x, bbox.left + bbox.width - width));
      const gap = 10 * ratio;
      if (taken.some(([from, to]) => at < to + gap && at + width + gap > from)) return; /* it would lie on another; the table has it */
      ctx.fillStyle = ink;
      ctx.fillText(name, at, bbox.top - 8 * ratio);
      taken.push([at, at + width]);
    };
    ctx.save();
    ctx.textAlign = 'left';
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    if (this.#v?.ended_ms) mark(this.#v.ended_ms, 'End of the show', paint('--ink'), []);
    for (const pin of [...(this.#v?.pins ?? [])].sort((a, b) => a.ms - b.ms)) mark(pin.ms, pin.title, paint('--quiet'), [2, 3]);
    ctx.restore();
  }
}

function tick(ms: number, span_s: number): string {
  return span_s < 20 * 3600 ? time(ms, span_s < 300) : new Date(ms).toLocaleString([], { weekday: 'short', hour: '2-digit', minute: '2-digit' });
}

/* Lines aslant on a wash: planning never looks like the solid of what is firm. */
function hatch(ink: string, step: number, wash: number): CanvasPattern | string {
  const ratio = uPlot.pxRatio;
  const size = Math.round(step * ratio);
  const tile = document.createElement('canvas');
  tile.width = tile.height = size;
  const ctx = tile.getContext('2d')!;
  ctx.fillStyle = ctx.strokeStyle = ink;
  ctx.globalAlpha = wash;
  ctx.fillRect(0, 0, size, size);
  ctx.globalAlpha = 0.5;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (const from of [-size, 0, size]) {
    ctx.moveTo(from, size);
    ctx.lineTo(from + size, 0);
  }
  ctx.stroke();
  return ctx.createPattern(tile, 'repeat') ?? ink;
}
