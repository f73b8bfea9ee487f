/* A stand-in for a shop's checkout: it shows what the link promises, and "pays" by confirming the hold. No money moves. */

import { clockText, money } from '../client/words';

const $ = (id: string) => document.getElementById(id)!;
const asked = new URLSearchParams(location.search);
const expires_ms = Number(asked.get('expires_ms'));
const pay = $('pay') as HTMLButtonElement;
let over = false;

const complete = ['hold', 'shop', 'amount', 'currency', 'expires_ms', 'sig'].every((name) => asked.get(name)) && Number.isFinite(expires_ms);
if (!complete) finish('This link is not complete. Go back to the show and tap “Pay now” again.', 'bad');
else {
  $('amount').textContent = money({ amount: Number(asked.get('amount')), currency: asked.get('currency')! });
  $('about').textContent = `Hold ${asked.get('hold')} at ${asked.get('shop')}. This is a demonstration: no money moves.`;
  tick();
  setInterval(tick, 1000);
}
pay.addEventListener('click', () => void confirm());
pay.disabled = false;                  /* until here a tap would have been lost */

function tick(): void {
  if (over) return;
  const left = expires_ms - Date.now();
  $('left').textContent = left > 0 ? `Held for you for ${clockText(left)}` : 'The time on this link has run out. If you extended the hold, you can still pay.';
}

async function confirm(): Promise<void> {
  pay.disabled = true;
  pay.textContent = 'Paying…';
  try {
    const answer = await fetch('/demo/pay', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        hold: asked.get('hold'), shop: asked.get('shop'), amount: Number(asked.get('amount')), currency: asked.get('currency'), expires_ms, sig: asked.get('sig'),
      }),
    });
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) finish(`Paid${body.order ? `: order ${body.order}` : ''}. It is yours. You can close this page and go back to the show.`, 'paid');
    else if (answer.status === 410) finish(body.detail || 'The hold had ended before you paid. Nothing was charged.', 'bad');
    else if (answer.status >= 500 || answer.status === 429) again(body.detail || 'The shop did not answer. Nothing is lost: try again.');
    else finish(body.detail || body.title || 'This could not be paid.', 'bad');
  } catch {
    again('There is no connection. Paying again is safe: you are never charged twice for one hold.');
  }
}

function again(text: string): void {
  say(text, 'bad');
  pay.disabled = false;
  pay.textContent = 'Try again';
}

function finish(text: string, kind: string): void {
  over = true;
  pay.hidden = true;
  $('left').textContent = '';
  say(text, kind);
}

function say(text: string, kind: string): void {
  const state = $('state');
  state.hidden = false;
  state.className = kind;
  state.textContent = text;
}
