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
  extra?: Extra;                       /* while one runs */
}

/* What the host promised on air to pack as well: with each unit, or with each order that has the product. */
export interface Extra { kind: 'bundle' | 'freebie'; adds?: string; adds_units: number; first_orders?: number; text: string }

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

/* What may come. Quantiles ascend; those of a sum are not the sum of quantiles. */
export interface Spread { mean: number; q05: number; q25: number; q50: number; q75: number; q95: number }

export type EstimatePart = 'firm' | 'holds' | 'live' | 'tail' | 'cancelled';

export interface EstimateSku {
  sku: string;
  title: string;
  gtin?: string;
  firm: number;
  held: number;
  waitlist: number;
  stock: number | null;                /* the most that can ship; null: not known */
  units: Spread;
  lost: number;
  short_by: number;
  parts: Partial<Record<EstimatePart, number>>;
  flags: string[];
}

/* Of a site in a wave; `*` is all of them, wave `later` what comes after the last cut-off. null: weight or size of a SKU that sells is not known. */
export interface EstimateLoad { site: string; wave: string; firm: number; units: Spread; parcels: Spread; grams: Spread | null; cm3: Spread | null }

/* Only `firm` is orders; all else is planning. */
export interface Estimate {
  broadcast: string;
  title: string;
  seq: number;
  as_of_ms: number;
  ledger: string;
  phase: 'live' | 'tail' | 'closed';
  state: BroadcastState;
  kind: string;
  sites: string[];                     /* `*`: the shop has told of none */
  waves: { id: string; cut_off_ms: number | null }[]; /* null: counts from an end that is not yet */
  total: { firm: number; held: number; units: Spread; parcels: Spread; grams: Spread | null; cm3: Spread | null };
  skus: EstimateSku[];
  loads: EstimateLoad[];
  skus_cut?: number;                   /* how many with the fewest units are left out; sums tell all */
  cells_cut?: number;
  cells: { sku: string; site: string; wave: string; firm: number; units: number[] }[]; /* mean, then the quantiles */
  cartons: { carton: string; count: Spread }[];
  because: Partial<Record<EstimatePart, number>>;
  returns: Spread;
  flags: string[];
  suspect_holds: number;
  accuracy: { shows: number; off: number; covered: number };
}

/* What an estimate said when it was published. */
export interface FanPoint { ms: number; firm: number; q05: number; q25: number; q50: number; q75: number; q95: number }

/* What the host changed on air that the warehouse must know. */
export interface PromiseChange {
  seq: number;
  ms: number;
  kind: string;
  sku: string;
  title?: string;
  adds?: string;
  adds_units?: number;
  first_orders?: number;
  was?: Price | null;
  now?: Price | null;
  text?: string;
}

export interface Stamp { id: string; ms: number; by: string; note: string; seq: number; firm: number; units: Spread; parcels: Spread }

export interface Volumes {
  broadcast: string;
  title?: string;
  state: BroadcastState;
  started_ms?: number;                 /* 0 or none: not yet */
  ended_ms?: number;
  as_of_ms: number;
  ledger: string;
  kind: string;
  skus: VolumeRow[];
  total: { allocated: number; confirmed: number; held: number; waitlist: number; available: number; orders: number };
  series: { ms: number; confirmed: number; held: number }[];
  pins: { ms: number; sku: string; title: string }[];
  whole_series?: boolean;              /* series, fan and changes are all there are */
  estimate?: Estimate | null;
  fan?: FanPoint[];
  last?: { broadcast: string; title: string; shipped: number; points: { s: number; firm: number }[] } | null;
  changes?: PromiseChange[];
  stamps?: Stamp[];
  plan?: { sites: { id: string; share: number; parcels_per_wave: number }[]; waves: { id: string; cut_off_ms?: number; after_end_ms?: number }[] } | null;
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
