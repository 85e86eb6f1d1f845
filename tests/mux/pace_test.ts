import { assert, assertEquals } from "@std/assert";
import { end, leave, pace, type Paced } from "../../mux/_pace.ts";
import { Doorbell } from "../../mux/doorbell.ts";
import { until } from "../sync/_until.ts";

/** Reads of two periods, and some. */
const LONG = 5_000;

/** So many connections are busy for a while. */
function keepBusy(count: number): void {
  const connections: Paced[] = Array.from({ length: count }, () => ({
    period: -1,
  }));
  for (let i = 0; i < LONG; i++) end(connections[i % count]!);
}

/** Asks for so many reads; each counts when it begins. */
function ask(count: number, begun: { reads: number }): void {
  for (let i = 0; i < count; i++) pace(() => begun.reads++);
}

Deno.test("pace() holds back nothing while nobody has a doorbell", () => {
  keepBusy(1_000);
  const begun = { reads: 0 };
  ask(1_000, begun);
  assertEquals(begun.reads, 1_000);
});

Deno.test("pace() holds back nothing of few connections, however often they read", () => {
  using _bell = new Doorbell();
  keepBusy(100);
  const begun = { reads: 0 };
  ask(LONG, begun);
  assertEquals(begun.reads, LONG);
});

Deno.test("pace() begins few reads of many connections at once, the others after a pass", async () => {
  using bell = new Doorbell();
  await bell.ring();
  keepBusy(101);
  const begun = { reads: 0 };
  ask(500, begun);
  const atOnce = begun.reads;
  assert(atOnce <= 64, `${atOnce}`);
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

Deno.test("pace() forgets connections that are not busy any more", async () => {
  using bell = new Doorbell();
  await bell.ring();
  keepBusy(1_000);
  keepBusy(10);
  const begun = { reads: 0 };
  ask(LONG, begun);
  assertEquals(begun.reads, LONG);
});

Deno.test("pace() counts no connections that are closed, however many come and go", async () => {
  using bell = new Doorbell();
  await bell.ring();
  keepBusy(10);
  for (let i = 0; i < LONG; i++) {
    const connection = { period: -1 };
    end(connection);
    leave(connection);
  }
  const begun = { reads: 0 };
  ask(LONG, begun);
  assertEquals(begun.reads, LONG);
});

Deno.test("pace() knows that many are busy before a period is over", async () => {
  using bell = new Doorbell();
  await bell.ring();
  keepBusy(10);
  for (let i = 0; i < 300; i++) end({ period: -1 });
  const begun = { reads: 0 };
  ask(500, begun);
  assert(begun.reads < 500);
  await until(() => begun.reads === 500);
});
