import { assert, assertEquals } from "@std/assert";
import { Doorbell } from "../../mux/doorbell.ts";
import { listen } from "../../tcp/listener.ts";
import { deno } from "../sync/_child.ts";
import { octets, pair } from "../tcp/_pair.ts";
import { LIMIT } from "./_fake.ts";

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

Deno.test("Doorbell can be closed while it is opened, and while it rings", async () => {
  for (const rings of [0, 1]) {
    using bell = new Doorbell();
    for (let i = 0; i < rings; i++) await bell.ring();
    const ringing = bell.ring();
    bell.close();
    await ringing;
  }
});

/** A program that counts the sockets that its selectors have open. */
const COUNT = `
  import { Poll, POLLIN, select, Wakeup } from "@lockstep/lockstep/mux";
  const isSocket = ({ name }: Deno.DirEntry) => {
    try {
      return Deno.readLinkSync("/proc/self/fd/" + name).startsWith("socket:");
    } catch {
      return false; // closed meanwhile
    }
  };
  const open = () => [...Deno.readDirSync("/proc/self/fd")].filter(isSocket).length;
  const looked = { timeoutMs: 0 };
  const before = open();
  const show = (what: string) => console.log(what, open() - before);
  const polls = [new Poll(), new Poll()];
  for (const poll of polls) poll.register(new Wakeup(), POLLIN);
  show("made");
  for (const poll of polls) for (let i = 0; i < 3; i++) await poll.poll(looked);
  show("rung");
  polls[0].close();
  polls[0].close();
  await polls[1].poll(looked);
  show("one closed");
  polls[1].close();
  await new Promise((done) => setTimeout(done, 0));
  show("both closed");
  for (let i = 0; i < 3; i++) await select([new Wakeup()], [], [], looked);
  await new Promise((done) => setTimeout(done, 0));
  show("select()");
`;

Deno.test({
  name: "Selectors share a doorbell's sockets, and the last one closes them",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { stdout, stderr } = await deno(
      ["run", "--quiet", "--allow-all", "-"],
      COUNT,
    );
    const counts = "made 0\nrung 2\none closed 2\nboth closed 0\nselect() 0\n";
    assertEquals([stderr, stdout], ["", counts]);
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
