/* Confirmed and held over time, with a mark where each product came on screen. The page shows the same as a table. */

import uPlot from 'uplot';
import type { Volumes } from '../client/wire';

const HEIGHT = 300;
const INK = '#14180f';
const QUIET = '#566052';
const LEAF = '#3f6d00';
const CLAY = '#b4530a';

export class Chart {
  #plot: uPlot;
  #pins: Volumes['pins'] = [];

  constructor(el: HTMLElement) {
    const axis: uPlot.Axis = { stroke: QUIET, grid: { stroke: '#dfe3da', width: 1 }, ticks: { stroke: '#dfe3da', width: 1 }, font: '13px system-ui, sans-serif' };
    this.#plot = new uPlot(
      {
        width: el.clientWidth || 600,
        height: HEIGHT,
        padding: [26, 8, 0, 0],
        legend: { live: true },
        cursor: { y: false, points: { size: 8 } },
        scales: { x: { time: true }, y: { range: (_u, _min, max) => [0, Math.max(4, max * 1.08)] } },
        axes: [{ ...axis, space: 70, values: (_u, at) => at.map((s) => time(s * 1000, at[at.length - 1]! - at[0]! < 300)) }, { ...axis, size: 52, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000] }],
        series: [
          { value: (_u, s) => (s ? time(s * 1000, true) : '–') },
          { label: 'Confirmed', stroke: LEAF, width: 2.5, fill: '#3f6d0022', paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false } },
          { label: 'On hold', stroke: CLAY, width: 2, dash: [6, 4], paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false } },
        ],
        hooks: { draw: [(u) => this.#marks(u)] },
      },
      [[], [], []],
      el,
    );
    new ResizeObserver(() => el.clientWidth && this.#plot.setSize({ width: el.clientWidth, height: HEIGHT })).observe(el);
  }

  show(v: Volumes, until_ms: number): void {
    this.#pins = v.pins;
    const points = v.series;
    const last = points[points.length - 1];
    /* The line runs on to now: no news means no change, as long as we hear the server. */
    const tail = last && until_ms > last.ms ? [{ ...last, ms: until_ms }] : [];
    const all = [...points, ...tail];
    this.#plot.setData([all.map((p) => p.ms / 1000), all.map((p) => p.confirmed), all.map((p) => p.held)]);
  }

  #marks(u: uPlot): void {
    const { ctx, bbox } = u;
    const ratio = uPlot.pxRatio;
    let free = -Infinity;
    ctx.save();
    ctx.textAlign = 'left';
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    for (const pin of this.#pins) {
      const x = u.valToPos(pin.ms / 1000, 'x', true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = '#14180f66';
      ctx.lineWidth = ratio;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const width = ctx.measureText(pin.title).width;
      const at = Math.min(x, bbox.left + bbox.width - width);
      if (at < free) continue;                         /* a name that would lie on another is left out; the table has it */
      ctx.fillStyle = INK;
      ctx.fillText(pin.title, at, bbox.top - 8 * ratio);
      free = at + width + 10 * ratio;
    }
    ctx.restore();
  }
}

export function time(ms: number, seconds = false): string {
  return new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) });
}
