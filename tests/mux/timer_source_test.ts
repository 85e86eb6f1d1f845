import { assert, assertEquals, assertThrows } from "@std/assert";
import { POLLIN, POLLNVAL } from "../../mux/event_bits.ts";
import { Poll } from "../../mux/poll.ts";
import { select } from "../../mux/select.ts";
import { TimerSource } from "../../mux/timer_source.ts";
import { MAX_DELAY_MS } from "../../sync/wait_options.ts";
import { LIMIT } from "./_fake.ts";

Deno.test("TimerSource is readable when its time has come, not before", async () => {
  const start = performance.now();
  using timer = new TimerSource(5);
  assertEquals(timer.tryTake(), undefined);
  assertEquals(await select([timer], [], [], LIMIT), [[timer], [], []]);
  assert(performance.now() - start >= 4.5, "early");
  assertEquals([timer.tryTake(), timer.tryTake()], [1, undefined]);
});

Deno.test("TimerSource comes once, unless it repeats", async () => {
  using timer = new TimerSource(0);
  using repeated = new TimerSource(1, { repeat: true });
  let [once, often] = [0, 0];
  while (often < 5) {
    const [ready] = await select([timer, repeated], [], [], LIMIT);
    assert(ready.length > 0);
    once += timer.tryTake() ?? 0;
    often += repeated.tryTake() ?? 0;
  }
  assertEquals(once, 1);
});

Deno.test("TimerSource that repeats counts what nobody took", async () => {
  using repeated = new TimerSource(1, { repeat: true });
  using later = new TimerSource(20);
  await select([later], [], [], LIMIT);
  assert(repeated.tryTake()! > 1);
});

Deno.test("TimerSource.close() stops it, and whoever waits sees that", async () => {
  const timer = new TimerSource(MAX_DELAY_MS);
  using poll = new Poll();
  poll.register(timer, POLLIN);
  const polling = poll.poll(LIMIT);
  timer.close();
  timer.close();
  assertEquals(await polling, [[timer, POLLNVAL]]);
});

Deno.test("TimerSource refuses a delay that no timer can hold", () => {
  for (const ms of [-1, NaN, Infinity, MAX_DELAY_MS + 1]) {
    assertThrows(
      () => new TimerSource(ms),
      RangeError,
      `Cannot start a timer: ms must be 0 to ${MAX_DELAY_MS}, got ${ms}`,
    );
  }
});
