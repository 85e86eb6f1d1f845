import { assert, assertEquals } from "@std/assert";
import { Lock } from "../../sync/lock.ts";
import { Pipe, type PipeEnd } from "../../sync/pipe.ts";
import { Queue } from "../../sync/queue.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { sleep } from "../../sync/sleep.ts";
import { threads } from "../../sync/threads.ts";
import { LIMIT } from "./_doors.ts";
import { Hands } from "./_hands.ts";
import {
  countAndCheck,
  type Luggage,
  message,
  serialOf,
  type Way,
} from "./_pipe_bodies.ts";
import { how, range } from "./_queue_ways.ts";
import { random, STRESS, withSeed } from "./_random.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_pipe_bodies.ts");
const hands = new Hands<typeof import("./_pipe_bodies.ts")>(BODIES, 2);
const mortals = threads<typeof import("./_pipe_bodies.ts")>(BODIES);

const ROUNDS = STRESS ? 40 : 1;
const MESSAGES = STRESS ? 2_000 : 700;
const BYTES = [64, 512, 4096];

const WAYS: readonly [sender: Way, receiver: Way][] = [
  ["sync", "sync"],
  ["async", "async"],
  ["sync", "async"],
  ["async", "sync"],
  ["mixed", "mixed"],
  ["many", "many"],
  ["many", "sync"],
  ["sync", "many"],
  ["try", "try"],
];

for (const [sender, receiver] of WAYS) {
  Deno.test(`PipeEnd keeps order from a thread that sends ${sender} to one that receives ${receiver}`, async () => {
    const [a, b] = Pipe<number>({ byteCapacity: 512 });
    const threads = [
      hands.start("count", [a, 1000, sender]),
      hands.start("check", [b, receiver, 1000]),
    ] as const;
    const [, counted] = await Promise.all([
      threads[0].join(LIMIT),
      threads[1].join(LIMIT),
    ]);
    assertEquals(counted, 1000);
  });
}

Deno.test("PipeEnd carries both directions at once, in a thread and in tasks", async () => {
  const [here, there] = Pipe<number>({ byteCapacity: 256 });
  const thread = hands.start("countAndCheck", [there, 2000]);
  assertEquals(await countAndCheck(here, 2000), 2000);
  assertEquals(await thread.join(LIMIT), 2000);
});

Deno.test("PipeEnd has whoever sends too much wait", async () => {
  const [here, there] = Pipe<number>({ byteCapacity: 64 });
  const thread = hands.start("count", [there, 100, "sync"]);
  await until(() => there.waitingToSend === 1 && thread.state === "blocked");
  assertEquals(here.tryReceiveMany(100), range(0, 8));
  for (let n = 8; n < 100; n++) assertEquals(here.receiveSync(LIMIT), n);
  await thread.join(LIMIT);
  assertEquals(there.waitingToSend, 0);
});

Deno.test("PipeEnd.send() carries what lives in shared memory", async () => {
  const [here, there] = Pipe<Luggage, Lock>();
  const [end, otherEnd] = Pipe<string>();
  const [lock, queue] = [new Lock(), new Queue<number>()];
  lock.acquireSync();
  const thread = mortals.start("unpackLuggage", [there]);
  here.sendSync({ lock, queue, end: otherEnd });
  const own = await here.receive(LIMIT);
  assert(own instanceof Lock);
  assert(own.locked);
  assertEquals(queue.getSync(LIMIT), 5);
  assertEquals(end.receiveSync(LIMIT), "through the other pipe");
  assertEquals(await thread.join(LIMIT), true);
  assertEquals(end.receiveSync(LIMIT), null); // it went with the thread
});

Deno.test("PipeEnd.send() keeps both ends of a pipe apart", () => {
  const [here, there] = Pipe<readonly [PipeEnd, PipeEnd]>();
  const ends = Pipe();
  here.sendSync(ends);
  const [first, second] = there.receiveSync()!;
  first.sendSync("to the second");
  assertEquals([second.tryReceive(), first.tryReceive()], [
    "to the second",
    undefined,
  ]);
  ends[1].sendSync("to the first");
  assertEquals([first.tryReceive(), second.tryReceive()], [
    "to the first",
    undefined,
  ]);
});

Deno.test("PipeEnd.send() of 4 MiB goes through 64 KiB to a thread and back", async () => {
  const [here, there] = Pipe<Uint8Array>();
  const thread = hands.start("echo", [there as unknown as PipeEnd]);
  const value = message(77, 2 ** 22);
  here.sendSync(value, LIMIT);
  const back = here.receiveSync(LIMIT)!;
  assertEquals([back.length, serialOf(back)], [2 ** 22, 77]);
  await here.send(value, LIMIT);
  const again = (await here.receive(LIMIT))!;
  assertEquals([again.length, serialOf(again)], [2 ** 22, 77]);
  here.close();
  await thread.join(LIMIT);
});

Deno.test("PipeEnd receives all that a thread sent that was killed at any time, then the end", async () => {
  await withSeed(ROUNDS, async (seed) => {
    const next = random(seed);
    const byteCapacity = BYTES[next(BYTES.length)]!;
    const [here, there] = Pipe<Uint8Array>({ byteCapacity });
    const sent = new SharedValue("i32", -1);
    const thread = mortals.start("pour", [there as never, seed, sent]);
    const stopAt = 1 + next(MESSAGES); // it has the end then
    let killed: Promise<void> | undefined;
    let expected = 0;
    for (;; expected++) {
      if (expected === stopAt) killed = thread.terminate(LIMIT);
      const octets = next(10) === 0
        ? await here.receive(LIMIT)
        : here.receiveSync(LIMIT);
      if (octets === null) break;
      assertEquals(serialOf(octets), expected);
    }
    assert(killed !== undefined, "it ended before");
    await killed;
    assert(expected > sent.get(), `${sent.get()} was sent`);
    assertEquals(await how(() => here.send(message(0, 0))), "BrokenPipe");
  });
});

Deno.test("PipeEnd fails to send to a thread that was killed at any time", async () => {
  await withSeed(ROUNDS, async (seed) => {
    const next = random(seed);
    const byteCapacity = BYTES[next(BYTES.length)]!;
    const [here, there] = Pipe<Uint8Array>({ byteCapacity });
    const got = new SharedValue("i32", -1);
    const thread = mortals.start("drink", [
      there as PipeEnd as never,
      seed,
      got,
    ]);
    const stopAt = next(MESSAGES);
    let killed: Promise<void> | undefined;
    let serial = 0;
    let error: unknown;
    while (error === undefined) {
      const isDue = serial >= stopAt && got.get() >= 0; // it has the end
      if (isDue) killed ??= thread.terminate(LIMIT);
      const value = message(serial, next(next(20) === 0 ? 9_000 : 200));
      try {
        if (next(10) === 0) await here.send(value, LIMIT);
        else here.sendSync(value, LIMIT);
        serial++;
      } catch (reason) {
        error = reason;
      }
    }
    assert(error instanceof Deno.errors.BrokenPipe, `${error}`);
    assert(killed !== undefined, "it ended before");
    await killed;
    assert(got.get() <= serial, `${got.get()} of ${serial}`);
  });
});

Deno.test("PipeEnd receives what was sent, and nothing that was given up", async () => {
  await withSeed(ROUNDS, async (seed) => {
    const next = random(seed);
    const [here, there] = Pipe<Uint8Array>({ byteCapacity: 512 });
    const thread = hands.start("sendSome", [there as never, seed, 300]);
    const got: number[] = [];
    for (;;) {
      if (next(20) === 0) await sleep(next(3));
      const controller = new AbortController();
      const { signal } = controller;
      const received = how(() => here.receive({ signal }));
      if (next(3) === 0) controller.abort("gone");
      const octets = await received;
      if (octets === "gone") continue;
      if (octets === null) break;
      got.push(serialOf(octets as Uint8Array));
    }
    assertEquals(got, await thread.join(LIMIT));
  });
});
