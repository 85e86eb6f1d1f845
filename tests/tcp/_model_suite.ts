/** What every model of a server has to do. */
import { assert, assertEquals } from "@std/assert";
import { connect } from "../../tcp/connect.ts";
import type { Concurrency } from "../../tcp/concurrency.ts";
import { TcpServer, type TcpServerOptions } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { until } from "../sync/_until.ts";
import { told } from "./_handlers_echo.ts";
import { octets, text } from "./_pair.ts";

export const LIMIT = { timeoutMs: 20_000 };
const MODULE = import.meta.resolve("./_handlers_echo.ts");

/** Runs a test with a server, and shuts it down. */
export async function withServer(
  options: TcpServerOptions,
  test: (server: TcpServer) => Promise<void>,
): Promise<void> {
  const listening = Promise.withResolvers<void>();
  const server = new TcpServer({
    ...options,
    onListen: (addr) => {
      options.onListen?.(addr);
      listening.resolve();
    },
  });
  const served = server.serveForever();
  served.catch(listening.reject);
  try {
    await listening.promise;
    await test(server);
  } finally {
    await server.shutdown({ graceMs: 0 });
    await served;
  }
}

/** A handler of the module that all models run. */
export function handlerOf(
  name: "echo" | "Host",
): { module: string; name: string } {
  return { module: MODULE, name };
}

/** Connects, says the first words, and closes when the test is over. */
async function client(server: TcpServer, words: string): Promise<TcpSocket> {
  const socket = await connect({ ...server.addr, ...LIMIT });
  await socket.sendAll(octets(words));
  return socket;
}

/** Hears the last words of the handler, then the end. */
async function partFrom(socket: TcpSocket): Promise<void> {
  assertEquals(await socket.readLine(LIMIT), "bye");
  assertEquals(await socket.receive(1, LIMIT), null);
}

/**
 * The suite: whatever the model, clients see the same.
 *
 * @param options What the model needs besides.
 */
export function suite(
  concurrency: Concurrency,
  options: Partial<TcpServerOptions> = {},
): void {
  const many = { serial: 1, threads: 2 }[concurrency as string] ?? 20;

  /** Many talk side by side, each in order; one of them much. */
  async function talk(server: TcpServer): Promise<void> {
    const talks = Array.from({ length: many }, async (_, i) => {
      using socket = await client(server, "talk\n");
      for (const word of ["hello", `client ${i}`, "grüße"]) {
        await socket.sendAll(octets(`${word}\n`));
        assertEquals(await socket.readLine(LIMIT), word.toUpperCase());
      }
      await socket.sendAll(octets("take 8\n1234"));
      await socket.sendAll(octets("5678"));
      const taken = await socket.receiveExactly(8, LIMIT);
      assertEquals(text(taken), "12345678");
      await socket.closeWrite(); // half: it still answers
      assertEquals(await socket.readLine(LIMIT), "the end");
      await partFrom(socket);
    });
    await Promise.all(talks);
    await until(() => server.stats.handled === many);
    assertEquals(server.stats.inFlight, 0);

    using large = await client(server, "talk\n");
    const line = "x".repeat(200_000);
    const sent = large.sendAll(octets(`${line}\n`));
    const answer = await large.readLine({ ...LIMIT, maxBytes: 1_000_000 });
    await sent;
    assert(answer === line.toUpperCase());
    await large.closeWrite();
    assertEquals(await large.readLine(LIMIT), "the end");
    await partFrom(large);
    await until(() => server.stats.handled === many + 1);
  }

  /** The server goes on when handlers throw, or clients leave. */
  async function fail(server: TcpServer): Promise<void> {
    using bad = await client(server, "nobody\n");
    assertEquals(await bad.readLine(LIMIT), "hi nobody");
    await partFrom(bad); // finish() all the same
    await until(() => server.stats.failed === 1);
    const isToldHere = concurrency !== "pool" && concurrency !== "prefork";
    assertEquals(
      told.map((error) => (error as Error).message),
      isToldHere ? ["nobody is not welcome"] : [],
    );

    (await client(server, "")).close();
    await until(() => server.stats.handled + server.stats.failed === many + 3);
    using good = await client(server, "Ann\n");
    assertEquals(await good.readLine(LIMIT), "hi Ann");
  }

  /** The server lets handlers finish, then tells them to end. */
  async function drain(server: TcpServer): Promise<void> {
    using socket = await client(server, "wait\ngo");
    assertEquals(await socket.readLine(LIMIT), "waiting");
    const ended = server.shutdown({ graceMs: 50 });
    assertEquals(await socket.readLine(LIMIT), "told to end");
    assertEquals(await ended, 0);
  }

  Deno.test(`TcpServer ${concurrency} serves side by side, goes on when handlers throw, and drains`, async () => {
    told.length = 0;
    const given = { ...options, handler: handlerOf("Host"), concurrency };
    await withServer(given, async (server) => {
      await talk(server);
      await fail(server);
      await drain(server);
    });
  });
}

/** Keeps what would go to stderr. */
export function muted(): Disposable & { readonly said: unknown[] } {
  const { error } = console;
  const said: unknown[] = [];
  console.error = (...args: unknown[]) => void said.push(...args);
  return {
    said,
    [Symbol.dispose]: () => {
      console.error = error;
    },
  };
}
