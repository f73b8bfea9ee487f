/* What the mock expects of its show: shaped like the server's estimates, with ranges that narrow as it goes on. No estimator:
 * every product would sell what it sells now for the rest of the plan, and a fifth of that in the replay. */

const PLANNED_MS = 60 * 60_000;
const Z = { q05: -1.64, q25: -0.67, q50: 0, q75: 0.67, q95: 1.64 };
const r1 = (x) => Math.round(x * 10) / 10;
const r3 = (x) => Math.round(x * 1000) / 1000;

export const PLAN = {
  sites: [{ id: 'Limerick', share: 60, parcels_per_wave: 800 }, { id: 'Rotterdam', share: 40, parcels_per_wave: 420 }],
  waves: [{ id: 'tonight', after_end_ms: 2 * 3_600_000 }, { id: 'tomorrow', after_end_ms: 16 * 3_600_000 }],
  cartons: ['S', 'M', 'L'],
};

/* Around `mean`, `sd` wide to above and less to below, within its bounds. */
export function spread(mean, sd, least = 0, most = Infinity) {
  const at = (z) => Math.round(Math.min(most, Math.max(least, mean + z * sd * (z < 0 ? 0.8 : 1.25))));
  return { mean: r1(Math.min(most, Math.max(least, mean))), ...Object.fromEntries(Object.entries(Z).map(([q, z]) => [q, at(z)])) };
}
const scaled = (s, k) => ({ mean: r1(s.mean * k), ...Object.fromEntries(Object.keys(Z).map((q) => [q, Math.round(s[q] * k)])) });

/* `goods`: [{sku, title, gtin, firm, held, waitlist, refused, stock, grams, cm3}], `asked`: what a test or the show wants said. */
export function estimateMake({ broadcast, title, state, seq, now_ms, started_ms, ended_ms, goods, plan = PLAN, flags = [], suspect_holds = 0, accuracy = { shows: 10, off: 0.04, covered: 0.9 }, unknown = [], level = 1 }) {
  const phase = state === 'settled' ? 'closed' : ended_ms ? 'tail' : 'live';
  const gone = Math.max(60_000, (ended_ms || now_ms) - started_ms);
  const left = phase === 'live' ? Math.max(0, PLANNED_MS - gone) / gone : 0;
  const replay = phase === 'closed' ? 0 : 0.2 * (ended_ms ? Math.exp(-(now_ms - ended_ms) / 3_600_000) : 1);
  const skus = goods.map((g) => {
    const holds = phase === 'closed' ? 0 : g.held * 0.78;
    const live = (g.firm + 2) * Math.min(left, 3) * 0.9 * level * (started_ms ? 1 : 0);
    const tail = (g.firm + live) * replay;
    const wanted = g.firm + holds + live + tail;
    const sd = Math.sqrt(g.held * 0.17 + (0.35 * live) ** 2 + (0.6 * tail) ** 2 + live + tail);
    const units = spread(wanted, sd, g.firm, g.stock ?? Infinity);
    return {
      sku: g.sku, title: g.title, gtin: g.gtin ?? '', firm: g.firm, held: g.held, waitlist: g.waitlist, stock: g.stock, units,
      lost: r1(g.refused * 0.6), short_by: g.stock === null ? 0 : r1(Math.max(0, wanted + g.waitlist * 0.4 - g.stock)),
      parts: { firm: g.firm, holds: r1(holds), live: r1(live), tail: r1(tail), cancelled: 0 }, flags: unknown.includes(g.sku) ? ['sku-unknown'] : [],
    };
  });
  const sum = (f) => skus.reduce((n, s, i) => n + f(s, goods[i]), 0);
  const firm = sum((s) => s.firm), mean = sum((s) => s.units.mean);
  const sd = Math.sqrt(sum((s) => (s.units.q95 - s.units.q05) ** 2)) / 3 + 0.03 * (mean - firm);
  const blind = flags.includes('master-data-missing');
  const units = spread(mean, sd, firm);
  const grams = blind ? null : sum((s, g) => s.units.mean * g.grams) / (mean || 1), cm3 = blind ? null : sum((s, g) => s.units.mean * g.cm3) / (mean || 1);
  const load = (site, wave, k) => {
    const u = scaled(units, k), parcels = scaled(units, k * 0.72);
    return { site, wave, firm: Math.round(firm * k), units: u, parcels, grams: blind ? null : scaled(parcels, (grams + 90) / 0.85), cm3: blind ? null : scaled(u, cm3 / 0.7) };
  };
  const shares = plan.sites.map((s) => s.share / plan.sites.reduce((n, x) => n + x.share, 0));
  const early = [0.85, 0.13, 0.02];
  const names = [...plan.waves.map((w) => w.id), 'later'];
  const loads = [
    load('*', '*', 1),
    ...plan.sites.map((s, i) => load(s.id, '*', shares[i])),
    ...names.map((w, j) => load('*', w, early[j])),
    ...plan.sites.flatMap((s, i) => names.map((w, j) => load(s.id, w, shares[i] * early[j]))),
  ];
  const cells = skus.flatMap((s) => plan.sites.flatMap((site, i) => names.map((w, j) => ({ sku: s.sku, site: site.id, wave: w, firm: Math.round(s.firm * shares[i] * early[j]), units: Object.values(scaled(s.units, shares[i] * early[j])) }))));
  const part = (name) => sum((s) => s.parts[name]);
  const noise = { holds: part('holds') * 0.2, live: (0.4 * part('live')) ** 2 / 40, tail: (0.6 * part('tail')) ** 2 / 20 };
  const all = noise.holds + noise.live + noise.tail || 1;
  return {
    broadcast, title, seq, as_of_ms: now_ms, ledger: `${now_ms}-0`, phase, state, kind: 'estimate',
    sites: plan.sites.map((s) => s.id), waves: plan.waves.map((w) => ({ id: w.id, cut_off_ms: ended_ms ? ended_ms + w.after_end_ms : null })),
    total: { firm, held: sum((s) => s.held), units, parcels: loads[0].parcels, grams: loads[0].grams, cm3: loads[0].cm3 },
    skus, loads, cells, skus_cut: 0, cells_cut: 0,
    cartons: [0.62, 0.3, 0.08].map((k, i) => ({ carton: plan.cartons[i], count: scaled(loads[0].parcels, k) })),
    because: { firm: 0, holds: r3(noise.holds / all), live: r3(noise.live / all), tail: r3(noise.tail / all), cancelled: 0 },
    returns: scaled(units, 0.06), flags, suspect_holds, accuracy,
  };
}
