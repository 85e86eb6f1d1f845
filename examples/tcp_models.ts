/**
 * One handler under every model of concurrency: an echo server, 20 clients at
 * once, 20 messages each. Which is the fastest depends on the machine; see the
 * table at `Concurrency` for what each is for.
 *
 *     deno run --unstable-net --allow-net=127.0.0.1 --allow-read --allow-run \
 *       examples/tcp_models.ts
 */
import {
  CONCURRENCIES,
  type Concurrency,
  connect,
  TcpServer,
  type TcpSocket,
} from "@lockstep/lockstep/tcp";

const CLIENTS = 20;
const MESSAGES = 20;

/** Sends back whatever comes; the same in a thread, or another process. */
export async function echo(socket: TcpSocket): Promise<void> {
  for (;;) {
    const received = await socket.receive();
    if (received === null) return;
    await socket.sendAll(received);
  }
}

/** Says something, and hears whether it comes back. */
async function talk(addr: Deno.Addr): Promise<void> {
  await using socket = await connect({ ...addr, timeoutMs: 10_000 });
  for (let i = 0; i < MESSAGES; i++) {
    const message = crypto.getRandomValues(new Uint8Array(64));
    await socket.sendAll(message);
    const answer = await socket.receiveExactly(64, { timeoutMs: 10_000 });
    if (answer.some((octet, at) => octet !== message[at])) {
      throw new Error("Cannot trust the echo: it differs");
    }
  }
}

/** Messages there and back in a second, under a model. */
async function rate(concurrency: Concurrency): Promise<number> {
  const listening = Promise.withResolvers<Deno.Addr>();
  const server = new TcpServer({
    handler: { module: import.meta.url, name: "echo" },
    concurrency,
    // A thread takes 30 ms and 12 MiB: the other clients wait for one.
    maxConnections: concurrency === "threads" ? 2 : CLIENTS,
    onListen: listening.resolve,
  });
  const served = server.serveForever();
  served.catch(listening.reject);
  try {
    const addr = await listening.promise;
    const start = performance.now();
    await Promise.all(Array.from({ length: CLIENTS }, () => talk(addr)));
    return CLIENTS * MESSAGES / (performance.now() - start) * 1000;
  } finally {
    await server.shutdown({ graceMs: 1000 });
    await served;
  }
}

/** Runs all models, one after the other, and prints a table. */
export async function race(): Promise<void> {
  for (const model of CONCURRENCIES) {
    try {
      const perSecond = Math.round(await rate(model));
      console.log(`  ${model.padEnd(12)} ${perSecond} messages/s`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      console.log(`  ${model.padEnd(12)} not here: ${error.message}`);
    }
  }
}

if (import.meta.main) {
  console.log(`${CLIENTS} clients, ${MESSAGES} messages of 64 octets each`);
  race(); // awaited here, this module would wait for itself
}
