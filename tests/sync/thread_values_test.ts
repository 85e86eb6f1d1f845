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

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const bodies = threads<typeof import("./_thread_bodies.ts")>(BODIES);

Deno.test("Thread.join() gives results of all shapes", async () => {
  const result = await bodies.start("shapes", []).join(LIMIT);
  const { circle, view, ...others } = result;
  const { circle: _circle, view: _view, ...expected } =
    (await import("./_thread_bodies.ts")).shapes();
  assertEquals(others, expected);
  const { self, list } = circle as { self: unknown; list: unknown[] };
  assertStrictEquals(self, circle);
  assertStrictEquals(list[0], list);
  assertInstanceOf(view, DataView);
  assertEquals(view.byteLength, 2);
  const views = [view, result.bytes, result.floats] as ArrayBufferView[];
  const octets = views.map(({ buffer }) => buffer.byteLength);
  assertEquals(octets, [3, 3, 16]); // nothing else is in there
});

Deno.test("Thread.join() gives two views of one buffer as such", async () => {
  const list = new Uint8Array([1, 2, 3, 4]);
  const args = [list.subarray(0, 2), list.subarray(1)];
  const thread = bodies.start("giveBack", args);
  const [first, second] = await thread.join(LIMIT) as Uint8Array[];
  assertEquals([[...first!], [...second!]], [[1, 2], [2, 3, 4]]);
  first![1] = 9;
  assertEquals(second![0], 9); // still two views of one buffer
});

Deno.test("Thread takes and gives blobs and keys", async () => {
  const made = bodies.start("blobAndKey", []);
  const { blob, key } = await made.join(LIMIT);
  assertInstanceOf(blob, Blob);
  assert(key instanceof CryptoKey);
  assertEquals([await blob.text(), key.algorithm.name], ["paint", "AES-GCM"]);
  const thread = bodies.start("classesOf", [blob, key]);
  assertEquals(await thread.join(LIMIT), ["Blob", "CryptoKey"]);
});

Deno.test("Thread.joinSync() gives a result of 5 MB, or of shared memory", () => {
  const octets = 5_000_000;
  const { bytes, text } = bodies.start("large", [octets]).joinSync(LIMIT);
  assertEquals([bytes.length, text.length], [octets, octets / 2]);
  assert(bytes.every((byte, index) => byte === (index * 31) % 256));
  assertEquals(text.replaceAll("€", ""), "");
  const shared = bodies.start("sharedBuffer", []).joinSync(LIMIT);
  assertInstanceOf(shared, SharedArrayBuffer);
  assertEquals([...new Uint8Array(shared)], [1, 2, 3, 4]);
});

Deno.test("Thread.join() gives undefined of a function that returns nothing", async () => {
  assertEquals(await bodies.start("nothing", []).join(LIMIT), undefined);
});

Deno.test("Thread.join() gives a lock that the thread made and holds", async () => {
  const { lock, again } = await bodies.start("heldLock", []).join(LIMIT);
  assertInstanceOf(lock, Lock);
  assertStrictEquals(again[0], lock);
  assertEquals([lock.locked, lock.tryAcquire()], [true, undefined]);
  lock.release();
  assert(lock.tryAcquire() !== undefined);
  assert(!lock.ownerDied);
});

Deno.test("Thread.join() throws a TypeError for a result that cannot travel", async () => {
  const thread = bodies.start("aFunction", []);
  const error = await assertRejects(() => thread.join(LIMIT), TypeError);
  assertStringIncludes(error.message, "deep[0]: a function");
});

Deno.test("Thread takes arguments of all shapes, as copies", async () => {
  const { view: _view, ...shapes } = (await import("./_thread_bodies.ts"))
    .shapes();
  const args = [shapes, [1, [2]], "text", undefined, null, 10n];
  const result = await bodies.start("giveBack", args).join(LIMIT);
  assertEquals(result, args);
});

Deno.test("Thread takes the arguments as they are at the start", async () => {
  const list = [1];
  const thread = new Thread(BODIES, "giveBack", [list]);
  list.push(2);
  thread.start();
  list.push(3);
  assertEquals(await thread.join(LIMIT), [[1, 2]]);
});

Deno.test("Thread takes what lives in shared memory, at any depth", async () => {
  const value = new SharedValue("i32", 1);
  const array = new SharedArray("i32", 3);
  await bodies.start("addTo", [value, array]).join(LIMIT);
  assertEquals([value.get(), array.get(1)], [2, 2]);

  const [lock, event, semaphore] = [new Lock(), new Event(), new Semaphore(2)];
  const thread = Thread.fromFunction(
    (
      deep: { list: [Lock, Map<string, Event>] },
      set: Set<Semaphore>,
    ) => {
      const [lock, map] = deep.list;
      lock.acquireSync();
      map.get("event")!.set();
      for (const semaphore of set) semaphore.acquireSync();
    },
    [{ list: [lock, new Map([["event", event]])] }, new Set([semaphore])],
  );
  await thread.join(LIMIT);
  assertEquals([lock.locked, event.isSet, semaphore.value], [true, true, 1]);
});

Deno.test("Thread takes an object that occurs twice as one", async () => {
  const object = { n: 1 };
  const one = await bodies.start("areOne", [object, object]).join(LIMIT);
  assertEquals([...one, object.n], [true, 7, 1]);
  const lock = new Lock();
  const same = await bodies.start("areOneLock", [lock, { b: lock }])
    .join(LIMIT);
  assertEquals(same, [true, true, true]);
});

Deno.test("Thread takes one lock twice, though it was attached twice", async () => {
  const lock = new Lock();
  const again = Lock.attach(lock.share());
  const same = await bodies.start("areOneLock", [lock, { b: again }])
    .join(LIMIT);
  assertEquals(same.slice(1), [true, true]);
});

Deno.test("Thread takes shared memory without copying it", async () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(3));
  bytes.set([1, 2, 3]);
  const before = await bodies.start("write", [bytes, 9]).join(LIMIT);
  assertEquals([before, [...bytes]], [[1, 2, 3], [9, 9, 9]]);
});

Deno.test("Thread copies memory that is not shared, unless it is to move", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const copied = bodies.start("write", [bytes, 9]);
  assertEquals(await copied.join(LIMIT), [1, 2, 3]);
  assertEquals([...bytes], [1, 2, 3]);
  const moved = bodies.start("write", [bytes, 9], { transfer: [bytes.buffer] });
  assertEquals([bytes.length, bytes.buffer.detached], [0, true]);
  assertEquals(await moved.join(LIMIT), [1, 2, 3]);
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

Deno.test("Thread moves a MessagePort", async () => {
  const { port1, port2 } = new MessageChannel();
  const thread = bodies.start("answerOn", [port2], { transfer: [port2] });
  const answer = Promise.withResolvers<number>();
  port1.onmessage = ({ data }) => answer.resolve(data);
  port1.postMessage(21);
  await thread.join(LIMIT);
  assertEquals(await answer.promise, 42);
  port1.close();
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
