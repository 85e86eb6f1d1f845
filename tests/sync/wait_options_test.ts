import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  checkWait,
  isTimeout,
  MAX_DELAY_MS,
  waitFor,
} from "../../sync/wait_options.ts";

/** Runs all that is ready to run: microtasks, and what they lead to. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("checkWait() has no limit unless there is one", () => {
  assertEquals(checkWait(), Infinity);
  assertEquals(checkWait({}), Infinity);
  assertEquals(
    checkWait({ timeoutMs: undefined, signal: undefined }),
    Infinity,
  );
});

Deno.test("checkWait() answers the limit", () => {
  for (const timeoutMs of [0, 0.5, 1, 250, 2 ** 31, 2 ** 53, Infinity]) {
    assertEquals(checkWait({ timeoutMs }), timeoutMs);
  }
});

Deno.test("checkWait() refuses a limit that is negative or not a number", () => {
  for (const timeoutMs of [-1, -Number.MIN_VALUE, -Infinity, NaN]) {
    assertThrows(() => checkWait({ timeoutMs }), RangeError, String(timeoutMs));
  }
});

Deno.test("checkWait() throws the reason of a signal that is aborted, as it is", () => {
  for (const reason of ["gone", 0, null, new Error("gone")]) {
    const signal = AbortSignal.abort(reason);
    try {
      checkWait({ signal });
    } catch (error) {
      assertStrictEquals(error, reason);
      continue;
    }
    throw new Error("did not throw");
  }
});

Deno.test("checkWait() throws an AbortError for an abort without a reason", () => {
  const error = assertThrows(
    () => checkWait({ signal: AbortSignal.abort(), timeoutMs: 5 }),
    DOMException,
  );
  assertEquals(error.name, "AbortError");
});

Deno.test("checkWait() accepts a signal that is not aborted", () => {
  const { signal } = new AbortController();
  assertEquals(checkWait({ signal, timeoutMs: 5 }), 5);
});

// A timer that one of these leaves behind is reported by the sanitizer.

Deno.test("waitFor() settles as its promise does", async () => {
  for (const options of [undefined, {}, { timeoutMs: 60_000 }]) {
    assertEquals(await waitFor(Promise.resolve(7), options), 7);
    const failed = Promise.reject(new SyntaxError("its own"));
    await assertRejects(() => waitFor(failed, options), SyntaxError, "its own");
  }
});

Deno.test("waitFor() takes what is there already when timeoutMs is 0", async () => {
  assertEquals(await waitFor(Promise.resolve(7), { timeoutMs: 0 }), 7);
});

Deno.test("waitFor() times out after timeoutMs, not before", async () => {
  for (const timeoutMs of [0, 0.5, 20]) {
    const start = performance.now();
    const error = await assertRejects(
      () => waitFor(new Promise(() => {}), { timeoutMs }),
      DOMException,
      `${timeoutMs} ms`,
    );
    assert(isTimeout(error));
    assert(performance.now() - start >= timeoutMs - 0.5, "early");
  }
});

Deno.test("waitFor() takes a limit that no timer can hold for none", async () => {
  for (const timeoutMs of [MAX_DELAY_MS + 1, 3e9, 2 ** 53, Infinity]) {
    const { promise, resolve } = Promise.withResolvers<number>();
    const waited = waitFor(promise, { timeoutMs });
    for (let turn = 0; turn < 5; turn++) await settle();
    resolve(7);
    assertEquals(await waited, 7, String(timeoutMs));
  }
});

Deno.test("waitFor() holds the longest limit that a timer can hold", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const waited = waitFor(promise, { timeoutMs: MAX_DELAY_MS });
  for (let turn = 0; turn < 5; turn++) await settle();
  resolve(7);
  assertEquals(await waited, 7);
});

Deno.test("waitFor() rejects with the reason of its signal, before and during", async () => {
  const never = new Promise(() => {});
  const before = waitFor(never, { signal: AbortSignal.abort("before") });
  assertEquals(await before.catch((reason) => reason), "before");
  const controller = new AbortController();
  const { signal } = controller;
  const during = waitFor(never, { signal, timeoutMs: 60_000 });
  controller.abort("during");
  assertEquals(await during.catch((reason) => reason), "during");
});

Deno.test("waitFor() leaves no listener on its signal", async () => {
  for (const how of ["value", "timeout", "abort"]) {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const { addEventListener: add, removeEventListener: remove } = signal;
    signal.addEventListener = (type: string, listener: EventListener) => {
      listeners++;
      add.call(signal, type, listener);
    };
    signal.removeEventListener = (type: string, listener: EventListener) => {
      listeners--;
      remove.call(signal, type, listener);
    };
    const { promise, resolve } = Promise.withResolvers<void>();
    const timeoutMs = how === "timeout" ? 1 : 60_000;
    const waited = waitFor(promise, { signal, timeoutMs }).catch(() => {});
    assertEquals(listeners, 1);
    if (how === "value") resolve();
    if (how === "abort") controller.abort();
    await waited;
    assertEquals(listeners, 0, how);
  }
});

Deno.test("waitFor() refuses a limit that is negative or not a number", async () => {
  for (const timeoutMs of [-1, NaN]) {
    const wait = () => waitFor(Promise.resolve(7), { timeoutMs });
    await assertRejects(wait, RangeError, String(timeoutMs));
  }
});

Deno.test("waitFor() keeps quiet about a promise that fails after the wait", async () => {
  const unhandled: unknown[] = [];
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", listener);
  const { promise, reject } = Promise.withResolvers<void>();
  const refused = { signal: AbortSignal.abort("gone") };
  await waitFor(promise, refused).catch(() => {});
  await waitFor(promise, { timeoutMs: 0 }).catch(() => {});
  reject(new Error("too late"));
  await settle();
  removeEventListener("unhandledrejection", listener);
  assertEquals(unhandled, [], "ends the process");
});
