/* What each site has to pack for each wave; and the cartons and returns to make ready for. */

import type { Estimate, EstimateLoad, Spread, Volumes } from '../client/wire';
import { ago } from '../client/words';
import { capacities, LATER, LEVELS } from './capacity';
import { moment, range, units, volumeOf, weightOf } from './numbers';
import { RangeBar } from './range';

export function Places({ v, e, now }: { v: Volumes; e: Estimate; now: number }) {
  const full = new Map(capacities(v, e).map((f) => [`${f.load.site} ${f.load.wave}`, f]));
  const most = (of: 'grams' | 'cm3') => Math.max(...e.loads.map((l) => l[of]?.q95 ?? 0));
  const kg = weightOf(most('grams')), m3 = volumeOf(most('cm3'));
  const waves = [...new Set(e.loads.map((l) => l.wave))].filter((w, _i, all) => w !== '*' || all.length === 1);
  const sites = e.sites.filter((s) => s !== '*');
  const load = (site: string, wave: string) => e.loads.find((l) => l.site === site && l.wave === wave);
  const line = (l: EstimateLoad, name: string, sum: boolean) => {
    const f = full.get(`${l.site} ${l.wave}`);
    return (
      <tr key={`${l.site} ${l.wave}`} class={`${sum ? 'sum' : ''} ${f?.level ?? ''}`} data-testid={`load-${l.site}-${l.wave}`}>
        <th scope="row">{name}</th>
        <td class="n" data-col="firm">{units(l.firm)}</td>
        <Planned s={l.units} />
        <Planned s={l.parcels} bound={f?.capacity} level={f?.level} />
        <td class="n" data-col="capacity">{f ? <>{units(f.capacity)}<small class={f.level === 'fine' ? '' : 'warn'}>{LEVELS[f.level]}</small></> : '–'}</td>
        <td class="n" data-col="grams">{l.grams ? range(l.grams, kg.write) : '–'}</td>
        <td class="n" data-col="cm3">{l.cm3 ? range(l.cm3, m3.write) : '–'}</td>
      </tr>
    );
  };
  /* Ordered, and nobody has said yet which site ships it: the sites' planning has it, their firm has not. */
  const unplaced = (wave: string) => {
    const firm = (load('*', wave)?.firm ?? 0) - sites.reduce((n, s) => n + (load(s, wave)?.firm ?? 0), 0);
    return sites.length > 0 && firm > 0 && (
      <tr data-testid={`unplaced-${wave}`} title="Ordered, and no site is named for it yet: expected at the sites above">
        <th scope="row">No site yet</th><td class="n" data-col="firm">{units(firm)}</td><td class="planned">–</td><td class="planned">–</td><td class="n">–</td><td class="n">–</td><td class="n">–</td>
      </tr>
    );
  };
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="By site and wave">
        <table class="places">
          <colgroup><col class="title" /><col /><col class="units" /><col class="units" /><col class="capacity" /><col class="measure" /><col class="measure" /></colgroup>
          <thead><tr><th scope="col">Site</th><th scope="col" class="n">Firm</th><th scope="col" class="planned">Units <small>low · middle · high</small></th><th scope="col" class="planned">Parcels <small>low · middle · high</small></th><th scope="col" class="n">Capacity</th><th scope="col" class="n">Weight, {kg.name}</th><th scope="col" class="n">Volume, {m3.name}</th></tr></thead>
          {waves.map((w) => {
            const all = load('*', w);
            return (
              <tbody key={w}>
                {w !== '*' && <tr class="wave"><th scope="rowgroup" colSpan={7}>{w === LATER ? 'Later' : `Wave ${w}`} <small>{until(v, e, w, now)}</small></th></tr>}
                {sites.map((site) => load(site, w)).map((l) => l && line(l, l.site, false))}
                {unplaced(w)}
                {all && w !== '*' && sites.length !== 1 && line(all, 'All sites', true)}
              </tbody>
            );
          })}
          <tbody>
            {waves[0] !== '*' && sites.length > 0 && <tr class="wave"><th scope="rowgroup" colSpan={7}>All waves</th></tr>}
            {waves[0] !== '*' && sites.map((site) => load(site, '*')).map((l) => l && line(l, l.site, false))}
            {waves[0] !== '*' && unplaced('*')}
            {e.loads[0] && line(e.loads[0], 'Everything', true)}
          </tbody>
        </table>
      </div>
      <Cartons e={e} />
    </>
  );
}

function until(v: Volumes, e: Estimate, wave: string, now: number): string {
  if (wave === LATER) return 'what is ordered after the last cut-off';
  const at = e.waves.find((w) => w.id === wave)?.cut_off_ms;
  if (at) return `what is ordered until ${moment(at, now)}`;
  const after = v.plan?.waves.find((w) => w.id === wave)?.after_end_ms;
  return after === undefined ? '' : `what is ordered until ${ago(after)} after the end`;
}

function Planned({ s, bound, level }: { s: Spread; bound?: number; level?: string }) {
  return (
    <td class="planned" data-col="planned">
      <span class="three"><span>{units(s.q05)}</span><b>{units(s.q50)}</b><span>{units(s.q95)}</span></span>
      <RangeBar spread={s} bound={bound} level={level} small />
    </td>
  );
}

function Cartons({ e }: { e: Estimate }) {
  const most = Math.max(1, ...e.cartons.map((c) => c.count.q95));
  return (
    <div class="two">
      <section aria-labelledby="h-cartons" data-testid="cartons">
        <h3 id="h-cartons">Cartons to have ready</h3>
        {!e.cartons.length && <p class="none">The shop has told no carton sizes.</p>}
        {e.cartons.map((c) => (
          <div class="row carton" key={c.carton}>
            <b>{c.carton}</b><RangeBar spread={c.count} most={most} small /><span>{units(c.count.q50)} <small>({range(c.count)})</small></span>
          </div>
        ))}
      </section>
      <section aria-labelledby="h-returns" data-testid="returns">
        <h3 id="h-returns">Returns</h3>
        <p><b>{units(e.returns.q50)}</b> units may come back <small>({range(e.returns)})</small>.</p>
        <p class="foot">Inbound, after shipping: none of the numbers above is less because of them.</p>
      </section>
    </div>
  );
}
