/* A range drawn: firm units solid, what is only expected hatched (5 to 95 % light, 25 to 75 % dense), the middle a line. The
 * numbers always stand beside it, so it says nothing to a screen reader. `bound` (stock, capacity) is marked when it is near, or
 * with `whole` always: then the bar reads as a share of it. `most`: what the end of the bar stands for,
 * where several are compared. */

import type { Spread } from '../client/wire';

export function RangeBar({ spread, firm = 0, bound, level, small, whole, most: scale }: { spread: Spread; firm?: number; bound?: number | null; level?: string; small?: boolean; whole?: boolean; most?: number }) {
  const near = bound != null && (whole || bound <= Math.max(spread.q95 * 1.8, 1));
  const most = Math.max(1, scale ?? 0, spread.q95, near ? bound : 0) * 1.04;
  const at = (x: number) => `${(100 * Math.min(most, Math.max(0, x))) / most}%`;
  const span = (from: number, to: number) => ({ left: at(from), width: `max(2px, calc(${at(to)} - ${at(from)}))` });
  return (
    <span class={`range ${small ? 'small' : ''} ${level ?? ''}`} aria-hidden="true">
      <i class="wide" style={span(spread.q05, spread.q95)} />
      <i class="half" style={span(spread.q25, spread.q75)} />
      {firm > 0 && <i class="firm" style={span(0, firm)} />}
      <i class="mid" style={{ left: at(spread.q50) }} />
      {near && <i class="bound" style={{ left: at(bound) }} />}
    </span>
  );
}
