/* What the estimate says of itself, in sentences a planner can act on. */

import { money } from '../client/words';
import type { Estimate, EstimatePart, PromiseChange, Volumes } from '../client/wire';
import { share, units } from './numbers';

export const STATES: Record<string, string> = { draft: 'Draft', scheduled: 'Scheduled', rehearsal: 'Rehearsal', live: 'LIVE', paused: 'Paused', ended: 'Ended', settled: 'Settled' };

const FLAGS: Record<string, string> = {
  'no-history': 'No earlier show to learn from: the ranges rest on built-in guesses. Keep people and cartons for the high end ready.',
  'hold-time-changed': 'Holds last otherwise than in earlier shows: how many of them will be paid is less sure than usual.',
  'sku-unknown': 'Some products were never on air before: their ranges are wide. They are marked “new” in the table.',
  overrun: 'The show runs past its planned end: nobody knows how much longer it sells, so the middle may still move up.',
  'audience-missing': 'Nobody reports how many are watching: what is still to come is judged by the sales alone.',
  'master-data-missing': 'Weight or size of a product that sells is not in the catalogue: kilograms and cubic metres are not known.',
  'late-events': 'Some sales were reported late: the last minutes may look smaller than they are.',
  'stock-unknown': 'How much of some products is there is not known: nothing bounds their ranges.',
  'history-cut': 'The ledger no longer has the beginning of this show: what was sold before is missing from all numbers here.',
};

export function flagText(flag: string, e: Estimate): string {
  if (flag === 'suspect-holds') return `${units(e.suspect_holds)} holds do not look like people and are left out. If they were real after all, that much more would ship.`;
  return FLAGS[flag] ?? `The estimate carries a remark that this page does not know: ${flag}.`;
}

export const SKU_FLAGS: Record<string, string> = { 'sku-unknown': 'new', 'master-data-missing': 'no size', 'stock-unknown': 'stock?', 'suspect-holds': 'bots?' };

export const PARTS: [EstimatePart, string][] = [['holds', 'open holds'], ['live', 'still on air'], ['tail', 'the replay'], ['cancelled', 'cancellations']];

/* What makes the range as wide as it is, and when that will be better. */
export function becauseText(v: Volumes, e: Estimate, now_ms: number): string {
  if (e.phase === 'closed') return 'Nothing more is expected: the range closes as parcels are reported.';
  const parts = PARTS.map(([part, name]) => ({ part, name, of: e.because[part] ?? 0 })).sort((a, b) => b.of - a.of);
  const [first, second] = parts;
  if (first.of <= 0) return 'There is hardly any uncertainty left.';
  const even = second.of > 0.35;
  const who = even ? `The uncertainty is about half ${first.part === 'live' ? 'what is still sold on air' : first.name}, half ${second.part === 'live' ? 'what is still sold on air' : second.name}` : `Most of the uncertainty is ${first.part === 'live' ? 'what is still sold on air' : first.name}`;
  return `${who}: ${narrows(first.part, v, e, now_ms)}`;
}

function narrows(part: EstimatePart, v: Volumes, e: Estimate, now_ms: number): string {
  const over_min = v.ended_ms ? (now_ms - v.ended_ms) / 60_000 : 0;
  switch (part) {
    case 'holds': return 'it will narrow within minutes, as they are paid or run out.';
    case 'live': return 'it narrows with every product that has been shown.';
    case 'tail':
      if (e.phase === 'live') return 'it will narrow about 15 minutes after the end.';
      return over_min < 14 ? `it will narrow in about ${Math.max(1, Math.round(15 - over_min))} minutes.` : 'it narrows slowly now, over hours.';
    default: return 'it narrows over days, as orders are packed.';
  }
}

export function accuracyText(e: Estimate): string {
  const { shows, off, covered } = e.accuracy;
  if (!shows) return 'No earlier show to be measured by yet.';
  return `Off by ${share(off)} on the last ${shows === 1 ? 'show' : `${units(shows)} shows`}; the range held in ${share(covered)} of them.`;
}

export interface Told { what: string; act: string; urgent?: boolean }

/* What changed, and what it means for whoever packs. The server's line says what; prices are written the planner's way here. */
export function changeText(c: PromiseChange, titles: Map<string, string>): Told {
  const it = c.title || c.sku;
  const n = c.adds_units || 1;
  const extra = c.adds ? `${units(n)} × ${titles.get(c.adds) || c.adds}` : 'it';
  const prices = c.now ? `${money(c.now)}${c.was ? `, was ${money(c.was)}` : ''}` : '';
  const said = (what: string, act: string, urgent = false): Told => ({ what: (!prices && c.text) || what, act, urgent });
  switch (c.kind) {
    case 'price': return said(`${it}: price now ${prices}`, 'Nothing to pack differently. Check slips and invoices that print a price.');
    case 'offer': return said(`${it}: on offer at ${prices}`, 'Expect more of it while the offer runs.');
    case 'offer_ended': return said(`${it}: the offer is over${prices ? `, ${prices}` : ''}`, 'Nothing to do.');
    case 'bundle': return said(`${it}: each now comes with ${extra}`, `Pick ${extra} with each unit ordered from now on.`, true);
    case 'freebie': return said(`${it}: ${extra} free with each order`, `Put ${extra} into each parcel with ${c.title || c.sku} ordered from now on.${c.first_orders ? ` Have ${units(n * c.first_orders)} ready.` : ''}`, true);
    case 'extra_ended': return said(`${it}: the extra has ended`, 'Orders made before this still get it, later ones do not.');
    case 'recalled': return said(`${it}: recalled`, 'Do not ship it. Take it out of parcels that are packed.', true);
    case 'stopped': return said(`${it}: no longer sold`, 'Ship what is firm. Nothing new comes unless it opens again.');
    case 'opened': return said(`${it}: sold again`, 'Expect more of it.');
    case 'added': return said(`${it}: new on the shelf`, 'Give it a pick face; there is no history for it.');
    default: return said(`${it}: ${c.kind}`, '');
  }
}
