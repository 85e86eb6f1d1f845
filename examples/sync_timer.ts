/**
 * A timer calls a function once, after a while, unless it is cancelled before.
 *
 *     deno run examples/sync_timer.ts
 */
import { sleep, Timer } from "@lockstep/lockstep/sync";

let rings = 0;
const bell = new Timer(20, () => void rings++);
await sleep(30);
console.log("not started, rings:", rings);

const start = performance.now();
const called = await bell.start();
console.log("called:", called, "too early:", performance.now() - start < 20);
await sleep(30);
console.log("rings, once only:", rings);

const bomb = new Timer(20, () => console.log("boom"));
const outcome = bomb.start();
bomb.cancel();
console.log("cancelled, called:", await outcome);
{
  using alarm = new Timer(20, () => console.log("the house is on fire"));
  alarm.start();
} // cancelled by the end of the block
await sleep(30);
console.log("silence");

const faulty = new Timer(1, () => {
  throw new Error("the spring is broken");
});
await faulty.start().catch((error) => console.log("failed:", error.message));
try {
  bell.start();
} catch (error) {
  console.log((error as Error).message);
}
