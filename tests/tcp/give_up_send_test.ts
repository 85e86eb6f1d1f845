import { assert, assertEquals } from "@std/assert";
import { equals } from "@std/bytes";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { random, STRESS, withSeed } from "../sync/_random.ts";
import { joined } from "./_framing.ts";
import { octets, pair, text } from "./_pair.ts";

const LIMIT = { timeoutMs: 10_000 };
const MESSAGES = STRESS ? 5_000 : 150;

/** More than the system takes while nobody receives. */
const MUCH = 5 << 20;

for (const name of ["send", "sendAll"] as const) {
  Deno.test(`TcpSocket.${name}() that was aborted before sends nothing`, async () => {
    using sockets = await pair();
    const { client, server } = sockets;
    const signal = AbortSignal.abort("gone");
    const failed = client[name](octets("never"), { signal });
    assertEquals(await failed.catch((reason) => reason), "gone");
    const after = new AbortController();
    await client[name](octets("sent"), { signal: after.signal, ...LIMIT });
    after.abort();
    await client[name](octets("too"));
    assertEquals(text(await server.receiveExactly(7, LIMIT)), "senttoo");
  });

  Deno.test(`TcpSocket.${name}() that is given up while it waits for its turn sends nothing`, async () => {
    using sockets = await pair();
    const { client, server } = sockets;
    const before = client.sendAll(new Uint8Array(MUCH));
    for (const timeoutMs of [0, 2]) {
      const late = client[name](octets("never"), { timeoutMs });
      assertEquals(await late.catch(({ name }) => name), "TimeoutError");
    }
    const abort = new AbortController();
    const given = client[name](octets("never"), { signal: abort.signal });
    abort.abort("enough");
    assertEquals(await given.catch((reason) => reason), "enough");
    await server.receiveExactly(MUCH, LIMIT);
    await before;
    await client[name](octets("after"));
    assertEquals(text(await server.receiveExactly(5, LIMIT)), "after");
  });
}

Deno.test("TcpSocket.sendAll() that is given up at any time tears no message", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    using sockets = await pair();
    const { client, server } = sockets;
    const codec = lengthPrefixed();
    const numbers: number[] = [];
    const receive = async () => {
      for await (const frame of new FrameReader(server, codec)) {
        const [high, low] = frame;
        assert(frame.every((octet, i) => i < 2 || octet === low));
        numbers.push(256 * high! + low!);
        if (next(8) === 0) await new Promise((r) => setTimeout(r, 1));
      }
    };
    const received = receive();
    const fulfilled: number[] = [];
    let givenUp = 0;
    for (let i = 0; i < MESSAGES; i++) {
      const frame = new Uint8Array(2 + next(2 ** next(18))).fill(i & 255);
      frame[0] = i >> 8;
      const wire = joined(codec.encode(frame));
      const abort = new AbortController();
      const options = next(2)
        ? { signal: abort.signal }
        : { timeoutMs: next(2) };
      const sent = client.sendAll(wire, options).then(
        () => fulfilled.push(i),
        () => givenUp++,
      ).finally(() => wire.fill(255)); // it is ours again
      if (next(2)) abort.abort();
      if (next(4) === 0) await sent;
    }
    await client.closeWrite();
    await received;
    const seen = new Set(numbers);
    assert(fulfilled.every((number) => seen.has(number)), "something is lost");
    assertEquals(numbers, [...seen].sort((a, b) => a - b));
    assert(givenUp > 0 && fulfilled.length > 0);
  });
});

Deno.test("TcpSocket.send() that is given up sends what the system takes, and no more", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const data = new Uint8Array(MUCH).fill(1);
  let sent = await client.send(data); // as much as the system has room for
  const late = await client.send(data, { timeoutMs: 5 }).catch(() => 0);
  sent += late;
  data.fill(2); // it is ours again
  const after = client.sendAll(octets("after"));
  const closed = client.closeWrite();
  const arrived = await Array.fromAsync(server.readable);
  await Promise.all([after, closed]);
  const all = joined(arrived);
  const ones = all.subarray(0, -5);
  assert(equals(ones, new Uint8Array(ones.length).fill(1)));
  assert(ones.length >= sent && ones.length <= sent + MUCH);
  assertEquals(text(all.subarray(-5)), "after");
});
