/* Keys of the console; foot pedals and stream decks send the same. Nothing fires while someone types or a sheet is open. */

import type { Console } from './console';

const NEXT_HOLD_MS = 300;              /* live: a brush of the space bar must not change the show */
const STOP_HOLD_MS = 1000;

export interface KeyHooks {
  blocked(): boolean;
  holding(on: boolean): void;
  size(): void;
  help(): void;
}

export function keysListen(c: Console, hooks: KeyHooks): () => void {
  let space: ReturnType<typeof setTimeout> | null = null;
  let stop: ReturnType<typeof setTimeout> | null = null;
  const release = () => {
    if (space) clearTimeout(space);
    space = null;
    hooks.holding(false);
  };
  const unstop = () => {
    if (stop) clearTimeout(stop);
    stop = null;
  };
  const mine = (e: KeyboardEvent) => {
    const el = e.target as HTMLElement;
    if (hooks.blocked() || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) || e.ctrlKey || e.metaKey || e.altKey) return false;
    /* Someone who walks the page by keyboard presses the button they are on; a button left focused by the mouse does not get the space bar. */
    return !(e.key === ' ' && /^(BUTTON|A)$/.test(el.tagName) && el.matches(':focus-visible') && !el.classList.contains('next'));
  };
  const down = (e: KeyboardEvent) => {
    if (!mine(e)) return;
    if (e.key === 'Escape' && e.shiftKey) {
      e.preventDefault();
      stop ??= setTimeout(() => {
        stop = null;
        c.stopSale(c.pinned?.sku);
      }, STOP_HOLD_MS);
      return;
    }
    if (e.key === ' ') {
      e.preventDefault();
      if (e.repeat || space || !c.nextCue) return;
      if (!c.live) return c.next();
      hooks.holding(true);
      space = setTimeout(() => {
        release();
        c.next();
      }, NEXT_HOLD_MS);
      return;
    }
    if (e.repeat) return;
    if (/^[123]$/.test(e.key)) c.pin(Number(e.key) - 1, c.chosen || c.cue?.sku);
    else if (e.key === 'Backspace') c.clear();
    else if (e.key === 'u' || e.key === 'U') void c.undo();
    else if (e.key === 'p' || e.key === 'P') hooks.size();
    else if (e.key === '?') hooks.help();
    else return;
    e.preventDefault();
  };
  const up = (e: KeyboardEvent) => {
    if (e.key === ' ') {
      if (mine(e)) e.preventDefault();
      release();
    }
    if (e.key === 'Escape' || e.key === 'Shift') unstop();
  };
  const away = () => {
    release();
    unstop();
  };
  addEventListener('keydown', down);
  addEventListener('keyup', up);
  addEventListener('blur', away);
  return () => {
    removeEventListener('keydown', down);
    removeEventListener('keyup', up);
    removeEventListener('blur', away);
  };
}
