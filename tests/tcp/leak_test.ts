import { assert, assertEquals } from "@std/assert";
import { STRESS } from "../sync/_random.ts";
import { collected } from "./_collected.ts";

const BATCHES = STRESS ? 500 : 20;

/** Sockets and octets of memory, before and after many connections. */
interface Report {
  readonly before: { readonly sockets: number; readonly octets: number };
  readonly after: { readonly sockets: number; readonly octets: number };
}

/** Accepts, echoes and closes; then tells what is left of that. */
const PROGRAM = `
  import { Doorbell } from "./mux/doorbell.ts";
  import { connect } from "./tcp/connect.ts";
  import { TcpServer } from "./tcp/server.ts";
  const message = new Uint8Array(10_000).fill(7);
  const server = new TcpServer({
    handler: async (socket) => {
      for (;;) {
        const received = await socket.receive();
        if (received === null) return;
        await socket.sendAll(received);
      }
    },
    onError: () => {},
  });
  const served = server.serveForever();
  const client = async (_, i) => {
    using socket = await connect(server.addr);
    const echoed = socket.receiveExactly(message.length);
    await socket.sendAll(message);
    await echoed;
    if (i % 3 === 0) await socket.closeWrite();
    if (i % 3 === 1) await socket.receive(1, { timeoutMs: 1 }).catch(() => {});
  };
  const batch = () => Promise.all(Array.from({ length: 100 }, client));
  // Those of TCP: the runtime has pairs of its own, which it opens when it likes.
  const sockets = () => {
    const tcp = Deno.readTextFileSync("/proc/self/net/tcp");
    let count = 0;
    for (const { name } of Deno.readDirSync("/proc/self/fd")) {
      try {
        const link = Deno.readLinkSync("/proc/self/fd/" + name);
        const inode = /^socket:\\[(\\d+)\\]$/.exec(link)?.[1];
        if (inode !== undefined && tcp.includes(" " + inode + " ")) count++;
      } catch {
        // That one was for reading the directory.
      }
    }
    return count;
  };
  const state = async () => {
    while (server.stats.inFlight > 0) await new Promise((r) => setTimeout(r, 1));
    await collect();
    const { heapUsed, external } = Deno.memoryUsage();
    return { sockets: sockets(), octets: heapUsed + external };
  };
  using doorbell = new Doorbell();
  await doorbell.ring(); // opens what it needs
  for (let i = 0; i < 5; i++) await batch();
  const before = await state();
  for (let i = 0; i < ${BATCHES}; i++) await batch();
  const after = await state();
  console.log(JSON.stringify({ before, after }));
  await server.shutdown();
  await served;
`;

Deno.test({
  name: "connections leave neither descriptors nor memory behind",
  ignore: Deno.build.os !== "linux", // which has /proc
  fn: async () => {
    const { before, after } = await collected(PROGRAM) as Report;
    assertEquals(after.sockets, before.sockets);
    const perConnection = (after.octets - before.octets) / (100 * BATCHES);
    assert(perConnection < 300, `${perConnection} octets for each`);
  },
});
