import { assertEquals } from "@std/assert";
import { POLLIN, POLLNVAL } from "../../mux/event_bits.ts";
import { Poll } from "../../mux/poll.ts";
import { select } from "../../mux/select.ts";
import { Wakeup } from "../../mux/wakeup.ts";
import { LIMIT } from "./_fake.ts";

Deno.test("Wakeup is readable once it was woken, until that is taken", async () => {
  using wakeup = new Wakeup();
  const now = { timeoutMs: 0 };
  assertEquals(wakeup.tryTake(), undefined);
  assertEquals(await select([wakeup], [], [], now), [[], [], []]);
  wakeup.wake();
  wakeup.wake();
  for (let i = 0; i < 2; i++) {
    assertEquals(await select([wakeup], [], [], now), [[wakeup], [], []]);
  }
  assertEquals([wakeup.tryTake(), wakeup.tryTake()], [2, undefined]);
  assertEquals(await select([wakeup], [], [], now), [[], [], []]);
});

Deno.test("Wakeup.wake() ends all waits", async () => {
  using wakeup = new Wakeup();
  const waits = [select([wakeup], [], [], LIMIT), select([wakeup])];
  wakeup.wake();
  const ready = [[wakeup], [], []];
  assertEquals(await Promise.all(waits), [ready, ready] as unknown[]);
});

Deno.test("Wakeup is never writable", async () => {
  using wakeup = new Wakeup();
  wakeup.wake();
  const selected = await select([], [wakeup], [wakeup], { timeoutMs: 1 });
  assertEquals(selected, [[], [], []]);
});

Deno.test("Wakeup.close() is seen by those who wait, and the last word", async () => {
  const wakeup = new Wakeup();
  using poll = new Poll();
  poll.register(wakeup, POLLIN);
  const polling = poll.poll(LIMIT);
  wakeup.close();
  wakeup.close();
  wakeup.wake();
  assertEquals(await polling, [[wakeup, POLLNVAL]]);
});
