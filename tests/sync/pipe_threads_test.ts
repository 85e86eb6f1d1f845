import { assert, assertEquals } from "@std/assert";
import { Lock } from "../../sync/lock.ts";
import { Pipe, type PipeEnd } from "../../sync/pipe.ts";
import { Queue } from "../../sync/queue.ts";
import { threads } from "../../sync/threads.ts";
import { LIMIT } from "./_doors.ts";
import { Hands } from "./_hands.ts";
import { countAndCheck, type Luggage, type Way } from "./_pipe_bodies.ts";
import { range } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_pipe_bodies.ts");
const bodies = new Hands<typeof import("./_pipe_bodies.ts")>(BODIES, 2);
const mortals = threads<typeof import("./_pipe_bodies.ts")>(BODIES);

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
      bodies.start("count", [a, 3000, sender]),
      bodies.start("check", [b, receiver, 3000]),
    ] as const;
    const [, counted] = await Promise.all([
      threads[0].join(LIMIT),
      threads[1].join(LIMIT),
    ]);
    assertEquals(counted, 3000);
  });
}

Deno.test("PipeEnd carries both directions at once, in a thread and in tasks", async () => {
  const [here, there] = Pipe<number>({ byteCapacity: 256 });
  const thread = bodies.start("countAndCheck", [there, 2000]);
  assertEquals(await countAndCheck(here, 2000), 2000);
  assertEquals(await thread.join(LIMIT), 2000);
});

Deno.test("PipeEnd has whoever sends too much wait", async () => {
  const [here, there] = Pipe<number>({ byteCapacity: 64 });
  const thread = bodies.start("count", [there, 100, "sync"]);
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
