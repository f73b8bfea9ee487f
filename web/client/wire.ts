/* The messages of docs/protocol/wire.md that a browser sees. Money is in minor units, times are Unix milliseconds. */

export interface Price { amount: number; currency: string; version?: number }

export type BroadcastState = 'draft' | 'rehearsal' | 'scheduled' | 'live' | 'paused' | 'ended' | 'settled';

export interface Broadcast {
  id: string;
  title: string;
  state: BroadcastState;
  video: { url: string; still: string };
  hold_ms: number;
  started_ms: number;
  sponsored: boolean;
}

export interface Pin {
  slot: number;
  sku: string;
  cue?: string;
  title: string;
  price: Price | null;
  image: string;
  url: string;
  sponsored: boolean;
  text: string;
  pinned_ms?: number;
  media_at_ms?: number;
}

export interface ShelfEntry {
  sku: string;
  title: string;
  price: Price | null;
  image: string;
  url: string;
  limit: number;
  state: 'open' | 'stopped' | 'recalled';
}

export interface Stock { left?: number; state: 'ok' | 'low' | 'held_out' | 'sold_out' | 'stopped' }

export interface Cue { cue: string; title: string; text: string; sponsored: boolean }

export interface Notice { id: string; text: string; level: 'info' | 'correction' | 'recall' | 'outage'; ms?: number }

export interface Offer { sku: string; price: Price; ends_ms: number }

export type HoldState = 'held' | 'confirmed' | 'released' | 'expired' | 'void';

export interface Hold {
  hold: string;
  state: HoldState;
  expires_ms: number;
  stood_ms?: number;                   /* what its clock had stood still in all when this was said */
  extends_left: number;
  lines: { sku: string; qty: number; price: Price }[];
  total: Price;
  checkout_url: string;
  offer?: boolean;
  recall?: Recall;                     /* of a held one: a product in it was recalled */
  order?: string;
}

/* Holds lose no time while it does not run. */
export interface HoldClock { running: boolean; stood_ms: number; since_ms?: number }

export type Recall = 'none' | 'keep' | 'cancel' | 'honour';
export interface Affected { holds: number; units_held: number; orders: number; units_sold: number }

export interface Waiting { sku: string; state: string; ahead?: number }

/* What only a host sees. */
export interface Card { say?: string; must_say?: string[]; must_not_say?: string[]; notes?: string }

export interface RunCue {
  id: string;
  title: string;
  sku?: string;
  slot?: number;
  planned_units?: number;
  minutes?: number;
  price?: Price | null;
  sponsored?: boolean;
  card?: Card;
  viewer_text?: string;
}

export interface Problem { cue?: string; sku?: string; code: string; detail: string; blocking: boolean }
export interface Preflight { go: boolean; problems: Problem[] }
export interface Counts { allocated: number; available: number; held: number; sold: number; waitlist: number; stopped?: boolean; buffer?: number; recall?: Recall }
export interface Lag { viewers: number; p50_ms: number; p95_ms: number }
export interface SyncDelay { last: number; p95: number }
export interface Approval {
  approval: string;
  state: 'asked' | 'approved' | 'rejected' | 'lapsed';
  kind: 'price' | 'offer';
  sku: string;
  price: Price;
  for_ms: number;
  asked_by: string;
  until_ms: number;
  reason: string;
}
export interface Demand { attempts: number; refused: number }

/* What logistics sees. */
export interface VolumeRow {
  sku: string;
  title: string;
  allocated: number;
  confirmed: number;
  held: number;
  waitlist: number;
  available: number;
  refused: number;
  weight_g: number;
}

export interface Volumes {
  broadcast: string;
  title?: string;
  state: BroadcastState;
  as_of_ms: number;
  ledger: string;
  kind: string;
  skus: VolumeRow[];
  total: { allocated: number; confirmed: number; held: number; waitlist: number; available: number; orders: number };
  series: { ms: number; confirmed: number; held: number }[];
  pins: { ms: number; sku: string; title: string }[];
}

/* Any message: the wire may add fields, so nothing here is closed. */
export interface Message {
  t: string;
  id?: string;
  re?: string;
  seq?: number;
  ms?: number;
  ver?: number;
  media_at_ms?: number;
  epoch?: string;
  d?: any;
  [field: string]: any;
}

export interface Refusal {
  code: string;
  title: string;
  detail?: string;
  field?: string;
  retry?: boolean;
  retry_after_ms?: number;
  waitlist?: boolean;
  sku?: string;
  price?: Price;
  approval?: string;
  problems?: Problem[];
}
