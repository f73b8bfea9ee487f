/* Words and numbers as people read them. */

import type { Extra, Price, Stock } from './wire';

export function money(price: Price | null | undefined, locale?: string): string {
  if (!price) return '';
  try {
    const format = new Intl.NumberFormat(locale, { style: 'currency', currency: price.currency });
    return format.format(price.amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${price.amount / 100} ${price.currency}`;
  }
}

/* 4:32, rounded up so that it reads 0:00 only when it is over. */
export function clockText(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  return `${h ? `${h}:${String(m).padStart(2, '0')}` : m}:${String(s % 60).padStart(2, '0')}`;
}

export function ago(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  return s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`;
}

/* What is honestly known of the stock, in the viewer's words. */
export function stockText(stock: Stock | undefined, state: string | undefined): string {
  if (state === 'recalled') return 'Recalled';
  if (state === 'stopped' || stock?.state === 'stopped') return 'Not on sale right now';
  switch (stock?.state) {
    case 'ok': return stock.left === undefined ? 'In stock' : `${stock.left} left`;
    case 'low': return stock.left === undefined ? 'Few left' : `${stock.left} left`;
    case 'held_out': return 'All on hold, may come back';
    case 'sold_out': return 'Sold out';
    default: return '';
  }
}

/* "With it: a sticker with every mug (first 50 orders)" */
export function extraText(extra: Extra): string {
  return `With it: ${extra.text}${extra.first_orders ? ` (first ${extra.first_orders} orders)` : ''}`;
}

/* A delay as somebody would say it: "6 s", "3 min". */
export function delayText(ms: number): string {
  const s = Math.max(1, Math.round(ms / 1000));
  return s < 100 ? `${s} s` : `${Math.round(s / 60)} min`;
}

/* Refusals in plain words; the server's own detail is better where it has one. */
export function refusalText(code: string, detail?: string): string {
  const plain: Record<string, string> = {
    sold_out: 'Sold out. The last one was taken a moment ago.',
    held_out: 'All are on hold. Some may come back.',
    limit_reached: 'You have reached the limit for one person.',
    price_changed: 'The price has just changed.',
    not_live: 'Selling opens when the show is live.',
    paused: 'The show is paused. Try again when it goes on.',
    recalled: 'This product has been recalled and is not for sale.',
    stopped: 'The host has stopped selling this for now.',
    approval_needed: 'Another host must agree to this price first.',
    sku_unknown: 'This product is not on sale here.',
    hold_unknown: 'This hold is no longer known.',
    hold_expired: 'Time ran out on this hold.',
    hold_confirmed: 'This one is already paid.',
    hold_released: 'You have already given this one back.',
    rate_limited: 'That was very quick. Wait a moment and try again.',
    overloaded: 'Very many people are buying right now. Try again in a moment.',
    unavailable: 'The shop cannot reach its stock right now. Try again in a moment.',
    disconnected: 'There is no connection right now. Nothing was changed as far as we know.',
    timeout: 'No answer came. Try again.',
    unauthenticated: 'This session is no longer valid.',
    token_expired: 'This session has run out.',
    forbidden: 'This is not allowed here.',
  };
  const generic = ['disconnected', 'timeout', 'rate_limited', 'unavailable', 'overloaded'];
  return (!generic.includes(code) && detail) || plain[code] || detail || 'That did not work. Try again.';
}
