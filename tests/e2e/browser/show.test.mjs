// A show as people live it: a host in one browser, two viewers in others, a planner watching, the shop confirming over HTTP.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { example, prepare, startServer, startBrowser, person, shot } from "./harness.mjs";

let browser;
before(async () => { browser = await startBrowser(); });
after(async () => { await browser?.close(); });

const on = (page, id) => page.getByTestId(id);
const soon = { timeout: 15_000 };

test("a show from preflight to the planner's table", { timeout: 240_000 }, async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const first = example("spring-drop.json").cues.find((c) => c.sku);
  const { ok } = await prepare(server, { units: { [first.sku]: 1 } });
  await ok("PUT", "/v1/logistics", { sites: [{ id: "W1", share: 60, parcels_per_wave: 900 }, { id: "W2", share: 40, parcels_per_wave: 300 }], waves: [{ id: "evening", after_end_ms: 7_200_000 }],
    cartons: [{ id: "S", size_mm: [200, 150, 120], max_weight_g: 2000, tare_g: 80 }] });

  const publicToken = server.token("viewer", ["--broadcast", "spring-drop"]);
  const host = await person(browser, server, "host", { width: 820, height: 1180 });
  const ann = await person(browser, server, "viewer", { token: publicToken });
  const bob = await person(browser, server, "viewer", { token: publicToken });
  const planner = await person(browser, server, "logistics", { width: 1440, height: 900 });

  await t.test("the host passes preflight and goes live", async () => {
    await on(host, "start").click(soon);
    await on(host, "verdict").waitFor(soon);
    await shot(host, "host-preflight-tablet");
    await on(host, "start-now").click(soon);
    await host.waitForFunction(() => window.liveshelf?.state?.broadcast?.state === "live", null, soon);
  });

  await t.test("NEXT pins the first product on every screen, with the script only on the host's", async () => {
    await on(host, "next").click(soon);
    for (const page of [ann, bob]) {
      await on(page, "pin-card").getByText(first.title).first().waitFor(soon);
      const text = await page.evaluate(() => JSON.stringify(window.liveshelf.state));
      for (const phrase of [first.card.say.slice(0, 40), first.card.must_say[0], first.card.notes].filter(Boolean))
        assert.ok(!text.includes(phrase), `a viewer's page knows "${phrase}"`);
    }
    await host.getByText(first.card.say.slice(0, 30)).first().waitFor(soon);
    await shot(ann, "viewer-live-360");
    await shot(host, "host-live-tablet");
  });

  let winner, loser;
  await t.test("two viewers race for the last unit: one wins, the other is offered the line", async () => {
    // Both at the same moment: a screen that hears of the other's hold first has no button any more.
    const buttons = await Promise.all([ann, bob].map((page) => on(page, "reserve-button").first().elementHandle(soon)));
    const at = Date.now() + 500;
    await Promise.all(buttons.map((button) => button.evaluate((b, at) => new Promise((done) => setTimeout(() => { b.click(); done(); }, at - Date.now())), at)));
    const held = (page) => page.waitForFunction(() => Object.values(window.liveshelf.state.holds ?? {}).some?.((h) => h.state === "held"), null, soon).then(() => page);
    winner = await Promise.any([held(ann), held(bob)]);
    loser = winner === ann ? bob : ann;
    await on(winner, "hold-state").first().waitFor(soon);
    await on(loser, "waitlist-button").first().waitFor(soon);
    assert.equal(await on(loser, "hold-state").first().isVisible(), false);
    await shot(winner, "viewer-hold-360");
    await shot(loser, "viewer-soldout-360");
    await on(loser, "waitlist-button").first().click(soon);
    await loser.waitForFunction(() => JSON.stringify(window.liveshelf.state.waitlist ?? {}) !== "{}" && JSON.stringify(window.liveshelf.state.waitlist) !== "[]", null, soon);
  });

  await t.test("a reload resumes: the hold is still theirs", async () => {
    const before = await winner.evaluate(() => Object.values(window.liveshelf.state.holds).find((h) => h.state === "held").hold);
    await winner.reload();
    await on(winner, "hold-state").first().waitFor(soon);
    const after = await winner.evaluate(() => Object.values(window.liveshelf.state.holds).find((h) => h.state === "held").hold);
    assert.equal(after, before);
  });

  await t.test("the shop confirms over HTTP and logistics sees it", async () => {
    const hold = await winner.evaluate(() => Object.values(window.liveshelf.state.holds).find((h) => h.state === "held"));
    const answer = await ok("POST", `/v1/holds/${hold.hold}/confirm`, { order: "A-17", ...hold.total });
    assert.equal(answer.state, "confirmed");
    const cell = on(planner, `row-${first.sku}`).locator('[data-col="firm"]');
    await planner.waitForFunction(([sku]) => document.querySelector(`[data-testid="row-${sku}"] [data-col="firm"]`)?.textContent?.trim() === "1", [first.sku], soon);
    assert.equal((await cell.textContent()).trim(), "1");
    await shot(planner, "logistics-desktop");
  });

  await t.test("the planner reads what is expected and what changed on air, freezes it, and saves the table", async () => {
    await on(planner, "total-units").waitFor(soon);
    const row = on(planner, `row-${first.sku}`);
    await row.locator('[data-col="stock"]').filter({ hasText: /^1$/ }).waitFor(soon);
    await row.locator('[data-col="units"] b').filter({ hasText: /^1$/ }).waitFor(soon); // one unit exists, and it is sold
    await on(planner, "capacity-W2-evening").waitFor(soon);
    const price = await host.evaluate((sku) => window.liveshelf.state.shelf.find((e) => e.sku === sku).price, first.sku);
    await host.evaluate(([sku, p]) => window.liveshelf.command("price.set", { sku, amount: p.amount - 10, currency: p.currency }), [first.sku, price]);
    await on(planner, `change-price-${first.sku}`).first().waitFor(soon);
    await on(planner, "freeze").click(soon);
    await on(planner, "freeze-note").fill("Labour plan");
    await on(planner, "freeze-go").click(soon);
    await on(planner, "stamps").getByText("Labour plan").waitFor(soon);
    await planner.reload();
    await on(planner, "stamps").getByText("Labour plan").waitFor(soon);
    await on(planner, `change-price-${first.sku}`).first().waitFor(soon);
    const [saved] = await Promise.all([planner.waitForEvent("download", soon), on(planner, "csv").click(soon)]);
    const lines = readFileSync(await saved.path(), "utf8").split("\r\n");
    assert.match(lines[0], /^broadcast,seq,as_of_ms,phase,sku,gtin,title,site,wave,status,units,mean,q05/);
    assert.ok(lines.some((line) => line.includes(`,"${first.sku}",`) && line.includes(",firm,1,")), "the order is in the table");
    assert.ok(lines.some((line) => line.includes(",planning,,")), "and apart from it what is expected");
  });

  await t.test("a warehouse that lets no WebSocket through reads the same from the event stream", async () => {
    const apart = await person(browser, server, "logistics", { before: (page) => page.routeWebSocket(/\/live/, (ws) => ws.close()) });
    await on(apart, "freshness").filter({ hasText: "by stream" }).waitFor(soon);
    await on(apart, `row-${first.sku}`).locator('[data-col="firm"]').filter({ hasText: /^1$/ }).waitFor(soon);
    await on(apart, "stamps").getByText("Labour plan").waitFor(soon);
    await on(apart, `change-price-${first.sku}`).first().waitFor(soon);
    await apart.context().close();
  });

  await t.test("the host's screen says sold out; pause, notice and end reach everyone", async () => {
    await host.getByText("SOLD OUT").first().waitFor(soon);
    await server.api("POST", "/v1/broadcasts/spring-drop/pause");
    await ann.waitForFunction(() => window.liveshelf.state.broadcast.state === "paused", null, soon);
    await on(ann, "state-banner").waitFor(soon);
    await shot(ann, "viewer-paused-360");
    await server.api("POST", "/v1/broadcasts/spring-drop/resume");
    await on(host, "next").click(soon);
    await ann.waitForFunction(() => window.liveshelf.state.broadcast.state === "live", null, soon);
    await ann.setViewportSize({ width: 1440, height: 900 });
    await shot(ann, "viewer-live-desktop");
    await host.setViewportSize({ width: 1440, height: 900 });
    await shot(host, "host-live-desktop");
    await host.setViewportSize({ width: 360, height: 640 });
    await shot(host, "host-live-360");
    await planner.setViewportSize({ width: 820, height: 1180 });
    await shot(planner, "logistics-tablet");
    await server.api("POST", "/v1/broadcasts/spring-drop/end");
    await bob.waitForFunction(() => window.liveshelf.state.broadcast.state === "ended", null, soon);
  });

  await t.test("nobody missed or got anything twice, and no page complained", async () => {
    for (const page of [ann, bob, host]) {
      const counted = await page.evaluate(() => ({ gaps: window.liveshelf.gaps, duplicates: window.liveshelf.duplicates }));
      assert.deepEqual(counted, { gaps: 0, duplicates: 0 });
    }
    for (const page of [ann, bob, host, planner]) assert.deepEqual(page.complaints, []);
  });
});

test("viewers in browsers survive the death of their node", { timeout: 120_000 }, async (t) => {
  const server = await startServer({ workers: 2 });
  t.after(() => server.stop());
  const { ok } = await prepare(server);
  const token = server.token("viewer", ["--broadcast", "spring-drop"]);
  const pages = [];
  for (let i = 0; i < 4; i++) pages.push(await person(browser, server, "viewer", { token }));
  await ok("POST", "/v1/broadcasts/spring-drop/start");
  for (const page of pages) await page.waitForFunction(() => window.liveshelf?.state?.broadcast?.state === "live", null, soon);

  const nodes = nodesOf(server.child.pid);
  assert.equal(nodes.length, 2);
  for (const [i, pid] of nodes.entries()) {
    process.kill(pid, "SIGKILL"); // one after the other: whoever it was, every viewer has lost a node in the end
    await Promise.all(pages.map((page) => page.waitForFunction(() => window.liveshelf.connected && window.liveshelf.state.broadcast?.state === "live", null, soon)));
    await server.logged(/event=child.started .*child=n[12]/g, nodes.length + i + 1);
    await server.logged(/event=redis.ready/g, nodes.length + i + 1);
  }
  await ok("POST", "/v1/broadcasts/spring-drop/pause");
  for (const page of pages) {
    await page.waitForFunction(() => window.liveshelf.state.broadcast.state === "paused", null, { timeout: 30_000 });
    const counted = await page.evaluate(() => ({ gaps: window.liveshelf.gaps, duplicates: window.liveshelf.duplicates }));
    assert.deepEqual(counted, { gaps: 0, duplicates: 0 });
  }
  const came_back = await Promise.all(pages.map((page) => page.evaluate(() => window.liveshelf.resumes)));
  assert.ok(came_back.some((n) => n > 0), `nobody resumed: ${came_back}`);
});

// Children of the supervisor that are nodes, as the kernel lists them.
function nodesOf(parent) {
  const found = [];
  for (const pid of readdirSync("/proc").filter((n) => /^\d+$/.test(n))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const ppid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (ppid === parent && words[1] === "node") found.push(Number(pid));
    } catch { /* it ended while we looked */ }
  }
  return found;
}
