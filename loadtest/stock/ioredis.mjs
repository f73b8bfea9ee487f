// loadtest/stock/ioredis.mjs - the usual way: Node.js and ioredis, one script per reservation, the same as peers.c's `evalsha`.
//   node ioredis.mjs SOCKET LAST_MS IN_FLIGHT      prints one JSON object
import { createRequire } from 'node:module';

const { Redis } = createRequire(`${process.cwd()}/`)('ioredis');
const [socket, lastMs, inFlight] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const redis = new Redis({ path: socket });
redis.defineCommand('reserve', {
  numberOfKeys: 4,
  lua: `local free=tonumber(redis.call('HGET',KEYS[1],ARGV[4]..':free') or '0')
    local units=tonumber(ARGV[5])
    if redis.call('HEXISTS',KEYS[2],ARGV[1])==1 then return 1 end
    if free<units then return -1 end
    redis.call('HINCRBY',KEYS[1],ARGV[4]..':free',-units)
    redis.call('HINCRBY',KEYS[1],ARGV[4]..':held',units)
    redis.call('HSET',KEYS[2],ARGV[1],'H|'..ARGV[2]..'|'..ARGV[3]..'|'..ARGV[4]..':'..ARGV[5])
    redis.call('ZADD',KEYS[3],ARGV[3],ARGV[1])
    redis.call('XADD',KEYS[4],'*','m','R '..ARGV[1]..' '..ARGV[2]..' '..ARGV[4]..':'..ARGV[5])
    return 0`,
});
await redis.hset('i:c', 'mug-red:free', 1e9);
const took = [];
const run = Date.now().toString(36);
let asked = 0;
let over = false;
setTimeout(() => { over = true; }, lastMs);
const began = process.hrtime.bigint();
const buyer = async () => {
  while (!over) {
    const n = asked++;
    const sent = process.hrtime.bigint();
    const answer = await redis.reserve('i:c', 'i:h', 'i:x', 'i:g', `h_${run}${n}`, `v_${n % 1000000}`, 1795177500123, 'mug-red', 1);
    if (answer !== 0) throw new Error(`answered ${answer}`);
    took.push(Number(process.hrtime.bigint() - sent) / 1000);
  }
};
await Promise.all(Array.from({ length: inFlight }, buyer));
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
took.sort((a, b) => a - b);
const at = (share) => Math.round(took[Math.min(took.length - 1, Math.floor(took.length * share))]);
console.log(JSON.stringify({ requests: took.length, seconds, per_second: Math.round(took.length / seconds), p50_us: at(0.5), p99_us: at(0.99) }));
redis.disconnect();
