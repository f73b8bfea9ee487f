/* Parts that the stage and the desk share. */

import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Console } from './console';
import { clockText, delayText, extraText, money, stockText } from '../client/words';
import type { Affected, Counts, Extra, Lag, Problem, Recall, RunCue } from '../client/wire';

export function Strip({ c, children }: { c: Console; children?: ComponentChildren }) {
  const b = c.state.broadcast;
  const word: Record<string, string> = { draft: 'DRAFT', scheduled: 'SCHEDULED', rehearsal: 'REHEARSAL', live: 'LIVE', paused: 'PAUSED', ended: 'ENDED', settled: 'SETTLED' };
  return (
    <header class="strip">
      <span class={`badge ${b?.state ?? ''}`} data-testid="state">{b ? word[b.state] ?? b.state : '…'}</span>
      {c.begun && b!.started_ms > 0 && <span class="fig" data-testid="elapsed"><b>{clockText(c.client.serverNow() - b!.started_ms)}</b></span>}
      <span class="grow">{b?.title}</span>
      <span class="fig viewers"><b data-testid="viewers">{c.state.audience.toLocaleString()}</b><span class="words"> watching</span></span>
      <LagFigure lag={c.state.lag} />
      {children}
    </header>
  );
}

/* How long after the host viewers see it; nothing while nobody says. */
function LagFigure({ lag }: { lag: Lag | null }) {
  if (!lag) return null;
  const half = delayText(lag.p50_ms);
  const most = delayText(lag.p95_ms);
  return (
    <span class="fig" data-testid="lag" title={`Half of them within ${half}, 19 of 20 within ${most}: ${lag.viewers.toLocaleString()} say where their video is`}>
      <span class="words">Viewers see it </span><b>{half}</b> later{most !== half && <span class="words">, most within {most}</span>}
    </span>
  );
}

export function Bars({ c }: { c: Console }) {
  const k = c.client.connection;
  const notice = c.state.notice;
  const refused = k.status === 'refused';
  const lost = k.status !== 'open' && k.status !== 'idle' && c.client.snapshots > 0 ? Math.floor((Date.now() - k.lost_ms) / 1000) : -1;
  return (
    <div class="bars" data-testid="state-banner">
      {refused && <p class="bar stop" role="alert">{k.reason === 'token' ? 'This link has run out or is not valid. Ask for a new host link.' : 'This link is not for this broadcast.'}</p>}
      {!refused && lost >= 1 && <p class="bar" role="status">Connection lost for {lost} s. The script stays; pins wait, nothing else is sent.</p>}
      {c.state.selling !== 'ok' && (
        <p class="bar stop" role="alert" data-testid="selling">
          {c.state.selling === 'stopped' ? 'Selling is stopped. ' : 'Selling is paused: nothing can be held or paid right now. Pins and script go on. '}
          {c.state.why && <span data-testid="selling-why">{c.state.why}</span>}
        </p>
      )}
      {c.state.broadcast?.state === 'paused' && <p class="bar">Paused. Nobody can buy, and holds stand still.</p>}
      {c.approvals.map((a) => {
        const not = c.mayNotDecide(a);
        return (
          <section key={a.approval} class="ask" role="group" aria-label={`Price to agree to: ${c.priceWords(a)}`} data-testid={`approval-${a.approval}`}>
            <p>
              <b>{c.priceWords(a)}</b>
              <span data-testid="approval-why">{a.reason}</span>
              <small>{a.asked_by === c.client.sub && a.asked_by ? 'You asked' : `Asked by ${a.asked_by || 'a link without a name'}`} · lapses in {clockText(a.until_ms - c.client.serverNow())}{not ? ` · ${not}` : ''}</small>
            </p>
            {!not && <button class="go" data-testid="approve" onClick={() => c.decide(a, true)}>Approve</button>}
            {!not && <button class="danger" data-testid="reject" onClick={() => c.decide(a, false)}>Reject</button>}
          </section>
        );
      })}
      {notice && (
        <p class={`bar info ${notice.level}`} data-testid="notice">
          <span>{notice.level !== 'info' ? `${notice.level}: ` : 'Viewers read: '}{notice.text}</span>
          <button class="quiet" onClick={() => void c.act('notice', { text: '', level: notice.level })}>Take down</button>
        </p>
      )}
    </div>
  );
}

/* What can be sold now: available less what is withheld. */
export function freeOf(n: Counts | undefined): number | undefined {
  return n && Math.max(0, n.available - (n.buffer ?? 0));
}

/* Read from two metres away; when it is over it says what to do. */
export function StockNumber({ c }: { c: Console }) {
  const pin = c.pinned;
  const stock = pin && c.state.stock[pin.sku];
  const counts = pin && c.state.counts[pin.sku];
  const entry = pin && c.entry(pin.sku);
  const free = freeOf(counts) ?? stock?.left;
  const stopped = entry?.state === 'stopped' || entry?.state === 'recalled';
  const out = !!pin && !stopped && (stock?.state === 'sold_out' || (free === 0 && (counts?.held ?? 0) === 0));
  useEffect(() => {
    if (out) navigator.vibrate?.([200, 80, 200]);
  }, [out, pin?.sku]);
  if (!pin) return <div class="stock none" data-testid="stock-number">{c.state.broadcast ? 'Nothing is pinned' : ''}</div>;
  const word = stopped ? (entry!.state === 'recalled' ? 'RECALLED' : 'SALE STOPPED') : out ? 'SOLD OUT – move on' : free === undefined ? '…' : String(free);
  return (
    <div class={`stock ${out || stopped ? 'out' : ''} ${!out && (stock?.state === 'low' || stock?.state === 'held_out') ? 'low' : ''}`} role={out ? 'alert' : undefined}>
      <span class="number" data-testid="stock-number">{word}</span>
      <div class="what">
        <b>{pin.title} · {money(pin.price)}</b>
        <span data-testid="stock-detail">
          {out || stopped ? '' : stock?.state === 'held_out' ? 'free: all on hold · ' : 'free · '}
          {counts ? `${counts.held} on hold · ${counts.sold} sold${counts.waitlist ? ` · ${counts.waitlist} waiting in line` : ''}${counts.buffer ? ` · ${counts.buffer} kept back` : ''}` : stockText(stock, entry?.state)}
        </span>
      </div>
    </div>
  );
}

export function Script({ c, cue }: { c: Console; cue: RunCue | undefined }) {
  if (!cue) return <Nothing c={c} />;
  const card = cue.card ?? {};
  const index = c.state.run_of_show.indexOf(cue);
  return (
    <div class="script" key={cue.id} tabIndex={0} aria-label="Script">
      <h1 class="cue"><span data-testid="cue-title">{cue.title}</span><small>{index + 1} of {c.state.run_of_show.length}{cue.minutes ? ` · ${cue.minutes} min` : ''}{cue.sponsored ? ' · sponsored: viewers see the label' : ''}</small></h1>
      <p class="say" data-testid="script-text">{card.say || 'No words were written for this cue.'}</p>
      {!!card.must_say?.length && (
        <div class="musts" role="group" aria-label="Must say">
          {card.must_say.map((words, i) => {
            const said = !!c.state.done[cue.id]?.[i];
            return <button key={i} aria-pressed={said} data-testid={`must-say-${i}`} onClick={() => c.tick(cue, i)}><i aria-hidden="true">{said ? '✓' : ''}</i>{words}</button>;
          })}
        </div>
      )}
      {!!card.must_not_say?.length && <div class="nots" data-testid="must-not-say"><b>DO NOT SAY</b>{card.must_not_say.join(' · ')}</div>}
      {card.notes && <p class="notes">{card.notes}</p>}
    </div>
  );
}

function Nothing({ c }: { c: Console }) {
  const n = c.state.run_of_show.length;
  if (!c.state.broadcast) return <div class="script"><div class="empty">{c.client.connection.status === 'refused' ? '' : 'Connecting…'}</div></div>;
  if (c.over) return <div class="script"><div class="empty"><b>The show has ended.</b>Holds still run out or are paid; logistics goes on counting.</div></div>;
  if (!n) return <div class="script"><div class="empty"><b>There is no run of show yet.</b>Load one: a list of cues with what to say, which product, and how many units you plan to sell.<button class="go" data-testid="load-open" onClick={() => c.emit('sheet', 'load')}>Load a run of show</button></div></div>;
  return (
    <div class="script">
      <div class="empty" data-testid="cue-title">
        <b>{c.begun ? 'Ready for the first cue.' : 'The run of show is loaded.'}</b>
        {n} cues, {c.state.run_of_show.reduce((s, q) => s + (q.minutes ?? 0), 0)} minutes. It begins with “{c.state.run_of_show[0]!.title}”.
        {!Object.values(c.state.counts).some((x) => x.allocated > 0) && <b>Nothing can be sold: no units are allocated.</b>}
      </div>
    </div>
  );
}

export function Thumb({ c, holding, desk }: { c: Console; holding: boolean; desk: boolean }) {
  const undo = c.undoLeft;
  const open = c.client.connection.status === 'open';
  const next = c.nextCue;
  const free = next?.sku ? freeOf(c.state.counts[next.sku]) : undefined;
  const paused = c.state.broadcast?.state === 'paused';
  if (c.over) return null;
  return (
    <div class="thumb">
      {c.begun ? (
        <button class={`go next ${holding ? 'holding' : ''}`} data-testid="next" disabled={!open || !next} onClick={() => c.next()}>
          NEXT<small>{next ? `${next.title}${free !== undefined ? ` · ${free} free` : ''}` : 'that was the last cue'}</small>
        </button>
      ) : (
        <button class="go next" data-testid="start" disabled={!open || !c.state.broadcast} onClick={() => c.emit('sheet', 'start')}>
          START<small>{c.state.preflight ? (c.state.preflight.go ? 'everything is ready' : notReady(c.state.preflight.problems)) : 'check first'}</small>
        </button>
      )}
      <button data-testid="undo" disabled={!open || undo <= 0} onClick={() => void c.undo()}>UNDO{undo > 0 ? ` ${Math.ceil(undo / 1000)}` : ''}</button>
      {c.begun ? (
        <button data-testid={paused ? 'resume' : 'pause'} class={paused ? 'go' : ''} disabled={!open} onClick={() => void c.act(paused ? 'resume' : 'pause')}>{paused ? 'RESUME' : 'PAUSE'}</button>
      ) : (
        <button data-testid="rehearse-next" disabled={!open || !next} onClick={() => c.next()}>Next cue</button>
      )}
      {!desk && c.pinned && c.begun && c.entry(c.pinned.sku)?.state === 'open' && <button class="danger" data-testid="stop-sale" onClick={() => c.stopSale(c.pinned?.sku)}>STOP SALE</button>}
    </div>
  );
}

export function Slots({ c }: { c: Console }) {
  return (
    <div class="slots">
      {[0, 1, 2].map((slot) => {
        const wait = c.pending.find((p) => p.slot === slot);
        const pin = c.state.pins[slot];
        const wanted = c.chosen || c.cue?.sku;
        const shown = wait ? (wait.sku ? c.entry(wait.sku) : undefined) : pin;
        return (
          <div class={`slot ${wait ? 'pending' : ''}`} key={slot} data-testid={`slot-${slot + 1}`}>
            <span class="n">{slot + 1}</span>
            {shown ? (
              <>
                {shown.image && <img src={shown.image} alt="" />}
                <div><b>{shown.title}</b><small>{wait ? 'pending…' : money(shown.price)}</small></div>
                {!wait && <button aria-label={`Clear slot ${slot + 1}`} data-testid={`clear-${slot + 1}`} onClick={() => c.clear(slot)}>✕</button>}
              </>
            ) : wait ? (
              <div><small>clearing…</small></div>
            ) : (
              <button style="flex:1" disabled={!wanted} data-testid={`pin-${slot + 1}`} onClick={() => c.pin(slot, wanted)}>{wanted ? 'Pin here' : 'empty'}</button>
            )}
          </div>
        );
      })}
    </div>
  );
}

/* What the viewer's phone shows. */
export function Phone({ c }: { c: Console }) {
  const pin = c.state.pins[0] ?? c.pinned;
  const s = c.state;
  const entry = pin && c.entry(pin.sku);
  const stock = pin && s.stock[pin.sku];
  const ad = s.broadcast?.sponsored || s.cue?.sponsored || Object.values(s.pins).some((p) => p.sponsored);
  const open = c.live && entry?.state === 'open' && (stock?.state === 'ok' || stock?.state === 'low');
  const button = !c.live ? 'not on sale now' : entry?.state !== 'open' ? 'not on sale' : open ? 'Hold it for me' : 'Keep me in line';
  return (
    <div class="phone" aria-label="What viewers see">
      <div class="glass">
        <div>
          {ad && <span class="ad">Advertisement · sponsored</span>}
          {s.notice && <p class="note">{s.notice.text}</p>}
        </div>
        <div>
          {s.cue?.text && <p class="cap">{s.cue.text}</p>}
          {pin ? (
            <div class="card">
              {pin.image ? <img src={pin.image} alt="" /> : <span />}
              <div><b>{pin.title}</b><br /><span>{money(pin.price)} · {stockText(stock, entry?.state)}</span>{entry?.extra && <><br /><span>{extraText(entry.extra)}</span></>}</div>
              <i class={open ? '' : 'off'}>{button}</i>
            </div>
          ) : <p class="cap">No product on screen</p>}
        </div>
      </div>
    </div>
  );
}

/* ---- sheets --------------------------------------------------------------------------------------------------------- */

export function Sheet({ title, close, children, testid }: { title: string; close(): void; children: ComponentChildren; testid: string }) {
  useLayoutEffect(() => { /* an Escape right after it opened must find it listening */
    const before = document.activeElement as HTMLElement | null;
    const key = (e: KeyboardEvent) => e.key === 'Escape' && !e.shiftKey && close();
    addEventListener('keydown', key);
    const first = document.querySelector('.sheet [autofocus]') ?? document.querySelector('.sheet button, .sheet input');
    (first as HTMLElement | null)?.focus();
    return () => {
      removeEventListener('keydown', key);
      before?.focus?.();
    };
  }, []);
  return (
    <div class="veil" onClick={(e) => e.target === e.currentTarget && close()}>
      <div class="sheet" role="dialog" aria-modal="true" aria-label={title} data-testid={testid}>
        <h2>{title}</h2>
        {children}
      </div>
    </div>
  );
}

export function StartSheet({ c, close }: { c: Console; close(): void }) {
  const [force, setForce] = useState(false);
  useEffect(() => void c.preflight(), []);
  const p = c.state.preflight;
  const blocking = p?.problems.filter((x) => x.blocking) ?? [];
  const start = async (forced: boolean) => (await c.start(forced)) === null && close();
  return (
    <Sheet title="Go or no-go" close={close} testid="preflight">
      {!p ? <p>Checking…</p> : (
        <p class={`verdict ${p.go ? '' : 'no'}`}><b data-testid="verdict">{p.go ? 'GO' : 'NO-GO'}</b>{p.go ? (p.problems.length ? 'Nothing stands in the way; some advice below.' : 'Every cue has its words, its price and its units.') : `${notReady(blocking)}.`}</p>
      )}
      <ul class="problems">
        {p?.problems.map((x, i) => (
          <li key={i} class={x.blocking ? 'blocking' : ''} data-testid={`problem-${x.code}`}>
            {c.state.run_of_show.find((q) => q.id === x.cue)?.title ?? x.sku ?? 'The show'}: {x.detail || PROBLEMS[x.code] || x.code}
            <small>{PROBLEMS[x.code] ?? x.code}{x.blocking ? '' : ' (advice)'}</small>
          </li>
        ))}
      </ul>
      <div class="row">
        <button class="quiet" onClick={close}>Not yet</button>
        {p?.go && <button class="go" data-testid="start-now" onClick={() => void start(false)}>Start the show</button>}
        {p && !p.go && !force && <button data-testid="start-force" onClick={() => setForce(true)}>Start anyway…</button>}
        {p && !p.go && force && <button class="danger sure" data-testid="start-force-confirm" onClick={() => void start(true)}>Yes, start with {blocking.length} {blocking.length === 1 ? 'problem' : 'problems'}</button>}
      </div>
      {force && <p>It will be written down that the show was started so.</p>}
    </Sheet>
  );
}

function notReady(problems: Problem[]): string {
  const n = problems.filter((p) => p.blocking).length;
  return n === 1 ? '1 thing is not ready' : `${n} things are not ready`;
}

const PROBLEMS: Record<string, string> = {
  no_cues: 'There is no run of show', card_missing: 'No script card', price_missing: 'No price', sku_unknown: 'Not in the catalogue',
  allocation_missing: 'No units to sell', allocation_short: 'Fewer units than planned', viewer_text_missing: 'No line for viewers', minutes_missing: 'No planned time',
};

export function EndSheet({ c, close }: { c: Console; close(): void }) {
  return (
    <Sheet title="End the show?" close={close} testid="end-sheet">
      <p>Viewers see that it is over and nobody can hold anything new. What is on hold can still be paid. This cannot be taken back.</p>
      <div class="row">
        <button autofocus onClick={close}>Go on</button>
        <button class="danger sure" data-testid="end-confirm" onClick={() => void c.act('end').then((done) => done && close())}>End the show</button>
      </div>
    </Sheet>
  );
}

export function LoadSheet({ c, close }: { c: Console; close(): void }) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const load = async (given: string) => {
    const p = await c.load(given);
    setProblem(p);
    if (!p) close();
  };
  return (
    <Sheet title="Load a run of show" close={close} testid="load-sheet">
      <label>A JSON file<input type="file" accept=".json,application/json" data-testid="load-file" onChange={async (e) => {
        const given = await e.currentTarget.files?.[0]?.text();
        if (given) {
          setText(given);
          void load(given);
        }
      }} /></label>
      <label>or paste it here<textarea data-testid="load-text" spellcheck={false} value={text} placeholder={'{"cues":[{"id":"c1","title":"Red mug","sku":"mug-red","planned_units":40,"card":{"say":"…"}}]}'} onInput={(e) => setText(e.currentTarget.value)} /></label>
      {problem && <p class="bar" role="alert" data-testid="load-problem">{problem}</p>}
      <div class="row">
        <button class="quiet" onClick={close}>Cancel</button>
        <button class="go" data-testid="load-go" disabled={!text.trim()} onClick={() => void load(text)}>Load</button>
      </div>
      {c.begun && <p>The show is running: the present run of show is replaced at once.</p>}
    </Sheet>
  );
}

export function NoticeSheet({ c, close }: { c: Console; close(): void }) {
  const [text, setText] = useState('');
  const [level, setLevel] = useState('info');
  return (
    <Sheet title="Tell all viewers" close={close} testid="notice-sheet">
      <label>Words<input data-testid="notice-text" maxLength={280} value={text} onInput={(e) => setText(e.currentTarget.value)} /></label>
      <label>Kind
        <select data-testid="notice-level" value={level} onChange={(e) => setLevel(e.currentTarget.value)}>
          <option value="info">Information</option><option value="correction">Correction of something said</option><option value="outage">Something is not working</option>
        </select>
      </label>
      <div class="row">
        <button class="quiet" onClick={close}>Cancel</button>
        <button class="go" data-testid="notice-send" disabled={!text.trim()} onClick={() => void c.act('notice', { text: text.trim(), level }).then((done) => done && close())}>Show it</button>
      </div>
    </Sheet>
  );
}

/* The words are those used last, so that the same gift is one more tap. */
let lastExtra: { text: string; kind: Extra['kind']; adds: string; first: string } = { text: 'a free gift', kind: 'freebie', adds: '', first: '' };

export function ExtraSheet({ c, sku, close }: { c: Console; sku: string; close(): void }) {
  const e = c.entry(sku);
  const title = e?.title ?? sku;
  const [extra, setExtra] = useState(lastExtra);
  const change = (more: Partial<typeof lastExtra>) => setExtra({ ...extra, ...more });
  const first = Number(extra.first || 0);
  const adds = extra.adds.trim();
  const fits = !!extra.text.trim() && new TextEncoder().encode(extra.text.trim()).length <= 200 && Number.isInteger(first) && first >= 0;
  const promise = () => {
    lastExtra = extra;
    const fields = { sku, kind: extra.kind, text: extra.text.trim(), first_orders: first, ...(adds ? { adds } : {}) };
    void c.act('extra.add', fields, `${title}: ${extra.text.trim()}`).then((done) => done && close());
  };
  const end = () => void c.act('extra.end', { sku }, `${title}: nothing comes with new orders any more`).then((done) => done && close());
  return (
    <Sheet title={`With ${title}`} close={close} testid="extra-sheet">
      {e?.extra && <div class="row"><p class="said" style="flex:1">{extraText(e.extra)}</p><button class="danger" data-testid="extra-end" onClick={end}>End it</button></div>}
      <label>Viewers read<input data-testid="extra-text" maxLength={200} value={extra.text} onInput={(x) => change({ text: x.currentTarget.value })} /></label>
      <label>For whom
        <select data-testid="extra-kind" value={extra.kind} onChange={(x) => change({ kind: x.currentTarget.value as Extra['kind'] })}>
          <option value="freebie">One with each order</option><option value="bundle">One with each piece</option>
        </select>
      </label>
      <div class="row">
        <label>SKU to pack<input data-testid="extra-adds" list="shelf-skus" value={extra.adds} placeholder="none: the words say it" onInput={(x) => change({ adds: x.currentTarget.value })} /></label>
        <label>Only the first<input data-testid="extra-first" inputMode="numeric" value={extra.first} placeholder="all orders" onInput={(x) => change({ first: x.currentTarget.value })} /></label>
      </div>
      <datalist id="shelf-skus">{c.state.shelf.filter((x) => x.sku !== sku).map((x) => <option key={x.sku} value={x.sku}>{x.title}</option>)}</datalist>
      <div class="row stick">
        <button class="quiet" onClick={close}>Cancel</button>
        <button class="go" data-testid="extra-add" disabled={!fits} onClick={promise}>{e?.extra ? 'Promise this instead' : 'Promise it'}</button>
      </div>
    </Sheet>
  );
}

const CHOICES: [Exclude<Recall, 'none'>, string, string][] = [
  ['cancel', 'Cancel the reservations', 'They end now and nothing is charged. A late payment is refused.'],
  ['keep', 'Keep them until it is clear', 'Their time stands still and nobody can pay until you choose again.'],
  ['honour', 'Let them be paid', 'Who has one may still pay for it. Nobody new can reserve.'],
];

export function RecallSheet({ c, sku, close }: { c: Console; sku: string; close(): void }) {
  const title = c.entry(sku)?.title ?? sku;
  const before = c.state.counts[sku]?.recall ?? 'none';
  const [text, setText] = useState(`Do not use the ${title}. `);
  const [holds, setHolds] = useState<Exclude<Recall, 'none'>>(before === 'none' ? 'cancel' : before);
  const [busy, setBusy] = useState(false);
  const [affected, setAffected] = useState<Affected | null>(null);
  const go = async () => {
    setBusy(true);
    setAffected(await c.recall(sku, text.trim(), holds));
    setBusy(false);
  };
  if (affected) return <Recalled c={c} sku={sku} title={title} holds={holds} affected={affected} close={close} />;
  return (
    <Sheet title={`Recall ${title}?`} close={close} testid="recall-sheet">
      <label>Its sale stops at once, and every viewer reads<input data-testid="recall-text" maxLength={280} value={text} onInput={(e) => setText(e.currentTarget.value)} /></label>
      <fieldset class="choices">
        <legend>What viewers have reserved</legend>
        {CHOICES.map(([value, name, words]) => (
          <label key={value} class={holds === value ? 'chosen' : ''}>
            <input type="radio" name="recall-holds" value={value} checked={holds === value} data-testid={`recall-${value}`} onChange={() => setHolds(value)} />
            <span><b>{name}</b><small>{words}</small></span>
          </label>
        ))}
      </fieldset>
      <div class="row stick">
        <button autofocus onClick={close}>Back</button>
        <button class="danger sure" data-testid="recall-confirm" disabled={!text.trim() || busy} onClick={() => void go()}>{busy ? 'Recalling…' : 'Recall it'}</button>
      </div>
    </Sheet>
  );
}

function Recalled({ c, sku, title, holds, affected, close }: { c: Console; sku: string; title: string; holds: string; affected: Affected; close(): void }) {
  const are = affected.holds === 1 ? 'is' : 'are';
  const done: Record<string, string> = { cancel: `${are} being cancelled; nothing is charged`, keep: `${are} kept; time stands still`, honour: 'may still be paid' };
  const units = (n: number) => `${n} ${n === 1 ? 'unit' : 'units'}`;
  return (
    <Sheet title={`${title} is recalled`} close={close} testid="recalled-sheet">
      <div role="status" class="affected">
        <p><b data-testid="recall-holds">{affected.holds}</b><span>{affected.holds === 1 ? 'open reservation' : 'open reservations'} with {units(affected.units_held)} {done[holds]}.</span></p>
        <p><b data-testid="recall-orders">{affected.orders}</b><span>{affected.orders === 1 ? 'order' : 'orders'} with {units(affected.units_sold)} already paid: these buyers must hear from the shop.</span></p>
      </div>
      <div class="row">
        <button data-testid="recall-csv" onClick={() => void c.recallTable(sku)}>Save the list (CSV)</button>
        <button class="go" autofocus data-testid="recall-done" onClick={close}>Back to the show</button>
      </div>
    </Sheet>
  );
}

/* How far the warehouse is behind, where stock is shown. */
export function SyncDelay({ c }: { c: Console }) {
  const d = c.state.sync_delay_ms;
  const back = c.state.shelf.reduce((n, e) => n + (c.state.counts[e.sku]?.buffer ?? 0), 0);
  const within = (ms: number) => (ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`);
  if (!d && !back) return null;
  return (
    <p class="delay" data-testid="sync-delay">
      {d ? `The warehouse’s last count was ${within(d.last)} old when it came; 19 of 20 are at most ${within(d.p95)}.` : 'The warehouse does not say when it counted.'}
      {back > 0 && ` ${back} ${back === 1 ? 'unit is' : 'units are'} kept back for that.`}
    </p>
  );
}

export function HelpSheet({ close }: { close(): void }) {
  const keys: [string, string][] = [
    ['Space', 'next cue (live: hold it for a moment)'], ['1 2 3', 'pin the chosen product, or the cue’s, into that slot'], ['Backspace', 'clear the slot used last'],
    ['U', 'undo, within five seconds'], ['P', 'size of the script'], ['Shift Esc', 'held for a second: stop the sale of the pinned product'], ['?', 'this'],
  ];
  return (
    <Sheet title="Keys" close={close} testid="help-sheet">
      <div class="keys">{keys.map(([k, words]) => <><span><kbd>{k}</kbd></span><span>{words}</span></>)}</div>
      <div class="row"><button onClick={close}>Close</button></div>
    </Sheet>
  );
}
