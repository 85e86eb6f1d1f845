import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Barrier } from "../../sync/barrier.ts";
import { BoundedSemaphore } from "../../sync/bounded_semaphore.ts";
import { Condition } from "../../sync/condition.ts";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { attach, share } from "../../sync/share.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";

/** Sends a value as `postMessage` does. */
function sent<T>(value: T): T {
  return attach(structuredClone(share(value))) as T;
}

Deno.test("share() and attach() make of each primitive one with the same memory", () => {
  const lock = sent(new Lock());
  assertInstanceOf(lock, Lock);

  const locks = { a: new Lock(), b: new RLock(), c: new RwLock() };
  const same = sent(locks);
  using _a = locks.a.acquireSync();
  using _b = locks.b.acquireSync();
  using _c = locks.c.writeSync();
  assertEquals([same.a.locked, same.b.locked, same.c.writing], [
    true,
    true,
    true,
  ]);

  const semaphore = new Semaphore(5);
  sent(semaphore).acquireSync();
  assertEquals(semaphore.value, 4);

  const bounded = sent(new BoundedSemaphore(1));
  assertThrows(() => bounded.release(), RangeError);

  const event = new Event();
  sent(event).set();
  assert(event.isSet);

  const barrier = new Barrier(2);
  sent(barrier).abort();
  assert(barrier.broken);

  const value = new SharedValue("i64", 1n);
  sent(value).add(2n);
  assertEquals(value.get(), 3n);

  const array = new SharedArray("f64", 2);
  sent(array).set(1, 0.5);
  assertEquals([array.get(0), array.get(1)], [0, 0.5]);
});

Deno.test("share() of a Condition goes with its lock", () => {
  const lock = new Lock();
  const condition = new Condition(lock);
  const same = sent({ lock, condition });
  assertInstanceOf(same.condition, Condition);
  using _held = condition.acquireSync();
  assert(same.lock.locked);
  assertEquals(same.condition.tryAcquire(), undefined);
});

Deno.test("share() copies deeply, and changes nothing", () => {
  const lock = new Lock();
  const value = { list: [lock], map: new Map([["k", { lock }]]) };
  const copy = sent(value);
  assert(copy.list !== value.list);
  assertStrictEquals(value.list[0], lock);
  assertStrictEquals(value.map.get("k")!.lock, lock);
  assertStrictEquals(copy.map.get("k")!.lock, copy.list[0]);
  assert(copy.list[0] !== lock);
});

Deno.test("share() keeps values as structured clone does", () => {
  for (
    const value of [
      ...[0, NaN, Infinity, 1n, "", "ä", true, null, undefined],
      [],
      {},
      [[], [[]]],
      { a: { b: undefined } },
      new Date(5),
      /a/gi,
      new Uint8Array([1]),
      new Uint8Array([1, 2, 3]).subarray(1, 2),
      new ArrayBuffer(2),
      new BigUint64Array([5n]),
      new Map<unknown, unknown>([[{}, []], [1, new Set()]]),
      new Set([[1]]),
      Object("boxed"),
    ]
  ) assertEquals(sent<unknown>(value), value);
  assert(Object.is(sent(-0), -0));
});

Deno.test("share() keeps circles, through all containers", () => {
  const map = new Map<string, unknown>();
  const set = new Set<unknown>([map]);
  const list: unknown[] = [set];
  map.set("list", list);
  const copy = sent(map);
  const [copiedSet] = copy.get("list") as [Set<unknown>];
  assertStrictEquals([...copiedSet][0], copy);
});

Deno.test("share() keeps two views of one buffer together", () => {
  const bytes = new Uint8Array(4);
  const [first, second] = sent([bytes.subarray(0, 2), bytes.subarray(1)]);
  first![1] = 7;
  assertEquals(second![0], 7);
});

Deno.test("share() keeps keys with a meaning of their own as keys", () => {
  const value = JSON.parse(
    '{"__proto__": {"admin": true}, "constructor": 1, "type": "Lock"}',
  );
  const copy = sent(value);
  assertEquals(Object.keys(copy), ["__proto__", "constructor", "type"]);
  assertEquals([copy.admin, copy.constructor, copy.type], [
    undefined,
    1,
    "Lock",
  ]);
});

Deno.test("share() keeps holes of arrays", () => {
  const sparse = new Array(3);
  sparse[0] = 1;
  sparse[2] = 3;
  const copy = sent(sparse);
  assertEquals([copy.length, 1 in copy, copy[2]], [3, false, 3]);
});

Deno.test("share() keeps objects without a prototype, as plain ones", () => {
  const bare = Object.assign(Object.create(null), { lock: new Lock(), n: 1 });
  const copy = sent(bare);
  assertInstanceOf(copy.lock, Lock);
  assertEquals(copy.n, 1);
});

Deno.test("share() keeps errors whole, at any depth", () => {
  const cause = new RangeError("inner");
  const error = Object.assign(new TypeError("outer", { cause }), { code: 5 });
  const { list: [copy] } = sent({ list: [error] });
  assertInstanceOf(copy, TypeError);
  assertInstanceOf(copy.cause, RangeError);
  assertEquals([copy.message, copy.code, copy.stack], [
    "outer",
    5,
    error.stack,
  ]);
});

Deno.test("share() refuses what belongs to its thread, and says where", () => {
  const cases: [unknown, string, string][] = [
    [() => 1, "the value", "function"],
    [[0, Symbol("s")], "[1]", "symbol"],
    [{ a: { b: class {} } }, ".a.b", "function"],
    [{ a: [new Map([[1, new WeakSet()]])] }, ".a[0]", "WeakSet"],
    [new Map([[() => 1, 1]]), "key of the value", "function"],
    [new Set([new Proxy(() => 1, {})]), "item of the value", "function"],
    [{ iterator: [1].values() }, ".iterator", "Iterator"],
  ];
  for (const [value, where, what] of cases) {
    const { message } = assertThrows(() => share(value), TypeError);
    assertStringIncludes(message, where);
    assertStringIncludes(message, what);
  }
});

Deno.test("share() takes only the classes of this module for its own", () => {
  const impostor = {
    Lock: class Lock {
      share() {
        return { type: "Lock", buffer: new SharedArrayBuffer(64) };
      }
    },
  };
  assertThrows(() => share(new impostor.Lock()), TypeError, "Lock");
});

Deno.test("attach() leaves what needs no attaching", () => {
  const value = { a: [1, "2"], date: new Date(3) };
  assertEquals(attach(structuredClone(value)), value);
});
