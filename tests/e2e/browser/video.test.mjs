// Two clocks: a pin waits for the viewer's own picture (PROGRAM-DATE-TIME), stock and pauses do not.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer, startBrowser, person } from "./harness.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const LATE_MS = 9_000; // the picture is so far behind the server when it starts
const soon = { timeout: 20_000 };

// A stream as a shop's encoder would give it: another origin, the playlist says when each segment was filmed.
async function startStream() {
  let filmed = 0;
  const server = createServer((request, answer) => {
    answer.setHeader("access-control-allow-origin", "*");
    if (request.url === "/live.m3u8") {
      filmed ||= Date.now() - LATE_MS;
      answer.setHeader("content-type", "application/vnd.apple.mpegurl");
      const parts = [0, 1, 2, 3, 4, 5].map((i) => `#EXT-X-PROGRAM-DATE-TIME:${new Date(filmed + i * 4000).toISOString()}\n#EXTINF:4.0,\npart${i}.ts\n`);
      answer.end(`#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n${parts.join("")}#EXT-X-ENDLIST\n`);
    } else if (/^\/part[0-5]\.ts$/.test(request.url)) {
      answer.setHeader("content-type", "video/mp2t");
      answer.end(readFileSync(join(here, "video", request.url.slice(1).replace(".ts", ".m2ts"))));
    } else {
      answer.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}/live.m3u8`, stop: () => new Promise((done) => { server.closeAllConnections?.(); server.close(done); }) };
}

test("a pin waits for the picture, stock and pause do not", { timeout: 120_000 }, async (t) => {
  const stream = await startStream();
  t.after(() => stream.stop());
  const server = await startServer();
  t.after(() => server.stop());
  const browser = await startBrowser();
  t.after(() => browser.close());

  const examples = resolve(here, "../../../scripts/examples");
  const read = (name) => JSON.parse(readFileSync(join(examples, name), "utf8"));
  await server.api("PUT", "/v1/catalogue", read("spring-drop.catalogue.json"));
  await server.api("POST", "/v1/broadcasts", { id: "spring-drop", title: "Spring drop", video: { url: stream.url } });
  await server.api("PUT", "/v1/broadcasts/spring-drop/run-of-show", read("spring-drop.json"));
  await server.api("POST", "/v1/broadcasts/spring-drop/start", { force: true });

  const viewer = await person(browser, server, "viewer");
  await viewer.waitForFunction(() => (window.liveshelf?.clock?.() ?? null) !== null, null, soon); // the picture runs and tells its time
  const host = await person(browser, server, "host", { width: 820, height: 1180 });
  await host.waitForFunction(() => window.liveshelf?.state?.broadcast?.state === "live", null, soon);
  const before = await viewer.evaluate(() => window.liveshelf.seq);
  await host.getByTestId("next").click(soon);
  await viewer.waitForFunction((seq) => window.liveshelf.seq > seq, before, soon);

  await server.api("POST", "/v1/stock/mug-red/allocate", { units: 7, ref: "po-1" });
  await server.api("POST", "/v1/broadcasts/spring-drop/pause");
  await viewer.waitForFunction(() => window.liveshelf.state.broadcast.state === "paused" && window.liveshelf.state.stock["mug-red"]?.left === 7, null, soon);
  const early = await viewer.evaluate(() => ({ pins: Object.keys(window.liveshelf.state.pins).length, clock: window.liveshelf.clock() }));
  assert.equal(early.pins, 0, "the pin was shown before the picture got there");

  await viewer.waitForFunction(() => Object.keys(window.liveshelf.state.pins).length > 0, null, soon);
  const shown = await viewer.evaluate(() => ({ at: window.liveshelf.state.pins[0].media_at_ms, clock: window.liveshelf.clock() }));
  assert.ok(early.clock < shown.at, `the picture was there already: ${early.clock}, ${shown.at}`);
  assert.ok(shown.clock >= shown.at - 50, `shown ${shown.at - shown.clock} ms before the picture got there`);
  assert.ok(shown.clock < shown.at + 2_000, `shown ${shown.clock - shown.at} ms late`);
  assert.deepEqual(await viewer.evaluate(() => [window.liveshelf.gaps, window.liveshelf.duplicates]), [0, 0]);
});
