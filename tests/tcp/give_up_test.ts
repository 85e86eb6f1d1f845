import { assert, assertEquals, assertRejects } from "@std/assert";
import { equals } from "@std/bytes";
import type { WaitOptions } from "../../sync/wait_options.ts";
import { connect } from "../../tcp/connect.ts";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { listen } from "../../tcp/listener.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { random, STRESS, withSeed } from "../sync/_random.ts";
import { joined } from "./_framing.ts";
import { octets, pair, text } from "./_pair.ts";

const LIMIT = { timeoutMs: 10_000 };
const MESSAGES = STRESS ? 10_000 : 100;

/** Every way to wait for "hello\n"; what it answers, as text. */
const WAYS: Record<
  string,
  (socket: TcpSocket, options?: WaitOptions) => Promise<string | null>
> = {
  receive: async (socket, options) => text(await socket.receive(6, options)),
  receiveExactly: async (socket, options) =>
    text(await socket.receiveExactly(6, options)),
  receiveInto: async (socket, options) => {
    const buffer = new Uint8Array(6);
    const count = await socket.receiveInto(buffer, options);
    return text(buffer.subarray(0, count ?? 0));
  },
  readLine: async (socket, options) => `${await socket.readLine(options)}\n`,
};

/** The options of a wait that is aborted after the event loop has turned. */
class Soon implements WaitOptions, Disposable {
  readonly #abort = new AbortController();
  readonly #timer = setTimeout(() => this.#abort.abort("enough"));
  readonly signal = this.#abort.signal;

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Waits, and tells how the wait was given up; `undefined` if it was not. */
async function givenUp(wait: (options: WaitOptions) => Promise<unknown>) {
  using soon = new Soon();
  return await outcome(wait, soon);
}

async function outcome(
  wait: (options: WaitOptions) => Promise<unknown>,
  options: WaitOptions,
): Promise<unknown> {
  try {
    await wait(options);
  } catch (error) {
    return error instanceof DOMException ? error.name : error;
  }
  return undefined;
}

for (const [name, way] of Object.entries(WAYS)) {
  const isWhole = name === "receiveExactly" || name === "readLine";

  Deno.test(`TcpSocket.${name}() that was given up before, while or after it waited loses nothing`, async () => {
    using sockets = await pair();
    const { client, server } = sockets;
    const wait = (options: WaitOptions) => way(server, options);
    const gone = { signal: AbortSignal.abort("gone") };
    assertEquals(await outcome(wait, gone), "gone");
    assertEquals(await outcome(wait, { timeoutMs: 0 }), "TimeoutError");
    assertEquals(await outcome(wait, { timeoutMs: 2 }), "TimeoutError");
    assertEquals(await givenUp(wait), "enough");
    await client.sendAll(octets("hel"));
    if (isWhole) { // they wait on for the rest
      assertEquals(await outcome(wait, { timeoutMs: 2 }), "TimeoutError");
      assertEquals(await givenUp(wait), "enough");
    }
    await client.sendAll(octets("lo\n"));
    assertEquals(await outcome(wait, gone), "gone"); // though it is here
    const after = new AbortController();
    let hello = "";
    while (hello.length < 6) {
      hello += await way(server, { signal: after.signal, ...LIMIT });
    }
    after.abort();
    assertEquals(hello, "hello\n");
    await client.sendAll(octets("again\n"));
    assertEquals(await way(server, LIMIT), "again\n");
  });

  Deno.test(`TcpSocket.${name}() that is given up at any time loses nothing`, async () => {
    await withSeed(1, async (seed) => {
      const next = random(seed);
      using sockets = await pair();
      const { client, server } = sockets;
      const all = Array.from({ length: MESSAGES }, (_, i) => `${10_000 + i}\n`);
      const send = async () => {
        for (const message of all) {
          const cut = next(6);
          await client.sendAll(octets(message.slice(0, cut)));
          if (next(4) === 0) await new Promise((r) => setTimeout(r, next(3)));
          await client.sendAll(octets(message.slice(cut)));
        }
      };
      const sent = send();
      let received = "";
      const wait = async (options: WaitOptions) => {
        received += await way(server, options);
      };
      const outcomes = new Set<unknown>();
      while (received.length < 6 * MESSAGES) {
        outcomes.add(
          next(2)
            ? await outcome(wait, { timeoutMs: next(2) })
            : await givenUp(wait),
        );
      }
      await sent;
      assertEquals(received, all.join(""));
      assertEquals(outcomes, new Set([undefined, "enough", "TimeoutError"]));
    });
  });
}

Deno.test("TcpListener.accept() that is given up at any time loses nobody", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    using listener = listen();
    using clients = new DisposableStack();
    const expected: Deno.Addr[] = [];
    const connectAll = async () => {
      for (let i = 0; i < MESSAGES; i++) {
        if (next(4) === 0) await new Promise((r) => setTimeout(r, next(3)));
        const client = clients.use(await connect(listener.addr));
        expected.push(client.localAddr);
      }
    };
    const connected = connectAll();
    const accepted: Deno.Addr[] = [];
    const wait = async (options: WaitOptions) => {
      using socket = await listener.accept(options);
      accepted.push(socket.remoteAddr);
    };
    const outcomes = new Set<unknown>();
    while (accepted.length < MESSAGES) {
      outcomes.add(
        next(2)
          ? await outcome(wait, { timeoutMs: next(2) })
          : await givenUp(wait),
      );
    }
    await connected;
    assertEquals(accepted, expected);
    assertEquals(outcomes, new Set([undefined, "enough", "TimeoutError"]));
  });
});

Deno.test("TcpListener.accept() refuses before it looks, if aborted", async () => {
  using listener = listen();
  using client = await connect(listener.addr);
  const gone = AbortSignal.abort(new Error("gone"));
  await assertRejects(() => listener.accept({ signal: gone }), Error, "gone");
  const after = new AbortController();
  const options = { signal: after.signal, ...LIMIT };
  using server = await listener.accept(options);
  after.abort();
  await client.sendAll(octets("still here\n"));
  assertEquals(await server.readLine(LIMIT), "still here");
});

const FRAMES = STRESS ? 5_000 : 150;

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
    for (let i = 0; i < FRAMES; i++) {
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
