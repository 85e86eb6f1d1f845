import { assert, assertEquals } from "@std/assert";
import { Doorbell } from "../../mux/doorbell.ts";
import { POLLIN } from "../../mux/event_bits.ts";
import { Poll } from "../../mux/poll.ts";
import { select } from "../../mux/select.ts";
import { listen } from "../../tcp/listener.ts";
import { deno } from "../sync/_child.ts";
import { octets, pair, text } from "../tcp/_pair.ts";
import { Fake, LIMIT } from "./_fake.ts";

const LINUX = Deno.build.os === "linux";

/** How many descriptors this process has open. */
function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

Deno.test("Doorbell.ring() waits until all sockets were looked at", async () => {
  const pairs = await Promise.all(Array.from({ length: 100 }, () => pair()));
  using bell = new Doorbell();
  try {
    for (let round = 0; round < 2; round++) {
      let come = 0;
      const reads = pairs.map(async ({ server }) => {
        await server.receive(1, LIMIT);
        come++;
      });
      await bell.ring(); // all reads are under way
      for (const { client } of pairs) client.trySend(octets("x"));
      await bell.ring();
      assertEquals(come, 100);
      await Promise.all(reads);
    }
  } finally {
    for (const sockets of pairs) sockets[Symbol.dispose]();
  }
});

Deno.test("Doorbell.ring() lets timers and sockets have their turn, however often", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using bell = new Doorbell();
  let rung = false;
  setTimeout(() => rung = true, 0);
  const received = server.receive(undefined, LIMIT).then(() => rung &&= true);
  await client.sendAll(octets("x"));
  for (let i = 0; !rung; i++) {
    assert(i < 100_000, "starved");
    await bell.ring();
  }
  await received;
});

Deno.test("Doorbell.ring() begins after the call, for each of many callers", async () => {
  using bell = new Doorbell();
  using other = new Doorbell();
  for (let i = 0; i < 3; i++) {
    const order: string[] = [];
    const first = bell.ring().then(() => order.push("first"));
    const second = other.ring().then(() => order.push("second"));
    const third = bell.ring().then(() => order.push("third"));
    await Promise.all([first, second, third]);
    assertEquals(order, ["first", "second", "third"]);
  }
});

Deno.test({
  name:
    "Doorbell has no sockets before it is rung, nor after the last one is closed",
  ignore: !LINUX,
  async fn() {
    const before = descriptors();
    const bell = new Doorbell();
    const other = new Doorbell();
    assertEquals(descriptors(), before);
    await bell.ring();
    assertEquals(descriptors(), before + 2);
    await other.ring();
    assertEquals(descriptors(), before + 2);
    bell.close();
    bell.close();
    await other.ring();
    assertEquals(descriptors(), before + 2);
    other.close();
    await new Promise((done) => setTimeout(done, 0));
    assertEquals(descriptors(), before);
  },
});

Deno.test("Doorbell can be closed while it is opened, and while it rings", async () => {
  for (const rings of [0, 1]) {
    using bell = new Doorbell();
    for (let i = 0; i < rings; i++) await bell.ring();
    const ringing = bell.ring();
    bell.close();
    await ringing;
  }
});

Deno.test({
  name: "Selectors share a doorbell, and the last one closes its sockets",
  ignore: !LINUX,
  async fn() {
    const before = descriptors();
    const polls = [new Poll(), new Poll()];
    for (const poll of polls) {
      poll.register(new Fake(), POLLIN);
      for (let i = 0; i < 3; i++) await poll.poll({ timeoutMs: 0 });
    }
    assertEquals(descriptors(), before + 2);
    polls[0]!.close();
    assertEquals(await polls[1]!.poll({ timeoutMs: 0 }), []);
    polls[1]!.close();
    await new Promise((done) => setTimeout(done, 0));
    assertEquals(descriptors(), before);
  },
});

/** A program that looks at a connection without waiting, again and again. */
const LOOK = `
  import { Poll, POLLIN } from "@lockstep/lockstep/mux";
  import { connect } from "@lockstep/lockstep/tcp";
  const port = Number(Deno.args[0]);
  const host = "127.0.0.1:0";
  console.log(Deno.permissions.querySync({ name: "net", host }).state);
  using socket = await connect({ port });
  using poll = new Poll();
  poll.register(socket, POLLIN);
  let timer = 0;
  setTimeout(() => timer = 1, 0);
  console.log((await poll.poll({ timeoutMs: 0 })).length);
  await socket.sendAll(new Uint8Array(1));
  let empty = 0;
  while ((await poll.poll({ timeoutMs: 0 })).length === 0) empty++;
  console.log(socket.tryReceive()?.length, empty < 100_000);
  while (timer === 0) await poll.poll({ timeoutMs: 0 });
  console.log("done");
`;

for (const [state, allowed] of [["prompt", ""], ["granted", ",127.0.0.1:0"]]) {
  Deno.test(`Poll.poll() with timeoutMs 0 looks at sockets when a doorbell is ${state}`, async () => {
    using listener = listen();
    const { port } = listener.addr as Deno.NetAddr;
    const net = `--allow-net=127.0.0.1:${port}${allowed}`;
    const answering = listener.accept().then(async (server) => {
      using _closing = server;
      await server.receiveExactly(1, LIMIT);
      await server.sendAll(octets("ab"));
      await server.receive(1, LIMIT); // until the other side is done
    });
    const flags = ["run", "--quiet", "--allow-read", net, "-", `${port}`];
    const { code, stdout, stderr } = await deno(flags, LOOK);
    assertEquals([stderr, code], ["", 0]);
    assertEquals(stdout, `${state}\n0\n2 true\ndone\n`);
    await answering;
  });
}

Deno.test("select() needs no permission for what is no socket", async () => {
  const { code, stdout, stderr } = await deno(
    ["run", "--quiet", "--allow-read", "-"],
    `
    import { select, TimerSource } from "@lockstep/lockstep/mux";
    import { Queue } from "@lockstep/lockstep/sync";
    using timer = new TimerSource(1);
    const queue = new Queue<number>();
    const sources = [timer, queue];
    console.log((await select(sources)).flat()[0] === timer);
    queue.tryPut(7);
    const [ready] = await select([queue], [], [], { timeoutMs: 0 });
    console.log(ready[0]?.tryGet());
  `,
  );
  assertEquals([stderr, code, stdout], ["", 0, "true\n7\n"]);
});

Deno.test("select() that looks once does not leave anything open", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.sendAll(octets("x"));
  const before = LINUX ? descriptors() : 0;
  for (let i = 0; i < 3; i++) {
    await select([server], [], [], { timeoutMs: 0 });
  }
  assertEquals(LINUX ? descriptors() : 0, before);
  assertEquals(text(server.tryReceive()), "x");
});
