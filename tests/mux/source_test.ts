import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
  assertThrows,
  fail,
} from "@std/assert";
import { type Inlet, Source } from "../../mux/source.ts";

/** An inlet whose operations the test settles by hand, and its log. */
function manual(): {
  inlet: Inlet<number>;
  operations: PromiseWithResolvers<number>[];
  discarded: number[];
  log: { closed: number };
} {
  const operations: PromiseWithResolvers<number>[] = [];
  const discarded: number[] = [];
  const log = { closed: 0 };
  let outstanding = false;
  const inlet: Inlet<number> = {
    action: "read a number",
    read() {
      assertFalse(outstanding, "two operations at once");
      outstanding = true;
      const operation = Promise.withResolvers<number>();
      const end = () => void (outstanding = false);
      operation.promise.then(end, end);
      operations.push(operation);
      return operation.promise;
    },
    close: () => void log.closed++,
    discard: (item) => void discarded.push(item),
  };
  return { inlet, operations, discarded, log };
}

/** Runs all that is ready to run: microtasks, and what they lead to. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Counts the listeners that are on a signal. */
function watched(signal: AbortSignal): { listeners: number } {
  const count = { listeners: 0 };
  const add = signal.addEventListener;
  const remove = signal.removeEventListener;
  signal.addEventListener = function (...args: unknown[]) {
    count.listeners++;
    Reflect.apply(add, signal, args);
  };
  signal.removeEventListener = function (...args: unknown[]) {
    count.listeners--;
    Reflect.apply(remove, signal, args);
  };
  return count;
}

const same = (item: number): number => item;

Deno.test("Source reads nothing until somebody asks", async () => {
  const { inlet, operations } = manual();
  const source = new Source(inlet);
  await settle();
  assertEquals(operations.length, 0);
  source.close();
});

Deno.test("Source reads no more once nobody waits", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const taken = source.take(same);
  operations[0]!.resolve(1);
  assertEquals(await taken, 1);
  await settle();
  assertEquals(operations.length, 1);
});

Deno.test("Source.take() has one operation for any number of callers", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const taken = [source.take(same), source.take(same), source.take(same)];
  assertEquals([operations.length, source.waiting], [1, 3]);
  for (let i = 0; i < 3; i++) {
    operations[i]!.resolve(i);
    await settle();
  }
  assertEquals(await Promise.all(taken), [0, 1, 2]);
  assertEquals([operations.length, source.waiting], [3, 0]);
});

Deno.test("Source.take() loses nothing to a timeout", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const start = performance.now();
  const error = await assertRejects(
    () => source.take(same, { timeoutMs: 5 }),
    DOMException,
  );
  assert(performance.now() - start >= 4.5, "early");
  assertEquals([error.name, source.waiting], ["TimeoutError", 0]);
  operations[0]!.resolve(7);
  await settle();
  assert(source.readable);
  assertEquals(await source.take(same), 7);
  assertEquals(operations.length, 1);
});

Deno.test("Source.take() names what it could not do when it times out", async () => {
  using source = new Source(manual().inlet);
  await assertRejects(
    () => source.take(same, { timeoutMs: 1 }),
    DOMException,
    "Cannot read a number",
  );
});

Deno.test("Source.take() loses nothing to an abort, and rejects with its reason", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const controller = new AbortController();
  const taken = source.take(same, { signal: controller.signal });
  const reason = { any: "value" };
  controller.abort(reason);
  assertStrictEquals(await taken.catch((error) => error), reason);
  operations[0]!.resolve(8);
  assertEquals(await source.take(same), 8);
});

Deno.test("Source.take() gives an item to one caller when its abort comes in the same tick", async () => {
  for (const abortFirst of [true, false]) {
    const { inlet, operations } = manual();
    using source = new Source(inlet);
    const controller = new AbortController();
    const first = source.take(same, { signal: controller.signal });
    const second = source.take(same);
    if (abortFirst) controller.abort("gone");
    operations[0]!.resolve(1);
    if (!abortFirst) controller.abort("gone");
    const outcome = await first.catch((reason) => reason);
    if (outcome === 1) operations[1]!.resolve(2);
    assertEquals(await second, outcome === 1 ? 2 : 1);
    if (abortFirst) assertEquals(outcome, "gone");
  }
});

Deno.test("Source.take() loses no item whose accept aborts the caller", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const controller = new AbortController();
  const taken = source.take((item) => {
    controller.abort("late");
    return item;
  }, { signal: controller.signal }).catch((reason) => reason);
  operations[0]!.resolve(1);
  if (await taken === 1) return;
  assertEquals(await source.take(same, { timeoutMs: 100 }), 1);
});

Deno.test("Source.take() reads nothing for a signal that is aborted already", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const signal = AbortSignal.abort("no");
  assertEquals(await source.take(same, { signal }).catch((e) => e), "no");
  assertEquals([operations.length, source.waiting], [0, 0]);
});

Deno.test("Source.take() tries once when timeoutMs is 0", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const error = await assertRejects(
    () => source.take(same, { timeoutMs: 0 }),
    DOMException,
  );
  assertEquals(error.name, "TimeoutError");
  operations[0]!.resolve(3);
  await settle();
  assertEquals(await source.take(same, { timeoutMs: 0 }), 3);
});

Deno.test("Source.take() refuses a timeout that is negative or not a number", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  for (const timeoutMs of [-1, NaN, -Infinity]) {
    await assertRejects(() => source.take(same, { timeoutMs }), RangeError);
  }
  assertEquals(operations.length, 0);
});

Deno.test("Source.take() is not early when the timeout exceeds what a timer can hold", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const taken = [2 ** 31, 2 ** 32 + 1, Number.MAX_VALUE, Infinity]
    .map((timeoutMs) => source.take(same, { timeoutMs }));
  await assertRejects(() => source.take(same, { timeoutMs: 10 }), DOMException);
  assertEquals(source.waiting, 4);
  for (let i = 0; i < 4; i++) {
    operations[i]!.resolve(i);
    await settle();
  }
  assertEquals(await Promise.all(taken), [0, 1, 2, 3]);
});

Deno.test("Source.take() times each caller out by its own limit, and no other", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const start = performance.now();
  const out = (timeoutMs: number) =>
    source.take(same, { timeoutMs }).then(() => fail("took"), () => {
      assert(performance.now() - start >= timeoutMs - 0.5, "early");
    });
  const first = source.take(same, { timeoutMs: 60_000 });
  const gone = [out(30), out(5), out(15)];
  const second = source.take(same);
  await Promise.all(gone);
  operations[0]!.resolve(1);
  await settle();
  operations[1]!.resolve(2);
  assertEquals([await first, await second], [1, 2]);
});

Deno.test("Source.take() leaves no listener on the signal, whatever the outcome", async () => {
  const { inlet, operations } = manual();
  const source = new Source(inlet);
  const { signal } = new AbortController();
  const count = watched(signal);
  const taken = source.take(same, { signal });
  assertEquals(count.listeners, 1);
  operations[0]!.resolve(1);
  await taken;
  assertEquals(count.listeners, 0);
  await assertRejects(() => source.take(same, { signal, timeoutMs: 1 }));
  await assertRejects(() => source.take(same, { signal, timeoutMs: 0 }));
  assertEquals(count.listeners, 0);
  const failed = source.take(same, { signal });
  operations[1]!.reject(new Error("broken"));
  await assertRejects(() => failed, Error, "broken");
  assertEquals(count.listeners, 0);
  const closed = source.take(same, { signal });
  source.close();
  await assertRejects(() => closed, Deno.errors.Interrupted);
  await assertRejects(() => source.take(same, { signal }));
  assertEquals(count.listeners, 0);
});

Deno.test("Source.take() offers a declined item to the next in line", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const odd = source.take((item) => item % 2 ? item : undefined);
  const any = source.take(same);
  operations[0]!.resolve(2);
  assertEquals(await any, 2);
  assertEquals(source.waiting, 1);
  const last = source.take(same);
  operations[1]!.resolve(3);
  assertEquals(await odd, 3, "the place in line is lost");
  operations[2]!.resolve(4);
  assertEquals(await last, 4);
});

Deno.test("Source.take() offers an item to each waiter once", async () => {
  const { inlet, operations, discarded } = manual();
  using source = new Source(inlet);
  const offered: string[] = [];
  const decline = (name: string) =>
    source.take((item) => item > 1 ? item : void offered.push(name));
  const taken = [decline("a"), decline("b"), decline("c")];
  operations[0]!.resolve(1);
  await settle();
  assertEquals([offered, discarded], [["a", "b", "c"], [1]]);
  for (const i of [1, 2, 3]) {
    operations[i]!.resolve(i + 1);
    await settle();
  }
  assertEquals(await Promise.all(taken), [2, 3, 4]);
});

Deno.test("Source.take() discards a held item that the caller declines, and waits", async () => {
  const { inlet, operations, discarded } = manual();
  using source = new Source(inlet);
  assertEquals(source.tryTake(same), undefined);
  operations[0]!.resolve(1);
  await settle();
  const taken = source.take((item) => item > 1 ? item : undefined);
  assertEquals([discarded, operations.length], [[1], 2]);
  operations[1]!.resolve(2);
  assertEquals(await taken, 2);
});

Deno.test("Source.take() declines by undefined only", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  for (const [i, answer] of [null, false, 0, ""].entries()) {
    const taken = source.take(() => answer);
    operations[i]!.resolve(i);
    assertStrictEquals(await taken, answer);
  }
});

Deno.test("Source.take() gives the caller what its accept throws, and nobody else", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const thrown = source.take(() => {
    throw new SyntaxError("not mine");
  });
  const next = source.take(same);
  operations[0]!.resolve(1);
  await assertRejects(() => thrown, SyntaxError, "not mine");
  operations[1]?.resolve(2);
  assert([1, 2].includes(await next));
});

Deno.test("Source starts no operation while an accept looks at the item", async () => {
  for (const held of [false, true]) {
    const { inlet, operations } = manual();
    using source = new Source(inlet);
    let started = 0;
    let nested: Promise<number> | undefined;
    const accept = (item: number) => {
      nested = source.take(same);
      nested.catch(() => {});
      source.tryTake(same);
      started = operations.length - 1;
      return item;
    };
    if (held) {
      source.tryTake(same);
      operations[0]!.resolve(1);
      await settle();
    }
    const outer = source.take(accept);
    operations[0]!.resolve(1);
    assertEquals(
      [await outer, started],
      [1, 0],
      "the buffer may be overwritten",
    );
    await settle();
    operations[1]!.resolve(2);
    assertEquals(await nested, 2);
  }
});

Deno.test("Source.tryTake() starts no operation while its accept looks at the item", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  source.tryTake(same);
  operations[0]!.resolve(1);
  await settle();
  let started = 0;
  const answer = source.tryTake((item) => {
    source.tryTake(same);
    started = operations.length - 1;
    return item;
  });
  assertEquals([answer, started], [1, 0], "the buffer may be overwritten");
});

Deno.test("Source has one operation outstanding, whatever an accept asks for", async () => {
  let outstanding = 0;
  let most = 0;
  const operations: PromiseWithResolvers<number>[] = [];
  using source = new Source<number>({
    action: "read a number",
    read: () => {
      most = Math.max(most, ++outstanding);
      const operation = Promise.withResolvers<number>();
      operations.push(operation);
      return operation.promise.finally(() => outstanding--);
    },
    close: () => {},
  });
  const outer = source.take((item) => {
    source.take(same).catch(() => {});
    return item;
  });
  operations[0]!.resolve(1);
  await outer;
  await settle();
  assertEquals(most, 1);
});

Deno.test("Source.tryTake() never waits, and starts an operation for the next try", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  assertEquals([source.tryTake(same), source.tryTake(same)], [
    undefined,
    undefined,
  ]);
  assertEquals([operations.length, source.readable], [1, false]);
  operations[0]!.resolve(5);
  await settle();
  assertEquals([source.readable, source.tryTake(same)], [true, 5]);
  assertEquals([source.readable, operations.length], [false, 1]);
});

Deno.test("Source.tryTake() does not push in front of those who wait", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const taken = source.take(same);
  operations[0]!.resolve(1);
  assertEquals(source.tryTake(same), undefined);
  assertEquals(await taken, 1);
});

Deno.test("Source gives an error of the operation to the first in line only", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const [first, second] = [source.take(same), source.take(same)];
  operations[0]!.reject(new Deno.errors.ConnectionReset("once"));
  await assertRejects(() => first, Deno.errors.ConnectionReset, "once");
  operations[1]!.resolve(2);
  assertEquals(await second, 2);
});

Deno.test("Source keeps an error for the next caller when nobody waits", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  for (
    const [i, fail] of [() => source.take(same), () => source.tryTake(same)]
      .entries()
  ) {
    assertEquals(source.tryTake(same), undefined);
    operations[i]!.reject(new Error("held"));
    await settle();
    assert(source.readable);
    await assertRejects(async () => void await fail(), Error, "held");
    assertFalse(source.readable);
  }
});

Deno.test("Source treats a read() that throws like an operation that fails", async () => {
  using source = new Source<number>({
    action: "read",
    read() {
      throw new TypeError("at once");
    },
    close: () => {},
  });
  await assertRejects(() => source.take(same), TypeError, "at once");
});

Deno.test("Source.close() rejects everybody who waits, and later callers", async () => {
  const { inlet, log } = manual();
  const source = new Source(inlet);
  const taken = [source.take(same), source.take(same, { timeoutMs: 60_000 })];
  source.close();
  source.close();
  for (const each of taken) {
    await assertRejects(() => each, Deno.errors.Interrupted);
  }
  await assertRejects(() => source.take(same), Deno.errors.BadResource);
  assertThrows(() => source.tryTake(same), Deno.errors.BadResource);
  assertEquals([source.closed, source.waiting, log.closed], [true, 0, 1]);
});

Deno.test("Source.close() discards a held item, and one that comes later", async () => {
  const held = manual();
  const source = new Source(held.inlet);
  source.tryTake(same);
  held.operations[0]!.resolve(1);
  await settle();
  source.close();
  assertEquals([held.discarded, source.readable], [[1], false]);

  const late = manual();
  using other = new Source(late.inlet);
  other.tryTake(same);
  other.close();
  late.operations[0]!.resolve(2);
  await settle();
  assertEquals([late.discarded, other.readable], [[2], false]);
});

Deno.test("Source.close() drops the error that the operation ends with", async () => {
  const { inlet, operations } = manual();
  const source = new Source(inlet);
  source.tryTake(same);
  source.close();
  operations[0]!.reject(new Deno.errors.BadResource("closed below"));
  await settle(); // an unhandled rejection would end the test run
  assertThrows(() => source.tryTake(same), Deno.errors.BadResource);
});

Deno.test("Source.close() may be called by an accept", async () => {
  const { inlet, operations, log } = manual();
  const source = new Source(inlet);
  const closer = source.take((item) => {
    source.close();
    return item;
  });
  const other = source.take(same);
  operations[0]!.resolve(1);
  const outcome = await closer.catch((error) => error);
  assert(outcome === 1 || outcome instanceof Deno.errors.Interrupted);
  await assertRejects(() => other, Deno.errors.Interrupted);
  await settle();
  assertEquals([operations.length, log.closed], [1, 1]);
});

Deno.test("Source[Symbol.asyncDispose]() waits for the operation to end", async () => {
  const { inlet, operations, log } = manual();
  const source = new Source(inlet);
  source.tryTake(same);
  let gone = false;
  const disposed = source[Symbol.asyncDispose]().then(() => gone = true);
  await settle();
  assertEquals([gone, log.closed], [false, 1]);
  operations[0]!.reject(new Deno.errors.Interrupted("closed below"));
  await disposed;
});

Deno.test("Source[Symbol.asyncDispose]() does not wait for an operation that never began", async () => {
  await new Source(manual().inlet)[Symbol.asyncDispose]();
});

Deno.test("Source[Symbol.asyncDispose]() does not wait for a read() that threw", async () => {
  const source = new Source<number>({
    action: "read",
    read() {
      throw new TypeError("at once");
    },
    close: () => {},
  });
  const taken = source.take(same);
  await Promise.all([
    source[Symbol.asyncDispose](),
    assertRejects(() => taken, Deno.errors.Interrupted),
  ]);
});

Deno.test("Source.close() in an accept that declines discards the item", async () => {
  const { inlet, operations, discarded } = manual();
  const source = new Source(inlet);
  const taken = [source.take(() => source.close()), source.take(same)];
  operations[0]!.resolve(1);
  for (const each of taken) {
    await assertRejects(() => each, Deno.errors.Interrupted);
  }
  assertEquals([discarded, operations.length], [[1], 1]);
});

Deno.test("Source.take() offers on what an accept declines that aborts its own caller", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const controller = new AbortController();
  const first = source.take(() => controller.abort("gone"), {
    signal: controller.signal,
  });
  const second = source.take(same);
  operations[0]!.resolve(1);
  assertEquals(await first.catch((reason) => reason), "gone");
  assertEquals([await second, source.waiting], [1, 0]);
});

Deno.test("Source.take() keeps the order of those who wait when one aborts another", async () => {
  const { inlet, operations } = manual();
  using source = new Source(inlet);
  const controller = new AbortController();
  const first = source.take((item) => {
    controller.abort("gone");
    return item > 1 ? item : undefined;
  });
  const second = source.take(same, { signal: controller.signal }).catch((
    reason,
  ) => reason);
  const third = source.take(same);
  operations[0]!.resolve(1);
  assertEquals([await second, await third], ["gone", 1]);
  operations[1]!.resolve(2);
  assertEquals(await first, 2);
});

Deno.test("Source lets the process end once nobody waits, and keeps it while somebody does", async () => {
  const program = `
    import { Source } from "${import.meta.resolve("../../mux/source.ts")}";
    const operation = Promise.withResolvers();
    const inlet = { action: "read", read: () => operation.promise, close: () => {} };
    const source = new Source(inlet);
    const same = (item) => item;
    await source.take(same, { timeoutMs: 20 }).catch((error) => console.log(error.name));
    const taken = source.take(same, { timeoutMs: 3_000 });
    operation.resolve("taken");
    console.log(await taken);
    Deno.unrefTimer(setTimeout(() => console.log("alive after all"), 2_000));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", program],
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "TimeoutError\ntaken\n");
});
