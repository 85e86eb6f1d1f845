/*
 * One wait for sockets and for the primitives of `sync`, which another thread
 * releases, sets and fills.
 */
import { assert, assertEquals } from "@std/assert";
import { EPOLLIN, EVENT_READ } from "../../mux/event_bits.ts";
import { Epoll } from "../../mux/epoll.ts";
import type { Waitable } from "../../mux/readiness.ts";
import { select } from "../../mux/select.ts";
import { Selector } from "../../mux/selector.ts";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Pipe } from "../../sync/pipe.ts";
import { Queue } from "../../sync/queue.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { threads } from "../../sync/threads.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { octets, pair, text } from "../tcp/_pair.ts";
import { LIMIT } from "./_fake.ts";

const bodies = threads<typeof import("./_thread_bodies.ts")>(
  import.meta.resolve("./_thread_bodies.ts"),
);

Deno.test("Selector.select() waits for sockets and for what another thread does", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await using udp = UdpSocket.bind();
  const orders = new Queue<string>();
  const lock = new Lock();
  const semaphore = new Semaphore(0);
  const event = new Event();
  const queue = new Queue<string>();
  const [ours, theirs] = Pipe();
  const all = { lock, semaphore, event, queue, end: theirs };
  const thread = bodies.start("obey", [orders, all]);
  await orders.join(LIMIT);
  await orders.put("lock");
  await orders.join(LIMIT); // it holds the lock

  const ending = new AbortController();
  using selector = new Selector<[string, () => unknown]>();
  const register = (source: Waitable, name: string, take: () => unknown) =>
    selector.register(source, EVENT_READ, [name, take]);
  register(server, "socket", () => text(server.tryReceive()));
  register(udp, "datagram", () => text(udp.tryReceive()?.data));
  register(lock, "unlock", () => lock.tryAcquire() !== undefined);
  register(semaphore, "release", () => semaphore.tryAcquire() !== undefined);
  register(event, "set", () => (event.clear(), true));
  register(queue, "put", () => queue.tryGet());
  register(ours, "send", () => ours.tryReceive());
  register(ending.signal, "abort", () => selector.unregister(ending.signal));
  assertEquals(await selector.select({ timeoutMs: 0 }), []);

  const expect = async (name: string, taken: unknown) => {
    const ready = await selector.select(LIMIT);
    assertEquals(ready.map(([{ data }]) => data[0]), [name]);
    const result = ready[0]![0].data[1]();
    if (taken !== undefined) assertEquals(result, taken);
    assertEquals(await selector.select({ timeoutMs: 0 }), []);
  };
  for (let round = 0; round < 2; round++) {
    for (const order of ["release", "set"]) {
      await orders.put(order);
      await expect(order, true);
    }
    await orders.put("put");
    await expect("put", "an item");
    await orders.put("send");
    await expect("send", "a message");
    await client.sendAll(octets("x"));
    await expect("socket", "x");
    await udp.sendTo(octets("y"), udp.localAddr);
    await expect("datagram", "y");
  }
  await orders.put("unlock");
  await expect("unlock", true);
  ending.abort();
  await expect("abort", undefined);
  await orders.put("end");
  await thread.join(LIMIT);
  lock.release();
});

Deno.test("Epoll.poll() in several threads shares the items of a queue", async () => {
  const queue = new Queue<number>();
  const started = Array.from(
    { length: 2 },
    () => bodies.start("pollQueue", [queue]),
  );
  using epoll = new Epoll();
  epoll.register(queue, EPOLLIN);
  let sum = 0;
  for (let i = 1; i <= 200; i++) queue.tryPut(i);
  queue.shutdown();
  for (let isOpen = true; isOpen;) {
    assert((await epoll.poll(LIMIT)).length > 0);
    try {
      sum += queue.tryGet() ?? 0;
    } catch {
      isOpen = false; // empty, and shut down
    }
  }
  for (const thread of started) sum += await thread.join(LIMIT);
  assertEquals(sum, 20_100);
});

Deno.test("select() of a primitive leaves its permits to those who take them", async () => {
  const semaphore = new Semaphore(0);
  const waits = [
    select([semaphore], [], [], LIMIT),
    select([semaphore], [], [], LIMIT),
  ];
  const acquiring = semaphore.acquire(LIMIT);
  semaphore.release(2);
  using _permit = await acquiring;
  for (const wait of waits) assertEquals((await wait)[0], [semaphore]);
  assertEquals(semaphore.value, 1);
});

Deno.test("select() that ended leaves no wait behind on a primitive", async () => {
  const event = new Event();
  for (let i = 0; i < 3; i++) {
    assertEquals(await select([event], [], [], { timeoutMs: 0 }), [[], [], []]);
  }
  event.set(); // nobody is woken
  assertEquals((await select([event]))[0], [event]);
});
