/* One run of liveshelf-load for people: the verdict first, then what was asked, what was measured, and what it does not say. */

import 'uplot/dist/uPlot.min.css';
import './report.css';
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { overTime, spread, type Line } from './chart';
import { ANSWERS, PHASES, TIMES, clock, countOf, figureName, figureText, length, ms, seriesOf, whole, type Run, type Times } from './run';

const CPU_TELLS_PERCENT = 80;          /* above this the load generator itself is what was slow */

function Report({ run }: { run: Run }) {
  const failed = (run.thresholds ?? []).filter((t) => !t.passed);
  const tone = !run.sound || failed.length ? 'bad' : run.interrupted ? 'cut' : 'good';
  const lasted = run.started_ms && run.ended_ms ? run.ended_ms - run.started_ms : null;
  return (
    <main>
      <header>
        <p class="over">Load report{run.started_ms ? ` · ${new Date(run.started_ms).toLocaleString()}` : ''}</p>
        <h1>{run.scenario}</h1>
        <p class="over">{whole(run.viewers)} viewers{run.broadcast ? ` on ${run.broadcast}` : ''}{run.url ? ` at ${run.url}` : ''}{lasted === null ? '' : `, ${length(lasted)}`}{run.seed === undefined ? '' : `, seed ${run.seed}`}</p>
      </header>
      <section class={`verdict ${tone}`} data-testid="verdict">
        <h2>{verdict(run, failed.length)}</h2>
        <p>{verdictMeans(run)}</p>
        {(run.why ?? []).length > 0 && <ul>{run.why!.map((w) => <li>{w}</li>)}</ul>}
      </section>
      <Tiles run={run} />
      <Thresholds run={run} />
      <Over run={run} />
      <Spreads run={run} />
      <Percentiles run={run} />
      <div class="pair">
        <Answers run={run} />
        <Account run={run} />
      </div>
      <div class="pair">
        <Skus run={run} />
        <Faults run={run} />
      </div>
      <Phases run={run} />
      <Notes run={run} />
    </main>
  );
}

function verdict(run: Run, missed: number): string {
  const limits = missed ? `${missed === 1 ? 'one limit was' : `${missed} limits were`} missed` : '';
  if (run.interrupted) return !run.sound ? 'Interrupted, and not sound' : limits ? `Interrupted, and ${limits}` : 'Interrupted';
  return !run.sound ? 'Not sound' : limits ? `Sound, but ${limits}` : 'Sound';
}

function verdictMeans(run: Run): string {
  if (!run.sound) return 'Something was missed, seen twice, left unanswered or sold twice.';
  if (run.interrupted) return 'It was stopped before its end. Until then every viewer saw every event once and in order, and nothing was sold twice.';
  return 'Every viewer saw every event once and in order, every claim was answered, and nothing was sold twice.';
}

function Tiles({ run }: { run: Run }) {
  const t = run.times ?? {};
  const tile = (name: string, value: string, more: string) => <div class="tile"><h3>{name}</h3><b>{value}</b><p>{more}</p></div>;
  return (
    <section class="tiles">
      {t.pin_last_ms?.count ? tile('Last viewer has a pin after', ms(t.pin_last_ms.p50), `p99 ${ms(t.pin_last_ms.p99)}, ${whole(t.pin_last_ms.count)} pins`) : null}
      {t.reserve_ms?.count ? tile('A claim is answered in', ms(t.reserve_ms.p50), `p99 ${ms(t.reserve_ms.p99)}, ${whole(t.reserve_ms.count)} claims`) : null}
      {countOf(run, 'events') === null ? null : tile('Events seen', whole(countOf(run, 'events')), `${whole(countOf(run, 'gaps'))} missed, ${whole(countOf(run, 'duplicates'))} twice`)}
      {t.resume_ms?.count ? tile('Back after a lost line in', ms(t.resume_ms.p50), `p99 ${ms(t.resume_ms.p99)}, ${whole(t.resume_ms.count)} times`) : null}
      {t.join_ms?.count ? tile('Let in within', ms(t.join_ms.p50), `p99 ${ms(t.join_ms.p99)}, ${whole(t.join_ms.count)} joins`) : null}
    </section>
  );
}

function Thresholds({ run }: { run: Run }) {
  if (!run.thresholds?.length) return null;
  return (
    <section>
      <h2>Limits asked for</h2>
      <div class="wide"><table data-testid="thresholds">
        <thead><tr><th>Figure</th><th class="n">Asked</th><th class="n">Measured</th><th>Met</th></tr></thead>
        <tbody>{run.thresholds.map((t) => (
          <tr class={t.passed ? '' : 'bad'}>
            <td>{figureName(t.name)}</td>
            <td class="n">{t.at_most !== undefined ? `at most ${figureText(t.name, t.at_most)}` : `at least ${figureText(t.name, t.at_least ?? null)}`}</td>
            <td class="n">{figureText(t.name, t.value)}</td>
            <td>{t.passed ? 'yes' : <b>no</b>}</td>
          </tr>
        ))}</tbody>
      </table></div>
    </section>
  );
}

function Over({ run }: { run: Run }) {
  if (!run.series?.t_ms?.length) return null;
  const per = (n: number) => whole(n);
  const line = (name: string, label: string, ink: string, more: Partial<Line> = {}): Line[] => {
    const values = seriesOf(run, name);
    return values ? [{ label, values, ink, ...more }] : [];
  };
  return (
    <section>
      <h2>Over the run</h2>
      {(run.marks ?? []).length > 0 && <p class="quiet">Broken lines: {run.marks!.map((m) => `${clock(m.t_ms)} ${m.text || m.what}`).join('; ')}.</p>}
      <div class="charts">
        <Chart title="Viewers live" run={run} lines={line('live', 'Live', '--leaf', { fill: true })} text={per} />
        <Chart title="Messages received, per second" run={run} lines={[...line('deliveries_per_s', 'All', '--leaf', { fill: true }), ...line('events_per_s', 'Events', '--clay')]} text={per} />
        <Chart title="Pin to viewer" run={run} lines={[...line('pin_p50_ms', 'p50', '--leaf'), ...line('pin_p99_ms', 'p99', '--clay')]} text={ms} />
        <Chart title="Claim to answer" run={run} lines={[...line('reserve_p50_ms', 'p50', '--leaf'), ...line('reserve_p99_ms', 'p99', '--clay')]} text={ms} />
        <Chart title="Claims, per second" run={run} lines={[...line('asked_per_s', 'Asked', '--quiet', { dash: true }), ...line('held_per_s', 'Held', '--leaf'), ...line('refused_per_s', 'Refused', '--clay')]} text={per} />
        <Chart title="Viewers who came back, per second" run={run} lines={line('reconnects_per_s', 'Back', '--clay', { fill: true })} text={per} />
        <Chart title="The load generator's own CPU" run={run} lines={line('own_cpu_percent', 'Of one core', '--quiet', { fill: true })} text={(n) => `${whole(n)} %`} />
      </div>
    </section>
  );
}

/* Drawn anew when the colours of the system change. */
function useDrawing(draw: (el: HTMLElement) => () => void) {
  const el = useRef<HTMLDivElement>(null);
  const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)');
    const change = () => setDark(media.matches);
    media.addEventListener('change', change);
    return () => media.removeEventListener('change', change);
  }, []);
  useEffect(() => draw(el.current!), [dark]);
  return el;
}

function Box({ title, children }: { title: string; children: ComponentChildren }) {
  return <figure class="chart"><figcaption>{title}</figcaption>{children}</figure>;
}

function Chart(props: { title: string; run: Run; lines: Line[]; text(n: number): string }) {
  return props.lines.length ? <Drawn {...props} /> : null;
}

function Drawn({ title, run, lines, text }: { title: string; run: Run; lines: Line[]; text(n: number): string }) {
  const el = useDrawing((at) => overTime(at, run, lines, text));
  return <Box title={title}><div ref={el} /></Box>;
}

function Spread({ title, times }: { title: string; times: Times }) {
  const el = useDrawing((at) => spread(at, times));
  return <Box title={title}><div ref={el} /></Box>;
}

function Spreads({ run }: { run: Run }) {
  const with_ = Object.entries(run.times ?? {}).filter(([, t]) => t.count > 0 && t.bounds_ms?.length && t.buckets?.length);
  if (!with_.length) return null;
  return (
    <section>
      <h2>How long it took</h2>
      <div class="charts">{with_.map(([name, t]) => <Spread title={TIMES[name] ?? name} times={t} />)}</div>
    </section>
  );
}

function Percentiles({ run }: { run: Run }) {
  const rows = Object.entries(run.times ?? {}).filter(([, t]) => t.count > 0);
  if (!rows.length) return null;
  return (
    <section>
      <h2>Percentiles</h2>
      <div class="wide"><table data-testid="percentiles">
        <thead><tr><th>Time</th><th class="n">Count</th><th class="n">p50</th><th class="n">p90</th><th class="n">p95</th><th class="n">p99</th><th class="n">p99.9</th><th class="n">Longest</th></tr></thead>
        <tbody>{rows.map(([name, t]) => <tr><td>{TIMES[name] ?? name}</td><td class="n">{whole(t.count)}</td>{[t.p50, t.p90, t.p95, t.p99, t.p999, t.max].map((v) => <td class="n">{ms(v)}</td>)}</tr>)}</tbody>
      </table></div>
    </section>
  );
}

function Answers({ run }: { run: Run }) {
  const rows = Object.entries(run.answers ?? {}).sort((a, b) => b[1] - a[1]);
  const sum = rows.reduce((n, [, c]) => n + c, 0);
  if (!sum) return null;
  return (
    <section>
      <h2>Answers to claims</h2>
      <table data-testid="answers">
        <thead><tr><th>Answer</th><th class="n">Count</th><th class="n">Share</th></tr></thead>
        <tbody>{rows.map(([code, n]) => <tr><td>{ANSWERS[code] ?? code}</td><td class="n">{whole(n)}</td><td class="n">{((100 * n) / sum).toFixed(1)} %</td></tr>)}</tbody>
      </table>
    </section>
  );
}

/* The promise, in the words of someone who counted along. */
function Account({ run }: { run: Run }) {
  const most = countOf(run, 'outstanding_max'), given = countOf(run, 'allocated'), unanswered = countOf(run, 'unanswered');
  if (!countOf(run, 'asked') || most === null) return null;
  return (
    <section>
      <h2>Nothing twice?</h2>
      <p data-testid="account">
        Counting along from the viewers' own answers, at most <b>{whole(most)}</b> units were theirs at any one time{given ? <>, of <b>{whole(given)}</b> that were given to sell</> : null}.
        {' '}{run.counts?.oversold ? <b>More than there were: units were sold twice.</b> : 'No unit was promised twice.'}
        {' '}{unanswered ? `${whole(unanswered)} claims were never answered.` : 'Every claim got an answer.'}
      </p>
    </section>
  );
}

function Skus({ run }: { run: Run }) {
  const rows = (run.skus ?? []).filter((s) => s.outstanding_max > 0);
  if (!rows.length) return null;
  return (
    <section>
      <h2>Units of each product</h2>
      <div class="wide"><table data-testid="skus">
        <thead><tr><th>Product</th><th class="n">Theirs at most</th><th class="n">Of</th><th class="n">Sold twice</th></tr></thead>
        <tbody>{rows.map((s) => <tr class={s.oversold ? 'bad' : ''}><td>{s.sku}</td><td class="n">{whole(s.outstanding_max)}</td><td class="n">{whole(s.limit ?? s.allocated)}</td><td class="n">{whole(s.oversold)}</td></tr>)}</tbody>
      </table></div>
    </section>
  );
}

function Faults({ run }: { run: Run }) {
  if (!run.faults?.length) return null;
  return (
    <section>
      <h2>Viewers lost</h2>
      <div class="wide"><table data-testid="faults">
        <thead><tr><th class="n">At</th><th class="n">Lost</th><th class="n">All back after</th></tr></thead>
        <tbody>{run.faults.map((f) => <tr class={f.all_back_ms === null ? 'bad' : ''}><td class="n">{clock(f.t_ms)}</td><td class="n">{whole(f.lost)}</td><td class="n">{f.all_back_ms === null ? <b>not all came back</b> : ms(f.all_back_ms)}</td></tr>)}</tbody>
      </table></div>
    </section>
  );
}

function Phases({ run }: { run: Run }) {
  if (!run.phases?.length) return null;
  return (
    <section>
      <h2>What was done</h2>
      <div class="wide"><table>
        <thead><tr><th class="n">#</th><th>Phase</th><th class="n">From</th><th class="n">For</th><th>Done</th><th></th></tr></thead>
        <tbody>{run.phases.map((p) => (
          <tr class={p.passed ? '' : 'bad'}><td class="n">{p.number}</td><td>{PHASES[p.do] ?? p.do}</td><td class="n">{length(p.began_ms)}</td><td class="n">{ms(p.ended_ms - p.began_ms)}</td><td>{p.passed ? 'yes' : <b>no</b>}</td><td>{p.detail}</td></tr>
        ))}</tbody>
      </table></div>
    </section>
  );
}

function Notes({ run }: { run: Run }) {
  const cpu = seriesOf(run, 'own_cpu_percent')?.filter((v) => v !== null && v > CPU_TELLS_PERCENT).length ?? 0;
  return (
    <section class="notes">
      <h2>How to read this</h2>
      {cpu > 0 && <p class="warn" data-testid="busy">For {cpu} of {run.series!.t_ms!.length} seconds the load generator itself used more than {CPU_TELLS_PERCENT} % of its core: the server was then faster than these times say. Use more machines, or fewer viewers.</p>}
      <p>Times run from the act to its effect at the viewer, both in the load generator and on one clock. Where acts were due at a fixed rate a time counts from the moment the act was due, so that a stall is not hidden by the acts it held up.</p>
      <p>Over loopback the sender also pays for receiving; a real network is cheaper for the server and slower for the viewer. The load generator runs on one core and shares no socket code with the server.</p>
    </section>
  );
}

const run = JSON.parse(document.getElementById('run')!.textContent!) as Run;
document.title = `${run.scenario}: ${!run.sound ? 'not sound' : run.interrupted ? 'interrupted' : 'sound'}`;
render(<Report run={run} />, document.getElementById('app')!);
