/* Lines over the time of the run, with its phases as bands and what was done to the server as marks; and how times were spread. */

import uPlot from 'uplot';
import type { Run, Series, Times } from './run';
import { ms, PHASES } from './run';

export interface Line {
  label: string;
  values: Series;
  ink: string;                         /* name of a custom property */
  fill?: boolean;
  dash?: boolean;
}

const HEIGHT = 220;

function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#000';
}

function clock(s: number): string {
  return `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
}

function axis(): uPlot.Axis {
  return { stroke: ink('--quiet'), grid: { stroke: ink('--line'), width: 1 }, ticks: { stroke: ink('--line'), width: 1 }, font: '13px system-ui, sans-serif' };
}

function follow(plot: uPlot, el: HTMLElement): () => void {
  const watch = new ResizeObserver(() => el.clientWidth && plot.setSize({ width: el.clientWidth, height: HEIGHT }));
  watch.observe(el);
  return () => {
    watch.disconnect();
    plot.destroy();
  };
}

/* A second with nothing before and behind it would be no line. */
function isSparse(values: Series): boolean {
  return values.filter((v) => v !== null).length < values.length / 2;
}

/* The end takes it away again. */
export function overTime(el: HTMLElement, run: Run, lines: Line[], text: (n: number) => string): () => void {
  const at = (run.series!.t_ms ?? []).map((t) => t / 1000);
  const shown = (v: number | null | undefined) => (v === null || v === undefined ? '–' : text(v));
  const plot = new uPlot(
    {
      width: el.clientWidth || 600,
      height: HEIGHT,
      padding: [22, 20, 0, 0],
      cursor: { y: false, points: { size: 7 }, sync: { key: 'run' } },
      scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, Math.max(1, max * 1.08)] } },
      axes: [{ ...axis(), space: 60, values: (_u, ticks) => ticks.map(clock) }, { ...axis(), size: 64, values: (_u, ticks) => ticks.map((v) => text(v)) }],
      series: [
        { label: 'At', value: (_u, s) => (s === null ? '–' : clock(s)) },
        ...lines.map((l): uPlot.Series => ({
          label: l.label, stroke: ink(l.ink), width: 2, spanGaps: false, value: (_u, v) => shown(v),
          points: { show: at.length < 30 || isSparse(l.values), size: 5 }, ...(l.fill ? { fill: ink(l.ink) + '22' } : {}), ...(l.dash ? { dash: [6, 4] } : {}),
        })),
      ],
      hooks: { drawClear: [(u) => bands(u, run)], draw: [(u) => marks(u, run)] },
    },
    [at, ...lines.map((l) => l.values)],
    el,
  );
  return follow(plot, el);
}

function bands(u: uPlot, run: Run): void {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio, right = bbox.left + bbox.width;
  let free = -Infinity;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  (run.phases ?? []).forEach((p, i) => {
    const from = Math.max(bbox.left, u.valToPos(p.began_ms / 1000, 'x', true)), to = Math.min(right, u.valToPos(p.ended_ms / 1000, 'x', true));
    if (!(to > from)) return;
    ctx.fillStyle = p.passed ? ink(i % 2 ? '--band' : '--band-other') : ink('--band-bad');
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
    const name = PHASES[p.do] ?? p.do;
    if (from < free || ctx.measureText(name).width > right - from) return; /* the table of phases has it */
    ctx.fillStyle = ink('--quiet');
    ctx.fillText(name, from, bbox.top - 7 * ratio);
    free = from + ctx.measureText(name).width + 8 * ratio;
  });
  ctx.restore();
}

function marks(u: uPlot, run: Run): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = ink('--clay');
  ctx.lineWidth = 1.5 * uPlot.pxRatio;
  ctx.setLineDash([4 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  for (const m of run.marks ?? []) {
    const x = u.valToPos(m.t_ms / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/* Shares of all, by how long it took; the time axis is logarithmic. */
export function spread(el: HTMLElement, t: Times): () => void {
  const used = t.bounds_ms!.map((bound, i) => ({ bound, n: t.buckets![i] ?? 0 })).filter((b) => b.bound > 0);
  const first = used.findIndex((b) => b.n > 0), last = used.length - [...used].reverse().findIndex((b) => b.n > 0);
  const from = used.slice(Math.max(0, first - 1), last + 1);
  const percent = (n: number) => `${n.toLocaleString(undefined, { maximumSignificantDigits: 2 })} %`;
  const plot = new uPlot(
    {
      width: el.clientWidth || 400,
      height: HEIGHT,
      padding: [8, 16, 0, 0],
      cursor: { y: false },
      scales: { x: { time: false, distr: 3, log: 10 }, y: { range: (_u, _min, max) => [0, Math.max(1, max * 1.08)] } },
      axes: [{ ...axis(), space: 44, values: (_u, ticks) => ticks.map((v) => (v === null ? '' : ms(v))) }, { ...axis(), size: 52, values: (_u, ticks) => ticks.map(percent) }],
      series: [
        { label: 'Up to', value: (_u, v) => (v === null ? '–' : ms(v)) },
        { label: 'Share', stroke: ink('--leaf'), fill: ink('--leaf') + '33', width: 1.5, value: (_u, v) => (v === null ? '–' : percent(v)), paths: uPlot.paths.stepped!({ align: -1 }), points: { show: false } },
      ],
    },
    [from.map((b) => b.bound), from.map((b) => (100 * b.n) / Math.max(1, t.count))],
    el,
  );
  return follow(plot, el);
}
