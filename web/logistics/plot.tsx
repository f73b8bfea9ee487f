/* The chart with its legend, which reads out what stands under the cursor, and the same numbers as a table. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Volumes } from '../client/wire';
import { Chart } from './chart';
import { around, time, units } from './numbers';

const ROWS_MAX = 200;                  /* of the table; the CSV has all */
const LONG_MS = 2 * 3_600_000;         /* after the end, until the show itself may be looked at alone */

export function Course({ v, until }: { v: Volumes; until: number }) {
  const [under, setUnder] = useState<string[]>([]);
  const [air, setAir] = useState(false);
  const [table, setTable] = useState(false);
  const long = !!v.ended_ms && v.as_of_ms - v.ended_ms > LONG_MS;
  const latest = v.fan?.[v.fan.length - 1];
  const e = v.estimate?.total;
  const said = under.length ? under : ['Now', units(e?.firm ?? v.total.confirmed), latest ? around(latest) : '–', v.last ? `${units(v.last.shipped)} in the end` : '–'];
  return (
    <section class="card course" aria-labelledby="h-course">
      <div class="head">
        <h2 id="h-course">Over time</h2>
        <button class="small quiet" aria-expanded={table} aria-controls="course-table" data-testid="series" onClick={() => setTable(!table)}>{table ? 'Hide the table' : 'As a table'}</button>
        {long && <button class="small" aria-pressed={air} onClick={() => setAir(!air)}>{air ? 'All of it' : 'The show alone'}</button>}
      </div>
      {v.series.length || v.fan?.length ? (
        <>
          <Plot v={v} until={until} air={long && air} onUnder={setUnder} />
          <dl class="legend" data-testid="legend">
            <div class="at"><dt class="sr">Time</dt><dd>{said[0]}</dd></div>
            <div><dt><i class="key firm" />Firm</dt><dd>{said[1]}</dd></div>
            {latest && <div><dt><i class="key plan" />Expected</dt><dd>{said[2]}</dd></div>}
            {v.last && <div><dt><i class="key last" />{v.last.title || v.last.broadcast}</dt><dd>{said[3]}</dd></div>}
          </dl>
        </>
      ) : <p class="none">Nothing has been held or sold yet.</p>}
      <div id="course-table">{table && <Points v={v} />}</div>
    </section>
  );
}

function Plot({ v, until, air, onUnder }: { v: Volumes; until: number; air: boolean; onUnder: (text: string[]) => void }) {
  const el = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  useEffect(() => {
    chart.current ??= new Chart(el.current!, onUnder);
    chart.current.show(v, until, air);
  });
  return <div class="chart" ref={el} data-testid="chart" role="img" aria-label="Firm units over time, and the range that was expected to ship in the end at each moment. “As a table” has the same numbers." />;
}

function Points({ v }: { v: Volumes }) {
  const all = v.fan?.length ? v.fan : v.series.map((p) => ({ ms: p.ms, firm: p.confirmed, q05: null, q50: null, q95: null }));
  const step = Math.max(1, Math.ceil(all.length / ROWS_MAX));
  const points = all.filter((_, i) => i % step === 0 || i === all.length - 1);
  const cell = (x: number | null) => <td class="n">{x === null ? '–' : units(x)}</td>;
  return (
    <>
      <div class="scroll points" tabIndex={0} role="region" aria-label="The chart as a table">
        <table>
          <thead><tr><th scope="col">Time</th><th scope="col" class="n">Firm</th><th scope="col" class="n">Expected, low</th><th scope="col" class="n">middle</th><th scope="col" class="n">high</th><th scope="col">On screen from then</th></tr></thead>
          <tbody>
            {points.map((p, i) => (
              <tr key={p.ms}><td>{time(p.ms, true)}</td>{cell(p.firm)}{cell(p.q05)}{cell(p.q50)}{cell(p.q95)}<td>{v.pins.filter((q) => q.ms <= p.ms && q.ms > (points[i - 1]?.ms ?? 0)).map((q) => q.title).join(', ')}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
      {step > 1 && <p class="foot">Every {step}th of {all.length} points.</p>}
    </>
  );
}
