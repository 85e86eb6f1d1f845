import { assert, assertEquals } from "@std/assert";
import { Pipe, type PipeEnd } from "../../sync/pipe.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { sleep } from "../../sync/sleep.ts";
import { threads } from "../../sync/threads.ts";
import { LIMIT } from "./_doors.ts";
import { message, serialOf } from "./_pipe_bodies.ts";
import { how } from "./_queue_ways.ts";
import { random, STRESS, withSeed } from "./_random.ts";

const bodies = threads<typeof import("./_pipe_bodies.ts")>(
  import.meta.resolve("./_pipe_bodies.ts"),
);

const ROUNDS = STRESS ? 40 : 1;
const BYTES = [64, 512, 4096];

Deno.test("PipeEnd receives all that a thread sent that was killed at any time, then the end", async () => {
  await withSeed(ROUNDS, async (seed) => {
    const next = random(seed);
    const byteCapacity = BYTES[next(BYTES.length)]!;
    const [here, there] = Pipe<Uint8Array>({ byteCapacity });
    const sent = new SharedValue("i32", -1);
    const thread = bodies.start("pour", [there as never, seed, sent]);
    const stopAt = 1 + next(2_000); // it has the end then
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
    const thread = bodies.start("drink", [
      there as PipeEnd as never,
      seed,
      got,
    ]);
    const stopAt = next(2_000);
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
    const thread = bodies.start("sendSome", [there as never, seed, 300]);
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
