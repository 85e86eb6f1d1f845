import { assertEquals } from "@std/assert";
import { UdpSocket } from "../../udp/socket.ts";

/** Mulberry32: numbers from 0 up to, but not including, the limit. */
function random(seed: number): (limit: number) => number {
  return (limit) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/**
 * Sends numbered datagrams to many callers that give up at random. Answers the
 * numbers received, in the order in which their receivers began to wait.
 */
async function storm(
  total: number,
  next: (limit: number) => number,
): Promise<number[]> {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const received: [place: number, datagram: number][] = [];
  const controllers = Array.from({ length: 24 }, () => new AbortController());
  let places = 0;
  let progress = performance.now();
  const caller = async (_: unknown, id: number) => {
    while (received.length < total) {
      const place = places++;
      if (controllers[id]!.signal.aborted) {
        controllers[id] = new AbortController();
      }
      const { signal } = controllers[id]!;
      try {
        const { data } = await to.receive({ timeoutMs: next(4), signal });
        received.push([place, new DataView(data.buffer).getUint32(0)]);
        progress = performance.now();
      } catch (error) {
        if (
          error !== "gone" && (error as DOMException).name !== "TimeoutError"
        ) throw error;
        if (performance.now() - progress > 5_000) {
          throw new Error("a datagram is lost");
        }
      }
    }
  };
  const callers = Promise.all(controllers.map(caller));
  const sender = (async () => {
    for (let sent = 0; sent < total; sent++) {
      const data = new Uint8Array(4);
      new DataView(data.buffer).setUint32(0, sent);
      controllers[next(24)]!.abort("gone");
      await from.sendTo(data, to.localAddr);
      controllers[next(24)]!.abort("gone");
      if (next(64) === 0) {
        await new Promise((resolve) => setTimeout(resolve, next(4)));
      }
      while (sent - received.length > 100) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
  })();
  await Promise.all([callers, sender]);
  return received.sort(([a], [b]) => a - b).map(([, datagram]) => datagram);
}

Deno.test("UdpSocket.receive() loses, doubles and reorders nothing when callers give up at random", async () => {
  const seed = Number(
    Deno.env.get("LOCKSTEP_SEED") ??
      crypto.getRandomValues(new Uint32Array(1))[0],
  );
  const total = Deno.env.get("LOCKSTEP_STRESS") ? 200_000 : 4_000;
  const received = await storm(total, random(seed)).catch((cause) => {
    throw new Error(`Cannot pass: LOCKSTEP_SEED=${seed} repeats it`, { cause });
  });
  assertEquals(
    received,
    [...Array(total).keys()],
    `LOCKSTEP_SEED=${seed} repeats it`,
  );
});
