/* What one conn knows of its broadcast, and how each message changes it.
 *
 * Pure: no socket, no clock. `stateFrom` takes a snapshot, `stateApply` one event or value. The caller decides *when*:
 * pins and cues wait for the video, everything else is applied as it arrives. */

import type {
  Approval, Broadcast, Counts, Cue, Demand, Extra, Hold, HoldClock, Lag, Message, Notice, Offer, Pin, Preflight, Price, RunCue, ShelfEntry, Stock, SyncDelay, Volumes, Waiting,
} from './wire';

export interface State {
  broadcast: Broadcast | null;
  reason: string;
  hold_clock: HoldClock;
  pins: Record<number, Pin>;
  shelf: ShelfEntry[];
  stock: Record<string, Stock>;
  stock_ver: number;
  cue: Cue | null;
  notice: Notice | null;
  offers: Record<string, Offer>;
  holds: Record<string, Hold>;
  waitlist: Record<string, Waiting>;
  audience: number;
  /* hosts */
  run_of_show: RunCue[];
  cue_index: number;
  counts: Record<string, Counts>;
  counts_ver: number;
  demand: Record<string, Demand>;
  can_undo_until_ms: number;
  preflight: Preflight | null;
  done: Record<string, boolean[]>;
  selling: 'ok' | 'unavailable' | 'stopped';
  why: string;                       /* nothing is sold, in plain words */
  sync_delay_ms: SyncDelay | null;   /* how late the warehouse's counts come; null: it never said */
  lag: Lag | null;                   /* how much later than the host acts viewers see it; null: nobody says */
  approvals: Record<string, Approval>; /* prices that wait for a second person */
  /* logistics */
  volumes: Volumes | null;
}

const UNDO_MS = 5000;

export function stateEmpty(): State {
  return {
    broadcast: null, reason: '', hold_clock: { running: true, stood_ms: 0 }, pins: {}, shelf: [], stock: {}, stock_ver: -1, cue: null, notice: null, offers: {},
    holds: {}, waitlist: {}, audience: 0, run_of_show: [], cue_index: -1, counts: {}, counts_ver: -1, demand: {},
    can_undo_until_ms: 0, preflight: null, done: {}, selling: 'ok', why: '', sync_delay_ms: null, lag: null, approvals: {}, volumes: null,
  };
}

/* A snapshot is the whole truth. `pins` may be held back by the caller. */
export function stateFrom(previous: State, d: any, now_ms: number): State {
  const broadcast: Broadcast = { video: { url: '', still: '' }, ...d.broadcast };
  const offers: Record<string, Offer> = {};
  for (const entry of d.shelf ?? []) {
    if (entry.offer_ends_ms > now_ms) offers[entry.sku] = { sku: entry.sku, price: entry.price, ends_ms: entry.offer_ends_ms };
  }
  return {
    ...stateEmpty(),
    broadcast,
    hold_clock: d.hold_clock ?? previous.hold_clock,
    pins: bySlot(d.pins ?? []),
    shelf: d.shelf ?? [],
    stock: { ...d.stock },
    stock_ver: d.stock_ver ?? -1,
    cue: d.cue?.cue ? d.cue : null,
    notice: d.notice?.text ? d.notice : null,
    offers,
    holds: Object.fromEntries((d.my?.holds ?? []).map((h: Hold) => [h.hold, h])),
    waitlist: Object.fromEntries((d.my?.waitlist ?? []).map((w: any) => (typeof w === 'string' ? [w, { sku: w, state: 'joined' }] : [w.sku, w]))),
    audience: d.audience ?? 0,
    run_of_show: d.run_of_show ?? [],
    cue_index: d.cue_index ?? -1,
    counts: { ...d.counts },
    demand: { ...d.demand },
    can_undo_until_ms: d.can_undo_until_ms ?? 0,
    preflight: d.preflight ?? null,
    done: { ...d.done },
    selling: d.selling ?? previous.selling,
    why: d.why ?? '',
    sync_delay_ms: d.sync_delay_ms ?? null,
    lag: d.lag ?? null,
    approvals: Object.fromEntries((d.approvals ?? []).map((a: Approval) => [a.approval, a])),
    volumes: previous.volumes,
  };
}

export function bySlot(pins: Pin[]): Record<number, Pin> {
  return Object.fromEntries(pins.map((pin) => [pin.slot, pin]));
}

/* True when the message changed something. */
export function stateApply(s: State, m: Message): boolean {
  const d = m.d ?? {};
  switch (m.t) {
    case 'state':
      if (!s.broadcast) return false;
      if (d.state === 'live' && !s.broadcast.started_ms) s.broadcast.started_ms = m.ms ?? 0;
      s.broadcast = { ...s.broadcast, state: d.state };
      s.reason = d.reason ?? '';
      return true;
    case 'pin.set':
      s.pins = { ...s.pins, [d.slot]: { ...d, price: newer(d.price, shelfEntry(s, d.sku)?.price ?? null), pinned_ms: m.ms, media_at_ms: m.media_at_ms } };
      s.can_undo_until_ms = (m.ms ?? 0) + UNDO_MS;
      return true;
    case 'pin.clear': {
      const { [d.slot as number]: _gone, ...rest } = s.pins;
      s.pins = rest;
      s.can_undo_until_ms = (m.ms ?? 0) + UNDO_MS;
      return true;
    }
    case 'cue':
      s.cue = d.cue ? { cue: d.cue, title: d.title ?? '', text: d.text ?? '', sponsored: !!d.sponsored } : null;
      s.cue_index = d.index ?? s.run_of_show.findIndex((c) => c.id === d.cue);
      s.can_undo_until_ms = (m.ms ?? 0) + UNDO_MS;
      return true;
    case 'cue.done':
      s.done = { ...s.done, [d.cue]: d.must_say };
      return true;
    case 'price':
      priceSet(s, d.sku, d.price);
      s.can_undo_until_ms = (m.ms ?? 0) + UNDO_MS;
      return true;
    case 'offer': {
      const { [d.sku as string]: _old, ...rest } = s.offers;
      s.offers = d.state === 'started' ? { ...rest, [d.sku]: { sku: d.sku, price: d.price, ends_ms: d.ends_ms } } : rest;
      priceSet(s, d.sku, d.price);
      return true;
    }
    case 'extra': {
      const { sku, state, ...extra } = d;
      s.shelf = s.shelf.map((e) => (e.sku === sku ? { ...e, extra: state === 'started' ? (extra as Extra) : undefined } : e));
      s.can_undo_until_ms = (m.ms ?? 0) + UNDO_MS;
      return true;
    }
    case 'notice':
      s.notice = d.text ? { ...d, ms: m.ms } : null;
      return true;
    case 'sku':
      s.shelf = s.shelf.map((e) => (e.sku === d.sku ? { ...e, state: d.state } : e));
      if (d.state === 'recalled') s.shelf = s.shelf.map((e) => (e.extra && (e.sku === d.sku || e.extra.adds === d.sku) ? { ...e, extra: undefined } : e));
      return true;
    case 'shelf':
      s.shelf = d.shelf ?? s.shelf;
      if (d.pins) s.pins = bySlot(d.pins);
      if (d.run_of_show) s.run_of_show = d.run_of_show;
      if (d.cue_index !== undefined) s.cue_index = d.cue_index;
      if (d.preflight) s.preflight = d.preflight;
      return true;
    case 'details':
      if (s.broadcast) s.broadcast = { ...s.broadcast, ...d };
      return true;
    case 'stock':
      if (!(m.ver! >= s.stock_ver)) return false; /* the same again: a SKU is new on the shelf, say */
      s.stock_ver = m.ver!;
      s.stock = { ...s.stock, ...d };
      return true;
    case 'counts':
      if (m.ver !== undefined && !(m.ver >= s.counts_ver)) return false;
      s.counts_ver = m.ver ?? s.counts_ver;
      s.counts = { ...s.counts, ...d };
      return true;
    case 'audience':
      s.audience = d.viewers ?? s.audience;
      return true;
    case 'demand':
      s.demand = { ...s.demand, ...d };
      return true;
    case 'health':
      s.selling = d.selling;
      s.why = d.why ?? '';
      s.sync_delay_ms = d.sync_delay_ms ?? null;
      return true;
    case 'lag':
      s.lag = m.d ?? null;
      return true;
    case 'hold_clock':
      s.hold_clock = d as HoldClock;
      return true;
    case 'approval': {
      const { [d.approval as string]: _decided, ...rest } = s.approvals;
      s.approvals = d.state === 'asked' ? { ...rest, [d.approval]: d } : rest;
      return true;
    }
    case 'hold':
      s.holds = { ...s.holds, [d.hold]: { ...s.holds[d.hold], ...d, recall: d.recall } };
      if (d.offer) for (const line of d.lines ?? []) delete s.waitlist[line.sku];
      return true;
    case 'waitlist':
      if (d.state === 'left' || d.state === 'offered') delete s.waitlist[d.sku];
      else s.waitlist[d.sku] = d;
      s.waitlist = { ...s.waitlist };
      return true;
    default:
      return false;
  }
}

/* How long the clock of holds stood still up to now, in all. */
export function stoodMs(clock: HoldClock, now_ms: number): number {
  return clock.stood_ms + (clock.running ? 0 : Math.max(0, now_ms - (clock.since_ms ?? now_ms)));
}

/* When a hold ends if its clock goes on now. */
export function holdEndMs(s: State, hold: Hold, now_ms: number): number {
  return hold.expires_ms + (hold.stood_ms === undefined ? 0 : stoodMs(s.hold_clock, now_ms) - hold.stood_ms);
}

export function shelfEntry(s: State, sku: string): ShelfEntry | undefined {
  return s.shelf.find((e) => e.sku === sku);
}

function priceSet(s: State, sku: string, price: Price): void {
  if (!price) return;
  s.shelf = s.shelf.map((e) => (e.sku === sku ? { ...e, price } : e));
  s.pins = Object.fromEntries(Object.entries(s.pins).map(([slot, pin]) => [slot, pin.sku === sku ? { ...pin, price } : pin]));
}

function newer(a: Price | null, b: Price | null): Price | null {
  return !a || (b && (b.version ?? 0) > (a.version ?? 0)) ? b : a;
}

/* Later messages of a connection carry only new points: `fresh` marks one that carries the whole history, as `whole_series` in it does. A change is told once
 * or again with all others; what is not said stays as it was. */
export function volumesMerge(previous: Volumes | null, next: Volumes, fresh: boolean): Volumes {
  if (fresh || !previous || next.whole_series) return next;
  const known = new Set(previous.pins.map((p) => p.ms + p.sku));
  const changes = new Map([...(previous.changes ?? []), ...(next.changes ?? [])].map((c) => [`${c.seq} ${c.kind} ${c.sku}`, c]));
  return {
    ...previous,
    ...next,
    series: later(previous.series, next.series),
    fan: later(previous.fan, next.fan),
    pins: [...previous.pins, ...(next.pins ?? []).filter((p) => !known.has(p.ms + p.sku))],
    changes: [...changes.values()].sort((a, b) => a.seq - b.seq),
  };
}

const POINTS_MAX = 4000;               /* a page that stays open for days: every second point of the past is enough then */

function later<T extends { ms: number }>(known: T[] = [], more: T[] = []): T[] {
  const last = known[known.length - 1]?.ms ?? 0;
  const all = [...known, ...more.filter((p) => p.ms > last)];
  return all.length <= POINTS_MAX ? all : all.filter((_, i) => i % 2 === 0 || i > POINTS_MAX / 2);
}
