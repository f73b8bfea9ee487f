// loadtest/peers/socketio.mjs - socket.io over WebSocket alone, its adapter in memory. Prints `ready PORT`. What one emits as `pub` all hear as `m`.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
  pingInterval: 300000,
});
io.on("connection", (socket) => socket.on("pub", (text) => io.emit("m", text)));
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(`ready ${http.address().port}`));
