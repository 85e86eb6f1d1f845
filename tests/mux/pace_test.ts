import { assertEquals } from "@std/assert";
import { join, leave, pace } from "../../mux/_pace.ts";
import { Doorbell } from "../../mux/doorbell.ts";
import { until } from "../sync/_until.ts";

/** Connections that are read, until it is disposed of. */
function connections(count: number): Disposable {
  for (let i = 0; i < count; i++) join();
  return {
    [Symbol.dispose]() {
      for (let i = 0; i < count; i++) leave();
    },
  };
}

/** Asks for so many reads; each counts when it begins. */
function ask(count: number, begun: { reads: number }): void {
  for (let i = 0; i < count; i++) pace(() => begun.reads++);
}

Deno.test("pace() holds back nothing while nobody has a doorbell", () => {
  using _many = connections(1000);
  const begun = { reads: 0 };
  ask(1000, begun);
  assertEquals(begun.reads, 1000);
});

Deno.test("pace() holds back nothing of few connections, however often they read", () => {
  using _few = connections(100);
  using _bell = new Doorbell();
  const begun = { reads: 0 };
  ask(5000, begun);
  assertEquals(begun.reads, 5000);
});

Deno.test("pace() begins few reads of many connections at once, the others after a pass", async () => {
  using _many = connections(1000);
  using bell = new Doorbell();
  await bell.ring();
  const begun = { reads: 0 };
  ask(500, begun);
  const atOnce = begun.reads;
  assertEquals(atOnce <= 64, true, `${atOnce}`);
  const ringing = bell.ring();
  ask(10, begun); // held as well, while the others are
  assertEquals(begun.reads, atOnce);
  await ringing;
  await until(() => begun.reads === 510);
  await until(() => { // nobody asks any more: it calms down
    ask(1, begun);
    return begun.reads > 510;
  });
});
