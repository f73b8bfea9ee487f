/* A run as liveshelf-load writes it: a minute with 10,000 viewers, a sale, and a lost node. */

const SECONDS = 60;
const at = Array.from({ length: SECONDS }, (_, i) => i);
const wave = (i, mean, swing) => mean + swing * Math.sin(i / 3) + (i % 7) * swing * 0.1;

/* Buckets a factor of 1.2 apart, filled around `middle`. */
function times(count, middle) {
  const bounds_ms = Array.from({ length: 60 }, (_, i) => +(0.1 * 1.2 ** i).toFixed(4));
  const weights = bounds_ms.map((b) => Math.exp(-(Math.log(b / middle) ** 2) / 0.3));
  const sum = weights.reduce((a, b) => a + b, 0);
  return { count, p50: middle, p90: middle * 1.6, p95: middle * 1.9, p99: middle * 2.6, p999: middle * 3.4, max: middle * 4.1, bounds_ms, buckets: weights.map((w) => Math.round((w * count) / sum)) };
}

export function sampleRun() {
  const live = at.map((i) => (i < 6 ? i * 1667 : i === 40 ? 5100 : i === 41 ? 7600 : 10_000));
  return {
    format: 'liveshelf-load/1', scenario: 'full-show', url: 'ws://127.0.0.1:8080', broadcast: 'spring-drop', viewers: 10_000, seed: 1,
    started_ms: 1795177200000, ended_ms: 1795177260000, sound: true, why: [],
    thresholds: [
      { name: 'pin_last_ms.p99', at_most: 500, value: 312.1, passed: true },
      { name: 'reserve_ms.p99', at_most: 100, value: 41.7, passed: true },
      { name: 'counts.gaps', at_most: 0, value: 0, passed: true },
    ],
    phases: [
      { number: 1, do: 'start', began_ms: 6000, ended_ms: 6100, passed: true, detail: '' },
      { number: 2, do: 'pins', began_ms: 7000, ended_ms: 22_000, passed: true, detail: '30 pins, every 500 ms' },
      { number: 3, do: 'reserve', began_ms: 22_000, ended_ms: 38_000, passed: true, detail: 'mug-red, 300 a second' },
      { number: 4, do: 'drop', began_ms: 40_000, ended_ms: 40_050, passed: true, detail: 'half of all lines' },
      { number: 5, do: 'return', began_ms: 40_050, ended_ms: 42_300, passed: true, detail: 'all back after 2.2 s' },
      { number: 6, do: 'pins', began_ms: 44_000, ended_ms: 59_000, passed: true, detail: '30 pins, every 500 ms' },
    ],
    counts: { events: 634_120, gaps: 0, duplicates: 0, malformed: 0, resumes: 4900, snapshots: 10_000, lost: 4900, refused_joins: 0, pins: 60, pins_incomplete: 0, asked: 4800, unanswered: 0, outstanding_max: 97, allocated: 100, oversold: false },
    answers: { held: 97, sold_out: 4511, held_out: 180, limit_reached: 12 },
    times: { join_ms: { ...times(10_000, 9), bounds_ms: undefined, buckets: undefined }, pin_ms: times(600_000, 32), pin_last_ms: { ...times(60, 120), bounds_ms: undefined, buckets: undefined }, reserve_ms: times(4800, 12) },
    series: {
      every_ms: 1000, t_ms: at.map((i) => i * 1000), live,
      events_per_s: at.map((i) => ((i >= 7 && i < 22) || i >= 44 ? Math.round(wave(i, 20_000, 900)) : 0)),
      deliveries_per_s: at.map((i) => ((i >= 7 && i < 22) || i >= 44 ? Math.round(wave(i, 26_000, 1500)) : Math.round(wave(i, 3000, 500)))),
      pin_p50_ms: at.map((i) => ((i >= 7 && i < 22) || i >= 44 ? wave(i, 31, 4) : null)), pin_p99_ms: at.map((i) => ((i >= 7 && i < 22) || i >= 44 ? wave(i, 78, 12) : null)),
      reserve_p50_ms: at.map((i) => (i >= 22 && i < 38 ? wave(i, 12, 2) : null)), reserve_p99_ms: at.map((i) => (i >= 22 && i < 38 ? wave(i, 34, 8) : null)),
      asked_per_s: at.map((i) => (i >= 22 && i < 38 ? 300 : null)), held_per_s: at.map((i) => (i >= 22 && i < 25 ? 32 : i < 38 && i > 24 ? 0 : null)), refused_per_s: at.map((i) => (i >= 25 && i < 38 ? 300 : i >= 22 && i < 25 ? 268 : null)),
      reconnects_per_s: at.map((i) => (i === 41 ? 2500 : i === 42 ? 2400 : 0)), own_cpu_percent: at.map((i) => wave(i, 44, 9)),
    },
    skus: [{ sku: 'mug-red', allocated: 140, held: 0, sold: 97, limit: 100, outstanding_max: 97, oversold: 0 }, { sku: 'teapot', allocated: 5, held: 0, sold: 0, limit: 5, outstanding_max: 0, oversold: 0 }],
    faults: [{ t_ms: 40_020, lost: 4900, all_back_ms: 2210 }],
    marks: [{ t_ms: 40_000, what: 'drop', text: 'half of all lines cut' }],
  };
}
