/* The headline: what is ordered, and apart from it what is expected. The two never share a box, a fill or a word. */

import type { ComponentChildren } from 'preact';
import type { Estimate, Spread, Stamp, Volumes } from '../client/wire';
import { capacities, LEVELS, place } from './capacity';
import { change, range, share, shares, units, volumeOf, weightOf } from './numbers';
import { RangeBar } from './range';
import { accuracyText } from './words';

const LONG = 10_000;                  /* numbers of so many digits are set smaller, so that all keep their places */

export function Figures({ v, stamp }: { v: Volumes; stamp: Stamp | null }) {
  const e = v.estimate ?? null;
  const firm = e ? e.total.firm : v.total.confirmed;
  /* Once settled the document alone says what was: the shop's counts go on, in other shows. */
  const counted: [string, string, number][] = e?.phase === 'closed'
    ? [['held', 'On hold', e.total.held]]
    : [['orders', 'Orders', v.total.orders], ['held', 'On hold', v.total.held], ['waitlist', 'Waiting', v.total.waitlist], ['available', 'Available', v.total.available]];
  return (
    <div class="figures">
      <section class="firm-box" aria-labelledby="h-firm">
        <h2 id="h-firm">Firm</h2>
        <b class={`big ${firm >= LONG ? 'long' : ''}`} data-testid="total-firm">{units(firm)}</b>
        <p>units ordered</p>
        <Since now={firm} then={stamp?.firm} what="firm" />
        <dl>
          {counted.map(([id, name, n]) => <div key={id}><dt>{name}</dt><dd data-testid={`total-${id}`}>{units(n)}</dd></div>)}
        </dl>
      </section>
      <section class="plan-box" aria-labelledby="h-plan" data-testid="planning">
        <p class="plan-head">
          <strong id="h-plan">Planning</strong>
          <span>{!e ? '' : e.phase === 'closed' ? 'what ships: nothing more is expected' : 'what will have shipped in the end; 9 times in 10 within the range'}</span>
        </p>
        {e ? <Planned v={v} e={e} stamp={stamp} /> : <p class="none" data-testid="no-estimate">No estimate yet. It appears once the show is live; everything else here is counted.</p>}
        {e && <p class="accuracy"><span data-testid="accuracy">{accuracyText(e)}</span> {e.flags.length > 0 && <a href="#h-told" data-testid="remarks">{e.flags.length === 1 ? 'One remark' : `${e.flags.length} remarks`}</a>}</p>}
      </section>
    </div>
  );
}

function Planned({ v, e, stamp }: { v: Volumes; e: Estimate; stamp: Stamp | null }) {
  const { total } = e;
  const kg = total.grams && weightOf(total.grams.q95);
  const m3 = total.cm3 && volumeOf(total.cm3.q95);
  const fullest = capacities(v, e).sort((a, b) => b.share - a.share)[0];
  return (
    <div class="five">
      <Figure name="units" label="Units" spread={total.units} firm={total.firm}><Since now={total.units.q50} then={stamp?.units.q50} what="expected" /></Figure>
      <Figure name="parcels" label="Parcels" spread={total.parcels}><Since now={total.parcels.q50} then={stamp?.parcels.q50} what="parcels" /></Figure>
      <Figure name="weight" label="Weight" unit={kg?.name} spread={total.grams} write={kg?.write} />
      <Figure name="volume" label="Volume" unit={m3?.name} spread={total.cm3} write={m3?.write} />
      {fullest && (
        <div class={`figure ${fullest.level}`} data-testid="total-capacity">
          <h3>Capacity</h3>
          <b>{share(fullest.share)}</b>
          <p class="of">{shares(fullest.load.parcels.q05 / fullest.capacity, fullest.load.parcels.q95 / fullest.capacity)}</p>
          <RangeBar spread={fullest.load.parcels} bound={fullest.capacity} level={fullest.level} whole />
          <p class="note" title={`${place(fullest.load)} ${LEVELS[fullest.level]}`}>{place(fullest.load)} <strong>{LEVELS[fullest.level]}</strong></p>
        </div>
      )}
    </div>
  );
}

function Figure({ name, label, unit, spread, firm, write = units, children }: { name: string; label: string; unit?: string; spread: Spread | null; firm?: number; write?: (x: number) => string; children?: ComponentChildren }) {
  return (
    <div class="figure" data-testid={`total-${name}`}>
      <h3>{label}</h3>
      {spread ? (
        <>
          <b class={spread.q50 >= LONG && !unit ? 'long' : ''}>{write(spread.q50)}{unit && <small> {unit}</small>}</b>
          <p class="of">{range(spread, write)}</p>
          <RangeBar spread={spread} firm={firm} />
          {children}
        </>
      ) : <><b class="unknown">–</b><p class="of">not known</p></>}
    </div>
  );
}

/* Against a frozen estimate that is being compared with. */
function Since({ now, then, what }: { now: number; then: number | undefined; what: string }) {
  return then === undefined ? null : <p class="since" data-testid={`since-${what}`}>{change(now - then)} since frozen</p>;
}
