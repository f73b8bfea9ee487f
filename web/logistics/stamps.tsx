/* Freezing an estimate: a plan that people and lorries were booked by, kept with its note, and what has changed since. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Estimate, Stamp, Volumes } from '../client/wire';
import { change, moment, range, units } from './numbers';

const NOTE_MAX = 200;

export function Freeze({ open, onClose, onFreeze }: { open: boolean; onClose: () => void; onFreeze: (note: string) => Promise<unknown> }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (open) dialog.current!.showModal();
    else dialog.current!.close();
  }, [open]);
  const freeze = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem('');
    try {
      await onFreeze(note.trim());
      setNote('');
      onClose();
    } catch (error) {
      setProblem(`Not frozen: ${(error as Error).message}`);
    }
    setBusy(false);
  };
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="h-freeze" data-testid="freeze-dialog">
      <form onSubmit={freeze}>
        <h2 id="h-freeze">Freeze this estimate</h2>
        <p>Keeps the numbers as they are now, with your name and the time, to plan by and to compare with later. The estimate itself goes on.</p>
        <label>What for? <input data-testid="freeze-note" value={note} maxLength={NOTE_MAX} placeholder="Labour plan for tonight" onInput={(e) => setNote(e.currentTarget.value)} /></label>
        {problem && <p role="alert" class="problem">{problem}</p>}
        <div class="head end"><button type="button" onClick={onClose}>Cancel</button><button class="go" data-testid="freeze-go" disabled={busy}>Freeze</button></div>
      </form>
    </dialog>
  );
}

export function Stamps({ list, v, compared, onCompare, now }: { list: Stamp[]; v: Volumes; compared: Stamp | null; onCompare: (id: string) => void; now: number }) {
  return (
    <section class="card stamps" aria-labelledby="h-stamps">
      <h2 id="h-stamps">Frozen</h2>
      {!list.length && <p class="none">Nothing is frozen yet. Freeze an estimate when you book people or lorries by it.</p>}
      <ul data-testid="stamps">
        {[...list].reverse().map((s) => (
          <li key={s.id} data-testid={`stamp-${s.id}`}>
            <p><b>{s.note || 'No note'}</b><small>{moment(s.ms, now)}{s.by ? `, ${s.by}` : ''} · no. {s.seq}</small></p>
            <button class="small" aria-pressed={compared?.id === s.id} onClick={() => onCompare(compared?.id === s.id ? '' : s.id)} data-testid={`compare-${s.id}`}>Compare</button>
            {compared?.id === s.id && v.estimate ? <Compared s={s} total={v.estimate.total} /> : <p class="of">{units(s.firm)} firm · planning {range(s.units)} units, {range(s.parcels)} parcels</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Compared({ s, total }: { s: Stamp; total: Estimate['total'] }) {
  const line = (name: string, then: number, now: number) => <tr><th scope="row">{name}</th><td class="n">{units(then)}</td><td class="n">{units(now)}</td><td class="n"><b>{change(now - then)}</b></td></tr>;
  return (
    <table class="compared" data-testid="compared">
      <thead><tr><th scope="col" /><th scope="col" class="n">Then</th><th scope="col" class="n">Now</th><th scope="col" class="n">Change</th></tr></thead>
      <tbody>
        {line('Firm', s.firm, total.firm)}
        {line('Units, middle', s.units.q50, total.units.q50)}
        {line('Units, high', s.units.q95, total.units.q95)}
        {line('Parcels, middle', s.parcels.q50, total.parcels.q50)}
        {line('Parcels, high', s.parcels.q95, total.parcels.q95)}
      </tbody>
    </table>
  );
}
