import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { checkWait } from "../../sync/wait_options.ts";

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
