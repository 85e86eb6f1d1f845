import { assert, assertEquals, assertRejects } from "@std/assert";
import { Turn } from "../../tcp/_turn.ts";

Deno.test("Turn goes to one at a time, in the order in which they came", async () => {
  const turn = new Turn();
  const order: number[] = [];
  let holders = 0;
  await Promise.all([1, 2, 3, 4].map(async (i) => {
    await turn.take();
    assertEquals(++holders, 1);
    order.push(i);
    await Promise.resolve();
    holders--;
    turn.pass();
  }));
  assertEquals(order, [1, 2, 3, 4]);
  assert(turn.isFree);
});

Deno.test("Turn.tryTake() takes it only if nobody has it", async () => {
  const turn = new Turn();
  assertEquals([turn.tryTake(), turn.tryTake()], [true, false]);
  const waiting = turn.take();
  turn.pass();
  assertEquals(turn.tryTake(), false, "before who waits");
  await waiting;
  turn.pass();
  assertEquals(turn.tryTake(), true);
});

Deno.test("Turn passes by those who have given up", async () => {
  const turn = new Turn();
  await turn.take();
  const late = turn.take({ timeoutMs: 1 });
  const controller = new AbortController();
  const gone = turn.take({ signal: controller.signal });
  const last = turn.take();
  await assertRejects(() => late, DOMException);
  controller.abort("gone");
  assertEquals(await gone.catch((reason) => reason), "gone");
  turn.pass();
  await last;
  assertEquals(turn.isFree, false);
  turn.pass();
  assertEquals(turn.isFree, true);
});

Deno.test("Turn is not lost on somebody who gives up when it comes", async () => {
  for (const abortFirst of [true, false]) {
    const turn = new Turn();
    await turn.take();
    const controller = new AbortController();
    const first = turn.take({ signal: controller.signal }).then(
      () => turn.pass(),
      (reason) => assertEquals(reason, "gone"),
    );
    const second = turn.take({ timeoutMs: 10_000 });
    if (abortFirst) controller.abort("gone");
    turn.pass();
    controller.abort("gone");
    await first;
    await second;
    turn.pass();
    assert(turn.isFree);
  }
});
