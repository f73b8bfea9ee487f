/* What a host can do, apart from how it looks: one method per act, each answered in plain words when it is refused.
 *
 * While the conn is lost only pins are kept, the latest per slot, shown as pending, and dropped after a minute:
 * a pin that comes on by surprise is worse than none. */

import { LiveshelfClient, Refused } from '../client/client';
import { Emitter } from '../client/emitter';
import { shelfEntry } from '../client/state';
import { clockText, money, refusalText } from '../client/words';
import type { Affected, Approval, Pin, Preflight, Problem, Recall, RunCue, ShelfEntry } from '../client/wire';

const PENDING_MS = 60_000;
const TOAST_MS = 6_000;

export interface Pending { slot: number; sku: string | null; id: string }
export interface Toast { id: number; text: string; bad: boolean }

export class Console extends Emitter<{ change: null; sheet: string }> {
  pending: Pending[] = [];
  toasts: Toast[] = [];
  chosen = '';                         /* the product the producer works on */
  slot = 0;                            /* the slot last used: what Backspace clears */
  #serial = 0;

  constructor(readonly client: LiveshelfClient) {
    super();
    client.on('approval', (a: Approval) => this.#approvalTold(a));
  }

  get state() {
    return this.client.state;
  }

  get cue(): RunCue | undefined {
    return this.state.run_of_show[this.state.cue_index];
  }

  get nextCue(): RunCue | undefined {
    return this.state.run_of_show[this.state.cue_index + 1];
  }

  /* The product the show is about now: the cue's if it is pinned, else the first pin. */
  get pinned(): Pin | undefined {
    const pins = Object.values(this.state.pins).sort((a, b) => a.slot - b.slot);
    return pins.find((p) => p.sku === this.cue?.sku) ?? pins[0];
  }

  get live(): boolean {
    return this.state.broadcast?.state === 'live';
  }

  get begun(): boolean {
    return ['live', 'paused'].includes(this.state.broadcast?.state ?? '');
  }

  get over(): boolean {
    return ['ended', 'settled'].includes(this.state.broadcast?.state ?? '');
  }

  entry(sku: string): ShelfEntry | undefined {
    return shelfEntry(this.state, sku);
  }

  say(text: string, bad = false): void {
    const toast = { id: ++this.#serial, text, bad };
    this.toasts = [...this.toasts.slice(-2), toast];
    this.emit('change', null);
    setTimeout(() => {
      this.toasts = this.toasts.filter((t) => t !== toast);
      this.emit('change', null);
    }, TOAST_MS);
  }

  /* ---- a price that needs a second person ---- */

  /* Those that still wait, the first to lapse first. */
  get approvals(): Approval[] {
    const now = this.client.serverNow();
    return Object.values(this.state.approvals).filter((a) => a.until_ms > now).sort((a, b) => a.until_ms - b.until_ms);
  }

  /* Why this host may not decide; empty: they may. */
  mayNotDecide(a: Approval): string {
    if (!this.client.sub) return 'Your link names nobody, so you cannot be the second person.';
    if (!a.asked_by) return 'Asked by a link that names nobody: only the shop’s own systems can agree.';
    return a.asked_by === this.client.sub ? 'Waits for a second person.' : '';
  }

  decide(a: Approval, agree: boolean): void {
    void this.act(agree ? 'approve' : 'reject', { approval: a.approval });
  }

  #approvalTold(a: Approval): void {
    const word: Partial<Record<Approval['state'], string>> = { approved: 'agreed to', rejected: 'turned down', lapsed: 'not decided in time' };
    if (word[a.state]) this.say(`${this.priceWords(a)}: ${word[a.state]}`, a.state !== 'approved');
  }

  priceWords(a: Approval): string {
    return `${this.entry(a.sku)?.title ?? a.sku} at ${money(a.price)}${a.kind === 'offer' ? ` for ${clockText(a.for_ms)}` : ''}`;
  }

  /* ---- recall ---- */

  async recall(sku: string, text: string, holds: Exclude<Recall, 'none'>): Promise<Affected | null> {
    try {
      return (await this.client.command('recall', { sku, text, holds })).d?.affected ?? { holds: 0, units_held: 0, orders: 0, units_sold: 0 };
    } catch (error) {
      this.refused('recall', error as Refused);
      return null;
    }
  }

  /* Everyone with it, as a table: saved by the browser, because a link cannot carry the token. */
  async recallTable(sku: string): Promise<void> {
    try {
      const answer = await this.client.fetch(`/v1/broadcasts/${encodeURIComponent(this.client.broadcast)}/recalls/${encodeURIComponent(sku).replace(/\.csv$/, '%2Ecsv')}.csv`);
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(await answer.blob());
      link.download = `recall-${sku}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      this.say(`The list was not saved: ${(error as Error).message}`, true);
    }
  }

  /* True when it was done. */
  async act(t: string, fields: object = {}, said = ''): Promise<boolean> {
    try {
      await this.client.command(t, fields);
      if (said) this.say(said);
      return true;
    } catch (error) {
      this.refused(t, error as Refused);
      return false;
    }
  }

  refused(t: string, error: Refused): void {
    if (error.code === 'closed' || error.code === 'cancelled') return;
    if (error.code === 'approval_needed') this.say('Not set yet: this price waits for a second person.');
    else if (error.code === 'conflict') this.say(`${error.d.detail || error.d.title || 'Someone changed it first.'} Look, and press again if you still want it.`, true);
    else if (error.code === 'disconnected' || error.code === 'timeout') this.say(t === 'cue.next' || t === 'undo' ? 'No answer. Look at the cue before you press again.' : 'Not sent: there is no connection.', true);
    else this.say(`${refusalText(error.code, error.d.detail || error.d.title)}${error.d.field ? ` (${error.d.field})` : ''}`, true);
  }

  pin(slot: number, sku: string | undefined): void {
    if (!sku) {
      this.say('This cue has no product. Choose one in the list first.', true);
      return;
    }
    this.#slotCommand(slot, sku);
  }

  clear(slot = this.slot): void {
    if (this.state.pins[slot]) this.#slotCommand(slot, null);
  }

  #slotCommand(slot: number, sku: string | null): void {
    this.slot = slot;
    for (const p of this.pending) if (p.slot === slot) this.client.cancel(p.id);
    const id = `pin_${Date.now().toString(36)}_${++this.#serial}`;
    this.pending = [...this.pending.filter((p) => p.slot !== slot), { slot, sku, id }];
    this.client
      .command(sku ? 'pin.set' : 'pin.clear', sku ? { slot, sku } : { slot }, { id, resend: true, wait_ms: PENDING_MS })
      .catch((error) => this.refused('pin', error))
      .finally(() => {
        this.pending = this.pending.filter((p) => p.id !== id);
        this.emit('change', null);
      });
    this.emit('change', null);
  }

  next(): void {
    if (this.nextCue) void this.act('cue.next');
    else this.say('That was the last cue.');
  }

  get undoLeft(): number {
    return Math.max(0, this.state.can_undo_until_ms - this.client.serverNow());
  }

  async undo(): Promise<void> {
    if (this.undoLeft > 0 && (await this.act('undo', {}, 'Taken back'))) {
      this.state.can_undo_until_ms = 0;
      this.emit('change', null);
    }
  }

  tick(cue: RunCue, index: number): void {
    const musts = cue.card?.must_say ?? [];
    const done = musts.map((_, i) => !!this.state.done[cue.id]?.[i]);
    done[index] = !done[index];
    void this.act('cue.done', { cue: cue.id, must_say: done });
  }

  stopSale(sku: string | undefined): void {
    if (sku) void this.act('stock.stop', { sku, reason: 'stopped by the host' }, `${this.entry(sku)?.title ?? sku}: sale stopped`);
  }

  async preflight(): Promise<Preflight | null> {
    try {
      this.state.preflight = (await this.client.command('preflight')).d;
    } catch (error) {
      this.refused('preflight', error as Refused);
    }
    this.emit('change', null);
    return this.state.preflight;
  }

  async start(force: boolean): Promise<Problem[] | null> {
    try {
      await this.client.command('start', { force });
      return null;
    } catch (error) {
      const problems = (error as Refused).d?.problems;
      if (problems) {
        this.state.preflight = { go: false, problems };
        this.emit('change', null);
        return problems;
      }
      this.refused('start', error as Refused);
      return [];
    }
  }

  /* A run of show from a file or the clipboard: {"cues":[...]} or the list itself. */
  async load(text: string): Promise<string | null> {
    let cues: unknown;
    try {
      const read = JSON.parse(text);
      cues = Array.isArray(read) ? read : read?.cues;
    } catch (error) {
      return `This is not JSON: ${(error as Error).message}`;
    }
    if (!Array.isArray(cues)) return 'There is no list of cues in it: {"cues":[...]} or [...].';
    try {
      await this.client.command('run.load', { cues });
      this.say(`Run of show loaded: ${cues.length} cues`);
      return null;
    } catch (error) {
      const { code, d } = error as Refused;
      return `${refusalText(code, d?.detail || d?.title)}${d?.field ? ` (at ${d.field})` : ''}`;
    }
  }
}
