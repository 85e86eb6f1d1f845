/**
 * A traffic light: all cars wait for one event, and all drive while it is set.
 * It stays set until it is cleared: so five waits in a loop need one `set`, or
 * five if each is followed by `clear`.
 *
 *     deno run --allow-read examples/sync_event.ts
 */
import {
  Event,
  Semaphore,
  sleep,
  sleepSync,
  threads,
} from "@lockstep/lockstep/sync";

/** Turns green when two cars have come, and red when they have gone. */
export function light(green: Event, gone: Semaphore): void {
  for (let phase = 0; phase < 2; phase++) {
    console.log("red");
    while (green.waiting < 2) sleepSync(1);
    console.log("green");
    green.set();
    for (let car = 0; car < 2; car++) gone.acquireSync();
    green.clear();
  }
  console.log("red");
}

/** Drives on green. */
export function car(green: Event, gone: Semaphore): void {
  green.waitSync();
  console.log("  a car drives on", green.isSet ? "green" : "red");
  gone.release();
}

/** Waits five times. */
export function waitInLoop(event: Event, clearing: boolean): void {
  for (let i = 0; i < 5; i++) {
    event.waitSync();
    if (clearing) event.clear();
  }
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_event.ts")>(import.meta.url);

  const [green, gone] = [new Event(), new Semaphore(0)];
  const lamp = here.start("light", [green, gone]);
  for (let phase = 0; phase < 2; phase++) {
    while (green.isSet) await sleep(1); // these come when it is red
    const cars = [1, 2].map(() => here.start("car", [green, gone]));
    for (const car of cars) await car.join();
  }
  await lamp.join();

  for (const clearing of [false, true]) {
    const event = new Event();
    const loop = here.start("waitInLoop", [event, clearing]);
    let sets = 0;
    for (; loop.alive; await sleep(1)) {
      if (event.isSet || event.waiting === 0) continue;
      event.set();
      sets++;
    }
    const how = clearing ? "with clear" : "without clear";
    console.log(`${how}: 5 waits took ${sets} x set()`);
  }
}
