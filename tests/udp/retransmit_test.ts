import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import type { WaitOptions } from "../../sync/wait_options.ts";
import { retransmit } from "../../udp/_retransmit.ts";

/** An attempt that no answer comes to, and the waits it was told. */
function unanswered(): {
  waits: WaitOptions[];
  attempt: (wait: WaitOptions) => Promise<never>;
} {
  const waits: WaitOptions[] = [];
  const attempt = (wait: WaitOptions): Promise<never> => {
    waits.push(wait);
    return Promise.reject(new DOMException("no answer", "TimeoutError"));
  };
  return { waits, attempt };
}

Deno.test("retransmit() answers what the attempt answers", async () => {
  assertEquals(
    await retransmit("Cannot ask", {}, () => Promise.resolve("yes")),
    "yes",
  );
});

Deno.test("retransmit() waits 500 ms, then doubles, three times by default", async () => {
  const { waits, attempt } = unanswered();
  const error = await assertRejects(
    () => retransmit("Cannot ask", {}, attempt),
    DOMException,
    "Cannot ask",
  );
  assertEquals(error.name, "TimeoutError");
  assertEquals(waits.map(({ timeoutMs }) => timeoutMs), [
    500,
    1000,
    2000,
    4000,
  ]);
});

Deno.test("retransmit() tries once when retries is 0", async () => {
  const { waits, attempt } = unanswered();
  await assertRejects(() =>
    retransmit("", { retries: 0, retransmitMs: 7 }, attempt)
  );
  assertEquals(waits.map(({ timeoutMs }) => timeoutMs), [7]);
});

Deno.test("retransmit() stops at the first answer", async () => {
  let attempts = 0;
  const answer = await retransmit("Cannot ask", { retransmitMs: 1 }, () => {
    if (++attempts < 3) throw new DOMException("no answer", "TimeoutError");
    return Promise.resolve(attempts);
  });
  assertEquals([answer, attempts], [3, 3]);
});

Deno.test("retransmit() limits all attempts together by timeoutMs", async () => {
  const start = performance.now();
  const waits: number[] = [];
  const options = { timeoutMs: 30, retransmitMs: 8, retries: 50 };
  const attempt = async ({ timeoutMs }: WaitOptions) => {
    waits.push(timeoutMs!);
    await new Promise((resolve) => setTimeout(resolve, timeoutMs));
    throw new DOMException("no answer", "TimeoutError");
  };
  await assertRejects(
    () => retransmit("Cannot ask", options, attempt),
    DOMException,
  );
  assert(performance.now() - start >= 29, "early");
  const sum = waits.reduce((a, b) => a + b);
  assert(waits[0] === 8 && sum < 32, `${waits}`);
});

Deno.test("retransmit() caps the first wait by timeoutMs", async () => {
  const { waits, attempt } = unanswered();
  await assertRejects(() =>
    retransmit("", { timeoutMs: 20, retries: 0 }, attempt)
  );
  assert(waits[0]!.timeoutMs! <= 20);
});

Deno.test("retransmit() tries once when timeoutMs is 0", async () => {
  const { waits, attempt } = unanswered();
  const error = await assertRejects(
    () => retransmit("Cannot ask", { timeoutMs: 0 }, attempt),
    DOMException,
  );
  assertEquals([error.name, waits.length], ["TimeoutError", 1]);
});

Deno.test("retransmit() passes any other error on at once", async () => {
  let attempts = 0;
  const failed = () =>
    retransmit("Cannot ask", {}, () => {
      attempts++;
      return Promise.reject(new Deno.errors.PermissionDenied("no"));
    });
  await assertRejects(failed, Deno.errors.PermissionDenied, "no");
  assertEquals(attempts, 1);
});

Deno.test("retransmit() gives the signal to the attempt, and rejects with its reason", async () => {
  const controller = new AbortController();
  let attempts = 0;
  const outcome = await retransmit(
    "",
    { signal: controller.signal },
    ({ signal }) => {
      attempts++;
      controller.abort("gone");
      return Promise.reject(signal!.reason);
    },
  ).catch((reason) => reason);
  assertEquals([outcome, attempts], ["gone", 1]);
});

Deno.test("retransmit() does not take a reason named TimeoutError for a lost answer", async () => {
  const controller = new AbortController();
  const reason = new DOMException("the caller's own limit", "TimeoutError");
  let attempts = 0;
  const outcome = await retransmit("", { signal: controller.signal }, () => {
    attempts++;
    controller.abort(reason);
    return Promise.reject(reason);
  }).catch((error) => error);
  assertStrictEquals(outcome, reason);
  assertEquals(attempts, 1);
});

Deno.test("retransmit() does not take a reason named TimeoutError for the last lost answer", async () => {
  const controller = new AbortController();
  const reason = new DOMException("the caller's own limit", "TimeoutError");
  const outcome = await retransmit("", {
    signal: controller.signal,
    retries: 0,
  }, () => {
    controller.abort(reason);
    return Promise.reject(reason);
  }).catch((error) => error);
  assertStrictEquals(outcome, reason);
});

Deno.test("retransmit() does not try when the signal is aborted already", async () => {
  const { waits, attempt } = unanswered();
  const signal = AbortSignal.abort("no");
  assertEquals(
    await retransmit("", { signal }, attempt).catch((reason) => reason),
    "no",
  );
  assertEquals(waits, []);
});

Deno.test("retransmit() refuses options out of range", async () => {
  for (
    const options of [
      { retries: -1 },
      { retries: NaN },
      { retransmitMs: -1 },
      { retransmitMs: 0 },
      { retransmitMs: NaN },
      { timeoutMs: -1 },
      { timeoutMs: NaN },
    ]
  ) {
    const { waits, attempt } = unanswered();
    await assertRejects(() => retransmit("", options, attempt), RangeError);
    assertEquals(waits, [], JSON.stringify(options));
  }
});

Deno.test("retransmit() goes on for as long as it may", async () => {
  let attempts = 0;
  const answer = await retransmit(
    "",
    { retries: Infinity, retransmitMs: 1 },
    () => {
      if (++attempts < 200) throw new DOMException("no answer", "TimeoutError");
      return Promise.resolve("at last");
    },
  );
  assertEquals([answer, attempts], ["at last", 200]);
});

Deno.test("retransmit() says how often it tried", async () => {
  for (const [retries, text] of [[0, "1 try"], [1, "2 tries"]] as const) {
    const { attempt } = unanswered();
    await assertRejects(
      () => retransmit("Cannot ask", { retries, retransmitMs: 1 }, attempt),
      DOMException,
      text,
    );
  }
});
