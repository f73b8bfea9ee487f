/* The planner's page: what is ordered (firm), and what will probably ship in the end (planning). The two are never one number.
 *
 *   App            freshness, the grid, what was just said
 *     Head         which show, as of when, freeze, save, print
 *     Figures      firm | planning
 *     Course       the fan over time          Capacity, Told, Changes, Stamps beside it
 *     Tabs         products | sites and waves */

import './logistics.css';
import './tables.css';
import './print.css';
import 'uplot/dist/uPlot.min.css';
import { render } from 'preact';
import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import { sessionTake } from '../client/session';
import { ago } from '../client/words';
import { Capacity } from './capacity';
import { Changes, useSeen } from './changes';
import { Feed } from './feed';
import { Figures } from './figures';
import { Head } from './head';
import { time } from './numbers';
import { Places } from './places';
import { Course } from './plot';
import { Products } from './products';
import { Freeze, Stamps } from './stamps';
import { Tabs } from './tabs';
import { Told } from './told';

const SAID_MS = 4000;

function App({ feed }: { feed: Feed }) {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [said, setSaid] = useState('');
  const [freezing, setFreezing] = useState(false);
  const [compareId, setCompareId] = useState('');
  const [seen, setSeen] = useSeen(feed.broadcast);
  useEffect(() => {
    const off = feed.on('change', () => redraw(0));
    const second = setInterval(() => redraw(0), 1000);
    return () => {
      off();
      clearInterval(second);
    };
  }, []);
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(''), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);

  const v = feed.volumes;
  const e = v?.estimate ?? null;
  const stamp = v?.stamps?.find((s) => s.id === compareId) ?? null;
  const titles = useMemo(() => new Map(v?.skus.map((s) => [s.sku, s.title])), [v]);
  const unread = (v?.changes ?? []).filter((c) => c.seq > seen).length;
  useEffect(() => {
    document.title = `${unread ? `(${unread}) ` : ''}Volumes · ${v?.title || feed.broadcast}`;
  }, [unread, v?.title]);
  const { age_ms, silent, quiet, news_age_ms, now, estimate_age_ms, estimate_stale } = feed.freshness();
  const stale = silent || quiet;
  /* What changes only with the numbers is not made again every second. */
  const body = useMemo(() => v && (
    <Tabs tabs={[
      { id: 'products', name: 'Products', body: <Products v={v} say={setSaid} /> },
      ...(e ? [{ id: 'places', name: 'Sites and waves', body: <Places v={v} e={e} now={now} /> }] : []),
    ]} />
  ), [v]);

  if (!v) {
    return (
      <main class="waiting">
        <h1>{feed.problem ? 'No numbers' : 'Connecting…'}</h1>
        <p>{feed.problem || 'The first numbers appear here as soon as they come.'}</p>
      </main>
    );
  }
  const still = stale || !feed.via || ['ended', 'settled'].includes(v.state);
  return (
    <main class={`${stale ? 'stale' : ''} ${estimate_stale ? 'old-plan' : ''}`} data-testid="logistics">
      <div class="top">
        <Head v={v} feed={feed} said={said} onSaid={setSaid} onFreeze={() => setFreezing(true)} stamp={stamp} onCompareEnd={() => setCompareId('')} />
        {feed.problem && <p class="bar" role="alert">{feed.problem}</p>}
        {silent && <p class="bar" data-testid="stale"><span role="alert">The server is not heard. What you see is from {time(feed.known_ms, true)} and may have changed:</span> it is {ago(age_ms)} old.</p>}
        {!silent && quiet && <p class="bar" data-testid="quiet"><span role="alert">Nothing new from the server: numbers as of {time(now - news_age_ms, true)}. Any of them may have changed.</span> That was {ago(news_age_ms)} ago.</p>}
        {!stale && estimate_stale && <p class="bar" data-testid="estimate-stale"><span role="status">No new estimate comes. Firm and planning are from {time(e!.as_of_ms, true)}; on hold, waiting and available are current.</span> The estimate is {ago(estimate_age_ms)} old.</p>}
        <Figures v={v} stamp={stamp} />
      </div>
      <Course v={v} until={still ? 0 : now} />
      <div class="beside">
        {e && <Capacity v={v} e={e} />}
        {e && <Told v={v} e={e} now={now} />}
        <Changes list={v.changes ?? []} titles={titles} seen={seen} onSeen={setSeen} now={now} />
        <Stamps list={v.stamps ?? []} v={v} compared={stamp} onCompare={setCompareId} now={now} />
      </div>
      {body}
      <p class="foot about" data-testid="kind">
        Firm is what is ordered and not cancelled. All else is planning, not an order: nobody may ship on it. {e?.phase === 'closed' ? `As settled, from the ledger up to ${e.ledger}` : `Counted from the ledger up to ${v.ledger}`}{e ? `; estimate no. ${e.seq} of ${time(e.as_of_ms, true)}` : ''}.
      </p>
      <Freeze open={freezing} onClose={() => setFreezing(false)} onFreeze={(note) => feed.freeze(note).then((s) => setSaid(`Frozen as no. ${s.seq}`))} />
    </main>
  );
}

const session = sessionTake();
const root = document.getElementById('app')!;
if (session) {
  const feed = new Feed(session);
  (window as any).liveshelf = feed.client;
  render(<App feed={feed} />, root);
} else {
  render(<main class="waiting"><h1>This link is not complete</h1><p>Open the logistics link that the shop's system printed; it ends in “#token=…&broadcast=…”.</p></main>, root);
}
