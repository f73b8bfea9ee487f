/* LiveshelfClient: one conn to one broadcast that survives everything but a bad token.
 *
 *   connect -> hello -> welcome -> snapshot, or the missed events     lost -> wait with full jitter -> connect
 *   never opened -> ask the same address over HTTP why -> wait as it says, or as above -> connect
 *
 * It counts seq: an event is applied once and in order or not at all. It shows pins and cues when the viewer's own video gets there.
 * A reserve is repeated under the same id until it is answered, across lost connections and a reload of the page.
 * No dependencies and no DOM: clock, timers, chance, socket and storage are arguments (`Env`). */

import { Emitter } from './emitter';
import { bySlot, holdEndMs, shelfEntry, stateApply, stateEmpty, stateFrom, volumesMerge, type State } from './state';
import type { Hold, Message, Pin, Price, Refusal, Waiting } from './wire';

export const PROTOCOL = 'liveshelf.v1';

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 15_000;
const BUSY_MS = 5_000;                 /* least wait after 1013 and 4429 */
const ASK_MS = 4_000;                  /* the answer to why a socket did not open is not waited for longer */
const TOLD_MAX_MS = 60_000;            /* whatever the server says, or a proxy before it */
const WELCOME_MS = 10_000;             /* from opening a socket to `welcome` */
const STABLE_MS = 5_000;               /* a conn that lives this long starts back-off afresh */
const PONG_MS = 5_000;
const COMMAND_MS = 10_000;
const RESERVE_MS = 30_000;             /* a reserve still unanswered is given up, visibly */
const RESERVE_REPEAT_MS = 5_000;       /* no answer on an open conn: ask again under the same id */
const MEDIA_WINDOW_MS = 60_000;        /* further off than this the video clock is not trusted */
const MEDIA_STEP_MS = 250;
const CLOCK_MS = 10_000;
const HOLD_GRACE_MS = 1_500;           /* the server speaks first about an expiry; after this we ask */
const RECALL_ASK_MS = 2_000;           /* a hold of a recalled product is asked for within this time, so that not all ask at once */
const RECALL_KEPT_MS = 30_000;         /* one that is kept until the shop decides is asked for this often */

export interface Env {
  now(): number;
  setTimeout(f: () => void, ms: number): any;
  clearTimeout(timer: any): void;
  random(): number;
  WebSocket: { new (url: string, protocols: string[]): any };
  fetch(url: string, options: RequestInit): Promise<Response>;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
}

export interface ClientOptions {
  broadcast: string;
  token: string;
  base?: string;                       /* https://shows.shop.example; the page's own origin by default */
  locale?: string;
  src?: string;                        /* where this viewer came from */
  clock?: () => number | null;         /* PROGRAM-DATE-TIME of the picture now */
  env?: Partial<Env>;
}

export interface Connection {
  status: 'idle' | 'connecting' | 'open' | 'waiting' | 'refused' | 'closed';
  reason: '' | 'network' | 'moving' | 'busy' | 'behind' | 'token' | 'forbidden';
  lost_ms: number;                     /* when it was lost, by our clock; 0 while open */
  retry_ms: number;                    /* when we try again */
  attempt: number;
  code: number;
  detail: string;
}

export class Refused extends Error {
  code: string;
  d: Refusal;
  constructor(d: Refusal) {
    super(d.detail || d.title || d.code);
    this.name = 'Refused';
    this.code = d.code;
    this.d = d;
  }
}

export interface ClientEvents {
  [name: string]: any;
  change: State;
  connection: Connection;
  welcome: Message;
  snapshot: State;
  event: Message;
}

interface Waiter {
  message: Message;
  kind: 'once' | 'resend' | 'reserve';
  sent: boolean;
  tries: number;
  resolve(answer: any): void;
  reject(error: Refused): void;
  timer: any;
  repeat: any;
}

interface Asked { id: string; lines: { sku: string; qty: number }[]; seen_price?: number; since_ms: number }

export interface CommandOptions { resend?: boolean; wait_ms?: number; id?: string }

export class LiveshelfClient extends Emitter<ClientEvents> {
  readonly broadcast: string;
  readonly base: string;
  state: State = stateEmpty();
  connection: Connection = { status: 'idle', reason: '', lost_ms: 0, retry_ms: 0, attempt: 0, code: 0, detail: '' };
  role = '';
  viewer = '';
  epoch = '';
  seq = 0;                             /* the last event counted */
  head = 0;                            /* the last event there was at `welcome` */
  gaps = 0;
  duplicates = 0;
  resumes = 0;
  snapshots = 0;
  asking: Record<string, Asked> = {};  /* reserves not yet answered, by hold id */
  clock: (() => number | null) | null;

  #env: Env;
  #token: string;
  #options: ClientOptions;
  #ws: any = null;
  #waiters = new Map<string, Waiter>();
  #later: Message[] = [];              /* pins and cues ahead of the picture, in order */
  #known = false;                      /* whether `state` stands for `seq` of `epoch` */
  #gapAt = -1;
  #wholeNext = false;                  /* ask for a snapshot, not for the missed events */
  #volumesFresh = true;
  #offset = 0;
  #heard = 0;
  #heartbeat = 25_000;
  #welcomed = false;
  #helloAt = 0;
  #opened = false;                     /* this socket, ever */
  #ticket = '';                        /* past a crowd that waits, for those who run the show */
  #asks = 0;
  #moveAt = 0;                         /* a `reconnect` message gave us this time to move */
  #timers: Record<string, any> = {};
  #page: (() => void) | null = null;

  constructor(options: ClientOptions) {
    super();
    this.#options = options;
    this.broadcast = options.broadcast;
    this.#token = options.token;
    this.base = (options.base || globalThis.location?.origin || '').replace(/\/+$/, '');
    this.clock = options.clock ?? null;
    this.#env = {
      now: () => Date.now(),
      setTimeout: (f, ms) => setTimeout(f, ms),
      clearTimeout: (t) => clearTimeout(t),
      random: () => Math.random(),
      WebSocket: globalThis.WebSocket as any,
      fetch: (url, options) => fetch(url, options),
      storage: storageOf(),
      ...options.env,
    };
  }

  /* ---- connecting ---------------------------------------------------------------------------------------------- */

  connect(): this {
    if (this.connection.status !== 'idle' && this.connection.status !== 'closed' && this.connection.status !== 'refused') return this;
    this.#watchPage();
    for (const asked of this.#askedLoad()) this.#askAgain(asked);
    this.#open();
    return this;
  }

  close(): void {
    this.#page?.();
    this.#page = null;
    this.#socketDrop();
    for (const name of Object.keys(this.#timers)) this.#stop(name);
    this.#fail(() => true, { code: 'closed', title: 'Closed' });
    this.#become({ status: 'closed' });
  }

  /* A shop that renewed the token puts it here; a refused conn tries again. */
  setToken(token: string): void {
    this.#token = token;
    if (this.connection.status === 'refused') this.connect();
  }

  /* The page woke up or the network came back: find out now instead of later. */
  nudge(): void {
    if (this.connection.status === 'waiting' && this.connection.reason !== 'busy') this.#open();
    else if (this.connection.status === 'open' && this.#env.now() - this.#heard > this.#heartbeat) this.#ping();
  }

  serverNow(): number {
    return this.#env.now() + this.#offset;
  }

  get connected(): boolean {
    return this.connection.status === 'open';
  }

  /* When anything was last heard from the server, by our clock. */
  get heard_ms(): number {
    return this.#heard;
  }

  #open(): void {
    this.#stop('retry');
    this.#stop('move');
    this.#moveAt = 0;
    this.#socketDrop();
    this.#welcomed = this.#opened = false;
    this.#asks++;
    this.#become({ status: 'connecting', retry_ms: 0 });
    const ticket = this.#ticket && `?ticket=${encodeURIComponent(this.#ticket)}`;
    this.#ticket = '';
    const ws = (this.#ws = new this.#env.WebSocket(this.#address().replace(/^http/, 'ws') + ticket, [PROTOCOL]));
    ws.onopen = () => this.#hello();
    ws.onmessage = (e: { data: unknown }) => ws === this.#ws && this.#received(e.data);
    ws.onclose = (e: { code: number; reason: string }) => ws === this.#ws && this.#lost(e.code, e.reason);
    ws.onerror = () => {};
    this.#after('welcome', WELCOME_MS, () => this.#lost(0, 'no answer'));
  }

  #address(): string {
    return `${this.base}/v1/broadcasts/${encodeURIComponent(this.broadcast)}/live`;
  }

  #hello(): void {
    this.#opened = true;
    this.#helloAt = this.#env.now();
    const hello: Message = { t: 'hello', id: this.#id('q_'), token: this.#token, locale: this.#options.locale ?? globalThis.navigator?.language };
    const key = this.#env.storage?.getItem(this.#keyName());
    if (key) hello.viewer_key = key;
    /* An offer from the waitlist may have been made while we were away, and only a snapshot tells of it. */
    if (this.#known && !this.#wholeNext && !Object.keys(this.state.waitlist).length) hello.resume = { epoch: this.epoch, seq: this.seq };
    if (this.#options.src) hello.src = this.#options.src;
    this.#send(hello);
  }

  #lost(code: number, reason: string): void {
    const connection = this.connection;
    this.#socketDrop();
    for (const name of ['welcome', 'silence', 'pong', 'stable', 'clock', 'move']) this.#stop(name);
    this.#fail((w) => w.kind === 'once' && w.sent, { code: 'disconnected', title: 'Connection lost', detail: 'The connection was lost before the answer came.' });
    for (const w of this.#waiters.values()) {
      w.sent = false;
      this.#env.clearTimeout(w.repeat);
    }
    const lost_ms = connection.lost_ms || this.#env.now();
    if (code === 4401 || code === 4403) {
      this.#fail(() => true, { code: code === 4401 ? 'unauthenticated' : 'forbidden', title: 'Not connected' });
      this.#become({ status: 'refused', reason: code === 4401 ? 'token' : 'forbidden', code, detail: connection.detail || reason, lost_ms });
      return;
    }
    const attempt = connection.attempt + 1;
    const jitter = this.#env.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt - 1, 10));
    const busy = code === 1013 || code === 4429;
    let wait = jitter;
    if (this.#moveAt) wait = Math.max(0, this.#moveAt - this.#env.now());
    else if (busy) wait = BUSY_MS + this.#env.random() * Math.min(30_000, BUSY_MS * attempt);
    else if (code === 1001) wait = this.#env.random() * 5_000;
    this.#become({
      status: 'waiting', attempt, code, lost_ms, detail: reason, retry_ms: this.#env.now() + wait,
      reason: busy ? 'busy' : code === 1001 || this.#moveAt ? 'moving' : code === 4413 || reason === 'gap' ? 'behind' : 'network',
    });
    this.#after('retry', wait, () => this.#open());
    if (!this.#opened && code === 1006) this.#askWhy(wait);
  }

  /* No script may read why a socket did not open. The same address answers a plain GET: come (426), or come later (503, 429). */
  #askWhy(wait: number): void {
    const asked = ++this.#asks, since = this.#env.now();
    const current = () => asked === this.#asks && this.connection.status === 'waiting';
    const role = tokenClaims(this.#token).role;
    const headers: Record<string, string> = role === 'host' || role === 'logistics' ? { authorization: `Bearer ${this.#token}` } : {};
    this.#after('retry', Math.max(wait, ASK_MS), () => this.#open());
    const asUsual = () => current() && this.#after('retry', Math.max(0, since + wait - this.#env.now()), () => this.#open());
    this.#env.fetch(this.#address(), { headers, cache: 'no-store' }).then(async (answer) => {
      const d = await answer.json().catch(() => ({}));
      if (!current()) return;
      const told = d.retry_after_ms ?? 1000 * Number(answer.headers.get('retry-after') ?? 0);
      if ((answer.status === 503 || answer.status === 429) && told > 0) this.#told(told, d.detail ?? '');
      else asUsual();
      if (d.ticket) this.#pass(d.ticket);
    }).catch(asUsual);
  }

  #told(retry_after_ms: number, detail: string): void {
    const wait = Math.min(TOLD_MAX_MS, retry_after_ms) + this.#env.random() * Math.min(1_000, retry_after_ms / 10);
    this.#become({ reason: 'busy', retry_ms: this.#env.now() + wait, detail });
    this.#after('retry', wait, () => this.#open());
  }

  #pass(ticket: string): void {
    this.#ticket = ticket;
    this.#after('retry', this.#env.random() * BACKOFF_FIRST_MS, () => this.#open());
  }

  #socketDrop(): void {
    const ws = this.#ws;
    this.#ws = null;
    if (!ws) return;
    ws.onopen = ws.onmessage = ws.onclose = null;
    try {
      ws.close();
    } catch {
      /* it was never open */
    }
  }

  #become(change: Partial<Connection>): void {
    this.connection = { ...this.connection, ...change };
    this.emit('connection', this.connection);
    this.emit('change', this.state);
  }

  /* ---- receiving ----------------------------------------------------------------------------------------------- */

  #received(data: unknown): void {
    this.#heard = this.#env.now();
    this.#stop('pong');
    let m: Message;
    try {
      m = JSON.parse(String(data));
    } catch {
      return;
    }
    if (m.t === 'welcome') this.#welcome(m);
    else if (m.t === 'snapshot') this.#snapshot(m);
    else if (m.t === 'reconnect') this.#move(m);
    else if (typeof m.seq === 'number' && m.re === undefined) this.#event(m);
    else this.#value(m);
    if (m.re !== undefined) this.#answered(m);
  }

  #welcome(m: Message): void {
    this.#stop('welcome');
    this.role = m.role ?? '';
    this.viewer = m.viewer ?? '';
    this.#heartbeat = m.heartbeat_ms || this.#heartbeat;
    this.#offset = m.server_ms ? m.server_ms - (this.#helloAt + this.#heard) / 2 : 0;
    if (m.viewer_key) this.#env.storage?.setItem(this.#keyName(), m.viewer_key);
    const possible = this.#known && m.epoch === this.epoch && (m.seq ?? 0) >= this.seq;
    if (m.recovered && !possible && this.#known) {
      this.#known = false;
      this.#lost(0, 'another history');
      return;
    }
    if (m.recovered) this.resumes++;
    this.state.stock_ver = this.state.counts_ver = -1; /* each node counts its own */
    this.head = m.seq ?? 0;
    this.#welcomed = true;
    this.#wholeNext = false;
    this.#volumesFresh = true;
    this.#after('stable', STABLE_MS, () => (this.connection.attempt = 0));
    this.#listenSilence();
    this.#become({ status: 'open', reason: '', code: 0, lost_ms: 0, retry_ms: 0, detail: '' });
    this.emit('welcome', m);
    if (m.recovered) this.#holdsRefresh();
    this.#sendWaiting();
    this.#clockSend();
  }

  #snapshot(m: Message): void {
    this.snapshots++;
    const shown = this.state.pins;
    this.epoch = m.epoch ?? this.epoch;
    this.seq = m.seq ?? 0;
    this.#known = true;
    this.#later = [];
    this.state = stateFrom(this.state, m.d ?? {}, this.serverNow());
    this.#holdBack(m.d?.pins ?? [], shown);
    this.#holdsWatch();
    this.emit('snapshot', this.state);
    this.emit('change', this.state);
  }

  #event(m: Message): void {
    if (!this.#known) return;                          /* logistics has no snapshot and nothing to count */
    const seq = m.seq!;
    if (seq <= this.seq) {
      this.duplicates++;
      return;
    }
    if (seq !== this.seq + 1) {
      this.gaps++;
      if (this.#gapAt === this.seq) this.#wholeNext = true;   /* the same hole twice: the missed events will not come */
      this.#gapAt = this.seq;
      this.#lost(0, 'gap');
      return;
    }
    this.seq = seq;
    this.emit('event', m);
    if (m.t === 'pin.set' || m.t === 'pin.clear' || m.t === 'cue') {
      this.#later.push(m);
      this.#show();
      return;
    }
    if (m.t === 'price' || m.t === 'offer') {
      for (const pin of this.#later) {
        if (pin.t === 'pin.set' && pin.d.sku === m.d.sku) pin.d = { ...pin.d, price: m.d.price };
      }
    }
    const shown = this.state.pins;
    this.#apply(m);
    if (m.t === 'shelf' && m.d?.pins) {
      this.#later = this.#later.filter((e) => e.t === 'cue');
      this.#holdBack(m.d.pins, shown);
    }
    /* What a recall means for a hold is the server's to say: it may be taken back, wait, or still be paid. */
    if (m.t === 'sku' && m.d.state === 'recalled') this.#after(`recall.${m.d.sku}`, RECALL_ASK_MS * (1 + this.#env.random()), () => this.#holdsRefresh((h) => h.lines.some((l) => l.sku === m.d.sku)));
  }

  #value(m: Message): void {
    if (m.t === 'volumes') {
      this.state.volumes = volumesMerge(this.state.volumes, m.d, this.#volumesFresh);
      this.#volumesFresh = false;
      this.emit('volumes', this.state.volumes);
      this.emit('change', this.state);
    } else if (m.t === 'hold' || m.t === 'waitlist' || m.t === 'hold_clock') {
      this.#apply(m);
      this.#holdsWatch();
    } else if (m.t === 'error' && !this.#welcomed) {
      this.connection.detail = m.d?.detail || m.d?.title || '';
    } else if (m.t !== 'ok' && m.t !== 'error' && m.t !== 'pong') {
      this.#apply(m);
    }
  }

  #apply(m: Message): void {
    if (m.t === 'preflight') this.state.preflight = m.d;
    else if (!stateApply(this.state, m)) {
      if (m.t !== 'none') return;
    }
    this.emit(m.t === 'pin.set' || m.t === 'pin.clear' ? 'pin' : m.t, { ...m.d, type: m.t, ms: m.ms });
    this.emit('change', this.state);
  }

  #move(m: Message): void {
    const wait = (m.after_ms ?? 0) + this.#env.random() * (m.jitter_ms ?? 0);
    this.#moveAt = this.#env.now() + wait;
    this.#after('move', wait, () => {
      this.#become({ reason: 'moving', lost_ms: this.#env.now() });
      this.#open();
    });
  }

  /* ---- media time ---------------------------------------------------------------------------------------------- */

  /* In order: what is due is shown, the first that is not holds back the rest. */
  #show(): void {
    this.#stop('media');
    for (;;) {
      const next = this.#later[0];
      if (!next) return;
      const ahead = this.#ahead(next.media_at_ms);
      if (ahead > 0) {
        this.#after('media', Math.min(MEDIA_STEP_MS, Math.max(20, ahead)), () => this.#show());
        return;
      }
      this.#later.shift();
      this.#apply(next);
    }
  }

  /* How far the event is ahead of the picture; 0 when it is due, or there is no clock to trust. */
  #ahead(media_at_ms: number | undefined): number {
    const playing = this.clock?.() ?? null;
    if (playing === null || media_at_ms === undefined) return 0;
    const ahead = media_at_ms - playing;
    return ahead > 0 && ahead <= MEDIA_WINDOW_MS ? ahead : 0;
  }

  /* Pins of a snapshot that the picture has not reached: the slot keeps what it showed until then. */
  #holdBack(pins: Pin[], shown: Record<number, Pin>): void {
    const early = pins.filter((pin) => this.#ahead(pin.media_at_ms) > 0);
    if (!early.length) return;
    this.state.pins = { ...bySlot(pins) };
    for (const pin of early) {
      delete this.state.pins[pin.slot];
      if (shown[pin.slot]) this.state.pins[pin.slot] = shown[pin.slot]!;
      this.#later.push({ t: 'pin.set', d: pin, ms: pin.pinned_ms, media_at_ms: pin.media_at_ms });
    }
    this.#later.sort((a, b) => (a.media_at_ms ?? 0) - (b.media_at_ms ?? 0));
    this.#show();
  }

  /* A new clock, or a seek: what waits is judged again. */
  setClock(clock: (() => number | null) | null): void {
    this.clock = clock;
    this.#show();
  }

  #clockSend(): void {
    this.#after('clock', CLOCK_MS, () => {
      const playing = this.clock?.() ?? null;
      if (playing !== null && this.connection.status === 'open') this.#send({ t: 'clock', id: this.#id('k_'), playing_ms: Math.round(playing) });
      this.#clockSend();
    });
  }

  /* ---- asking -------------------------------------------------------------------------------------------------- */

  reserve(sku: string, options: { qty?: number; seen_price?: number } = {}): Promise<Hold> {
    const entry = shelfEntry(this.state, sku);
    const pin = Object.values(this.state.pins).find((p) => p.sku === sku);
    const asked: Asked = {
      id: this.#id('h_'),
      lines: [{ sku, qty: options.qty ?? 1 }],
      seen_price: options.seen_price ?? (entry?.price as Price | null | undefined)?.version ?? pin?.price?.version,
      since_ms: this.#env.now(),
    };
    this.asking = { ...this.asking, [asked.id]: asked };
    this.#askedSave();
    return this.#ask(asked, RESERVE_MS).then((answer) => answer.d as Hold);
  }

  extend(hold: string): Promise<Hold> {
    return this.command('extend', { hold }).then((m) => m.d);
  }

  release(hold: string): Promise<Hold> {
    return this.command('release', { hold }, { resend: true }).then((m) => m.d);
  }

  checkout(hold: string): Promise<Hold> {
    return this.command('checkout', { hold }, { resend: true }).then((m) => m.d);
  }

  joinWaitlist(sku: string, qty = 1): Promise<Waiting> {
    return this.command('waitlist.join', { sku, qty }, { resend: true }).then((m) => m.d);
  }

  leaveWaitlist(sku: string): Promise<Waiting> {
    return this.command('waitlist.leave', { sku }, { resend: true }).then((m) => m.d);
  }

  /* Any command; answers with the whole message, rejects with `Refused`. `resend` waits for a lost conn to come back. */
  command(t: string, fields: object = {}, options: CommandOptions = {}): Promise<Message> {
    const id = options.id ?? this.#id('c_');
    return new Promise((resolve, reject) => {
      if (this.connection.status !== 'open' && (!options.resend || this.connection.status === 'refused')) {
        reject(new Refused({ code: 'disconnected', title: 'Not connected', detail: 'There is no connection to the server right now.' }));
        return;
      }
      const waiter: Waiter = { message: { t, id, ...fields }, kind: options.resend ? 'resend' : 'once', sent: false, tries: 0, resolve, reject, timer: null, repeat: null };
      this.#waiters.set(id, waiter);
      waiter.timer = this.#env.setTimeout(() => this.#giveUp(id, { code: 'timeout', title: 'No answer', detail: 'The server did not answer in time.' }), options.wait_ms ?? COMMAND_MS);
      this.#dispatch(waiter);
    });
  }

  /* Takes back a command that still waits for a conn; one already sent is out of our hands. */
  cancel(id: string): void {
    if (this.#waiters.get(id)?.sent === false) this.#giveUp(id, { code: 'cancelled', title: 'Taken back' });
  }

  #ask(asked: Asked, patience_ms: number): Promise<Message> {
    return new Promise((resolve, reject) => {
      const { since_ms: _since, ...fields } = asked;
      const waiter: Waiter = { message: { t: 'reserve', ...fields }, kind: 'reserve', sent: false, tries: 0, resolve, reject, timer: null, repeat: null };
      this.#waiters.set(asked.id, waiter);
      waiter.timer = this.#env.setTimeout(
        () => this.#giveUp(asked.id, { code: 'unknown', title: 'No answer', detail: 'We could not find out whether it is yours. If it is, it will appear here.', retry: true }),
        patience_ms,
      );
      this.emit('change', this.state);
      this.#dispatch(waiter);
    });
  }

  /* After a reload: the wish of the page before, if it is still fresh. */
  #askAgain(asked: Asked): void {
    const left = asked.since_ms + RESERVE_MS - this.#env.now();
    if (left <= 0 || this.#waiters.has(asked.id)) return;
    this.asking = { ...this.asking, [asked.id]: asked };
    this.#ask(asked, left).catch((error) => this.emit('refused', error));
  }

  #dispatch(w: Waiter): void {
    if (this.connection.status !== 'open' || !this.#waiters.has(w.message.id!)) return;
    w.sent = true;
    w.tries++;
    this.#send(w.message);
    if (w.kind === 'reserve') {
      this.#env.clearTimeout(w.repeat);
      w.repeat = this.#env.setTimeout(() => this.#dispatch(w), RESERVE_REPEAT_MS);
    }
  }

  #sendWaiting(): void {
    for (const w of [...this.#waiters.values()]) if (!w.sent) this.#dispatch(w);
  }

  #answered(m: Message): void {
    const w = this.#waiters.get(m.re!);
    if (!w) return;
    const refusal: Refusal | null = m.t === 'error' ? { title: '', ...m.d } : null;
    if (w.kind === 'reserve' && refusal && isUnknown(refusal)) {
      const wait = Math.max(refusal.retry_after_ms ?? 0, 100 + this.#env.random() * Math.min(4_000, 250 * 2 ** w.tries));
      this.#env.clearTimeout(w.repeat);
      w.repeat = this.#env.setTimeout(() => this.#dispatch(w), wait);
      return;
    }
    this.#forget(w);
    if (refusal?.price && refusal.sku) stateApply(this.state, { t: 'price', d: { sku: refusal.sku, price: refusal.price } });
    else if (refusal?.price) stateApply(this.state, { t: 'price', d: { sku: w.message.lines?.[0]?.sku, price: refusal.price } });
    if (refusal) w.reject(new Refused(refusal));
    else w.resolve(m);
    this.emit('change', this.state);
  }

  #giveUp(id: string, why: Refusal): void {
    const w = this.#waiters.get(id);
    if (!w) return;
    this.#forget(w);
    w.reject(new Refused(why));
    this.emit('change', this.state);
  }

  #fail(which: (w: Waiter) => boolean, why: Refusal): void {
    for (const w of [...this.#waiters.values()]) if (which(w)) this.#giveUp(w.message.id!, why);
  }

  #forget(w: Waiter): void {
    const id = w.message.id!;
    this.#waiters.delete(id);
    this.#env.clearTimeout(w.timer);
    this.#env.clearTimeout(w.repeat);
    if (w.kind !== 'reserve') return;
    const { [id]: _answered, ...rest } = this.asking;
    this.asking = rest;
    this.#askedSave();
  }

  /* ---- holds --------------------------------------------------------------------------------------------------- */

  /* Holds are told, not numbered: after an absence each is asked for. */
  #holdsRefresh(due: (h: Hold) => boolean = () => true): void {
    for (const hold of Object.values(this.state.holds)) {
      if (hold.state !== 'held' || !due(hold)) continue;
      this.checkout(hold.hold).catch((error: Refused) => {
        const ended = HOLD_ENDED[error.code];
        if (ended) this.#apply({ t: 'hold', d: { hold: hold.hold, state: ended } });
        this.#holdsWatch();
      });
    }
  }

  #holdsWatch(): void {
    this.#stop('holds');
    const holds = Object.values(this.state.holds).filter((h) => h.state === 'held');
    const kept = holds.filter((h) => h.recall === 'keep');
    const ends = this.state.hold_clock.running ? holds.filter((h) => h.recall !== 'keep').map((h) => this.#holdEnd(h)) : [];
    if (!ends.length && !kept.length) return;
    const first = ends.length ? Math.max(HOLD_GRACE_MS, Math.min(...ends) - this.serverNow() + HOLD_GRACE_MS) : 2 ** 30;
    const wait = kept.length ? Math.min(first, RECALL_KEPT_MS) : first;
    this.#after('holds', Math.min(wait, 2 ** 30), () => {
      if (this.connection.status === 'open') this.#holdsRefresh((h) => (h.recall === 'keep' ? wait === RECALL_KEPT_MS : this.#holdEnd(h) <= this.serverNow()));
      this.#holdsWatch();
    });
  }

  #holdEnd(hold: Hold): number {
    return holdEndMs(this.state, hold, this.serverNow());
  }

  /* What is left of a hold; it stands still while the clock of holds does. */
  holdLeft(hold: Hold): number {
    return Math.max(0, this.#holdEnd(hold) - this.serverNow());
  }

  /* The sub of our token; empty: it names nobody. */
  get sub(): string {
    return tokenClaims(this.#token).sub ?? '';
  }

  /* A page of the same server, with our token. */
  fetch(path: string): Promise<Response> {
    return fetch(`${this.base}${path}`, { headers: { authorization: `Bearer ${this.#token}` } });
  }

  /* ---- silence ------------------------------------------------------------------------------------------------- */

  #listenSilence(): void {
    const limit = 2.5 * this.#heartbeat;
    this.#after('silence', Math.max(100, this.#heard + limit - this.#env.now()), () => {
      if (this.#env.now() - this.#heard >= limit && this.#timers.pong === undefined) this.#ping();
      this.#listenSilence();
    });
  }

  #ping(): void {
    this.#send({ t: 'ping', id: this.#id('p_') });
    this.#after('pong', PONG_MS, () => this.#lost(0, 'silence'));
  }

  /* Finds out whether the server is there; `heard_ms` moves when it is. */
  ping(): void {
    if (this.connection.status === 'open') this.#ping();
  }

  /* ---- small things -------------------------------------------------------------------------------------------- */

  #send(m: Message): void {
    if (this.#ws?.readyState === 1) this.#ws.send(JSON.stringify(m));
  }

  #after(name: string, ms: number, f: () => void): void {
    this.#stop(name);
    this.#timers[name] = this.#env.setTimeout(() => {
      delete this.#timers[name];
      f();
    }, ms);
  }

  #stop(name: string): void {
    if (this.#timers[name] !== undefined) this.#env.clearTimeout(this.#timers[name]);
    delete this.#timers[name];
  }

  #id(prefix: string): string {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    const bytes = new Uint8Array(20);
    const source = globalThis.crypto as Crypto | undefined;
    if (source) source.getRandomValues(bytes);
    else for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(this.#env.random() * 256);
    return prefix + Array.from(bytes, (b) => letters[b % letters.length]).join('');
  }

  #keyName(): string {
    return `liveshelf.viewer_key|${this.base}|${tokenClaims(this.#token).shop ?? ''}`;
  }

  #askedName(): string {
    return `liveshelf.asking|${this.base}|${this.broadcast}`;
  }

  #askedSave(): void {
    const list = Object.values(this.asking);
    if (list.length) this.#env.storage?.setItem(this.#askedName(), JSON.stringify(list));
    else this.#env.storage?.removeItem(this.#askedName());
  }

  #askedLoad(): Asked[] {
    try {
      return JSON.parse(this.#env.storage?.getItem(this.#askedName()) ?? '[]');
    } catch {
      return [];
    }
  }

  #watchPage(): void {
    if (this.#page || typeof document === 'undefined') return;
    const woke = () => document.visibilityState === 'visible' && this.nudge();
    const online = () => this.nudge();
    document.addEventListener('visibilitychange', woke);
    addEventListener('online', online);
    this.#page = () => {
      document.removeEventListener('visibilitychange', woke);
      removeEventListener('online', online);
    };
  }
}

const HOLD_ENDED: Record<string, Hold['state']> = {
  hold_expired: 'expired', hold_confirmed: 'confirmed', hold_released: 'released', hold_unknown: 'void',
};

/* Not an answer to the wish itself: it may have happened, or was never looked at. */
function isUnknown(d: Refusal): boolean {
  return d.code === 'unavailable' || ((d.code === 'rate_limited' || d.code === 'overloaded') && d.retry !== false);
}

/* What a token says of itself; only for naming things, never for trust. */
export function tokenClaims(token: string): Record<string, any> {
  try {
    const part = token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
}

/* Storage may be forbidden (private windows, third-party frames): everything works, nothing is remembered. */
function storageOf(): Env['storage'] {
  try {
    localStorage.setItem('liveshelf.test', '1');
    localStorage.removeItem('liveshelf.test');
    return localStorage;
  } catch {
    const memory = new Map<string, string>();
    return {
      getItem: (k) => memory.get(k) ?? null,
      setItem: (k, v) => void memory.set(k, v),
      removeItem: (k) => void memory.delete(k),
    };
  }
}
