/* Shows for the mock: what is sold in them, what happened before anyone looked, and what goes on by itself. */

export const EUR = (amount, version = 1) => ({ amount, currency: 'EUR', version });

export function sampleShow() {
  const products = [
    { sku: 'mug-red', title: 'Red mug', price: EUR(990), limit: 2, units: 40, weight_g: 420 },
    { sku: 'mug-blue', title: 'Blue mug', price: EUR(990), limit: 2, units: 60, weight_g: 420 },
    { sku: 'teapot', title: 'Stoneware teapot', price: EUR(3400), limit: 1, units: 12, weight_g: 1250 },
    { sku: 'scarf', title: 'Lambswool scarf', price: EUR(4900), limit: 3, units: 200, weight_g: 180 },
    { sku: 'lamp', title: 'Reading lamp', price: EUR(7900), limit: 1, units: 8, weight_g: 2100 },
  ];
  const cue = (id, title, sku, say, must_say, must_not_say, viewer_text, more = {}) => ({
    id, title, sku, slot: 0, planned_units: products.find((p) => p.sku === sku)?.units ?? 0, minutes: 4, sponsored: false,
    card: { say, must_say, must_not_say, notes: '' }, viewer_text, ...more,
  });
  const cues = [
    { id: 'c0', title: 'Welcome', minutes: 2, card: { say: 'Good evening, and welcome to the spring table. Five pieces tonight, all made within an hour of this room. If you hold one, it is yours for five minutes.', must_say: ['Holds last five minutes', 'This show is paid for by Atelier Nord'], must_not_say: [], notes: 'Look at camera two.' }, viewer_text: 'Welcome to the spring table' },
    cue('c1', 'Red mug', 'mug-red', 'This is the red mug. Thrown by hand, fired twice, and the glaze breaks a little differently on every one. Turn it in the light. It holds three hundred millilitres, so a proper coffee.', ['Dishwasher safe', 'Made in Limerick', 'Two per person'], ['Unbreakable', 'Lead-free (not yet tested)'], 'Hand-thrown, dishwasher safe', { sponsored: true }),
    cue('c2', 'Blue mug', 'mug-blue', 'The blue one is the same clay with a cobalt glaze. Put it beside the red.', ['Colour varies by firing'], ['Exactly as on the photo'], 'Cobalt glaze, each one a little different'),
    cue('c3', 'Stoneware teapot', 'teapot', 'Only twelve of these exist. The spout does not drip. I will pour now so that you can see it.', ['One per person'], ['Induction safe'], 'Twelve made. The spout does not drip.'),
    cue('c4', 'Lambswool scarf', 'scarf', 'Feel how light this is. Two metres of lambswool, woven narrow so it sits flat.', ['Hand wash only'], ['Cashmere'], 'Two metres of lambswool'),
    cue('c5', 'Reading lamp', 'lamp', 'Last one tonight, and the brightest. Eight lamps, one per person.', ['Bulb included', 'EU plug'], [], 'Dimmable, bulb included'),
  ];
  return { products: products.map((p) => ({ image: `/img/${p.sku}.svg`, url: '', ...p })), cues };
}

/* For what a page does with many products. */
export function largeShow(count = 200) {
  const show = sampleShow();
  const kinds = ['Stoneware bowl', 'Linen towel', 'Beeswax candle', 'Oak board', 'Wool cushion', 'Glass carafe', 'Enamel tray', 'Cotton apron'];
  const colours = ['moss', 'slate', 'chalk', 'rust', 'ink', 'straw', 'plum'];
  for (let i = show.products.length; i < count; i++) {
    const kind = kinds[i % kinds.length], colour = colours[i % colours.length];
    show.products.push({ sku: `${kind.split(' ')[1]}-${colour}-${i}`, title: `${kind}, ${colour}, no. ${i}`, price: EUR(1500 + 100 * (i % 30)), limit: 3, units: 20 + ((i * 37) % 180), weight_g: 150 + ((i * 53) % 1500), image: '', url: '' });
  }
  return show;
}

/* The half hour before now: products come on screen one after the other, each with its burst of holds; estimates as they would
 * have been told. `after_min`: the show has been over for so long. */
export function pastMake(mock, { minutes = 34, after_min = 0, last = true } = {}) {
  const now = Date.now(), start = now - (minutes + after_min) * 60_000;
  const { b, stock, shelf } = mock;
  mock.fan.length = 0;
  b.started_ms = start;
  mock.seriesSet([]);
  for (const e of shelf.slice(0, 4)) stock[e.sku].allocated *= 6;
  const pins = [];
  const each_min = Math.max(3, Math.round(minutes / Math.min(shelf.length, 7)));
  const sell = (s, most, part) => {
    const n = Math.min(Math.max(0, most), s.allocated - s.sold - s.held);
    s.sold += Math.round(n * part);
    s.held += n - Math.round(n * part);
    s.attempts += most;
    s.refused += Math.max(0, most - n);
    for (let i = 0; i < Math.ceil(n * 0.7); i++) mock.orderAdd();
  };
  for (let at = 0; at <= (minutes + after_min) * 4; at++) {
    const ms = start + at * 15_000, minute = at / 4;
    b.state = minute <= minutes ? 'live' : 'ended';
    b.ended_ms = minute <= minutes ? 0 : start + minutes * 60_000;
    const on = Math.floor(minute / each_min) % shelf.length;
    if (minute < minutes && minute % each_min === 0) pins.push({ ms, sku: shelf[on].sku, title: shelf[on].title });
    shelf.forEach((e, i) => {
      const s = stock[e.sku], done = Math.round(s.held * 0.12);
      s.sold += done;
      s.held -= done;
      const burst = b.state !== 'live' ? 0 : i === on ? (i === 0 ? 0.05 : 0.018) * Math.exp(-(minute % each_min) / 2) : ((i * 7 + at) % 23 === 0 ? 0.01 : 0);
      sell(s, Math.round(s.allocated * burst * (i < 5 ? 2 : 0.8)) + (b.state !== 'live' && (at + i) % 37 === 0 ? 1 : 0), 0.1);
    });
    mock.pointAdd(ms);
  }
  const points = mock.fan.map((p, i) => ({ s: (p.ms - start) / 1000, firm: Math.round(p.firm * (0.72 + 0.12 * Math.min(1, i / 120))) }));
  const end = points[points.length - 1];
  for (let i = 1; i <= 40; i++) points.push({ s: end.s + i * 60, firm: Math.round(end.firm * (1 + 0.3 * (1 - Math.exp(-i / 18)))) });
  mock.outlook.last = last ? { broadcast: 'winter-table', title: 'Winter table', shipped: points[points.length - 1].firm + 9, points } : null;
  mock.seriesSet([...mock.volumes().series], pins);
  for (const s of [shelf[0], shelf[2]]) for (let i = 0; i < 4; i++) (mock.lines[s.sku] ??= []).push(`v_line${i}`);
  mock.pointAdd(now);
}

/* Ticks, sales and now and then a change, until the process ends. */
export function goOn(mock) {
  const pick = (list) => list[Math.floor(Math.random() * list.length)];
  let n = 0;
  setInterval(() => {
    const sku = pick(Object.keys(mock.stock));
    if (Math.random() < 0.5) mock.holdOthers(sku);
    else if (mock.others().length) mock.holdEnd(mock.others()[0], Math.random() < 0.8 ? 'confirmed' : 'released');
    mock.each((c) => c.role !== 'logistics' && mock.send(c, { t: 'audience', d: { viewers: 400 + Math.floor(Math.random() * 30) } }));
    if (++n % 40 === 10) mock.extra({ kind: 'freebie', sku: 'mug-red', adds: 'sticker', adds_units: 1, first_orders: 50, text: 'a sticker with every red mug' });
    if (n % 40 === 25) mock.price('scarf', mock.shelf.find((e) => e.sku === 'scarf').price.amount - 100);
  }, 1500);
}
