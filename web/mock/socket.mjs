/* The server side of RFC 6455, as much as the mock needs: text, ping, pong, close; no extensions, no fragments sent. */

import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MESSAGE_BYTES_MAX = 1 << 20;

export function accept(request, socket, protocol) {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`);
  socket.setNoDelay(true);
  const conn = { onmessage: () => {}, onclose: () => {}, open: true };
  let buffer = Buffer.alloc(0);
  let parts = [];

  const frame = (opcode, payload) => {
    const n = payload.length;
    const head = n < 126 ? Buffer.from([0x80 | opcode, n]) : n < 65536 ? Buffer.from([0x80 | opcode, 126, n >> 8, n & 255]) : Buffer.alloc(10);
    if (n >= 65536) {
      head[0] = 0x80 | opcode;
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(n), 2);
    }
    if (!socket.destroyed) socket.write(Buffer.concat([head, payload]));
  };
  const closed = () => {
    if (!conn.open) return;
    conn.open = false;
    conn.onclose();
  };

  conn.send = (message) => conn.open && frame(1, Buffer.from(JSON.stringify(message)));
  conn.close = (code, reason = '') => {
    const body = Buffer.alloc(2 + Buffer.byteLength(reason));
    body.writeUInt16BE(code, 0);
    body.write(reason, 2);
    frame(8, body);
    closed();
    socket.end();
  };
  conn.drop = () => {                      /* as a cable pulled out */
    socket.destroy();
    closed();
  };

  socket.on('data', (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
      if (buffer.length < 6) return;
      let n = buffer[1] & 127;
      let at = 2;
      if (n === 126) {
        n = buffer.readUInt16BE(2);
        at = 4;
      } else if (n === 127) {
        n = Number(buffer.readBigUInt64BE(2));
        at = 10;
      }
      if (n > MESSAGE_BYTES_MAX) return conn.close(1009);
      if (buffer.length < at + 4 + n) return;
      const mask = buffer.subarray(at, at + 4);
      const payload = Buffer.from(buffer.subarray(at + 4, at + 4 + n));
      for (let i = 0; i < n; i++) payload[i] ^= mask[i & 3];
      const opcode = buffer[0] & 15;
      const final = buffer[0] & 128;
      buffer = buffer.subarray(at + 4 + n);
      if (opcode === 8) {
        frame(8, payload.subarray(0, 2));
        closed();
        socket.end();
        return;
      }
      if (opcode === 9) frame(10, payload);
      if (opcode > 2) continue;
      parts.push(payload);
      if (!final) continue;
      const text = Buffer.concat(parts).toString();
      parts = [];
      if (conn.open) conn.onmessage(text);
    }
  });
  socket.on('close', closed);
  socket.on('error', closed);
  return conn;
}
