import { assert, assertEquals } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { threads } from "../../sync/threads.ts";
import { type Door, doorOf, LIMIT, type Primitive } from "./_doors.ts";
import type { Call } from "./_hands.ts";
import { record, recorded } from "./_lock_bodies.ts";
import { hands } from "./_lock_hands.ts";
import { until } from "./_until.ts";

const mortals = threads<typeof import("./_lock_bodies.ts")>(
  import.meta.resolve("./_lock_bodies.ts"),
);

/**
 * Tests what every wait promises across threads.
 *
 * @param symbol What the tests are called after.
 * @param make Makes what is waited for.
 */
export function blockingClaims(symbol: string, make: () => Primitive): void {
  type Body = (door: Door, primitive: Primitive) => Promise<void>;
  const claim = (text: string, body: Body) =>
    Deno.test(`${symbol} ${text}`, () => {
      const primitive = make();
      const door = doorOf(primitive);
      door.closeSync()();
      return body(door, primitive);
    });

  claim("blocks until another thread lets it in", async (door, primitive) => {
    const closed = new Event();
    const thread = hands.start("closeUntilAwaited", [primitive, closed]);
    closed.waitSync(LIMIT);
    assert(!door.isOpen);
    assertEquals(door.enterSync(() => 7, LIMIT), 7);
    await thread.join(LIMIT);
    assert(door.isOpen);
    assertEquals(door.waiting, 0);
  });

  claim("without options blocks, too", async (door, primitive) => {
    const closed = new Event();
    const thread = hands.start("closeUntilAwaited", [primitive, closed]);
    closed.waitSync(LIMIT);
    assertEquals(door.enterSync(() => 7), 7);
    await thread.join(LIMIT);
  });

  claim("in the main thread lets its tasks go on", async (door, primitive) => {
    const closed = new Event();
    const thread = hands.start("closeUntilAwaited", [primitive, closed]);
    await closed.wait(LIMIT);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    assertEquals(await door.enter(() => 7, LIMIT), 7);
    await until(() => turns > 0);
    clearInterval(timer);
    await thread.join(LIMIT);
  });

  claim("blocks a thread until a task lets it in", async (door, primitive) => {
    const open = await door.close();
    const log = new SharedArray("i32", 2);
    const thread = hands.start("enter", [primitive, log]);
    await until(() => door.waiting === 1);
    await until(() => thread.state === "blocked");
    assertEquals(recorded(log), []);
    await open();
    await thread.join(LIMIT);
    assertEquals(recorded(log), [1]);
    assert(door.isOpen);
  });

  claim("that times out, blocking, takes nothing", async (door, primitive) => {
    const open = await door.close();
    const limits = [0, 0.5, 5, -1, NaN];
    const thread = hands.start("enterWithin", [primitive, limits]);
    const late = "TimeoutError";
    assertEquals(
      await thread.join(LIMIT),
      [late, late, late, "RangeError", "RangeError"],
    );
    assertEquals(door.waiting, 0);
    await open();
    assert(door.isOpen);
  });

  claim("that times out first lets the second in", async (door, primitive) => {
    const open = await door.close();
    const first = hands.start("enterWithin", [primitive, [100]]);
    await until(() => door.waiting === 1);
    const second = hands.start("enterWithin", [primitive, [10_000]]);
    await until(() => door.waiting === 2 || !first.alive);
    assertEquals(await first.join(LIMIT), ["TimeoutError"]);
    await until(() => door.waiting === 1);
    await open();
    assertEquals(await second.join(LIMIT), ["entered"]);
    assert(door.isOpen);
  });

  claim("loses no turn if turns and limits meet", async (door, primitive) => {
    const hasty = Array.from({ length: 100 }, (_, round) => round % 4 / 2);
    const patient = Array.from({ length: 30 }, () => 10_000);
    const crew = [hasty, patient].map((limits) =>
      hands.start("enterWithin", [primitive, limits])
    );
    while (crew.some((thread) => thread.alive)) {
      const open = await door.close();
      sleepSync(0.5);
      await open();
    }
    const [some, all] = await Promise.all(crew.map((one) => one.join(LIMIT)));
    assertEquals(new Set(all), new Set(["entered"]));
    assert(some!.every((how) => ["entered", "TimeoutError"].includes(how)));
    assertEquals(door.waiting, 0);
    assert(door.isOpen);
  });

  claim(
    "leaves the turn of a dead thread to the next",
    async (door, primitive) => {
      const open = await door.close();
      const first = mortals.start("enter", [primitive]);
      await until(() => door.waiting === 1);
      const second = hands.start("enter", [primitive]);
      await until(() => door.waiting === 2);
      await first.terminate(LIMIT);
      await open();
      await second.join(LIMIT);
      assert(door.isOpen);
      assertEquals(door.waiting, 0);
    },
  );

  claim("aborted at its turn lets a thread in", async (door, primitive) => {
    const controller = new AbortController();
    const open = await door.close();
    const { signal } = controller;
    const first = door.enter(() => "entered", { signal }).catch(String);
    await until(() => door.waiting === 1);
    const second = hands.start("enter", [primitive]);
    await until(() => door.waiting === 2);
    const opened = open();
    controller.abort("gone");
    await opened;
    await second.join(LIMIT);
    assert(["gone", "entered"].includes(await first));
    assert(door.isOpen);
  });

  claim("of a busy loop holds nobody up", async (door, primitive) => {
    const [closed, go, said] = [new Event(), new Event(), new Event()];
    const leave = new Event();
    const holder = hands.start("closeUntil", [primitive, closed, go, leave]);
    await closed.wait(LIMIT);
    const first = door.enter(() => "entered", LIMIT);
    await until(() => door.waiting === 1);
    const second = hands.start("enterAndSay", [primitive, said]);
    await until(() => door.waiting === 2);
    go.set();
    said.waitSync(LIMIT); // the first one cannot go on meanwhile
    leave.set();
    assertEquals(await first, "entered");
    await Promise.all([holder.join(LIMIT), second.join(LIMIT)]);
  });
}

/** Tests what lets one in at a time promises beyond {@linkcode blockingClaims}. */
export function turnClaims(symbol: string, make: () => Primitive): void {
  Deno.test(`${symbol} lets threads in as they came`, async () => {
    const primitive = make();
    const door = doorOf(primitive);
    const log = new SharedArray("i32", 4);
    const open = await door.close();
    const crew: Call<void>[] = [];
    for (const me of [1, 2, 3]) {
      crew.push(hands.start("enter", [primitive, log, me]));
      await until(() => door.waiting === me);
    }
    await until(() => crew.every((thread) => thread.state === "blocked"));
    sleepSync(5); // so that the third has waited for more than 1 ms, too
    await open();
    for (const thread of crew) await thread.join(LIMIT);
    assertEquals(recorded(log), [1, 2, 3]);
  });

  Deno.test(`${symbol} overtakes no thread that has waited for some time`, async () => {
    const primitive = make();
    const door = doorOf(primitive);
    const [entered, leave] = [new Event(), new Event()];
    const open = door.closeSync();
    const thread = hands.start("closeUntil", [primitive, entered, leave]);
    await until(() => door.waiting === 1 && thread.state === "blocked");
    sleepSync(5);
    open();
    assert(!door.isOpen); // it is the thread's, whether that runs or not
    await entered.wait(LIMIT);
    leave.set();
    await thread.join(LIMIT);
    assert(door.isOpen);
  });

  Deno.test(`${symbol} lets tasks of a thread in as they came`, async () => {
    const door = doorOf(make());
    const log = new SharedArray("i32", 101);
    const open = await door.close();
    const order = Array.from({ length: 100 }, (_, index) => index);
    const all = order.map(async (me) => {
      const { signal } = new AbortController();
      const options = [LIMIT, { signal, ...LIMIT }, { signal }][me % 3]!;
      await door.enter(() => record(log, me), options);
    });
    await until(() => door.waiting === 100);
    await open();
    await Promise.all(all);
    assertEquals(recorded(log), order);
  });

  Deno.test(`${symbol} lets in one at a time, tasks and threads`, async () => {
    const primitive = make();
    const door = doorOf(primitive);
    const total = new SharedValue("i32", 0);
    const crew = [1, 2].map(() =>
      hands.start("addOften", [primitive, total, 5000])
    );
    const tasks = [1, 2, 3].map(async () => {
      for (let time = 0; time < 200; time++) {
        await door.enter(async () => {
          const seen = total.get();
          await null;
          total.set(seen + 1);
        }, LIMIT);
      }
    });
    await Promise.all([...tasks, ...crew.map((thread) => thread.join(LIMIT))]);
    assertEquals(total.get(), 2 * 5000 + 3 * 200);
  });
}
