/* The desk: everything at once, for the producer beside the host. */

import { useState } from 'preact/hooks';
import type { Console } from './console';
import { Bars, freeOf, Phone, Script, Slots, StockNumber, Strip, SyncDelay, Thumb } from './parts';
import { extraText, money } from '../client/words';

export function Desk({ c, holding, open }: { c: Console; holding: boolean; open(sheet: string): void }) {
  return (
    <div class="page">
      <Strip c={c}>
        <button onClick={() => open('notice')} data-testid="notice-open">Notice</button>
        <button onClick={() => open('size')} data-testid="size" aria-label="Size of the script">A±</button>
        <button onClick={() => open('help')} aria-label="Keys">?</button>
        {c.begun && <button class="danger" data-testid="end" onClick={() => open('end')}>End…</button>}
      </Strip>
      <Bars c={c} />
      <div class="desk" style="padding-top:8px">
        <section>
          <nav class="panel" style="flex:1;display:flex;flex-direction:column" aria-label="Run of show">
            <header><h2>Run of show</h2><button class="quiet" data-testid="load-open" onClick={() => open('load')}>Load…</button></header>
            <Run c={c} />
          </nav>
        </section>
        <section>
          <div class="panel prompter">
            <StockNumber c={c} />
            <Script c={c} cue={c.cue} />
          </div>
          <Slots c={c} />
          <Thumb c={c} holding={holding} desk />
        </section>
        <section>
          <div class="panel goods"><Goods c={c} open={open} /><SyncDelay c={c} /></div>
          {c.chosen && c.entry(c.chosen) ? <Product c={c} key={c.chosen} open={open} /> : <div class="panel"><h2>On the viewers’ phones</h2><Phone c={c} /></div>}
        </section>
      </div>
    </div>
  );
}

function Run({ c }: { c: Console }) {
  const s = c.state;
  if (!s.run_of_show.length) return <p class="empty" style="font-size:16px">Empty. Load a JSON file.</p>;
  return (
    <ol class="run">
      {s.run_of_show.map((cue, i) => {
        const n = cue.sku ? s.counts[cue.sku] : undefined;
        const short = !!n && !!cue.planned_units && n.allocated < cue.planned_units;
        const missing = (cue.card?.must_say ?? []).filter((_, k) => !s.done[cue.id]?.[k]).length;
        return (
          <li key={cue.id}>
            <button aria-current={i === s.cue_index ? 'step' : undefined} class={i < s.cue_index ? 'done' : ''} data-testid={`cue-${cue.id}`} onClick={() => void c.act('cue.go', { cue: cue.id })}>
              <span class="n">{i + 1}</span><span>{cue.title}</span><span class="n">{cue.minutes ? `${cue.minutes}′` : ''}</span>
              <small class={short ? 'short' : ''}>
                {cue.sku ? (n ? `${freeOf(n)} free of ${n.allocated}${cue.planned_units ? ` · ${cue.planned_units} planned` : ''}` : 'not in stock') : 'talking point'}
                {i < s.cue_index && missing ? ` · ${missing} not said` : ''}
              </small>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

function Goods({ c, open }: { c: Console; open(sheet: string): void }) {
  const s = c.state;
  if (!s.shelf.length) return <p class="empty" style="font-size:16px">No products. The catalogue is empty.</p>;
  return (
    <table aria-label="Demand and stock">
      <thead><tr><th>Product</th><th>Free</th><th>Held</th><th>Sold</th><th title="Unmet demand: attempts that were refused">Refused</th><th title="Unmet demand: viewers waiting in line for a unit">Waiting</th><th aria-label="Promises"></th></tr></thead>
      <tbody>
        {s.shelf.map((e) => {
          const promise = () => {
            c.chosen = e.sku;
            open('extra');
          };
          const n = s.counts[e.sku];
          const d = s.demand[e.sku];
          const cell = (v: number | undefined, col: string, extra = '') => <td data-col={col} class={`${v ? '' : 'zero'} ${extra}`}>{v ?? '–'}</td>;
          return (
            <tr key={e.sku} class={c.chosen === e.sku ? 'chosen' : ''} data-testid={`goods-${e.sku}`}>
              <td><button aria-pressed={c.chosen === e.sku} onClick={() => {
                c.chosen = c.chosen === e.sku ? '' : e.sku;
                c.emit('change', null);
              }}>{e.image && <img src={e.image} alt="" />}<span>{e.title}{e.state !== 'open' && <small>{e.state}{n?.recall && n.recall !== 'none' ? `: ${RECALL_WORDS[n.recall]}` : ''}</small>}{!!n?.buffer && <small class="quiet" data-testid={`buffer-${e.sku}`}>{n.buffer} kept back</small>}{e.extra && <small class="quiet extra" title={extraText(e.extra)} data-testid={`extra-${e.sku}`}>+ {e.extra.text}</small>}</span></button></td>
              {cell(freeOf(n), 'available', s.stock[e.sku]?.state === 'low' ? 'low' : '')}
              {cell(n?.held, 'held')}
              {cell(n?.sold, 'sold')}
              {cell(d?.refused, 'refused')}
              {cell(n?.waitlist, 'waitlist', n?.waitlist ? 'unmet' : '')}
              <td class="plus">{c.begun && e.state !== 'recalled' && <button data-testid={`promise-${e.sku}`} title="A bundle or a gift" aria-label={e.extra ? `What comes with ${e.title}` : `Promise something with ${e.title}`} onClick={promise}>{e.extra ? '✓' : '+'}</button>}</td>
            </tr>
          );
        })}
      </tbody>
      <caption>Refused and waiting are demand that was not met.</caption>
    </table>
  );
}

function Product({ c, open }: { c: Console; open(sheet: string): void }) {
  const e = c.entry(c.chosen)!;
  const sku = e.sku;
  const digits = fractionDigits(e.price?.currency ?? 'EUR');
  const [price, setPrice] = useState('');
  const [seconds, setSeconds] = useState('60');
  const [units, setUnits] = useState('');
  const amount = Math.round(Number(price.replace(',', '.')) * 10 ** digits);
  const priced = price.trim() !== '' && Number.isFinite(amount) && amount > 0;
  const currency = e.price?.currency ?? 'EUR';
  const n = Number(units);
  const counted = Number.isInteger(n) && n > 0;
  const offer = c.state.offers[sku];
  const stock = (t: string, words: string) => void c.act(t, { sku, units: n, ref: `desk-${Date.now().toString(36)}` }, words).then((done) => done && setUnits(''));
  return (
    <div class="panel product" data-testid="product">
      <h2>{e.title} · {money(e.price)}</h2>
      <div class="row">
        {[0, 1, 2].map((slot) => <button key={slot} onClick={() => c.pin(slot, sku)} data-testid={`product-pin-${slot + 1}`}>Pin in {slot + 1}</button>)}
        {e.state === 'open'
          ? <button class="danger" data-testid="product-stop" onClick={() => c.stopSale(sku)}>Stop sale</button>
          : e.state === 'recalled' ? <span class="said">Recalled: it cannot be sold again.</span>
          : <button data-testid="product-open" onClick={() => void c.act('stock.open', { sku }, `${e.title}: on sale again`)}>Sell again</button>}
      </div>
      <div class="row">
        <label>New price<input inputMode="decimal" value={price} data-testid="price-input" placeholder={e.price ? (e.price.amount / 10 ** digits).toFixed(digits) : ''} onInput={(x) => setPrice(x.currentTarget.value)} /></label>
        <button disabled={!priced} data-testid="price-set" onClick={() => void c.act('price.set', { sku, amount, currency }, 'Price changed').then((done) => done && setPrice(''))}>Set price</button>
        <label style="flex:.6">Seconds<input inputMode="numeric" value={seconds} onInput={(x) => setSeconds(x.currentTarget.value)} /></label>
        {offer && offer.ends_ms > c.client.serverNow()
          ? <button data-testid="offer-stop" onClick={() => void c.act('offer.stop', { sku })}>Stop offer</button>
          : <button disabled={!priced || !(Number(seconds) > 0)} data-testid="offer-start" onClick={() => void c.act('offer.start', { sku, amount, currency, for_ms: Math.round(Number(seconds) * 1000) }, 'Offer started').then((done) => done && setPrice(''))}>Offer</button>}
      </div>
      <div class="row">
        <label>Units<input inputMode="numeric" value={units} data-testid="units-input" onInput={(x) => setUnits(x.currentTarget.value)} /></label>
        <button disabled={!counted} data-testid="allocate" onClick={() => stock('stock.allocate', `${n} more to sell`)}>Add to sale</button>
        <button disabled={!counted} data-testid="withdraw" onClick={() => stock('stock.withdraw', `${n} taken off sale`)}>Take off sale</button>
        <button class="danger" data-testid="recall" onClick={() => open('recall')}>{e.state === 'recalled' ? 'Recall: other choice…' : 'Recall…'}</button>
      </div>
    </div>
  );
}

const RECALL_WORDS: Record<string, string> = { keep: 'reservations kept', cancel: 'reservations cancelled', honour: 'reservations may be paid' };

function fractionDigits(currency: string): number {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}
