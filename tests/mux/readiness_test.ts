import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { POLLERR, POLLIN, POLLOUT } from "../../mux/event_bits.ts";
import {
  readiness,
  readinessOf,
  type Waitable,
  Watchers,
} from "../../mux/readiness.ts";
import type { Pollable } from "../../sync/pollable.ts";
import { Event } from "../../sync/event.ts";
import type { WaitOptions } from "../../sync/wait_options.ts";
import { Fake } from "./_fake.ts";

/** A watcher, and what it was told. */
function watcher(edge = false) {
  const told: number[] = [];
  return { edge, told, changed: (edges: number) => void told.push(edges) };
}

/** A pollable whose waits the test ends. */
class Polled implements Pollable {
  ready = false;
  waits: PromiseWithResolvers<void>[] = [];
  signals: AbortSignal[] = [];

  whenReady({ signal }: WaitOptions = {}): Promise<void> {
    const wait = Promise.withResolvers<void>();
    this.waits.push(wait);
    this.signals.push(signal!);
    signal!.addEventListener("abort", () => wait.reject(signal!.reason));
    return wait.promise;
  }
}

Deno.test("readiness is the same symbol in all copies of the package", () => {
  assertStrictEquals(
    readiness,
    Symbol.for("@lockstep/lockstep/mux/readiness"),
  );
});

Deno.test("readinessOf() asks a source, and adapts what is none, once", () => {
  const source = new Fake();
  assertStrictEquals(readinessOf(source), source);
  for (const value of [new Event(), new AbortController().signal]) {
    assertStrictEquals(readinessOf(value), readinessOf(value));
  }
});

Deno.test("readinessOf() refuses what cannot be waited for", () => {
  const named = (value: unknown, name: string) =>
    assertThrows(
      () => readinessOf(value as Waitable),
      TypeError,
      `Cannot wait for ${name}: it is no source`,
    );
  named(undefined, "undefined");
  named(null, "null");
  named(3, "3");
  named("text", "text");
  named({}, "Object");
  named(Object.create(null), "undefined");
  named(Promise.resolve(), "Promise");
});

Deno.test("readinessOf() of an AbortSignal is readable once it is aborted", () => {
  const controller = new AbortController();
  const ready = readinessOf(controller.signal);
  const [one, two] = [watcher(), watcher()];
  ready.watch(one);
  ready.watch(two);
  ready.arm(POLLIN);
  assertEquals(ready.events, 0);
  ready.unwatch(two);
  controller.abort();
  assertEquals([ready.events, one.told, two.told], [POLLIN, [POLLIN], []]);
  ready.unwatch(one);
});

Deno.test("readinessOf() of a pollable waits once for all, and takes nothing", async () => {
  const polled = new Polled();
  const ready = readinessOf(polled);
  const [one, two] = [watcher(), watcher()];
  ready.watch(one);
  ready.watch(two);
  assertEquals(polled.waits.length, 0);
  ready.arm(POLLOUT);
  assertEquals(polled.waits.length, 0);
  ready.arm(POLLIN);
  ready.arm(POLLIN);
  assertEquals([polled.waits.length, ready.events], [1, 0]);
  polled.ready = true;
  polled.waits[0]!.resolve();
  await polled.waits[0]!.promise;
  assertEquals([one.told, two.told, ready.events], [
    [POLLIN],
    [POLLIN],
    POLLIN,
  ]);
  polled.ready = false; // somebody else took it
  assertEquals(ready.events, 0);
  ready.arm(POLLIN);
  assertEquals(polled.waits.length, 2);
  ready.unwatch(one);
  assertEquals(polled.signals[1]!.aborted, false);
  ready.unwatch(two);
  assertEquals(polled.signals[1]!.aborted, true);
});

Deno.test("readinessOf() of a pollable can be watched again after nobody did", async () => {
  const polled = new Polled();
  const ready = readinessOf(polled);
  const [one, two] = [watcher(), watcher()];
  ready.watch(one);
  ready.arm(POLLIN);
  ready.unwatch(one);
  ready.watch(two);
  ready.arm(POLLIN);
  polled.ready = true;
  polled.waits[1]!.resolve();
  await polled.waits[1]!.promise;
  assertEquals([one.told, two.told], [[], [POLLIN]]);
  ready.unwatch(two);
});

Deno.test("readinessOf() of a pollable tells that its wait has failed", async () => {
  const polled = new Polled();
  const ready = readinessOf(polled);
  const one = watcher();
  ready.watch(one);
  ready.arm(POLLIN);
  polled.waits[0]!.reject(new Error("broken"));
  await polled.waits[0]!.promise.catch(() => {});
  await Promise.resolve();
  assertEquals([ready.events, one.told], [POLLIN | POLLERR, [
    POLLIN | POLLERR,
  ]]);
  ready.unwatch(one);
});

Deno.test("Watchers tells each one once, and knows whether one wants edges", () => {
  const watchers = new Watchers();
  const [level, edge] = [watcher(), watcher(true)];
  watchers.add(level);
  watchers.add(level);
  assertEquals([watchers.size, watchers.edge], [1, false]);
  watchers.add(edge);
  watchers.add(edge);
  assertEquals([watchers.size, watchers.edge], [2, true]);
  watchers.tell(POLLIN);
  watchers.delete(edge);
  watchers.delete(edge);
  watchers.tell(0);
  assertEquals([level.told, edge.told], [[POLLIN, 0], [POLLIN]]);
  assertEquals([watchers.size, watchers.edge], [1, false]);
});
