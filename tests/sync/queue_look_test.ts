import { assert, assertEquals } from "@std/assert";
import { Line } from "../../sync/_line.ts";
import { allocate } from "../../sync/_nodes.ts";
import { registry } from "../../sync/_registry.ts";
import { Event } from "../../sync/event.ts";
import { threads } from "../../sync/threads.ts";
import { LIMIT } from "./_queue_ways.ts";

const bodies = threads<typeof import("./_queue_kill_bodies.ts")>(
  import.meta.resolve("./_queue_kill_bodies.ts"),
);

Deno.test("Line.wake() wakes nobody while a thread looks, until that is dead", async () => {
  const words = new Int32Array(allocate("Queue"));
  const line = new Line(words, registry());
  line.mark();
  const looks = new Event();
  const thread = bodies.start("look", [words, looks]);
  await looks.wait(LIMIT);
  assertEquals(line.wake(), false);
  let looked = false;
  line.look(() => looked = true);
  assert(!looked, "two look at once");
  await thread.terminate(LIMIT);
  assertEquals([line.wake(), line.wake()], [true, false]); // the mark is gone
  line.look(() => looked = true);
  assert(looked, "nobody looks any more");
});

Deno.test("Line.look() ends, also if there was nothing", () => {
  const line = new Line(new Int32Array(allocate("Queue")), registry());
  line.mark();
  line.look(() => assertEquals(line.wake(), false));
  assertEquals(line.wake(), true);
});
