/* <live-shelf broadcast="spring-drop" token="..." base="https://shows.shop.example" src="insta-a" locale="en-IE">
 *
 * The viewer's side of a broadcast as a custom element, for the viewer page and for a shop's own page. Its shadow root keeps the shop's
 * style out and its own in. It shows what the client knows (`render`), and asks when someone taps (`BuyBox`). Every event of the client
 * also leaves as a bubbling DOM event `liveshelf:<name>`; `liveshelf:checkout` can be cancelled by a shop with a checkout of its own.
 *
 * The button never moves under a finger: while a pointer is down on the dock nothing in it changes, and what has just changed
 * cannot be tapped for a moment. Focus goes only where the viewer puts it. */

import css from './live-shelf.css?text';
import { LiveshelfClient, Refused } from './client';
import { shelfEntry, type State } from './state';
import { play, type Player } from './video';
import { clockText, extraText, money, refusalText, stockText } from './words';
import type { Hold, Pin, Price, ShelfEntry } from './wire';

export { LiveshelfClient, Refused } from './client';

const SETTLE_MS = 400;                 /* what has just changed under a finger is not tappable yet */
const WARN_MS = 60_000;                /* a hold this near its end asks whether to extend */
const POLITE_MS = 5_000;               /* at most one polite announcement in this time */
const SPOKEN_MS = 1_500;                 /* what is said at once this soon after another is said behind it */
const SAID_MS = 12_000;                /* how long an answer stays beside its button */
const RECALL_SAID_MS = 600_000;        /* a reservation that a recall took is explained for this long */
const RECALL_NEAR_MS = 10_000;         /* a hold given back and a recall this near to each other belong together */
const RING = 2 * Math.PI * 17;

const OPEN_EVENTS = ['state', 'pin', 'stock', 'hold', 'price', 'offer', 'notice', 'cue', 'connection', 'snapshot', 'waitlist', 'sku', 'audience', 'shelf', 'hold_clock', 'extra'];

const ICONS = {
  eye: 'M12 5c5 0 8.6 4.3 9.8 7-1.2 2.7-4.8 7-9.8 7s-8.6-4.3-9.8-7C3.4 9.3 7 5 12 5zm0 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
  muted: 'M4 9v6h4l5 4V5L8 9zm12.5-.5 1.3-1.3L20 9.4l2.2-2.2 1.3 1.3L21.3 10.7l2.2 2.2-1.3 1.3L20 12l-2.2 2.2-1.3-1.3 2.2-2.2z',
  sound: 'M4 9v6h4l5 4V5L8 9zm11 3.2c0-1.5-.7-2.8-1.8-3.6v7.2c1.1-.8 1.8-2.1 1.8-3.6zm-1.8-7v2.1c2.4.7 4.1 2.9 4.1 5s-1.7 4.3-4.1 5v2.1c3.5-.8 6.1-3.9 6.1-7.1s-2.6-6.3-6.1-7.1z',
  shelf: 'M3 4h18v2H3zm1 4h7v7H4zm9 0h7v7h-7zM3 17h18v2H3z',
  close: 'M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4L12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z',
};

export class LiveShelf extends HTMLElement {
  static observedAttributes = ['broadcast', 'token', 'base'];

  client: LiveshelfClient | null = null;
  /* A shop with its own player puts its clock here: PROGRAM-DATE-TIME of the picture now, or null. */
  clock: (() => number | null) | null = null;

  #els!: Record<string, HTMLElement>;
  #card!: BuyBox;
  #rows = new Map<string, { li: HTMLElement; box: BuyBox; now: HTMLElement }>();
  #player: Player | null = null;
  #playing = { url: '', ok: false };
  #chosen = '';                        /* the pin the viewer brought to the front, while it is pinned */
  #shown = '';
  #pressed = false;
  #frame = 0;
  #tick: ReturnType<typeof setInterval> | undefined;
  #polite = { at: 0, timer: undefined as ReturnType<typeof setTimeout> | undefined, texts: new Map<string, string>() };
  #said_ms = 0;
  #warned = new Set<string>();
  #given = new Map<string, number>();  /* holds released, and when we heard */
  #mine = new Set<string>();           /* those that were released here */
  #soldOut = new Map<string, boolean>();
  #totals = new Map<string, number>();
  #opener: HTMLElement | null = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    const style = make('style');
    style.textContent = css;
    root.append(style, this.#build());
  }

  connectedCallback(): void {
    this.#tick = setInterval(() => this.#ticking(), 1000);
    this.#start();
  }

  disconnectedCallback(): void {
    clearInterval(this.#tick);
    this.client?.close();
    this.client = null;
    this.#playerStop();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    if (name === 'token' && this.client && after) this.client.setToken(after);
    else this.#start();
  }

  reserve(sku: string, options: { qty?: number; seen_price?: number } = {}): Promise<Hold> {
    return this.#must().reserve(sku, options);
  }

  extend(hold: string): Promise<Hold> {
    return this.#must().extend(hold);
  }

  release(hold: string): Promise<Hold> {
    return this.#must().release(hold);
  }

  get base(): string {
    return this.getAttribute('base') || new URL(import.meta.url).origin;
  }

  get locale(): string | undefined {
    return this.getAttribute('locale') || navigator.language || undefined;
  }

  #must(): LiveshelfClient {
    if (!this.client) throw new Refused({ code: 'disconnected', title: 'Not connected' });
    return this.client;
  }

  #start(): void {
    this.client?.close();
    this.client = null;
    const broadcast = this.getAttribute('broadcast');
    const token = this.getAttribute('token');
    if (!broadcast || !token) {
      this.#later();
      return;
    }
    const client = (this.client = new LiveshelfClient({
      broadcast, token, base: this.base, locale: this.locale, src: this.getAttribute('src') ?? undefined,
      clock: () => (this.clock ? this.clock() : this.#player?.clock() ?? null),
    }));
    for (const name of OPEN_EVENTS) {
      client.on(name, (detail: unknown) => this.dispatchEvent(new CustomEvent(`liveshelf:${name}`, { detail, bubbles: true, composed: true })));
    }
    client.on('change', () => this.#later());
    client.on('hold', (hold: Hold) => this.#holdTold(hold));
    client.on('sku', (told: { sku: string; state: string }) => told.state === 'recalled' && this.#recallTold(told.sku));
    client.on('extra', (told: { sku: string; state: string; text: string }) => told.state === 'started' && this.#sayPolitely('extra', `${shelfEntry(client.state, told.sku)?.title ?? told.sku}, with it: ${told.text}`));
    client.on('hold_clock', (clock: { running: boolean }) => {
      if (held(client.state).length) this.#sayPolitely('clock', clock.running ? 'The show goes on, and so does the time of what you hold.' : STILL);
    });
    client.on('pin', (pin: Pin & { type: string }) => {
      if (pin.type === 'pin.set') this.#sayPolitely('pin', `Now showing ${pin.title}, ${money(pin.price, this.locale)}. ${stockText(client.state.stock[pin.sku], shelfEntry(client.state, pin.sku)?.state)}`);
    });
    client.on('notice', (notice: { text: string; level: string }) => {
      if (notice.level === 'recall') this.#sayNow(notice.text);
      else if (notice.text) this.#sayPolitely('notice', notice.text);
    });
    client.on('stock', () => this.#soldOutTold());
    client.on('refused', (error: Refused) => this.#card.told(refusalText(error.code, error.d.detail), 'bad'));
    client.connect();
  }

  /* ---- building -------------------------------------------------------------------------------------------------- */

  #build(): HTMLElement {
    const els: Record<string, HTMLElement> = (this.#els = {});
    const el = (name: string, tag: string, attributes: Record<string, string> = {}, ...children: (Node | string)[]) => (els[name] = make(tag, attributes, ...children));
    const video = el('video', 'video', { playsinline: '', muted: '', autoplay: '', hidden: '' }) as HTMLVideoElement;
    video.muted = true;
    this.#card = new BuyBox(this, '', make('article', { class: 'card', 'data-testid': 'pin-card', 'aria-label': 'Shown now' }));
    els.card = this.#card.el;

    const stage = el('stage', 'div', { class: 'stage' },
      video,
      el('still', 'img', { class: 'still', alt: '', hidden: '' }),
      el('slate', 'div', { class: 'slate' }, el('slateImage', 'img', { alt: '', hidden: '' }), el('slateTitle', 'h2'), el('slateText', 'p')),
      el('top', 'div', { class: 'top' },
        make('div', { class: 'topline' },
          el('badge', 'span', { class: 'badge', 'data-testid': 'state' }),
          el('title', 'span', { class: 'title', 'data-testid': 'title' }),
          make('span', { class: 'audience' }, icon('eye'), el('audience', 'span', { 'data-testid': 'audience' }), make('span', { class: 'sr' }, 'watching')),
          el('mute', 'button', { type: 'button', hidden: '', 'data-testid': 'mute' })),
        el('banner', 'div', { class: 'banner', 'data-testid': 'state-banner', hidden: '' }),
        el('notice', 'div', { class: 'notice', 'data-testid': 'notice', hidden: '' }),
        el('disclosure', 'span', { class: 'disclosure', 'data-testid': 'disclosure', hidden: '' }, 'Advertisement · sponsored')),
      el('captionWide', 'div', { class: 'caption-wide' }, make('span')));

    const dock = el('dock', 'section', { class: 'dock', 'aria-label': 'On screen now' },
      el('caption', 'p', { class: 'caption', 'data-testid': 'caption', hidden: '' }),
      el('strip', 'div', { class: 'strip', 'data-testid': 'my-holds', role: 'group', 'aria-label': 'My holds', hidden: '' }),
      make('div', { class: 'row' },
        el('also', 'div', { class: 'also' }),
        el('openShelf', 'button', { type: 'button', class: 'open-shelf', 'aria-expanded': 'false', 'data-testid': 'shelf-open' }, icon('shelf'), make('span', {}, 'Shelf'))),
      els.card);

    const sheet = el('sheet', 'section', { class: 'sheet', 'aria-label': 'Shelf', 'data-testid': 'shelf' },
      make('header', {}, make('h2', {}, 'Shelf'), el('closeShelf', 'button', { type: 'button', class: 'round', 'aria-label': 'Close the shelf', 'data-testid': 'shelf-close' }, icon('close'))),
      el('rows', 'ul', { class: 'rows' }));

    const root = make('div', { class: 'root' }, stage, dock, sheet,
      el('politely', 'div', { class: 'sr', 'aria-live': 'polite', 'data-testid': 'live-polite' }),
      el('now', 'div', { class: 'sr', 'aria-live': 'assertive', 'data-testid': 'live-assertive' }));

    /* The product's own picture takes the room that is left. */
    const room = new ResizeObserver(() => {
      root.style.setProperty('--dock', `${dock.offsetHeight}px`);
      root.style.setProperty('--top', `${els.top!.offsetHeight}px`);
    });
    room.observe(dock);
    room.observe(els.top!);
    dock.addEventListener('pointerdown', () => (this.#pressed = true));
    for (const up of ['pointerup', 'pointercancel']) {
      addEventListener(up, () => {
        if (!this.#pressed) return;
        setTimeout(() => {
          this.#pressed = false;
          this.#later();
        });
      }, true);
    }
    els.openShelf!.addEventListener('click', () => this.#sheet(!sheet.classList.contains('open')));
    els.closeShelf!.addEventListener('click', () => this.#sheet(false));
    addEventListener('keydown', (e) => e.key === 'Escape' && this.#sheet(false));
    stage.addEventListener('click', (e) => {
      if (!(e.target as Element).closest('button')) this.#sheet(false, false);
    });
    els.mute!.addEventListener('click', () => {
      video.muted = !video.muted;
      this.#later();
    });
    return root;
  }

  #sheet(open: boolean, focus = true): void {
    const { sheet, openShelf, closeShelf } = this.#els;
    if (sheet!.classList.contains('open') === open) return;
    sheet!.classList.toggle('open', open);
    openShelf!.setAttribute('aria-expanded', String(open));
    if (open) this.#opener = (this.shadowRoot!.activeElement as HTMLElement) ?? openShelf!;
    if (focus) (open ? closeShelf! : this.#opener ?? openShelf!).focus();
  }

  /* ---- showing --------------------------------------------------------------------------------------------------- */

  /* Rendering is coalesced; a hidden page has no frames and needs none. */
  #later(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  #render(): void {
    const s = this.client?.state;
    this.#renderTop(s);
    this.#renderStage(s);
    if (!s) return;
    if (!this.#pressed) this.#renderDock(s);
    this.#renderShelf(s);
  }

  #renderTop(s: State | undefined): void {
    const { badge, title, audience, banner, notice, disclosure } = this.#els;
    const b = s?.broadcast;
    badge!.hidden = !b;
    badge!.textContent = b ? STATE_WORDS[b.state] ?? b.state.toUpperCase() : '';
    badge!.className = b?.state === 'live' ? 'badge live' : 'badge';
    title!.textContent = b?.title ?? '';
    audience!.parentElement!.hidden = !s?.audience;
    audience!.textContent = s?.audience ? new Intl.NumberFormat(this.locale, { notation: 'compact' }).format(s.audience) : '';
    const [text, kind] = this.#bannerText(s);
    banner!.hidden = !text;
    banner!.className = `banner ${kind}`;
    const words = (t: string | null) => t?.replace(/\d+/g, ''); /* seconds that count down are not said each time */
    if (text && words(banner!.textContent) !== words(text)) this.#sayPolitely('banner', text);
    if (!text && banner!.textContent) this.#unsay('banner');
    setText(banner!, text);
    notice!.hidden = !s?.notice;
    if (s?.notice && notice!.dataset.shown !== s.notice.level + s.notice.text) {
      const word = NOTICE_WORDS[s.notice.level];
      notice!.className = `notice ${s.notice.level}`;
      notice!.replaceChildren(...(word ? [make('b', {}, word)] : []), s.notice.text);
      notice!.dataset.shown = s.notice.level + s.notice.text;
    }
    disclosure!.hidden = !(s && (b?.sponsored || s.cue?.sponsored || Object.values(s.pins).some((p) => p.sponsored)));
  }

  /* In a storm of joins the server says when our turn comes. */
  #turnText(left_ms: number): string {
    const s = this.client?.state;
    const safe = s && Object.values(s.holds).some((h) => h.state === 'held') ? ' Your holds are safe.' : '';
    if (left_ms <= 1_000) return `Many are coming in. You are next.${safe}`;
    return `Many are coming in. Your turn is in about ${Math.ceil(left_ms / 1000)} s.${safe}`;
  }

  #bannerText(s: State | undefined): [string, string] {
    const c = this.client?.connection;
    if (!this.client) return ['This link is not complete. Go back to the shop and open the show again.', 'bad'];
    if (c!.status === 'refused') {
      return c!.reason === 'token'
        ? ['This session has run out or is not valid. Go back to the shop and open the show again.', 'bad']
        : ['This link is not for this show. Go back to the shop and open the show again.', 'bad'];
    }
    if (c!.status !== 'open') {
      if (c!.reason === 'busy') return [this.#turnText(c!.retry_ms - Date.now()), 'wait'];
      if (!s?.broadcast) return ['Connecting…', 'wait'];
      const lost = Date.now() - (c!.lost_ms || Date.now());
      if (c!.reason === 'moving' && lost < 8_000) return ['', ''];
      const holds = Object.values(s.holds).some((h) => h.state === 'held');
      return [`Reconnecting… What you see may be out of date.${holds ? ' Your holds are safe.' : ''}`, 'wait'];
    }
    const held = Object.values(s?.holds ?? {}).some((h) => h.state === 'held');
    switch (s?.broadcast?.state) {
      case 'paused': return ['Short pause. The show goes on in a moment.', 'calm'];
      case 'ended':
      case 'settled': return [held ? 'The show has ended. You can still pay for what you hold.' : 'The show has ended. Thank you for being here.', 'calm'];
      case 'rehearsal': return ['This is a rehearsal. Nothing is for sale.', ''];
      case 'draft':
      case 'scheduled': return ['The show has not started yet. It will begin here by itself.', 'calm'];
      default: return ['', ''];
    }
  }

  #renderStage(s: State | undefined): void {
    const { still, slate, slateImage, slateTitle, slateText, mute, caption, captionWide } = this.#els;
    const video = this.#els.video as HTMLVideoElement;
    const b = s?.broadcast;
    const over = b && (b.state === 'ended' || b.state === 'settled');
    const url = over ? '' : this.#address(b?.video?.url) ?? '';
    if (b && url !== this.#playing.url) {
      this.#playerStop();
      this.#playing = { url, ok: false };
      if (url) {
        this.#player = play(video, url, {
          playing: () => this.#picture(true),
          failed: () => this.#picture(false),
        });
        this.client?.setClock(this.client.clock);
      }
    }
    video.hidden = !this.#playing.ok;
    const picture = this.#address(b?.video?.still);
    still!.hidden = this.#playing.ok || !picture;
    if (picture) setAttribute(still!, 'src', picture);
    slate!.hidden = this.#playing.ok || (!!picture && !over);
    const pin = s && this.#front(s);
    const image = over ? undefined : this.#address(pin?.image);
    slateImage!.hidden = !image;
    if (image) setAttribute(slateImage!, 'src', image);
    setText(slateTitle!, over ? 'Thank you for watching' : pin ? '' : s?.cue?.title || b?.title || '');
    setText(slateText!, over ? '' : this.#playing.url ? 'The picture is not here right now. Everything else is.' : '');
    const silent = video.muted;
    mute!.hidden = !this.#playing.ok;
    mute!.className = silent ? 'unmute' : 'round';
    mute!.setAttribute('aria-label', silent ? 'Turn the sound on' : 'Turn the sound off');
    if (mute!.dataset.silent !== String(silent)) {
      mute!.replaceChildren(icon(silent ? 'muted' : 'sound'), ...(silent ? ['Sound on'] : []));
      mute!.dataset.silent = String(silent);
    }
    const text = over ? '' : s?.cue?.text ?? '';
    caption!.hidden = !text;
    captionWide!.hidden = !text;
    setText(caption!, text);
    setText(captionWide!.firstElementChild!, text);
  }

  #picture(ok: boolean): void {
    this.#playing.ok = ok;
    this.#later();
  }

  #playerStop(): void {
    this.#player?.destroy();
    this.#player = null;
  }

  #front(s: State): Pin | undefined {
    const pins = Object.values(s.pins).sort((a, b) => a.slot - b.slot);
    return pins.find((p) => p.sku === this.#chosen) ?? pins[0];
  }

  #renderDock(s: State): void {
    const { card, also, strip, openShelf } = this.#els;
    const pin = this.#front(s);
    card!.hidden = !pin;
    if (pin && pin.sku !== this.#shown) {
      this.#card.forget();
      settle(this.#card.el);
      card!.classList.remove('swap');
      void card!.offsetWidth;
      card!.classList.add('swap');
    }
    this.#shown = pin?.sku ?? '';
    if (pin) {
      const entry = shelfEntry(s, pin.sku);
      this.#card.show({ ...pin, price: entry?.price ?? pin.price, limit: entry?.limit ?? 1, state: entry?.state ?? 'open', extra: entry?.extra });
    }
    const others = Object.values(s.pins).filter((p) => p !== pin).sort((a, b) => a.slot - b.slot);
    chips(also!, others, (p) => p.sku, (p) => ({
      image: this.#address(p.image), text: p.title, small: `${money(p.price, this.locale)} · ${stockText(s.stock[p.sku], shelfEntry(s, p.sku)?.state)}`, testid: `also-${p.sku}`, kind: '',
      act: () => {
        this.#chosen = p.sku;
        this.#later();
      },
    }));
    const holds = held(s).filter((h) => h.lines[0]?.sku !== pin?.sku || held(s, pin!.sku)[0] !== h);
    strip!.hidden = !holds.length;
    chips(strip!, holds, (h) => h.hold, (h) => ({
      image: this.#address(shelfEntry(s, h.lines[0]!.sku)?.image), text: this.#name(h), small: this.#brief(h),
      testid: `strip-${h.hold}`, kind: this.client!.holdLeft(h) <= WARN_MS && !waits(s, h) ? 'late' : '',
      act: () => {
        this.#sheet(true);
        this.#rows.get(h.lines[0]!.sku)?.li.scrollIntoView({ block: 'start' });
      },
    }));
    openShelf!.hidden = !s.shelf.length;
    setText(openShelf!.lastElementChild!, `Shelf · ${s.shelf.length}`);
  }

  #renderShelf(s: State): void {
    const { rows } = this.#els;
    const seen = new Set<string>();
    /* What is yours comes first; the shop's order otherwise. It is settled when the shelf is closed, so rows do not jump under a finger. */
    for (const entry of s.shelf) {
      seen.add(entry.sku);
      let row = this.#rows.get(entry.sku);
      if (!row) {
        const li = make('li', { 'data-testid': `shelf-row-${entry.sku}` });
        const now = make('span', { class: 'now', hidden: '' }, 'On screen now');
        row = { li, now, box: new BuyBox(this, 'row-', li) };
        row.box.el.querySelector('.what')!.append(now);
        this.#rows.set(entry.sku, row);
        rows!.append(li);
      }
      row.now.hidden = !Object.values(s.pins).some((p) => p.sku === entry.sku);
      row.li.classList.toggle('front', entry.sku === this.#shown);
      row.li.classList.toggle('gone', entry.state !== 'open' || ['sold_out', 'stopped'].includes(s.stock[entry.sku]?.state ?? ''));
      row.box.show(entry);
    }
    for (const [sku, row] of this.#rows) {
      if (seen.has(sku)) continue;
      row.li.remove();
      this.#rows.delete(sku);
    }
  }

  /* Once a second: only what counts down. */
  #ticking(): void {
    const s = this.client?.state;
    if (!s) return;
    const holds = held(s);
    for (const hold of holds) {
      const left = this.client!.holdLeft(hold);
      if (left <= WARN_MS && left > 0 && !waits(s, hold) && !this.#warned.has(hold.hold + hold.extends_left) && !hold.offer) {
        this.#warned.add(hold.hold + hold.extends_left);
        this.#sayNow(`Less than a minute left for ${this.#name(hold)}.${hold.extends_left > 0 ? ' You can extend it.' : ''}`);
      }
    }
    if (holds.length || Object.keys(s.offers).length || this.client!.connection.status !== 'open') this.#later();
  }

  /* ---- telling --------------------------------------------------------------------------------------------------- */

  #holdTold(hold: Hold): void {
    const name = this.#name(hold);
    if (hold.state === 'held' && hold.offer && !this.#warned.has(hold.hold)) {
      this.#warned.add(hold.hold);
      this.#sayNow(`It is your turn: ${name} is yours for ${clockText(this.client!.holdLeft(hold))}.`);
      navigator.vibrate?.([80, 60, 80]);
    }
    const text: Partial<Record<Hold['state'], string>> = {
      confirmed: `Paid. ${name} is yours.`,
      expired: `Time ran out. ${name} went back on the shelf.`,
      released: this.#mine.has(hold.hold) ? `You gave ${name} back.` : `${name} was given back.`,
      void: `The hold on ${name} has ended. If you paid, the shop pays you back.`,
    };
    if (hold.state === 'released' && !this.#mine.has(hold.hold)) {
      this.#given.set(hold.hold, Date.now());
      if ((hold.lines ?? []).some((l) => shelfEntry(this.client!.state, l.sku)?.state === 'recalled')) return this.#recalled(hold);
    }
    const said = text[hold.state];
    if (said) this.#tellOf(hold, said, hold.state === 'confirmed' ? 'good' : hold.state === 'released' ? '' : 'bad');
  }

  #tellOf(hold: Hold, said: string, kind: string, ms?: number): void {
    this.#sayNow(said);
    for (const line of hold.lines ?? []) {
      for (const box of [this.#card, this.#rows.get(line.sku)?.box]) {
        if (box?.sku === line.sku) box.told(said, kind, ms);
      }
    }
  }

  /* The recall and the end of the hold come in either order. */
  #recallTold(sku: string): void {
    for (const hold of Object.values(this.client!.state.holds)) {
      const near = Date.now() - (this.#given.get(hold.hold) ?? 0) < RECALL_NEAR_MS;
      if (hold.state === 'released' && near && hold.lines.some((l) => l.sku === sku)) this.#recalled(hold);
    }
  }

  #recalled(hold: Hold): void {
    const all = hold.lines.length > 1 ? 'Something in your reservation was recalled' : 'This product was recalled';
    this.#tellOf(hold, `${all}; your reservation was cancelled and nothing was charged.`, 'bad', RECALL_SAID_MS);
  }

  #brief(h: Hold): string {
    const left = clockText(this.client!.holdLeft(h));
    if (h.recall === 'keep') return 'Recalled · kept for you';
    return waits(this.client!.state, h) ? `Time stands still at ${left}` : `Yours for ${left} · Pay`;
  }

  /* Released here, not in another tab or by the shop. */
  giveBack(hold: Hold): Promise<Hold> {
    this.#mine.add(hold.hold);
    return this.release(hold.hold).catch((error) => {
      this.#mine.delete(hold.hold);
      throw error;
    });
  }

  #soldOutTold(): void {
    const s = this.client!.state;
    for (const pin of Object.values(s.pins)) {
      const out = s.stock[pin.sku]?.state === 'sold_out';
      if (out && this.#soldOut.get(pin.sku) === false && !held(s, pin.sku).length) this.#sayNow(`${pin.title} is sold out.`);
      this.#soldOut.set(pin.sku, out);
    }
  }

  #sayNow(text: string): void {
    const el = this.#els.now!, before = el.textContent ?? '', now = Date.now();
    const overtaken = now - this.#said_ms < SPOKEN_MS && !before.includes(text); /* a recall and its notice, say: a reader would lose the first */
    this.#said_ms = now;
    el.textContent = overtaken ? `${before} ${text}` : before === text ? `${text}\u00a0` : text;
  }

  /* Of each topic the latest wins; the rest was overtaken. */
  #sayPolitely(topic: string, text: string): void {
    this.#polite.texts.set(topic, text);
    if (this.#polite.timer) return;
    const wait = Math.max(0, this.#polite.at + POLITE_MS - Date.now());
    this.#polite.timer = setTimeout(() => {
      this.#polite.timer = undefined;
      this.#polite.at = Date.now();
      this.#els.politely!.replaceChildren(...Array.from(this.#polite.texts, ([t, said]) => make('span', { 'data-topic': t }, `${said}. `)));
      this.#polite.texts.clear();
    }, wait);
  }

  /* What is no longer so is not there to be read either. A part that is taken out is not spoken, and makes none of the others speak again. */
  #unsay(topic: string): void {
    this.#polite.texts.delete(topic);
    for (const part of Array.from(this.#els.politely!.children)) if ((part as HTMLElement).dataset.topic === topic) part.remove();
  }

  sayNow(text: string): void {
    this.#sayNow(text);
  }

  refresh(): void {
    this.#later();
  }

  #name(hold: Hold): string {
    const line = hold.lines?.[0];
    if (!line) return 'your hold';
    const title = shelfEntry(this.client!.state, line.sku)?.title ?? line.sku;
    return line.qty > 1 ? `${line.qty} × ${title}` : title;
  }

  /* Addresses from the wire are of the web or nothing; relative ones are the server's own. */
  #address(url: string | undefined): string | undefined {
    return safeAddress(url, this.base);
  }

  /* How much of the hold's time is left, 0..1, against the most we have seen of it. */
  share(hold: Hold): number {
    const left = this.client!.holdLeft(hold);
    const most = Math.max(this.#totals.get(hold.hold) ?? (hold.offer ? left : this.client!.state.broadcast?.hold_ms ?? left), left, 1);
    this.#totals.set(hold.hold, most);
    return left / most;
  }
}

/* ---- one product with its one button, on the card and in the shelf ------------------------------------------------------- */

type Shown = Pick<ShelfEntry, 'sku' | 'title' | 'price' | 'image' | 'url' | 'limit' | 'state' | 'extra'>;

class BuyBox {
  sku = '';
  #shelf: LiveShelf;
  #prefix: string;
  #parts: Record<string, HTMLElement> = {};
  #said: { text: string; kind: string; until: number } | null = null;
  #newPrice: Price | null = null;
  #morph = '';
  #busy = false;

  constructor(shelf: LiveShelf, prefix: string, readonly el: HTMLElement) {
    this.#shelf = shelf;
    this.#prefix = prefix;
    const parts = this.#parts;
    const p = (name: string, tag: string, attributes: Record<string, string> = {}, ...children: (Node | string)[]) => (parts[name] = make(tag, attributes, ...children));
    const testid = (id: string) => ({ 'data-testid': prefix + id });
    const ring = document.createElementNS(SVG, 'svg');
    ring.setAttribute('class', 'ring');
    ring.setAttribute('viewBox', '0 0 40 40');
    ring.setAttribute('aria-hidden', 'true');
    for (const c of ['', 'left']) {
      const circle = document.createElementNS(SVG, 'circle');
      for (const [k, v] of Object.entries({ cx: '20', cy: '20', r: '17', class: c })) circle.setAttribute(k, v);
      ring.append(circle);
    }
    el.append(
      make('div', { class: 'what' },
        p('image', 'img', { alt: '', loading: 'lazy' }),
        p('title', 'h3', testid('title-product')),
        make('div', { class: 'cost' }, p('price', 'span', { class: 'price', ...testid('price') }), p('stock', 'span', { class: 'stock', ...testid('stock-text') })),
        p('offer', 'span', { class: 'offer', ...testid('offer'), hidden: '' }),
        p('extra', 'span', { class: 'offer', ...testid('extra'), hidden: '' })),
      p('say', 'p', { class: 'say', ...testid('refusal'), hidden: '' }),
      p('hold', 'div', { class: 'hold', ...testid('hold-state'), hidden: '' },
        p('still', 'p', { class: 'still-words', ...testid('hold-still'), hidden: '' }),
        make('div', { class: 'hold-line' }, ring,
          make('p', { class: 'yours' }, p('yours', 'span', {}, 'Yours for '), p('countdown', 'span', testid('countdown')), p('what', 'small')),
        ),
        make('div', { class: 'small-acts' },
          p('another', 'button', { type: 'button', class: 'text', ...testid('another-button') }, 'Hold another'),
          p('release', 'button', { type: 'button', class: 'text', ...testid('release-button') }, 'Give it back')),
        make('div', { class: 'acts' },
          p('extend', 'button', { type: 'button', class: 'extend', ...testid('extend-button') }, 'Extend'),
          p('pay', 'a', { class: 'button main', target: '_blank', rel: 'noopener', ...testid('pay-link') }, 'Pay now'))),
      p('acts', 'div', { class: 'acts' },
        p('qty', 'select', { 'aria-label': 'How many', ...testid('qty'), hidden: '' }),
        p('reserve', 'button', { type: 'button', class: 'main', ...testid('reserve-button') }),
        p('wait', 'button', { type: 'button', class: 'wide', ...testid('waitlist-button'), hidden: '' })),
    );
    parts.ring = ring.lastElementChild as unknown as HTMLElement;
    parts.reserve!.addEventListener('click', () => this.#tap());
    parts.another!.addEventListener('click', () => this.#tap(1));
    parts.wait!.addEventListener('click', () => this.#line());
    parts.extend!.addEventListener('click', () => this.#do((h) => this.#client.extend(h.hold).then((n) => this.#shelf.sayNow(`Extended. Yours for ${clockText(this.#client.holdLeft(n))}.`))));
    parts.release!.addEventListener('click', () => this.#do((h) => this.#shelf.giveBack(h)));
    parts.pay!.addEventListener('click', (e) => {
      const hold = this.#hold();
      if (!hold || this.#fresh) return e.preventDefault();
      const own = new CustomEvent('liveshelf:checkout', { detail: hold, bubbles: true, composed: true, cancelable: true });
      if (!this.#shelf.dispatchEvent(own)) e.preventDefault();
    });
  }

  get #client(): LiveshelfClient {
    return this.#shelf.client!;
  }

  #hold(): Hold | undefined {
    return held(this.#client.state, this.sku)[0];
  }

  told(text: string, kind = '', ms = SAID_MS): void {
    this.#said = text ? { text, kind, until: Date.now() + ms } : null;
    setTimeout(() => this.#shelf.refresh(), ms + 50);
    this.#shelf.refresh();
  }

  /* Another product takes this place. */
  forget(): void {
    this.#said = null;
    this.#newPrice = null;
    this.#morph = '';
  }

  show(product: Shown): void {
    const { image, title, price, stock, offer, extra, say, hold, acts } = this.#parts;
    const s = this.#client.state;
    const locale = this.#shelf.locale;
    this.sku = product.sku;
    const src = safeAddress(product.image, this.#shelf.base);
    image!.hidden = !src;
    if (src) setAttribute(image!, 'src', src);
    this.#title(title!, product);
    setText(price!, money(product.price, locale));
    setText(stock!, stockText(s.stock[product.sku], product.state));
    const word = s.stock[product.sku]?.state;
    stock!.className = `stock ${word === 'low' ? 'low' : word === 'ok' ? '' : 'out'}`;
    const running = s.offers[product.sku];
    const left = running ? running.ends_ms - this.#client.serverNow() : 0;
    offer!.hidden = left <= 0;
    if (left > 0) setText(offer!, `Offer, ends in ${clockText(left)}`);
    extra!.hidden = !product.extra;
    if (product.extra) setText(extra!, extraText(product.extra));

    const mine = this.#hold();
    const asking = Object.values(this.#client.asking).some((a) => a.lines.some((l) => l.sku === product.sku));
    const morph = mine ? mine.hold : asking ? 'asking' : 'open';
    if (this.#morph && morph !== this.#morph) this.#settle();
    this.#morph = morph;
    if (this.#said && this.#said.until < Date.now()) this.#said = null;
    say!.hidden = !this.#said;
    if (this.#said) {
      say!.className = `say ${this.#said.kind}`;
      setText(say!, this.#said.text);
    }
    const focused = this.#shelf.shadowRoot!.activeElement as HTMLElement | null;
    const inside = !!focused && this.el.contains(focused);
    hold!.hidden = !mine;
    acts!.hidden = !!mine;
    this.el.classList.toggle('mine', !!mine);
    if (mine) this.#showHold(mine, product, asking);
    else this.#showActs(product, asking);
    if (inside && focused.closest('[hidden]')) this.#keepFocus();
  }

  #title(title: HTMLElement, product: Shown): void {
    const url = safeAddress(product.url, this.#shelf.base);
    if (title.dataset.shown === product.title + url) return;
    title.dataset.shown = product.title + url;
    title.replaceChildren(url ? make('a', { href: url, target: '_blank', rel: 'noopener' }, product.title) : product.title);
  }

  #showHold(h: Hold, product: Shown, asking: boolean): void {
    const { yours, countdown, what, extend, release, another, pay, hold, ring, still } = this.#parts;
    const left = this.#client.holdLeft(h);
    const kept = h.recall === 'keep';
    const waiting = waits(this.#client.state, h);
    const words = kept ? 'This product was recalled. It stays reserved for you while the shop decides, and nothing is charged meanwhile.'
      : h.recall === 'honour' ? 'This product was recalled. What you hold can still be paid; read what the shop says first.'
      : waiting ? STILL : '';
    still!.hidden = !words;
    setText(still!, words);
    setText(yours!, kept ? 'Reserved for you' : waiting ? 'Yours. Stands still at ' : h.offer ? 'Your turn! Yours for ' : 'Yours for ');
    setText(countdown!, kept ? '' : clockText(left));
    const qty = h.lines.reduce((n, l) => n + l.qty, 0);
    const more = held(this.#client.state, this.sku).length - 1;
    setText(what!, `${qty > 1 ? `${qty} for ` : ''}${money(h.total, this.#shelf.locale)}${more > 0 ? ` · and ${more} more ${more > 1 ? 'holds' : 'hold'}` : ''}`);
    hold!.classList.toggle('late', left <= WARN_MS && !waiting);
    hold!.classList.toggle('waits', waiting);
    ring!.style.strokeDasharray = String(RING);
    ring!.style.strokeDashoffset = String(RING * (1 - this.#shelf.share(h)));
    extend!.hidden = !(h.extends_left > 0) || kept;
    release!.hidden = false;
    setDisabled(extend!, this.#busy);
    setDisabled(release!, this.#busy);
    const s = this.#client.state;
    const mine = held(s, this.sku).flatMap((x) => x.lines).filter((l) => l.sku === this.sku).reduce((n, l) => n + l.qty, 0);
    another!.hidden = s.broadcast?.state !== 'live' || product.state !== 'open' || !['ok', 'low'].includes(s.stock[this.sku]?.state ?? '') || (product.limit > 0 && mine >= product.limit);
    setText(another!, asking ? 'Asking…' : 'Hold another');
    const href = safeAddress(h.checkout_url, this.#shelf.base);
    pay!.hidden = !href;
    if (href) setAttribute(pay!, 'href', href);
    setText(pay!, `Pay now · ${money(h.total, this.#shelf.locale)}`);
  }

  #showActs(product: Shown, asking: boolean): void {
    const { qty, reserve, wait } = this.#parts;
    const s = this.#client.state;
    const live = s.broadcast?.state === 'live';
    const stock = s.stock[product.sku];
    const out = stock?.state === 'sold_out' || stock?.state === 'held_out';
    const waiting = s.waitlist[product.sku];
    const closed = product.state !== 'open' || stock?.state === 'stopped';
    const canWait = live && !closed && (out || !!waiting) && !asking;
    this.el.classList.toggle('queue', canWait);
    wait!.hidden = !canWait;
    reserve!.hidden = canWait;
    if (canWait) {
      setText(wait!, waiting ? `In line${waiting.ahead ? ` · ${waiting.ahead} ahead of you` : ', you are next'} · Leave` : 'Keep me in line');
      wait!.classList.toggle('main', !waiting);
      wait!.setAttribute('aria-label', waiting ? `Leave the line for ${product.title}` : `Keep me in line for ${product.title}`);
      setDisabled(wait!, this.#busy);
    }
    const most = Math.min(product.limit || 5, stock?.left ?? 99, 10);
    this.#quantities(qty as HTMLSelectElement, most);
    qty!.hidden = canWait || most < 2 || !live || closed || asking;
    const brief = !!this.#prefix;
    const can = live && !closed && !out && !asking && !!product.price;
    setDisabled(reserve!, !can);
    reserve!.setAttribute('aria-busy', String(asking));
    const label = asking ? 'Asking…'
      : product.state === 'recalled' ? (brief ? 'Recalled' : 'Recalled, not for sale')
      : closed ? (brief ? 'Stopped' : 'Not on sale right now')
      : !live && brief ? 'Not now'
      : !live ? NOT_LIVE[s.broadcast?.state ?? ''] ?? 'Opens when the show is live'
      : !product.price ? 'No price here'
      : this.#newPrice ? `Hold it at ${money(this.#newPrice, this.#shelf.locale)}`
      : brief ? 'Hold' : 'Hold it for me';
    setText(reserve!, label);
    if (can) reserve!.setAttribute('aria-label', `${brief ? 'Hold for me' : label}: ${product.title}, ${money(product.price, this.#shelf.locale)}`);
    else reserve!.removeAttribute('aria-label');
  }

  #quantities(select: HTMLSelectElement, most: number): void {
    if (select.options.length === most) return;
    const was = Number(select.value) || 1;
    select.replaceChildren(...Array.from({ length: Math.max(1, most) }, (_, i) => make('option', { value: String(i + 1) }, String(i + 1))));
    select.value = String(Math.min(was, Math.max(1, most)));
  }

  /* A button that has just become another is not tappable for a moment. */
  #settle(): void {
    settle(this.el);
  }

  get #fresh(): boolean {
    return this.el.classList.contains('fresh');
  }

  /* Someone on the keyboard stays where they were: on the button that took the place of theirs. */
  #keepFocus(): void {
    const { pay, reserve, wait } = this.#parts;
    [pay!, reserve!, wait!].find((el) => el.checkVisibility?.() ?? !el.hidden)?.focus({ preventScroll: true });
  }

  #tap(qty = Number((this.#parts.qty as HTMLSelectElement).value) || 1): void {
    const { reserve } = this.#parts;
    if (qty !== 1 && this.#parts.qty!.hidden) qty = 1;
    const sku = this.sku;
    if (this.#fresh || (reserve!.getAttribute('aria-disabled') === 'true' && !this.#hold())) return;
    this.#said = null;
    const price = shelfEntry(this.#client.state, sku)?.price ?? Object.values(this.#client.state.pins).find((p) => p.sku === sku)?.price ?? null;
    this.#newPrice = null;
    this.#client.reserve(sku, { qty, seen_price: price?.version }).then(
      (hold) => {
        if (this.sku === sku) this.#said = null;
        if (hold.state === 'held') this.#shelf.sayNow(`It is yours for ${clockText(this.#client.holdLeft(hold))}. You can pay now.`);
      },
      (error: Refused) => this.#refused(sku, price, error),
    );
  }

  #refused(sku: string, before: Price | null, error: Refused): void {
    if (!(error instanceof Refused) || error.code === 'closed') return;
    let text = refusalText(error.code, error.d.detail);
    if (error.code === 'price_changed' && error.d.price) {
      const now = money(error.d.price, this.#shelf.locale);
      text = `The price is now ${now}${before ? `, it was ${money(before, this.#shelf.locale)}` : ''}. Nothing was held. Do you want it at ${now}?`;
      if (this.sku === sku) this.#newPrice = error.d.price;
    } else if (error.d.waitlist) text += ' You can stay in line.';
    this.#shelf.sayNow(text);
    if (this.sku === sku) this.told(text, 'bad');
    else this.#shelf.refresh();
  }

  #line(): void {
    const sku = this.sku;
    if (this.#fresh || this.#busy) return;
    const leave = !!this.#client.state.waitlist[sku];
    this.#do(() => (leave ? this.#client.leaveWaitlist(sku) : this.#client.joinWaitlist(sku)).then((w) => {
      const text = leave ? 'You left the line.' : `You are in line${w.ahead ? `, ${w.ahead} ahead of you` : ''}. If one comes free it is held for you here, and you hear of it.`;
      this.#shelf.sayNow(text);
      this.told(text, leave ? '' : 'good');
    }));
  }

  #do(act: (hold: Hold) => Promise<unknown>): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#said = null;
    this.#shelf.refresh();
    act(this.#hold()!)
      .catch((error: Refused) => this.told(refusalText(error.code, error.d?.detail), 'bad'))
      .finally(() => {
        this.#busy = false;
        this.#shelf.refresh();
      });
  }
}

/* ---- small things --------------------------------------------------------------------------------------------------- */

const SVG = 'http://www.w3.org/2000/svg';
const STILL = 'Your time stands still while the show is paused';
const STATE_WORDS: Record<string, string> = { draft: 'SOON', scheduled: 'SOON', rehearsal: 'REHEARSAL', live: 'LIVE', paused: 'PAUSED', ended: 'ENDED', settled: 'ENDED' };
const NOT_LIVE: Record<string, string> = { paused: 'Paused, back in a moment', ended: 'The show has ended', settled: 'The show has ended', rehearsal: 'Not for sale in a rehearsal' };
const NOTICE_WORDS: Record<string, string> = { correction: 'Correction', recall: 'Recall: please read', outage: 'Something is not working', info: '' };

/* Loses no time now. */
function waits(s: State, h: Hold): boolean {
  return !s.hold_clock.running || h.recall === 'keep';
}

function held(s: State, sku?: string): Hold[] {
  return Object.values(s.holds)
    .filter((h) => h.state === 'held' && (!sku || h.lines.some((l) => l.sku === sku)))
    .sort((a, b) => a.expires_ms - b.expires_ms);
}

export function safeAddress(url: string | undefined, base: string): string | undefined {
  if (!url) return undefined;
  try {
    const full = new URL(url, base);
    return full.protocol === 'https:' || full.protocol === 'http:' || url.startsWith('data:image/') ? full.href : undefined;
  } catch {
    return undefined;
  }
}

function make(tag: string, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElement {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, value);
  el.append(...children);
  return el;
}

function icon(name: keyof typeof ICONS): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('fill', 'currentColor');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  path.setAttribute('fill-rule', 'evenodd');
  svg.append(path);
  return svg;
}

const settling = new WeakMap<HTMLElement, ReturnType<typeof setTimeout>>();

/* What has just changed cannot be tapped for a moment. */
function settle(el: HTMLElement): void {
  clearTimeout(settling.get(el));
  el.classList.add('fresh');
  settling.set(el, setTimeout(() => el.classList.remove('fresh'), SETTLE_MS));
}

/* Writing the same again would make a screen reader speak and a selection vanish. */
function setText(el: Element, text: string): void {
  if (el.textContent !== text) el.textContent = text;
}

function setAttribute(el: Element, name: string, value: string): void {
  if (el.getAttribute(name) !== value) el.setAttribute(name, value);
}

/* aria-disabled keeps focus where it is; a disabled button would drop it. */
function setDisabled(el: Element, disabled: boolean): void {
  setAttribute(el, 'aria-disabled', String(disabled));
}

interface Chip { image: string | undefined; text: string; small: string; testid: string; kind: string; act(): void }

function chips<T>(list: HTMLElement, items: T[], key: (item: T) => string, look: (item: T) => Chip): void {
  const old = new Map(Array.from(list.children, (el) => [(el as HTMLElement).dataset.key!, el as HTMLElement]));
  for (const item of items) {
    const chip = look(item);
    let el = old.get(key(item));
    old.delete(key(item));
    if (!el) {
      el = make('button', { type: 'button', 'data-key': key(item), 'data-testid': chip.testid }, make('img', { alt: '' }), make('span', {}, '', make('small')));
      el.querySelector('span')!.prepend(document.createTextNode(''));
      list.append(el);
    }
    el.onclick = chip.act;
    el.className = `chip ${chip.kind}`;
    const [img, text] = el.children as unknown as [HTMLElement, HTMLElement];
    img.hidden = !chip.image;
    if (chip.image) setAttribute(img, 'src', chip.image);
    if (text.firstChild!.textContent !== chip.text) text.firstChild!.textContent = chip.text;
    setText(text.querySelector('small')!, chip.small);
  }
  for (const el of old.values()) el.remove();
}

if (!customElements.get('live-shelf')) customElements.define('live-shelf', LiveShelf);
