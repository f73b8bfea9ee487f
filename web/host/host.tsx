/* The host's page: Stage on a phone or tablet, Desk where there is room. */

import './host.css';
import { render } from 'preact';
import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { LiveshelfClient } from '../client/client';
import { sessionTake } from '../client/session';
import { Console } from './console';
import { Desk } from './desk';
import { keysListen } from './keys';
import { Bars, EndSheet, ExtraSheet, HelpSheet, LoadSheet, NoticeSheet, RecallSheet, Script, Sheet, Slots, StartSheet, StockNumber, Strip, SyncDelay, Thumb } from './parts';

const SIZES = [24, 28, 32, 36, 40];
const DESK = '(min-width: 1000px)';

function App({ c }: { c: Console }) {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [sheet, setSheet] = useState('');
  const [holding, setHolding] = useState(false);
  const [wide, setWide] = useState(() => matchMedia(DESK).matches);
  const [size, setSize] = useState(() => Number(remember('size')) || (innerWidth >= 700 && innerWidth < 1000 ? 36 : 28));
  const open = useRef('');
  open.current = sheet;

  const grow = () => setSize((n) => SIZES[(SIZES.indexOf(n) + 1) % SIZES.length] ?? 28);
  const show = (name: string) => (name === 'size' ? grow() : setSheet(name));
  useEffect(() => {
    document.documentElement.style.setProperty('--say', `${size}px`);
    remember('size', String(size));
  }, [size]);
  useEffect(() => {
    let frame = 0;
    const later = () => (frame ||= requestAnimationFrame(() => {
      frame = 0;
      redraw(0);
    }));
    const offs = [c.client.on('change', later), c.on('change', later), c.on('sheet', show)];
    const second = setInterval(later, 250);
    const media = matchMedia(DESK);
    const change = () => setWide(media.matches);
    media.addEventListener('change', change);
    const keys = keysListen(c, { blocked: () => !!open.current, holding: setHolding, size: grow, help: () => setSheet('help') });
    return () => {
      offs.forEach((off) => off());
      clearInterval(second);
      media.removeEventListener('change', change);
      keys();
    };
  }, []);

  const close = () => setSheet('');
  return (
    <>
      {wide ? <Desk c={c} holding={holding} open={show} /> : <Stage c={c} holding={holding} open={show} />}
      {sheet === 'start' && <StartSheet c={c} close={close} />}
      {sheet === 'end' && <EndSheet c={c} close={close} />}
      {sheet === 'load' && <LoadSheet c={c} close={close} />}
      {sheet === 'notice' && <NoticeSheet c={c} close={close} />}
      {sheet === 'recall' && c.chosen && <RecallSheet c={c} sku={c.chosen} close={close} />}
      {sheet === 'extra' && c.chosen && <ExtraSheet c={c} sku={c.chosen} close={close} />}
      {sheet === 'help' && <HelpSheet close={close} />}
      {sheet === 'menu' && <Menu c={c} show={show} close={close} />}
      <div class="toasts" role="status" data-testid="toasts">{c.toasts.map((t) => <p key={t.id} class={t.bad ? 'bad' : ''}>{t.text}</p>)}</div>
    </>
  );
}

function Stage({ c, holding, open }: { c: Console; holding: boolean; open(sheet: string): void }) {
  const next = c.nextCue;
  return (
    <div class="page stage">
      <Strip c={c}><button onClick={() => open('menu')} data-testid="menu" aria-label="More">⋯</button></Strip>
      <Bars c={c} />
      <StockNumber c={c} />
      <Script c={c} cue={c.cue} />
      {next && c.cue && <p class="coming">Then: <b>{next.title}</b></p>}
      <Thumb c={c} holding={holding} desk={false} />
    </div>
  );
}

function Menu({ c, show, close }: { c: Console; show(sheet: string): void; close(): void }) {
  return (
    <Sheet title={c.state.broadcast?.title ?? 'Show'} close={close} testid="menu-sheet">
      <Slots c={c} />
      <div class="menu">
        <button onClick={() => show('size')} data-testid="size">Script size</button>
        <button onClick={() => show('notice')} data-testid="notice-open">Tell viewers…</button>
        <button onClick={() => show('load')} data-testid="load-open">Run of show…</button>
        <button onClick={() => show('start')}>Go or no-go</button>
        {c.pinned && c.begun && c.entry(c.pinned.sku)?.state !== 'recalled' && <button data-testid="promise-pinned" onClick={() => {
          c.chosen = c.pinned!.sku;
          show('extra');
        }}>{c.entry(c.pinned.sku)?.extra ? `What comes with ${c.pinned.title}…` : `Promise something with ${c.pinned.title}…`}</button>}
        <button onClick={close}>Back to the show</button>
        {c.pinned && <button class="danger" data-testid="recall-pinned" aria-label={`Recall ${c.pinned.title}`} onClick={() => {
          c.chosen = c.pinned!.sku;
          show('recall');
        }}>Recall pinned…</button>}
        {c.state.shelf.filter((e) => e.state === 'recalled').map((e) => (
          <button key={e.sku} data-testid={`recall-again-${e.sku}`} onClick={() => {
            c.chosen = e.sku;
            show('recall');
          }}>{e.title}: recall, other choice…</button>
        ))}
        {c.begun && <button class="danger" data-testid="end" onClick={() => show('end')}>End the show…</button>}
      </div>
      <SyncDelay c={c} />
    </Sheet>
  );
}

function remember(name: string, value?: string): string | null {
  try {
    if (value !== undefined) localStorage.setItem(`liveshelf.host.${name}`, value);
    return localStorage.getItem(`liveshelf.host.${name}`);
  } catch {
    return null;
  }
}

const session = sessionTake();
const root = document.getElementById('app')!;
if (session) {
  const client = new LiveshelfClient({ ...session, base: location.origin });
  (window as any).liveshelf = client;
  client.on('snapshot', (s) => (document.title = `Host · ${s.broadcast?.title ?? ''}`));
  render(<App c={new Console(client)} />, root);
  client.connect();
} else {
  render(<div class="page"><div class="empty"><b>This link is not complete.</b>Open the host link that the shop's system printed; it ends in “#token=…&broadcast=…”.</div></div>, root);
}
