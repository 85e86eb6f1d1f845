/**
 * Round-trip times to an echo server that loses every fourth datagram.
 *
 *     deno run --unstable-net --allow-net=127.0.0.1 examples/udp_rtt.ts
 */
import { rtt, UdpServer } from "@lockstep/lockstep/udp";

let count = 0;
const echo = new UdpServer({
  handler: async ({ data, reply }) => {
    if (++count % 4 !== 0) await reply(data);
  },
});
const served = echo.serveForever();

const { sent, received, ...times } = await rtt(echo.addr, {
  count: 8,
  intervalMs: 20,
  lossMs: 200,
  onProbe: ({ sequence, ms }) =>
    console.log(`seq=${sequence} ${ms === undefined ? "lost" : ms.toFixed(3)}`),
});
const { minMs = NaN, avgMs = NaN, maxMs = NaN, stddevMs = NaN } = times;
console.log(`${sent} sent, ${received} received`);
console.log(
  "min/avg/max/stddev =",
  [minMs, avgMs, maxMs, stddevMs].map((ms) => ms.toFixed(3)).join("/"),
);

await echo.shutdown();
await served;
