/* How full each site's waves may get: parcels expected against what the shop said it can take. */

import type { Estimate, EstimateLoad, Volumes } from '../client/wire';
import { range, shares, units } from './numbers';
import { RangeBar } from './range';

const SHOWN_MAX = 4;

export type Level = 'fine' | 'tight' | 'over';
export interface Full { load: EstimateLoad; capacity: number; share: number; level: Level }
export const LEVELS: Record<Level, string> = { fine: 'fits', tight: 'may not fit', over: 'will hardly fit' };

export const LATER = 'later';          /* not a wave of the plan: nobody has said what it can take */

/* What is asked of one site in one wave, in the plan's order; a shop without waves has one. */
export function pairs(e: Estimate): EstimateLoad[] {
  const waves = e.loads.some((l) => l.wave !== '*');
  return e.loads.filter((l) => l.site !== '*' && (l.wave !== '*') === waves);
}

/* Sites that stated no capacity are left out. */
export function capacities(v: Volumes, e: Estimate): Full[] {
  const stated = new Map((v.plan?.sites ?? []).map((s) => [s.id, s.parcels_per_wave]));
  return pairs(e).filter((l) => l.wave !== LATER && (stated.get(l.site) ?? 0) > 0).map((load) => {
    const capacity = stated.get(load.site)!;
    const level: Level = load.parcels.q50 > capacity ? 'over' : load.parcels.q95 > capacity ? 'tight' : 'fine';
    return { load, capacity, share: load.parcels.q50 / capacity, level };
  });
}

export const place = (l: { site: string; wave: string }): string => [l.site === '*' ? 'All sites' : l.site, l.wave === '*' ? '' : l.wave].filter(Boolean).join(' · ');

export function Capacity({ v, e }: { v: Volumes; e: Estimate }) {
  const all = capacities(v, e);
  const fullest = [...all].sort((a, b) => b.share - a.share).slice(0, SHOWN_MAX);
  const rank = (f: Full) => ['over', 'tight', 'fine'].indexOf(f.level);
  const shown = all.filter((f) => fullest.includes(f)).sort((a, b) => rank(a) - rank(b));   /* lines do not change places at every tick */
  return (
    <section class="card capacity" aria-labelledby="h-capacity">
      <h2 id="h-capacity">Capacity <small>the fullest waves</small></h2>
      {!all.length && <p class="none">No site has stated what it can take. The shop tells it with its logistics plan.</p>}
      <ul>
        {shown.map((f) => (
          <li key={place(f.load)} class={f.level} data-testid={`capacity-${f.load.site}-${f.load.wave}`}>
            <span class="row"><b>{place(f.load)}</b><span>{shares(f.load.parcels.q05 / f.capacity, f.load.parcels.q95 / f.capacity)}</span></span>
            <RangeBar spread={f.load.parcels} bound={f.capacity} level={f.level} whole />
            {f.level === 'fine' ? <span class="sr">{LEVELS.fine}</span> : <span class="row verdict"><span>{range(f.load.parcels)} of {units(f.capacity)} parcels</span><b>{LEVELS[f.level]}</b></span>}
          </li>
        ))}
      </ul>
      {all.length > shown.length && <p class="foot">The {shown.length} fullest of {all.length}; all are in “Sites and waves”.</p>}
    </section>
  );
}
