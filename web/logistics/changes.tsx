/* What the host changed on air that whoever packs must know, newest first; new ones are marked until somebody says "seen". */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { PromiseChange } from '../client/wire';
import { moment } from './numbers';
import { changeText } from './words';

const SHOWN_MAX = 60;

/* Up to which change this browser's planner has seen them. */
export function useSeen(broadcast: string): [number, (seq: number) => void] {
  const name = `liveshelf.changes.seen|${broadcast}`;
  const [seen, set] = useState(() => Number(kept(() => localStorage.getItem(name)) ?? 0));
  return [seen, (seq) => {
    set(seq);
    kept(() => localStorage.setItem(name, String(seq)));
  }];
}

function kept<T>(f: () => T): T | null {
  try {
    return f();
  } catch {
    return null;                       /* a browser that keeps nothing forgets at a reload */
  }
}

export function Changes({ list, titles, seen, onSeen, now }: { list: PromiseChange[]; titles: Map<string, string>; seen: number; onSeen: (seq: number) => void; now: number }) {
  const unread = list.filter((c) => c.seq > seen).length;
  const newest = [...list].reverse().slice(0, SHOWN_MAX);
  return (
    <section class="card changes" aria-labelledby="h-changes">
      <div class="head">
        <h2 id="h-changes">Changed on air {unread > 0 && <span class="count" data-testid="unread">{unread} new</span>}</h2>
        {unread > 0 && <button class="small" data-testid="seen" onClick={() => onSeen(list[list.length - 1].seq)}>Seen</button>}
      </div>
      {!list.length && <p class="none">Nothing that whoever packs must know. Prices, bundles, freebies, stops and recalls appear here.</p>}
      {list.length > 0 && (
        <ol tabIndex={0} aria-label="Changes, newest first" data-testid="changes">
          {newest.map((c) => {
            const said = changeText(c, titles);
            return (
              <li key={`${c.seq} ${c.kind} ${c.sku}`} class={`${c.seq > seen ? 'new' : ''} ${said.urgent ? 'urgent' : ''}`} data-testid={`change-${c.kind}-${c.sku}`}>
                <time dateTime={new Date(c.ms).toISOString()}>{moment(c.ms, now)}</time>
                <div>
                  <b>{c.seq > seen && <span class="sr">New: </span>}{said.what}</b>
                  {said.act && <p>{said.act}</p>}
                </div>
              </li>
            );
          })}
        </ol>
      )}
      {list.length > SHOWN_MAX && <p class="foot">The newest {SHOWN_MAX} of {list.length}.</p>}
      <Announcer list={list} titles={titles} />
    </section>
  );
}

/* Says what came while the page was open, once, without taking the word from anybody. */
function Announcer({ list, titles }: { list: PromiseChange[]; titles: Map<string, string> }) {
  const said = useRef(list.length ? list[list.length - 1].seq : 0);
  const [text, setText] = useState('');
  const last = list.length ? list[list.length - 1].seq : 0;
  useEffect(() => {
    const fresh = list.filter((c) => c.seq > said.current);
    if (!fresh.length) return;
    said.current = last;
    setText(fresh.length > 3 ? `${fresh.length} changes on air` : fresh.map((c) => changeText(c, titles)).map((told) => `${told.what}. ${told.act}`).join(' '));
  }, [last]);
  return <p class="sr" role="status" aria-live="polite" data-testid="announced">{text}</p>;
}
