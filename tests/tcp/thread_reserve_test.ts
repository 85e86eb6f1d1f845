import { assertEquals, assertThrows } from "@std/assert";
import { ThreadReserve, type Worker } from "../../tcp/_thread_reserve.ts";
import { until } from "../sync/_until.ts";

/** A reserve of workers that are known by their numbers, and what they were told. */
function reserveOf(size: number, keepMs = 1_000_000) {
  const told: string[] = [];
  const start = () => {
    const id = told.push("");
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (how: string) => {
      told[id - 1] = how;
      resolve();
    };
    return {
      id,
      gone: promise,
      stop: () => end("stopped"),
      kill: () => end("killed"),
      die: () => end("died"),
    };
  };
  const reserve = new ThreadReserve<Worker & ReturnType<typeof start>>({
    size,
    keepMs,
    start,
  });
  return { reserve, told };
}

Deno.test("ThreadReserve keeps some warm, and starts more when all are busy", async () => {
  const { reserve, told } = reserveOf(2);
  reserve.fill();
  reserve.fill();
  assertEquals(told.length, 2);
  const taken = [1, 2, 3].map(() => reserve.take());
  assertEquals(taken.map(({ id }) => id), [2, 1, 3]);
  reserve.giveBack(taken[1]!);
  assertEquals(reserve.take().id, 1, "who was idle last comes first");
  await reserve.close();
});

Deno.test("ThreadReserve lets those end that are too many for long", async () => {
  const { reserve, told } = reserveOf(1, 1);
  const taken = [1, 2, 3].map(() => reserve.take());
  for (const worker of taken) reserve.giveBack(worker);
  await until(() => reserve.size === 1);
  assertEquals(told, ["", "stopped", "stopped"]);
  await reserve.close();
});

Deno.test("ThreadReserve replaces those that died, idle or busy", async () => {
  const { reserve, told } = reserveOf(2);
  reserve.fill();
  const busy = reserve.take();
  busy.die();
  const idle = reserve.take();
  reserve.giveBack(idle);
  idle.die();
  await Promise.all([busy.gone, idle.gone]);
  reserve.giveBack(busy); // it is no more
  reserve.fill();
  assertEquals(told, ["died", "died", "", ""]);
  assertEquals([reserve.take().id, reserve.take().id], [4, 3]);
  await reserve.close();
});

Deno.test("ThreadReserve.close() lets the idle end, and ends the busy", async () => {
  const { reserve, told } = reserveOf(2);
  reserve.fill();
  const busy = reserve.take();
  await reserve.close();
  assertEquals(told, ["stopped", "killed"]);
  reserve.giveBack(busy);
  reserve.fill();
  assertEquals(told.length, 2);
});

Deno.test("ThreadReserve refuses sizes that make no sense", () => {
  for (const size of [0, 1.5, NaN]) {
    assertThrows(() => reserveOf(size), RangeError);
  }
});
