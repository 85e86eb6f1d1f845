import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { STRESS } from "../sync/_random.ts";

const BATCHES = STRESS ? 500 : 20;

/** Accepts, echoes and closes; then tells what is left of that. */
const PROGRAM = `
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
  const sockets = () => {
    let count = 0;
    for (const { name } of Deno.readDirSync("/proc/self/fd")) {
      try {
        const link = Deno.readLinkSync("/proc/self/fd/" + name);
        if (link.startsWith("socket:")) count++;
      } catch {
        // That one was for reading the directory.
      }
    }
    return count;
  };
  const state = async () => {
    while (server.stats.inFlight > 0) await new Promise((r) => setTimeout(r, 1));
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      gc();
    }
    const { heapUsed, external } = Deno.memoryUsage();
    return { sockets: sockets(), octets: heapUsed + external };
  };
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
    // To read /proc takes all permissions.
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--v8-flags=--expose-gc", "--allow-all", "-"],
      cwd: fileURLToPath(import.meta.resolve("../../")),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(STRESS ? 300_000 : 30_000),
    }).spawn();
    await new Blob([PROGRAM]).stream().pipeTo(child.stdin);
    const { stdout, stderr } = await child.output();
    const text = new TextDecoder().decode(stdout);
    assert(text !== "", new TextDecoder().decode(stderr));
    const { before, after } = JSON.parse(text);
    assertEquals(after.sockets, before.sockets);
    const perConnection = (after.octets - before.octets) / (100 * BATCHES);
    assert(perConnection < 300, `${perConnection} octets for each`);
  },
});
