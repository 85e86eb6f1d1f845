/**
 * Who is not accepted yet waits in a queue of the system, of which the backlog is
 * the length: here it fills, somebody does not get in, one is accepted, and the
 * next one gets in. Systems give some places more than they are asked for; Linux
 * gives one.
 *
 *     deno run --allow-net=127.0.0.1 examples/tcp_backlog.ts
 */
import { connect, listen, type TcpSocket } from "@lockstep/lockstep/tcp";

using listener = listen({ backlog: 2 });
using waiting = new DisposableStack();
let number = 0;

/** Connects one more client; it tells its number to whom accepts it. */
async function come(): Promise<TcpSocket> {
  number++;
  // In the queue at once, or never: there is no network in between.
  const client = await connect({ ...listener.addr, timeoutMs: 300 });
  await client.sendAll(new TextEncoder().encode(`client ${number}\n`));
  console.log(`client ${number} waits`);
  return waiting.use(client);
}

try {
  for (;;) await come();
} catch (error) {
  console.log(`client ${number} does not get in: ${(error as Error).name}`);
}

using accepted = await listener.accept();
console.log(`accepted: ${await accepted.readLine()}`);
await come();
