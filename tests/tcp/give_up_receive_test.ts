import { assertEquals, assertRejects } from "@std/assert";
import type { WaitOptions } from "../../sync/wait_options.ts";
import { connect } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { random, STRESS, withSeed } from "../sync/_random.ts";
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
