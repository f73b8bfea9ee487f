// A WebSocket of npm's `ws`, told what to do by lines of JSON on standard input and telling what happens on standard output.
// The other bridge of this folder has the same words; foreign.py speaks them.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import WebSocket from "ws";

let socket = null;
const tell = (event) => process.stdout.write(JSON.stringify(event) + "\n");

function open({ url, protocol, origin, ca }) {
  const options = { perMessageDeflate: true, ...(origin && { origin }), ...(ca && { ca: readFileSync(ca) }) };
  const mine = new WebSocket(url, protocol, options);
  let refused = false;
  socket = mine;
  mine.on("open", () => tell({ event: "open", protocol: mine.protocol, extensions: mine.extensions }));
  mine.on("unexpected-response", (_request, answer) => {
    refused = true;
    tell({ event: "refused", status: answer.statusCode, retry_after: answer.headers["retry-after"] ?? null });
    answer.resume();
    mine.terminate();
  });
  mine.on("message", (data, binary) => tell({ event: "message", text: data.toString("utf8"), binary }));
  mine.on("ping", () => tell({ event: "ping" }));
  mine.on("pong", (data) => tell({ event: "pong", text: data.toString("utf8") }));
  mine.on("error", (error) => refused || tell({ event: "error", text: String(error.message) }));
  mine.on("close", (code, reason) => refused || tell({ event: "closed", code, reason: reason.toString("utf8") }));
}

const acts = {
  open,
  send: ({ text }) => socket.send(text),
  fragments: ({ parts }) => parts.forEach((part, i) => socket.send(part, { fin: i === parts.length - 1 })),
  ping: ({ text }) => socket.ping(text),
  close: ({ code, reason }) => socket.close(code, reason),
  cut: () => socket.terminate(),
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const order = JSON.parse(line);
    acts[order.do](order);
  })
  .on("close", () => process.exit(0));
