/* Where the planner's numbers come from: the WebSocket, and Server-Sent Events over fetch while that cannot be had
 * (some warehouse networks let nothing else through). `heard_ms` says when the server was there, whichever brought it; `#news` when it
 * last knew something new: a server that is cut off from its data still answers, and must not pass for one that has nothing to tell. */

import { LiveshelfClient } from '../client/client';
import { Emitter } from '../client/emitter';
import { volumesMerge } from '../client/state';
import type { Session } from '../client/session';
import type { Stamp, Volumes } from '../client/wire';

const TRIES_BEFORE_SSE = 2;
const ASK_MS = 10_000;                 /* a quiet conn is asked, so that old numbers are known to be current ones */
const STALE_LIVE_MS = 30_000;
const STALE_AFTER_MS = 60_000;         /* before and after the show less hangs on a second */
const NEWS_LIVE_MS = 15_000;           /* an estimate comes every few seconds while live, also when nothing moves */
const NEWS_TAIL = [{ after_ms: 4 * 3_600_000, ms: 15 * 60_000 }, { after_ms: 20 * 60_000, ms: 4 * 60_000 }, { after_ms: 0, ms: 2 * 60_000 }];   /* in the replay ever more slowly */
const PACES = 5;                       /* so many gaps between estimates say how often this shop has them made; */
const PACES_LATE = 3;                  /* one that is so many of them late is missing */
const SSE_AGAIN_MS = 5_000;
const SSE_SILENT_MS = 60_000;          /* a stream that brings nothing for so long is opened anew */

/* `silent`: the server is not heard. `quiet`: it is, or was until just now, but knows nothing new. In both nothing is known to be
 * current. `estimate_stale`: only what is expected is old. */
export interface Freshness { now: number; age_ms: number; silent: boolean; quiet: boolean; news_age_ms: number; estimate_age_ms: number; estimate_stale: boolean }

export class Feed extends Emitter<{ change: null }> {
  readonly client: LiveshelfClient;
  readonly broadcast: string;
  volumes: Volumes | null = null;
  via: 'socket' | 'stream' | '' = '';
  heard_ms = 0;
  problem = '';
  #token: string;
  #estimate = { seq: -1, at_ms: 0 };   /* the newest, and when it was made by our own clock */
  #paces: number[] = [];               /* ms between the newest that came, while live */
  #news = { of: '', at_ms: 0 };        /* of: the ledger and the state then */
  #stream: AbortController | null = null;
  #lastId = '';                        /* of the stream; where it goes on */

  constructor(session: Session) {
    super();
    this.#token = session.token;
    this.broadcast = session.broadcast;
    const client = (this.client = new LiveshelfClient({ ...session, base: location.origin }));
    client.on('volumes', (v: Volumes) => {
      this.#heard('socket', v);
    });
    client.on('connection', (c) => {
      if (c.status === 'open') this.#streamStop();
      else if (c.status === 'refused') this.problem = c.reason === 'token' ? 'This link has run out or is not valid. Ask for a new one.' : 'This link is not for this broadcast.';
      else if (c.attempt >= TRIES_BEFORE_SSE && !this.#stream) void this.#streamStart();
      if (c.status !== 'open' && this.via === 'socket') this.via = '';
      this.emit('change', null);
    });
    setInterval(() => client.ping(), ASK_MS);
    client.connect();
  }

  /* The later of the two: numbers said now, or a server that says nothing has changed. */
  get known_ms(): number {
    return Math.max(this.heard_ms, this.via === 'socket' ? this.client.heard_ms : 0);
  }

  /* `now` is the server's clock, as far as we know it; ages go by ours. */
  freshness(): Freshness {
    const age_ms = Date.now() - this.known_ms;
    const news_age_ms = Date.now() - this.#news.at_ms;
    const e = this.volumes?.estimate;
    const estimate_age_ms = e ? Date.now() - this.#estimate.at_ms : 0;
    const late_ms = this.#lateMs();
    return {
      now: this.client.serverNow(), age_ms, news_age_ms, estimate_age_ms,
      silent: age_ms >= (this.#isLive() ? STALE_LIVE_MS : STALE_AFTER_MS),
      quiet: news_age_ms >= late_ms,
      estimate_stale: !!e && estimate_age_ms >= late_ms,
    };
  }

  #isLive(): boolean {
    return ['live', 'paused'].includes(this.volumes?.state ?? '');
  }

  /* So long without anything new means that something is wrong; for ever where nothing is due. */
  #lateMs(): number {
    const v = this.volumes;
    if (this.#isLive()) {
      const pace = this.#paces.length < PACES ? 0 : [...this.#paces].sort((a, b) => a - b)[Math.floor(PACES / 2)];
      return Math.max(NEWS_LIVE_MS, PACES_LATE * pace);
    }
    if (!v?.ended_ms || !v.estimate || v.estimate.phase === 'closed') return Infinity;
    const over_ms = this.client.serverNow() - v.ended_ms;
    return (NEWS_TAIL.find((t) => over_ms >= t.after_ms) ?? NEWS_TAIL[NEWS_TAIL.length - 1]).ms;
  }

  /* Rejects with what the server says against it. */
  async freeze(note: string): Promise<Stamp> {
    const answer = await this.#fetch('/stamps', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': serial() }, body: JSON.stringify({ note }) });
    return answer.json();
  }

  async csv(): Promise<void> {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await (await this.#fetch('.csv')).blob());
    link.download = `${this.broadcast}-estimates.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  async #fetch(tail: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(`/v1/broadcasts/${encodeURIComponent(this.broadcast)}/estimates${tail}`, { ...init, headers: { authorization: `Bearer ${this.#token}`, ...init.headers } });
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => null);
    throw new Error(problem?.detail || problem?.title || `the server answered ${answer.status}`);
  }

  #heard(via: 'socket' | 'stream', v?: Volumes): void {
    this.via = via;
    if (v) this.#newsOf(v);
    this.heard_ms = Date.now();
    this.problem = '';
    this.emit('change', null);
  }

  /* The same again (a new connection is told all) is no news; what was old when it came stays as old as it is. */
  #newsOf(v: Volumes): void {
    const e = v.estimate, first = !this.volumes, now_ms = Date.now();
    const estimated = !!e && e.seq !== this.#estimate.seq;
    const made_ms = e ? now_ms - Math.max(0, v.as_of_ms - e.as_of_ms) : now_ms;
    this.volumes = v;
    if (estimated && !first && this.#isLive()) this.#paces = [...this.#paces, made_ms - this.#estimate.at_ms].slice(-PACES);
    if (estimated) this.#estimate = { seq: e!.seq, at_ms: made_ms };
    const of = `${v.ledger} ${v.state}`, moved = of !== this.#news.of;
    if (first || moved || estimated) this.#news = { of, at_ms: moved && !first ? now_ms : made_ms };
  }

  #streamStop(): void {
    this.#stream?.abort();
    this.#stream = null;
    this.#lastId = '';                 /* what the socket brings next is newer */
  }

  async #streamStart(): Promise<void> {
    const stop = (this.#stream = new AbortController());
    while (!stop.signal.aborted) {
      try {
        await this.#streamRead(stop);
      } catch {
        /* told by the age of the numbers */
      }
      if (this.via === 'stream') this.via = '';
      this.emit('change', null);
      if (!stop.signal.aborted) await new Promise((r) => setTimeout(r, SSE_AGAIN_MS));
    }
  }

  async #streamRead(stop: AbortController): Promise<void> {
    const once = new AbortController();
    stop.signal.addEventListener('abort', () => once.abort(), { once: true });
    let silent = setTimeout(() => once.abort(), SSE_SILENT_MS);
    try {
      const answer = await this.#fetch('/stream', { signal: once.signal, headers: { accept: 'text/event-stream', ...(this.#lastId ? { 'last-event-id': this.#lastId } : {}) } });
      let fresh = !this.#lastId;
      for await (const event of events(answer.body!)) {
        if (stop.signal.aborted) return;
        clearTimeout(silent);
        silent = setTimeout(() => once.abort(), SSE_SILENT_MS);
        if (event.name === 'volumes') {
          this.#heard('stream', volumesMerge(this.volumes, JSON.parse(event.data), fresh));
          fresh = false;
        } else {
          this.#heard('stream');
        }
        if (event.id) this.#lastId = event.id;
      }
    } finally {
      clearTimeout(silent);
    }
  }
}

function serial(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

/* Server-Sent Events from a body; comments are events without a name. */
async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<{ name: string; data: string; id: string }> {
  const reader = body.getReader();
  const text = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + text.decode(value, { stream: true })).replace(/\r\n?/g, '\n').split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const lines = block.split('\n');
      const field = (name: string) => lines.filter((l) => l.startsWith(name + ':')).map((l) => l.slice(name.length + 1).replace(/^ /, '')).join('\n');
      yield { name: field('event'), data: field('data'), id: field('id') };
    }
  }
}
