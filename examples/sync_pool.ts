/**
 * A pool is some threads and a queue of tasks for them. Eight tasks on three
 * threads run in three waves; each waits until the whole wave is there, so that
 * it can be seen. A task that fails reports its error, and the pool lives on.
 *
 *     deno run --allow-read examples/sync_pool.ts
 */
import { Event, SharedValue, sleep, ThreadPool } from "@lockstep/lockstep/sync";

let unit = "nothing";

/** Each thread calls this before its first task. */
export function setUnit(name: string): void {
  unit = name;
}

/** Waits for the others of its wave; answers how many run then. */
export function work(wave: Event, running: SharedValue): number {
  const now = running.add(1) + 1;
  wave.waitSync();
  running.add(-1);
  return now;
}

export function area(side: number): string {
  if (side < 0) throw new RangeError(`no square has a side of ${side}`);
  return `${side * side} ${unit}`;
}

if (import.meta.main) {
  const pool = new ThreadPool<typeof import("./sync_pool.ts")>({
    size: 3,
    module: import.meta.url,
    initializer: "setUnit",
    initializerArgs: ["cm²"],
  });

  const running = new SharedValue("i32", 0);
  const waves = [new Event(), new Event(), new Event()];
  const counts: number[] = [];
  const onResult = (count: number) => counts.push(count);
  const tasks = Array.from({ length: 8 }, (_, i) => {
    const wave = waves[Math.floor(i / 3)]!;
    return pool.submit("work", [wave, running], { onResult });
  });
  for (const [i, wave] of waves.entries()) {
    const size = Math.min(3, tasks.length - 3 * i);
    while (wave.waiting < size || counts.length < 3 * i) await sleep(1);
    console.log(`wave ${i + 1}: ${size} run, ${pool.stats().queued} wait`);
    wave.set();
  }
  await Promise.all(tasks);
  console.log(`${counts.length} done, at most ${Math.max(...counts)} at once`);

  const failing = pool.submit("area", [-1], {
    onError: (error) => console.log(`reported: ${error}`),
  });
  await Promise.allSettled([failing]);
  console.log(`asynchronous: ${await pool.apply("area", 2)}`);
  console.log(`blocking: ${pool.applySync("area", 3)}`);
  const areas = await pool.map("area", [4, 5, 6], { chunkSize: 2 });
  console.log(`map: ${areas.join(", ")}`);
  console.log(`by source: ${await pool.submit((n: number) => n ** 3, [7])}`);

  pool.close();
  await pool.join();
  const { done, failed } = pool.stats();
  console.log(`closed: ${done} done, ${failed} failed`);
  await pool.apply("area", 1).catch((error) => console.log(`${error}`));

  const spinning = new ThreadPool({ size: 1 });
  const endless = spinning.submit(() => {
    for (;;);
  }, []);
  endless.catch((error) => console.log(`${error}`));
  await spinning.terminate();
}
