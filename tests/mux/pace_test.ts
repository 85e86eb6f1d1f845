import { assert, assertEquals } from "@std/assert";
import { ended, pace } from "../../mux/_pace.ts";
import { Doorbell } from "../../mux/doorbell.ts";
import { until } from "../sync/_until.ts";

/** Asks for so many reads; each counts when it begins. */
function ask(count: number, begun: { reads: number }): void {
  for (let i = 0; i < count; i++) pace(() => begun.reads++);
}

/** Lets them all end. */
function end(begun: { reads: number }): void {
  for (; begun.reads > 0; begun.reads--) ended();
}

Deno.test("pace() holds back nothing while nobody has a doorbell", () => {
  const begun = { reads: 0 };
  ask(1000, begun);
  assertEquals(begun.reads, 1000);
  end(begun);
});

Deno.test("pace() holds back nothing of few connections, however often they read", () => {
  using _bell = new Doorbell();
  const begun = { reads: 0 };
  for (let round = 0; round < 50; round++) {
    ask(100, begun);
    assertEquals(begun.reads, 100);
    end(begun);
  }
});

Deno.test("pace() begins few of many reads at once, and the others after a pass", async () => {
  using bell = new Doorbell();
  const begun = { reads: 0 };
  ask(1000, begun);
  const atOnce = begun.reads;
  assert(atOnce >= 128 && atOnce < 300, `${atOnce}`);
  await bell.ring();
  ask(10, begun); // held as well, while the others are
  await until(() => begun.reads === 1010);
  end(begun);
  await bell.ring();
  ask(1, begun);
  await until(() => begun.reads === 1);
  end(begun);
});
