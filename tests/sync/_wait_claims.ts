import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { sleepSync } from "../../sync/sleep.ts";
import {
  isTimeout,
  waitFor,
  type WaitOptions,
} from "../../sync/wait_options.ts";
import { type Door, doorOf, LIMIT, type Primitive } from "./_doors.ts";
import { until } from "./_until.ts";

const INVALID = [-1, -Number.MIN_VALUE, -Infinity, NaN];

/**
 * Tests what every asynchronous wait promises, within one thread.
 *
 * @param symbol What the tests are called after.
 * @param make Makes what is waited for: open, if it is not an event.
 */
export function waitClaims(symbol: string, make: () => Primitive): void {
  const claim = (text: string, body: (door: Door) => Promise<void>) =>
    Deno.test(`${symbol} ${text}`, () => {
      const door = doorOf(make());
      door.closeSync()();
      return body(door);
    });

  for (const options of [undefined, {}, LIMIT]) {
    const given = options === undefined ? "no" : Object.keys(options).length;
    claim(`waits for another task, with ${given} options`, async (door) => {
      const open = await door.close();
      let inside = false;
      const entered = door.enter(() => void (inside = true), options);
      await until(() => door.waiting === 1);
      assertEquals(inside, false);
      await open();
      await waitFor(entered, LIMIT);
      assert(inside && door.isOpen);
      assertEquals(door.waiting, 0);
    });
  }

  claim("goes on at once if nobody is in the way", async (door) => {
    for (const options of [undefined, LIMIT, { timeoutMs: 0 }]) {
      assertEquals(await door.enter(() => 7, options), 7);
      assertEquals(door.enterSync(() => 7, options), 7);
      assert(door.isOpen);
    }
  });

  claim("refuses a bad timeoutMs, and takes nothing", async (door) => {
    for (const timeoutMs of INVALID) {
      const enter = () => door.enter(() => {}, { timeoutMs });
      await assertRejects(enter, RangeError, String(timeoutMs));
      const enterSync = () => door.enterSync(() => {}, { timeoutMs });
      assertThrows(enterSync, RangeError, String(timeoutMs));
      assert(door.isOpen);
      const open = await door.close();
      await assertRejects(enter, RangeError, String(timeoutMs));
      assertEquals(door.waiting, 0);
      await open();
      assert(door.isOpen);
    }
  });

  claim("takes nothing if its signal is aborted before", async (door) => {
    for (const reason of ["gone", 0, null]) {
      const options = { signal: AbortSignal.abort(reason) };
      assertEquals(await reasonOf(door, options), reason);
      assert(door.isOpen);
      const open = await door.close();
      assertEquals(await reasonOf(door, options), reason);
      assertEquals(door.waiting, 0);
      await open();
    }
  });

  claim("ends by an abort while it waits, and takes nothing", async (door) => {
    const open = await door.close();
    const { signal, abort } = aborting();
    const waited = reasonOf(door, { signal });
    await until(() => door.waiting === 1);
    abort("gone");
    assertEquals(await waited, "gone");
    assertEquals(door.waiting, 0);
    await open();
    assert(door.isOpen);
  });

  claim("is not undone by an abort after it", async (door) => {
    const { signal, abort } = aborting();
    await door.enter(() => abort("late"), { signal });
    assert(door.isOpen);
  });

  claim("either enters or not if aborted at that moment", async (door) => {
    for (let round = 0; round < 20; round++) {
      const open = await door.close();
      const { signal, abort } = aborting();
      const waited = reasonOf(door, { signal });
      await until(() => door.waiting === 1);
      if (round % 2 === 0) abort("gone");
      const opened = open();
      for (let turn = 1; turn < round; turn += 2) await null;
      if (round % 2 === 1) abort("gone");
      await opened;
      const how = await waited;
      assert(how === "gone" || round % 2 === 1 && how === "entered", `${how}`);
      assert(door.isOpen);
      assertEquals(door.waiting, 0);
    }
  });

  claim("with timeoutMs 0 tries once", async (door) => {
    assertEquals(await reasonOf(door, { timeoutMs: 0 }), "entered");
    const open = await door.close();
    assert(isTimeout(await reasonOf(door, { timeoutMs: 0 })));
    assertEquals(door.waiting, 0);
    await open();
    assert(door.isOpen);
  });

  claim("times out, and takes nothing", async (door) => {
    const open = await door.close();
    for (const timeoutMs of [0.5, 1, 10]) {
      assert(isTimeout(await reasonOf(door, { timeoutMs })));
      assertEquals(door.waiting, 0);
    }
    await open();
    assert(door.isOpen);
  });

  claim("either enters or not if it times out at that moment", async (door) => {
    for (let round = 0; round < 20; round++) {
      const open = await door.close();
      const waited = reasonOf(door, { timeoutMs: 1 });
      if (round % 3 > 0) await new Promise((done) => setTimeout(done, 1));
      if (round % 3 > 1) sleepSync(2);
      await open();
      const how = await waited;
      assert(how === "entered" || isTimeout(how), `${how}`);
      assert(door.isOpen);
      assertEquals(door.waiting, 0);
    }
  });

  claim("takes a limit that no timer can hold for none", async (door) => {
    for (const timeoutMs of [2 ** 31, 2 ** 53, Infinity]) {
      const open = await door.close();
      const waited = reasonOf(door, { timeoutMs });
      await until(() => door.waiting === 1);
      for (let turn = 0; turn < 5; turn++) {
        await new Promise((done) => setTimeout(done, 1));
      }
      assertEquals(door.waiting, 1);
      await open();
      assertEquals(await waitFor(waited, LIMIT), "entered");
    }
  });

  for (const when of ["before", "after", "long after"]) {
    claim(`aborted ${when} its turn leaves it to the next`, async (door) => {
      const open = await door.close();
      const { signal, abort } = aborting();
      const first = reasonOf(door, { signal });
      await until(() => door.waiting === 1);
      const second = reasonOf(door, LIMIT);
      await until(() => door.waiting === 2);
      if (when === "before") abort("gone");
      const opened = open();
      if (when === "after") abort("gone");
      await opened;
      abort("gone");
      assertEquals(await second, "entered");
      assert(["gone", "entered"].includes(await first as string));
      assert(door.isOpen);
    });
  }

  claim("timed out at its turn leaves it to the next", async (door) => {
    for (let round = 0; round < 10; round++) {
      const open = await door.close();
      const first = reasonOf(door, { timeoutMs: 2 });
      const second = reasonOf(door, LIMIT);
      await until(() => door.waiting > 0);
      if (round % 2 === 0) sleepSync(3); // both are due in the next turn
      await open();
      assertEquals(await second, "entered");
      const how = await first;
      assert(how === "entered" || isTimeout(how), `${how}`);
      assert(door.isOpen);
    }
  });

  claim("leaves no listener on its signal", async (door) => {
    const { signal, abort } = aborting();
    const listeners = new Set<unknown>();
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: unknown[]) => {
      listeners.add(args[1]);
      Reflect.apply(addEventListener, signal, args);
    };
    signal.removeEventListener = (...args: unknown[]) => {
      listeners.delete(args[1]);
      Reflect.apply(removeEventListener, signal, args);
    };
    await door.enter(() => {}, { signal });
    const open = await door.close();
    assert(isTimeout(await reasonOf(door, { signal, timeoutMs: 1 })));
    const waited = reasonOf(door, { signal });
    await until(() => door.waiting === 1);
    assertEquals(listeners.size, 1);
    await open();
    await waited;
    assertEquals(listeners.size, 0);
    abort("late");
  });

  claim("lets all of many in", async (door) => {
    const open = await door.close();
    let entered = 0;
    const all = Array.from(
      { length: 300 },
      () => door.enter(() => entered++, LIMIT),
    );
    await until(() => door.waiting === 300);
    await open();
    await Promise.all(all);
    assertEquals(entered, 300);
    assert(door.isOpen);
  });
}

/** How a wait ended: what it threw, or `"entered"`. */
function reasonOf(door: Door, options: WaitOptions): Promise<unknown> {
  return door.enter(() => "entered", options).catch((reason) => reason);
}

function aborting(): { signal: AbortSignal; abort(reason: unknown): void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
  };
}
