// What a viewer was told is theirs, through a pause, a recall and a price that two must want: the real server, the real pages.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { example, prepare, startServer, startBrowser, person, shot } from "./harness.mjs";

let browser;
before(async () => { browser = await startBrowser(); });
after(async () => { await browser?.close(); });

const on = (page, id) => page.getByTestId(id);
const soon = { timeout: 15_000 };
const live = (page) => page.waitForFunction(() => window.liveshelf?.state?.broadcast?.state === "live", null, soon);
const left = (page) => page.evaluate(() => window.liveshelf.holdLeft(Object.values(window.liveshelf.state.holds).find((h) => h.state === "held")));

test("time that stands still, a recall, and a price that two must want", { timeout: 240_000 }, async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const first = example("spring-drop.json").cues.find((c) => c.sku);
  const { ok } = await prepare(server);
  const token = server.token("viewer", ["--broadcast", "spring-drop"]);
  const host = await person(browser, server, "host", { width: 360, height: 640 });
  const ann = await person(browser, server, "viewer", { token });
  const bob = await person(browser, server, "viewer", { token });
  await ok("POST", "/v1/broadcasts/spring-drop/start", { force: true });
  for (const page of [host, ann, bob]) await live(page);
  await on(host, "next").click(soon);
  for (const page of [ann, bob]) {
    await on(page, "reserve-button").first().click(soon);
    await on(page, "countdown").first().waitFor(soon);
  }

  await t.test("in a pause the countdown stands still, and goes on where it was", async () => {
    await on(host, "pause").click(soon);
    await on(ann, "hold-still").getByText("Your time stands still while the show is paused").first().waitFor(soon);
    const stopped = await left(ann);
    await shot(ann, "viewer-still-360");
    await bob.reload(); // one who comes in the middle of it
    await on(bob, "hold-still").first().waitFor(soon);
    assert.ok(Math.abs((await left(ann)) - stopped) < 5, "it moved in the pause");
    const clock = await ann.evaluate(() => window.liveshelf.state.hold_clock);
    assert.equal(clock.running, false);
    await on(host, "resume").click(soon);
    for (const page of [ann, bob]) await page.waitForFunction(() => window.liveshelf.state.hold_clock.running, null, soon);
    const onAgain = await ann.evaluate(() => ({ stood: window.liveshelf.state.hold_clock.stood_ms, now: window.liveshelf.serverNow() }));
    const hold = await ann.evaluate(() => Object.values(window.liveshelf.state.holds).find((h) => h.state === "held"));
    const told = await ok("GET", `/v1/holds/${hold.hold}`);
    assert.ok(onAgain.stood > 0);
    assert.ok(Math.abs(onAgain.now + (await left(ann)) - told.expires_ms) < 1000, "the page and the stock disagree on the end");
    assert.ok((await left(ann)) <= stopped);
  });

  await t.test("a recall with one thumb: reservations end, viewers read why, the host sees whom it touches", async () => {
    await on(host, "menu").click(soon);
    await on(host, "recall-pinned").click(soon);
    await shot(host, "host-recall-360");
    await on(host, "recall-confirm").click(soon);
    await on(host, "recall-holds").getByText("2").waitFor(soon);
    await Promise.all([ann, bob].map(async (page) => { // said once, and replaced by what is said next
      await page.waitForFunction(() => Object.values(window.liveshelf.state.holds).every((h) => h.state === "released"), null, soon);
      await page.getByTestId("live-assertive").filter({ hasText: "This product was recalled; your reservation was cancelled and nothing was charged" }).waitFor({ state: "attached", ...soon });
    }));
    await shot(host, "host-recalled-360");
    const [saved] = await Promise.all([host.waitForEvent("download", soon), on(host, "recall-csv").click(soon)]);
    assert.equal(saved.suggestedFilename(), `recall-${first.sku}.csv`);
    await on(host, "recall-done").click(soon);
    const stock = await ok("GET", "/v1/stock");
    const row = stock.stock.find((s) => s.sku === first.sku);
    assert.deepEqual({ recall: row.recall, held: row.held, state: row.state }, { recall: "cancel", held: 0, state: "stopped" });
  });

  await t.test("a price far from the plan waits for a second host", async () => {
    const second = await person(browser, server, "host", { width: 360, height: 640, token: server.token("host", ["--broadcast", "spring-drop", "--sub", "ben"]) });
    await host.setViewportSize({ width: 1440, height: 900 });
    const sku = await host.evaluate((not) => window.liveshelf.state.shelf.find((e) => e.sku !== not && e.price && e.state === "open").sku, first.sku);
    await on(host, `goods-${sku}`).locator("td:first-child button").click(soon);
    await on(host, "price-input").fill("0,50");
    await on(host, "price-set").click(soon);
    await host.getByText("Waits for a second person").first().waitFor(soon);
    await on(second, "approve").waitFor(soon);
    await shot(second, "host-approval-360");
    await on(second, "approve").click(soon);
    await second.waitForFunction((s) => window.liveshelf.state.shelf.find((e) => e.sku === s).price.amount === 50, sku, soon);
    assert.deepEqual(second.complaints, []);
  });

  await t.test("no page complained", async () => {
    for (const page of [host, ann, bob]) assert.deepEqual(page.complaints, []);
  });
});
