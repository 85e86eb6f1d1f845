import { assertEquals } from "@std/assert";
import { ring } from "../../sync/_mailbox.ts";
import { registry } from "../../sync/_registry.ts";
import { ThreadPool } from "../../sync/thread_pool.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { STEP } from "./_pool_ring_body.ts";
import { LIMIT } from "./_pool_use.ts";
import { until } from "./_until.ts";

const module = import.meta.resolve("./_pool_ring_body.ts");

Deno.test("ThreadPool hears of a result though it had taken the one before unheard", async () => {
  const pool = new ThreadPool<typeof import("./_pool_ring_body.ts")>({
    module,
    size: 1,
  });
  const step = new Int32Array(new SharedArrayBuffer(4));
  const first = pool.submit("tellLate", [step]);
  await until(() => Atomics.load(step, 0) === STEP.seen);
  const threads = registry();
  ring(threads, threads.me); // has the pool take the result, and rest
  await first;
  const rings = () => Atomics.load(threads.words, threads.mailbox);
  const before = rings();
  Atomics.store(step, 0, STEP.goOn);
  Atomics.notify(step, 0);
  await until(() => rings() !== before);
  assertEquals(await waitFor(pool.submit("slow", []), LIMIT), "done");
  await pool.terminate();
});
