// The same pages over TLS that the server itself ends: wss from a real browser, with a certificate made here, which browser and Node
// are told to trust (NODE_TLS_REJECT_UNAUTHORIZED=0 for the latter).
import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { example, prepare, startServer, startBrowser, person } from "./harness.mjs";

const on = (page, id) => page.getByTestId(id);
const soon = { timeout: 15_000 };

function certificate(t) {
  const dir = mkdtempSync(join(tmpdir(), "liveshelf-browser-tls-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const [cert, key] = [join(dir, "cert.pem"), join(dir, "key.pem")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out", cert, "-keyout", key], { stdio: "ignore" });
  return ["--tls-cert-file", cert, "--tls-key-file", key];
}

test("a viewer sees a pin and claims a unit over TLS", { timeout: 120_000 }, async (t) => {
  const server = await startServer({ args: certificate(t) });
  t.after(() => server.stop());
  assert.match(server.origin, /^https:/);
  const browser = await startBrowser(["--ignore-certificate-errors"]);
  t.after(() => browser.close());
  const first = example("spring-drop.json").cues.find((c) => c.sku);
  await prepare(server, { units: { [first.sku]: 3 } });

  const host = await person(browser, server, "host", { width: 820, height: 1180 });
  const ann = await person(browser, server, "viewer");
  assert.equal(await ann.evaluate(() => location.protocol), "https:");
  await on(host, "start").click(soon);
  await on(host, "start-now").click(soon);
  await host.waitForFunction(() => window.liveshelf?.state?.broadcast?.state === "live", null, soon);
  await on(host, "next").click(soon);
  await on(ann, "pin-card").getByText(first.title).first().waitFor(soon);
  await on(ann, "reserve-button").first().click(soon);
  await on(ann, "hold-state").first().waitFor(soon);
  assert.deepEqual([...ann.complaints, ...host.complaints], []);
});
