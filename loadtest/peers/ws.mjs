// loadtest/peers/ws.mjs - Node and npm's ws: a loop over all clients. Prints `ready PORT`. A message of anybody on /pub goes to all others.
import { WebSocketServer } from "ws";

const viewers = new Set();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 });
server.on("listening", () => console.log(`ready ${server.address().port}`));
server.on("connection", (socket, request) => {
  socket.on("error", () => {});
  if (request.url === "/pub") {
    socket.on("message", (text) => {
      for (const viewer of viewers) if (viewer.readyState === viewer.OPEN) viewer.send(text, { binary: false });
    });
    return;
  }
  viewers.add(socket);
  socket.on("close", () => viewers.delete(socket));
});
