/* What the estimate does not know, and why: in sentences. */

import type { Estimate, Volumes } from '../client/wire';
import { share } from './numbers';
import { becauseText, flagText, PARTS } from './words';

export function Told({ v, e, now }: { v: Volumes; e: Estimate; now: number }) {
  const parts = PARTS.map(([part, name]) => ({ part, name, of: e.because[part] ?? 0 })).filter((p) => p.of >= 0.005);
  const all = parts.reduce((n, p) => n + p.of, 0) || 1;
  return (
    <section class="card told" aria-labelledby="h-told">
      <h2 id="h-told" tabIndex={-1}>How sure is this?</h2>
      <p data-testid="because">{becauseText(v, e, now)}</p>
      {parts.length > 0 && e.phase !== 'closed' && (
        <ul class="parts" aria-label="Where the uncertainty comes from">
          {parts.map((p) => <li key={p.part} class={p.part}><i style={{ width: `${(100 * p.of) / all}%` }} aria-hidden="true" /><span>{p.name}</span><b>{share(p.of / all)}</b></li>)}
        </ul>
      )}
      {e.flags.length > 0 && <ul class="flags" data-testid="flags">{e.flags.map((f) => <li key={f} data-testid={`flag-${f}`}>{flagText(f, e)}</li>)}</ul>}
    </section>
  );
}
