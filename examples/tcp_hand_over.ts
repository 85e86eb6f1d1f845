/**
 * A socket belongs to the thread that opened it: as an argument of another thread
 * it is refused. Hand over the work instead: this thread receives and sends, and
 * the threads of a pool do what takes long. (Or run the handlers themselves in
 * threads, by the `concurrency` of a `TcpServer`.)
 *
 *     deno run --allow-net=127.0.0.1 --allow-read examples/tcp_hand_over.ts
 */
import { Thread, ThreadPool } from "@lockstep/lockstep/sync";
import { connect, listen, TcpServer } from "@lockstep/lockstep/tcp";

{
  using listener = listen();
  using client = await connect(listener.addr);
  try {
    Thread.fromFunction((socket: unknown) => typeof socket, [client]);
  } catch (error) {
    console.log(`${error}`);
  }
}

/** How many primes there are below a number; takes a while. */
function countPrimes(limit: number): number {
  let count = 0;
  for (let n = 2; n < limit; n++) {
    let divisor = 2;
    while (n % divisor !== 0) divisor++;
    if (divisor === n) count++;
  }
  return count;
}

await using pool = new ThreadPool({ size: 2 });
const server = new TcpServer({
  handler: async (socket) => {
    for await (const line of socket.lines()) {
      const count = await pool.submit(countPrimes, [Number(line)]);
      await socket.sendAll(new TextEncoder().encode(`${count}\n`));
    }
  },
});
const served = server.serveForever();

const limits = [10, 1_000, 10_000];
const answers = await Promise.all(limits.map(async (limit) => {
  await using client = await connect(server.addr);
  await client.sendAll(new TextEncoder().encode(`${limit}\n`));
  return await client.readLine();
}));
for (const [i, limit] of limits.entries()) {
  console.log(`${answers[i]} primes below ${limit}`);
}

await server.shutdown();
await served;
