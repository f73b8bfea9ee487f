/* Tabs as the ARIA practices have them: arrows move, and what is not shown is still there for the printer. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

export function Tabs({ tabs }: { tabs: { id: string; name: string; body: ComponentChildren }[] }) {
  const [open, setOpen] = useState(tabs[0].id);
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex((t) => t.id === open);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    setOpen(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <section class="tabs">
      <div role="tablist" aria-label="Tables" onKeyDown={move}>
        {tabs.map((t) => (
          <button key={t.id} role="tab" id={`tab-${t.id}`} data-testid={`tab-${t.id}`} aria-selected={open === t.id} aria-controls={`panel-${t.id}`} tabIndex={open === t.id ? 0 : -1} onClick={() => setOpen(t.id)}>{t.name}</button>
        ))}
      </div>
      {tabs.map((t) => (
        <div key={t.id} role="tabpanel" id={`panel-${t.id}`} aria-labelledby={`tab-${t.id}`} class={open === t.id ? '' : 'closed'}>
          <h2 class="print-only">{t.name}</h2>
          {t.body}
        </div>
      ))}
    </section>
  );
}
