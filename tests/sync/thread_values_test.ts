import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { blobAndKey, shapes } from "./_thread_bodies.ts";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const bodies = threads<typeof import("./_thread_bodies.ts")>(BODIES);

Deno.test("Thread.join() gives results of all shapes, blobs and keys, and a lock that the thread holds", async () => {
  const [result, { lock, again }, [blob, key]] = await bodies
    .start("allShapes", []).join(LIMIT);
  const { circle, view, ...others } = result;
  const { circle: _circle, view: _view, ...expected } = shapes();
  assertEquals(others, expected);
  const { self, list } = circle as { self: unknown; list: unknown[] };
  assertStrictEquals(self, circle);
  assertStrictEquals(list[0], list);
  assertInstanceOf(view, DataView);
  assertEquals(view.byteLength, 2);
  const views = [view, result.bytes, result.floats] as ArrayBufferView[];
  const octets = views.map(({ buffer }) => buffer.byteLength);
  assertEquals(octets, [3, 3, 16]); // nothing else is in there

  assertInstanceOf(lock, Lock);
  assertStrictEquals(again[0], lock);
  assertEquals([lock.locked, lock.tryAcquire()], [true, undefined]);
  lock.release();
  assert(lock.tryAcquire() !== undefined);
  assert(!lock.ownerDied);

  assertInstanceOf(blob, Blob);
  assert(key instanceof CryptoKey);
  assertEquals([await blob.text(), key.algorithm.name], ["paint", "AES-GCM"]);
});

Deno.test("Thread.joinSync() gives a result of 1.5 MB, and shared memory", () => {
  const octets = 1_500_000;
  const { bytes, text, shared } = bodies.start("large", [octets])
    .joinSync(LIMIT);
  assertEquals([bytes.length, text.length], [octets, octets / 2]);
  assert(bytes.every((byte, index) => byte === (index * 31) % 256));
  assertEquals(text.replaceAll("€", ""), "");
  assertInstanceOf(shared, SharedArrayBuffer);
  assertEquals([...new Uint8Array(shared)], [1, 2, 3, 4]);
});

Deno.test("Thread.join() throws a TypeError for a result that cannot travel", async () => {
  const thread = bodies.start("aFunction", []);
  const error = await assertRejects(() => thread.join(LIMIT), TypeError);
  assertStringIncludes(error.message, "deep[0]: a function");
});

Deno.test("Thread takes and gives back arguments of all shapes, as copies, as they are at the start", async () => {
  const { view: _view, ...others } = shapes();
  const list = [1];
  const octets = new Uint8Array([1, 2, 3, 4]);
  const views = [octets.subarray(0, 2), octets.subarray(1)];
  const args = [others, [1, [2]], "text", undefined, null, 10n, views, list];
  const objects = await blobAndKey();
  const thread = new Thread(BODIES, "giveBackAndName", [objects, ...args]);
  list.push(2);
  thread.start();
  list.push(3);
  const [names, ...result] = await thread.join(LIMIT) as unknown[];
  assertEquals(names, ["Blob", "CryptoKey"]);
  assertEquals(result, [...args.slice(0, 7), [1, 2]]);
  const [first, second] = result[6] as Uint8Array[];
  first![1] = 9;
  assertEquals(second![0], 9); // still two views of one buffer
});

Deno.test("Thread takes what lives in shared memory, at any depth, without copying it, and gives undefined if it returns nothing", async () => {
  const value = new SharedValue("i32", 1);
  const array = new SharedArray("i32", 3);
  const bytes = new Uint8Array(new SharedArrayBuffer(3));
  const [lock, event, semaphore] = [new Lock(), new Event(), new Semaphore(2)];
  const thread = Thread.fromFunction(
    (
      value: SharedValue,
      array: SharedArray<"i32">,
      bytes: Uint8Array,
      deep: { list: [Lock, Map<string, Event>] },
      set: Set<Semaphore>,
    ) => {
      value.add(1);
      array.add(1, 2);
      bytes.fill(9);
      const [lock, map] = deep.list;
      lock.acquireSync();
      map.get("event")!.set();
      for (const semaphore of set) semaphore.acquireSync();
    },
    [
      value,
      array,
      bytes,
      { list: [lock, new Map([["event", event]])] },
      new Set([semaphore]),
    ],
  );
  assertEquals(await thread.join(LIMIT), undefined);
  assertEquals([value.get(), array.get(1), [...bytes]], [2, 2, [9, 9, 9]]);
  assertEquals([lock.locked, event.isSet, semaphore.value], [true, true, 1]);
});

Deno.test("Thread takes an object that occurs twice as one, and a lock though it was attached twice", async () => {
  const object = { n: 1 };
  const lock = new Lock();
  const attached = Lock.attach(lock.share());
  const args = [object, object, lock, { same: lock, attached }] as const;
  const result = await bodies.start("areOne", [...args]).join(LIMIT);
  assertEquals(result, [true, 7, true, true, true, true, true]);
  assertEquals(object.n, 1);
});

Deno.test("Thread copies memory that is not shared, unless it is to move, as a MessagePort is", async () => {
  const copied = new Uint8Array([1, 2, 3]);
  const moved = new Uint8Array([4, 5]);
  const { port1, port2 } = new MessageChannel();
  const args: [Uint8Array, Uint8Array, MessagePort] = [copied, moved, port2];
  const transfer = [moved.buffer, port2];
  const thread = bodies.start("take", args, { transfer });
  assertEquals([moved.length, moved.buffer.detached], [0, true]);
  const answer = Promise.withResolvers<number>();
  port1.onmessage = ({ data }) => answer.resolve(data);
  port1.postMessage(21);
  assertEquals(await thread.join(LIMIT), [[1, 2, 3], [4, 5]]);
  assertEquals([...copied], [1, 2, 3]);
  assertEquals(await answer.promise, 42);
  port1.close();
});

Deno.test("Thread moves an ArrayBuffer from thread to thread", async () => {
  const moved = Thread.fromFunction(
    async (url: string, bodies: string) => {
      const { Thread } = await import(url);
      const bytes = new Uint8Array([4, 5]);
      const thread = Thread.start(bodies, "write", [bytes, 9], {
        transfer: [bytes.buffer],
      });
      return [bytes.length, await thread.join({ timeoutMs: 10_000 })];
    },
    [import.meta.resolve("../../sync/thread.ts"), BODIES],
  );
  assertEquals(await moved.join(LIMIT), [0, [4, 5]]);
});

Deno.test("Thread.start() refuses to move what cannot move, and starts nothing", async () => {
  const { buffer } = new Uint8Array([1]);
  const moved = buffer.transfer();
  const before = Thread.count;
  const thread = new Thread(BODIES, "giveBack", [], { transfer: [buffer] });
  assertThrows(() => thread.start(), DOMException);
  assertEquals([thread.state, Thread.count], ["new", before]);
  assertEquals(moved.byteLength, 1);
  await Thread.start(BODIES, "nothing").join(LIMIT);
});

Deno.test("Thread.start() refuses what belongs to its thread, and says where", () => {
  class Paint {}
  const unshareable: [unknown[], string, string][] = [
    [[1, () => 2], "[1]", "function"],
    [[{ deep: [0, { callback() {} }] }], "[0].deep[1].callback", "function"],
    [[{ paint: new Paint() }], "[0].paint", "Paint"],
    [[Symbol("s")], "[0]", "symbol"],
    [[new Map([["key", new Paint()]])], "[0]", "Paint"],
    [[new Set([new Paint()])], "[0]", "Paint"],
    [[Promise.resolve()], "[0]", "Promise"],
    [[new WeakMap()], "[0]", "WeakMap"],
    [[Thread.current], "[0]", "Thread"],
    [[new AbortController().signal], "[0]", "AbortSignal"],
  ];
  for (const [args, where, what] of unshareable) {
    const start = () => Thread.start(BODIES, "giveBack", args);
    const { message } = assertThrows(start, TypeError);
    assertStringIncludes(message, where);
    assertStringIncludes(message, what);
  }
});

Deno.test("Thread.start() refuses sockets, and says where", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const [conn, accepted] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  using _accepted = accepted;
  using _conn = conn;
  for (const socket of [listener, conn, accepted]) {
    const start = () => Thread.start(BODIES, "giveBack", [1, { socket }]);
    const { message } = assertThrows(start, TypeError);
    assertStringIncludes(message, "[1].socket");
  }
});
