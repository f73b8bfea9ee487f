// A real server, real tokens and a real browser for the tests in this folder. Everything it starts it ends, by its own id.
import { spawn, execFileSync } from "node:child_process";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const require = createRequire(join(root, "web", "package.json"));
const { chromium } = require("playwright-core");

export const SHOTS = process.env.LIVESHELF_SHOTS ?? join(root, "build", "screenshots");
const BIN = process.env.LIVESHELF_BIN ?? join(root, "build", "release", "liveshelf");
const WEB = process.env.LIVESHELF_WEB ?? join(root, "build", "web");

export async function startServer({ workers = 1, args = [] } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "liveshelf-browser-"));
  const child = spawn(BIN, ["serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--web-dir", WEB, "--workers", String(workers), ...args],
    { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (d) => { log += d; });
  const origin = await new Promise((done, fail) => {
    let out = "";
    child.stdout.on("data", (d) => {
      out += d;
      const m = /^ready (https?:\/\/\S+)$/m.exec(out);
      if (m) done(m[1]);
    });
    child.once("exit", (code) => fail(new Error(`server ended with ${code} before it was ready\n${log}`)));
  });
  const token = (role, more = []) => execFileSync(BIN, ["token", "--shop", "demo", "--role", role, "--data-dir", dir, ...more]).toString().trim();
  const api = async (method, path, body, headers = {}) => {
    const answer = await fetch(origin + path, {
      method,
      headers: { authorization: `Bearer ${token("integrator")}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text };
  };
  // Resolves when the log has had `count` matches of the words since the start.
  const logged = async (words, count) => {
    while ((log.match(words) ?? []).length < count) await new Promise((done) => child.stderr.once("data", done));
  };
  const stop = async () => {
    if (child.exitCode === null) {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await gone;
    }
    rmSync(dir, { recursive: true, force: true });
  };
  return { origin, token, api, stop, logged, dir, child, log: () => log };
}

export async function startBrowser(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more],
  });
}

// One page as one person: its own context, so that storage is theirs alone. What the page complains about fails the test that asks.
export async function person(browser, server, role, { width = 360, height = 640, broadcast = "spring-drop", token, path, before = () => {} } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: "en-GB", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (e) => page.complaints.push(String(e)));
  page.on("console", (m) => { if (m.type() === "error") page.complaints.push(m.text()); });
  const held = token ?? server.token(role, role === "viewer" ? ["--broadcast", broadcast] : ["--broadcast", broadcast, "--sub", role]);
  await before(page);
  await page.goto(`${server.origin}${path ?? `/${role}/`}#token=${held}&broadcast=${broadcast}`);
  return page;
}

export async function shot(page, name) {
  if (!existsSync(SHOTS)) mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

export const example = (name) => JSON.parse(readFileSync(join(root, "scripts", "examples", name), "utf8"));

// The sample shop with its run of show, and units to sell: as many as planned, or as said.
export async function prepare(server, { units = {} } = {}) {
  const ok = async (method, path, body, status = 200) => {
    const answer = await server.api(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await ok("PUT", "/v1/catalogue", example("spring-drop.catalogue.json"));
  await ok("POST", "/v1/broadcasts", { id: "spring-drop", title: "Spring drop", hold_ms: 300000 }, 201);
  const run = example("spring-drop.json");
  const planned = {};
  for (const cue of run.cues) if (cue.sku) planned[cue.sku] = (planned[cue.sku] ?? 0) + (cue.planned_units ?? 0);
  for (const cue of run.cues) if (units[cue.sku]) cue.planned_units = units[cue.sku];
  await ok("PUT", "/v1/broadcasts/spring-drop/run-of-show", run);
  for (const [sku, n] of Object.entries(planned))
    await ok("POST", `/v1/stock/${sku}/allocate`, { units: units[sku] ?? Math.max(n, 1), ref: `po-${sku}` });
  return { ok, run };
}
