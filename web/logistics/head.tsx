/* Which show, in which phase, as of when and how sure we are that it is still so; and what can be done with the numbers. */

import type { Stamp, Volumes } from '../client/wire';
import { ago } from '../client/words';
import type { Feed } from './feed';
import { moment, time } from './numbers';
import { STATES } from './words';

const PHASES: Record<string, string> = { live: 'on air', tail: 'replay', closed: 'nothing more is expected' };
const QUIET_MS = 10_000;               /* without a change, until we say that there was none */

export function Head({ v, feed, said, onSaid, onFreeze, stamp, onCompareEnd }: { v: Volumes; feed: Feed; said: string; onSaid: (text: string) => void; onFreeze: () => void; stamp: Stamp | null; onCompareEnd: () => void }) {
  const e = v.estimate ?? null;
  const { age_ms, silent, quiet, news_age_ms, now } = feed.freshness();
  const closed = e?.phase === 'closed';
  const dot = silent || quiet ? 'old' : feed.via ? 'fresh' : 'lost';
  const as_of = closed ? e.as_of_ms : quiet ? now - news_age_ms : Math.max(v.as_of_ms, e?.as_of_ms ?? 0);
  const words = () => {
    if (silent) return `These numbers are ${ago(quiet ? news_age_ms : age_ms)} old`;
    if (!feed.via) return `Connection lost, last heard ${ago(age_ms)} ago`;
    if (quiet) return `Nothing new from the server for ${ago(news_age_ms)}`;
    if (now - as_of > QUIET_MS) return `No change since, checked ${ago(age_ms)} ago`;
    return feed.via === 'stream' ? 'Up to date, by stream' : 'Up to date';
  };
  const csv = () => feed.csv().then(() => onSaid('Saved'), (error) => onSaid(`Not saved: ${error.message}`));
  return (
    <header>
      <div class="name">
        <h1 data-testid="broadcast">{v.title || v.broadcast}</h1>
        <p><span class={`badge ${v.state}`} data-testid="state">{STATES[v.state] ?? v.state}</span>{e && <span class="phase" data-testid="phase">{PHASES[e.phase] ?? e.phase}</span>}</p>
      </div>
      <p class="as-of" data-testid="freshness">
        <i class={`dot ${dot}`} aria-hidden="true" />
        <span>
          <b data-testid="as-of">As of {time(as_of, true)}</b>
          <br />
          {words()}
        </span>
      </p>
      <div class="acts">
        <span role="status" class="said">{said}</span>
        <button data-testid="freeze" disabled={!e} onClick={onFreeze}>Freeze</button>
        <button data-testid="csv" onClick={csv}>Save CSV</button>
        <button data-testid="print" onClick={() => print()}>Print</button>
      </div>
      {stamp && <p class="comparing" data-testid="comparing">Compared with “{stamp.note || `no. ${stamp.seq}`}”, frozen {moment(stamp.ms, now)}{stamp.by ? ` by ${stamp.by}` : ''} <button class="small" onClick={onCompareEnd}>Stop comparing</button></p>}
      <p class="print-only" data-testid="print-stamp">Planning figures, not an order. Only “firm” is ordered. As of {new Date(as_of).toLocaleString()}{e ? `, estimate no. ${e.seq}` : ''}, ledger {closed ? e.ledger : v.ledger}.{silent || quiet ? ` These numbers were ${ago(quiet ? news_age_ms : age_ms)} old when printed.` : ''}</p>
    </header>
  );
}
