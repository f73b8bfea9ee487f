/* Where the planner's numbers come from: the WebSocket, and Server-Sent Events over fetch while that cannot be had
 * (some warehouse networks let nothing else through). `heard_ms` says how old our knowledge is, whichever brought it. */

import { LiveshelfClient } from '../client/client';
import { Emitter } from '../client/emitter';
import { volumesMerge } from '../client/state';
import type { Session } from '../client/session';
import type { Volumes } from '../client/wire';

const TRIES_BEFORE_SSE = 2;
const ASK_MS = 20_000;                 /* a quiet conn is asked, so that old numbers are known to be current ones */
const SSE_AGAIN_MS = 5_000;

export class Feed extends Emitter<{ change: null }> {
  readonly client: LiveshelfClient;
  volumes: Volumes | null = null;
  via: 'socket' | 'stream' | '' = '';
  heard_ms = 0;
  problem = '';
  #session: Session;
  #stream: AbortController | null = null;

  constructor(session: Session) {
    super();
    this.#session = session;
    const client = (this.client = new LiveshelfClient({ ...session, base: location.origin }));
    client.on('volumes', (v: Volumes) => {
      this.volumes = v;
      this.#heard('socket');
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

  url(tail = ''): string {
    return `/v1/broadcasts/${encodeURIComponent(this.#session.broadcast)}/estimates${tail}`;
  }

  fetch(tail: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url(tail), { ...init, headers: { authorization: `Bearer ${this.#session.token}`, ...init.headers } });
  }

  #heard(via: 'socket' | 'stream'): void {
    this.via = via;
    this.heard_ms = Date.now();
    this.problem = '';
    this.emit('change', null);
  }

  #streamStop(): void {
    this.#stream?.abort();
    this.#stream = null;
  }

  async #streamStart(): Promise<void> {
    const stop = (this.#stream = new AbortController());
    while (!stop.signal.aborted) {
      try {
        const answer = await this.fetch('/stream', { signal: stop.signal, headers: { accept: 'text/event-stream' } });
        if (!answer.ok || !answer.body) throw new Error(String(answer.status));
        let fresh = true;
        for await (const event of events(answer.body)) {
          if (stop.signal.aborted) return;
          if (event.name === 'volumes') {
            this.volumes = volumesMerge(this.volumes, JSON.parse(event.data), fresh);
            fresh = false;
          }
          this.#heard('stream');
        }
      } catch {
        /* told by the age of the numbers */
      }
      if (this.via === 'stream') this.via = '';
      this.emit('change', null);
      await new Promise((r) => setTimeout(r, SSE_AGAIN_MS));
    }
  }
}

/* Server-Sent Events from a body; comments are events without a name. */
async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<{ name: string; data: string }> {
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
      yield { name: field('event'), data: field('data') };
    }
  }
}
