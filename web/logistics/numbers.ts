/* Numbers and times as the planner's country writes them. */

import type { Spread } from '../client/wire';

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });
const shift = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0, signDisplay: 'exceptZero' });

export const units = (x: number): string => whole.format(Math.round(x));
export const share = (x: number): string => percent.format(x);
/* "78–111%" */
export const shares = (low: number, high: number): string => (share(low) === share(high) ? share(low) : `${whole.format(Math.round(100 * low))}–${share(high)}`);
export const change = (x: number): string => shift.format(Math.round(x));

/* "1,320–1,610": what holds nine times in ten. */
export const range = (s: Spread, f: (x: number) => string = units): string => (f(s.q05) === f(s.q95) ? f(s.q50) : `${f(s.q05)}–${f(s.q95)}`);

/* "1,460 (1,320–1,610)", and the number alone where nothing is open any more. */
export const around = (s: { q05: number; q50: number; q95: number }): string => (units(s.q05) === units(s.q95) ? units(s.q50) : `${units(s.q50)} (${units(s.q05)}–${units(s.q95)})`);

export interface Measure { name: string; write: (x: number) => string }

/* One unit for the whole spread, so that its ends can be compared. */
export function weightOf(most_g: number): Measure {
  return most_g < 1000 ? { name: 'g', write: units } : measure('kg', 1000, most_g / 1000);
}

export function volumeOf(most_cm3: number): Measure {
  return most_cm3 < 100_000 ? measure('L', 1000, most_cm3 / 1000) : measure('m³', 1_000_000, most_cm3 / 1_000_000);
}

function measure(name: string, per: number, most: number): Measure {
  const digits = most < 10 ? 2 : most < 100 ? 1 : 0;
  const format = new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return { name, write: (x) => format.format(x / per) };
}

export function time(ms: number, seconds = false): string {
  return new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) });
}

/* With its day where that is not today's. */
export function moment(ms: number, now_ms: number): string {
  const near = new Date(ms).toDateString() === new Date(now_ms).toDateString();
  return near ? time(ms) : new Date(ms).toLocaleString([], { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}
