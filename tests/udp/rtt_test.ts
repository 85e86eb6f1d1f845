import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { ProbeCodec } from "../../udp/_rtt_probe.ts";
import { RttRun } from "../../udp/_rtt_run.ts";
import { RttTally } from "../../udp/_rtt_tally.ts";
import { rtt, type RttProbe } from "../../udp/rtt.ts";
import { UdpServer, type UdpServerOptions } from "../../udp/server.ts";
import { UdpSocket } from "../../udp/socket.ts";

/** A server for one test; disposing of it waits until the port is free. */
function serve(handler: UdpServerOptions["handler"]) {
  const server = new UdpServer({ handler, concurrency: "serial" });
  const served = server.serveForever();
  return {
    addr: server.addr,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await served;
    },
  };
}

/** The sequence number that a probe starts with. */
function sequenceOf(probe: Uint8Array): number {
  return new DataView(probe.buffer, probe.byteOffset).getUint32(0);
}

/** A run of probes on a clock that the test winds. */
function run(count: number, intervalMs: number, lossMs: number) {
  const probes: RttProbe[] = [];
  const addr = { hostname: "127.0.0.1", port: 7007 };
  const onProbe = (probe: RttProbe) => void probes.push(probe);
  const plan = { addr, count, intervalMs, bytes: 16, lossMs, onProbe };
  return { run: new RttRun(plan, 0), probes };
}

Deno.test("rtt() measures against an echo server", async () => {
  await using echo = serve(async ({ data, reply }) => void await reply(data));
  const probes: RttProbe[] = [];
  const statistics = await rtt(echo.addr, {
    intervalMs: 1,
    lossMs: 30_000,
    onProbe: (probe) => void probes.push(probe),
  });
  const { minMs = NaN, avgMs = NaN, maxMs = NaN, stddevMs = NaN, ...counts } =
    statistics;
  assertEquals(counts, { sent: 4, received: 4, lost: 0, duplicates: 0 });
  assertEquals(probes.map(({ sequence }) => sequence), [0, 1, 2, 3]);
  assertEquals(probes[0]?.addr, echo.addr);
  assertEquals(probes[0]?.bytes, 56);
  const times = probes.map(({ ms }) => ms!);
  assertEquals([minMs, maxMs], [Math.min(...times), Math.max(...times)]);
  assertAlmostEquals(avgMs, times.reduce((a, b) => a + b) / 4, 1e-9);
  assert(minMs > 0 && minMs <= avgMs && avgMs <= maxMs && stddevMs >= 0);
});

Deno.test("rtt() looks a name up", async () => {
  await using echo = serve(async ({ data, reply }) => void await reply(data));
  const addr = { hostname: "127.1", port: echo.addr.port };
  assertEquals((await rtt(addr, { count: 1, lossMs: 30_000 })).received, 1);
});

Deno.test("rtt() sends probes of the length asked for, all different", async () => {
  for (const bytes of [16, 57, 65_507]) {
    const seen: Uint8Array[] = [];
    await using echo = serve(async ({ data, reply }) => {
      seen.push(data);
      await reply(data);
    });
    const options = { count: 2, intervalMs: 0, bytes, lossMs: 30_000 };
    const { received } = await rtt(echo.addr, options);
    assertEquals(received, 2);
    assertEquals(seen.map(({ length }) => length), [bytes, bytes]);
    assertNotEquals(seen[0], seen[1]);
  }
});

Deno.test("rtt() keeps to the interval", async () => {
  await using echo = serve(async ({ data, reply }) => void await reply(data));
  const start = performance.now();
  await rtt(echo.addr, { count: 3, intervalMs: 20, lossMs: 30_000 });
  assertGreaterOrEqual(performance.now() - start, 40);
});

Deno.test("rtt() counts what is not answered as lost", async () => {
  await using echo = serve(async ({ data, reply }) => {
    if (sequenceOf(data) !== 1) await reply(data);
  });
  const lost: number[] = [];
  const { stddevMs, ...statistics } = await rtt(echo.addr, {
    count: 3,
    intervalMs: 1,
    lossMs: 500,
    onProbe: ({ sequence, ms }) => ms === undefined && lost.push(sequence),
  });
  assertEquals([statistics.sent, statistics.received], [3, 2]);
  assertEquals(statistics.lost, 1);
  assertEquals(lost, [1]);
  assertLess(statistics.maxMs!, 500);
  assertLess(stddevMs!, 500);
});

Deno.test("rtt() has no times if nothing came back", async () => {
  await using silent = UdpSocket.bind();
  const options = { count: 2, intervalMs: 1, lossMs: 10 };
  assertEquals(await rtt(silent.localAddr, options), {
    sent: 2,
    received: 0,
    lost: 2,
    duplicates: 0,
    minMs: undefined,
    avgMs: undefined,
    maxMs: undefined,
    stddevMs: undefined,
  });
});

Deno.test("rtt() counts a second answer as a duplicate", async () => {
  await using echo = serve(async ({ data, reply }) => {
    await reply(data);
    if (sequenceOf(data) === 0) await reply(data);
  });
  const options = { count: 2, intervalMs: 0, lossMs: 30_000 };
  const { received, duplicates } = await rtt(echo.addr, options);
  assertEquals([received, duplicates], [2, 1]);
});

Deno.test("rtt() takes no damaged answer", async () => {
  await using echo = serve(async ({ data, reply }) => {
    for (const at of [0, 3, 4, 7, 8, 15, 16, 55]) {
      await reply(data.with(at, data[at]! ^ 1));
    }
    await reply(data.subarray(0, 55));
    await reply(new Uint8Array([...data, 0]));
    await reply(new Uint8Array());
  });
  const options = { count: 2, intervalMs: 0, lossMs: 100 };
  const { received, lost, duplicates } = await rtt(echo.addr, options);
  assertEquals([received, lost, duplicates], [0, 2, 0]);
});

Deno.test("rtt() takes no answer from a stranger", async () => {
  await using stranger = UdpSocket.bind();
  await using echo = serve(async ({ data, addr }) => {
    await stranger.sendTo(data, addr);
  });
  const options = { count: 1, lossMs: 100 };
  assertEquals((await rtt(echo.addr, options)).received, 0);
});

Deno.test("rtt() rejects once the time for the whole is over", async () => {
  await using silent = UdpSocket.bind();
  for (const timeoutMs of [0, 20]) {
    const error = await assertRejects(
      () => rtt(silent.localAddr, { timeoutMs }),
      DOMException,
      `not done within ${timeoutMs} ms`,
    );
    assertEquals(error.name, "TimeoutError");
  }
});

Deno.test("rtt() rejects with the reason of the signal", async () => {
  await using echo = serve(async ({ data, reply }) => void await reply(data));
  const reason = new Error("enough");
  const before = AbortSignal.abort(reason);
  assertEquals(
    await rtt(echo.addr, { signal: before }).catch((error) => error),
    reason,
  );
  const during = new AbortController();
  let probes = 0;
  const onProbe = () => {
    probes++;
    during.abort(reason);
  };
  const { signal } = during;
  const options = { intervalMs: 60_000, lossMs: 30_000, signal, onProbe };
  assertEquals(
    await rtt(echo.addr, options).catch((error) => error),
    reason,
  );
  assertEquals(probes, 1);
});

Deno.test("rtt() rejects with what onProbe throws", async () => {
  await using echo = serve(async ({ data, reply }) => void await reply(data));
  const onProbe = () => {
    throw new Error("not like this");
  };
  await assertRejects(
    () => rtt(echo.addr, { lossMs: 30_000, onProbe }),
    Error,
    "not like this",
  );
});

Deno.test("rtt() refuses options out of range", async () => {
  const addr = { hostname: "127.0.0.1", port: 7007 };
  const wrong = [
    { count: 0 },
    { count: 1.5 },
    { count: 2 ** 32 + 1 },
    { intervalMs: -1 },
    { intervalMs: NaN },
    { bytes: 15 },
    { bytes: 65_508 },
    { lossMs: 0 },
    { lossMs: NaN },
    { timeoutMs: -1 },
  ];
  for (const options of wrong) {
    const [name = ""] = Object.keys(options);
    await assertRejects(() => rtt(addr, options), RangeError, name);
  }
  await assertRejects(() => rtt({ ...addr, port: 0 }), RangeError, "port");
});

Deno.test("RttRun ignores an answer that comes after its probe was lost", () => {
  const { run: late, probes } = run(2, 100, 50);
  const first = late.send(0)!;
  late.expire(49.9);
  assertEquals(probes, []);
  late.expire(50);
  assertEquals(probes.map(({ ms }) => ms), [undefined]);
  late.arrived(first, 60);
  late.arrived(first, 61);
  const { received, lost, duplicates } = late.statistics;
  assertEquals([received, lost, duplicates], [0, 1, 0]);
});

Deno.test("RttRun judges by the clock, not by when it was looked at", () => {
  const { run: held } = run(1, 100, 50);
  held.arrived(held.send(0)!, 50); // the thread was busy, nothing expired
  assertEquals(held.statistics.received, 0);
  held.expire(50);
  assertEquals(held.statistics.lost, 1);
  assert(held.done);
});

Deno.test("RttRun takes answers out of order", () => {
  const { run: mixed, probes } = run(3, 10, 1_000);
  const [a, b, c] = [mixed.send(0)!, mixed.send(10)!, mixed.send(20)!];
  mixed.arrived(c, 25);
  mixed.arrived(a, 30);
  mixed.arrived(a, 31);
  mixed.arrived(b, 35);
  assertEquals(
    probes.map(({ sequence, ms }) => [sequence, ms]),
    [[2, 5], [0, 30], [1, 25]],
  );
  assertEquals(mixed.statistics.duplicates, 1);
  assert(mixed.done);
});

Deno.test("RttRun wakes for the next probe or the next loss", () => {
  const { run: timed } = run(2, 100, 50);
  assertEquals(timed.wakeAt, 0);
  timed.send(0);
  assertEquals(timed.send(99), undefined);
  assertEquals(timed.wakeAt, 50);
  timed.expire(50);
  assertEquals(timed.wakeAt, 100);
  timed.send(100);
  assertEquals(timed.wakeAt, 150);
  assertEquals(timed.send(1_000), undefined);
});

Deno.test("RttRun sends no burst after a pause", () => {
  const { run: paused } = run(10, 100, 50);
  paused.send(0);
  assert(paused.send(1_000) !== undefined);
  assert(paused.send(1_000) !== undefined);
  assertEquals(paused.send(1_001), undefined);
});

Deno.test("ProbeCodec does not take the probes of another measurement", () => {
  const [ours, theirs] = [new ProbeCodec(16), new ProbeCodec(16)];
  assertEquals(ours.decode(ours.encode(7)), 7);
  assertEquals(ours.decode(theirs.encode(7)), undefined);
  assertEquals(ours.decode(ours.encode(2 ** 32 - 1)), 2 ** 32 - 1);
});

Deno.test("RttTally computes what ping computes", () => {
  const tally = new RttTally();
  for (const ms of [2, 4, 4, 4, 5, 5, 7, 9]) tally.answered(ms);
  tally.lost();
  assertEquals(tally.statistics, {
    sent: 9,
    received: 8,
    lost: 1,
    duplicates: 0,
    minMs: 2,
    avgMs: 5,
    maxMs: 9,
    stddevMs: 2, // over all eight, not over seven
  });
});

Deno.test("RttTally stays exact for long times that are close together", () => {
  const tally = new RttTally();
  for (const ms of [4, 7, 13, 16]) tally.answered(1e9 + ms);
  assertAlmostEquals(tally.statistics.stddevMs!, Math.sqrt(22.5), 1e-6);
  assertAlmostEquals(tally.statistics.avgMs!, 1e9 + 10, 1e-6);
});
