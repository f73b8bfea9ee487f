// loadtest/peers/bun.mjs - Bun's own publish to a topic. Prints `ready PORT`. A message of anybody on /pub goes to everybody else.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, own) {
    const publisher = request.url.endsWith("/pub");
    if (!own.upgrade(request, { data: { publisher } })) return new Response("a WebSocket is wanted", { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    sendPings: false,
    backpressureLimit: 16 << 20,
    open(socket) {
      if (!socket.data.publisher) socket.subscribe("show");
    },
    message(socket, text) {
      server.publish("show", text);
    },
  },
});
console.log(`ready ${server.port}`);
