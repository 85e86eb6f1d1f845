import { assertEquals } from "@std/assert";
import { run } from "./_child.ts";
import { STRESS } from "./_random.ts";

/** Prints how many MiB more there are after so many rounds of the body. */
async function growth(
  body: string,
  warm: number,
  rounds: number,
  most: number,
): Promise<string> {
  const { code, stdout, stderr } = await run(
    `
    import { Event, sleep, ThreadPool } from "@lockstep/lockstep/sync";
    const pool = new ThreadPool({ size: 2 });
    const always = new AbortController();
    const collect = (n) => globalThis.gc();
    const rss = async () => {
      gc();
      await pool.map(collect, [1, 2, 3, 4], { chunkSize: 1 });
      await sleep(20);
      return Deno.memoryUsage().rss / 2 ** 20;
    };
    const round = async () => {
      ${body}
    };
    for (let i = 0; i < ${warm}; i++) await round();
    const before = await rss();
    for (let i = 0; i < ${rounds}; i++) await round();
    let more = Infinity;
    for (let i = 0; i < 5; i++) more = Math.min(more, await rss() - before);
    console.log(more < ${most} ? "enough" : more);
    await pool.terminate();
  `,
    ["--allow-read", "--v8-flags=--expose-gc"],
  );
  assertEquals(code, 0, stderr);
  return stdout;
}

/**
 * What takes memory: what a round does, how many there are until it is warm and
 * after that, and half of what would be lost, in MiB.
 */
const ROUNDS = {
  "200,000 results of 1 KiB": [
    `const make = (n) => new Uint8Array(1024).fill(n);
     const tasks = Array.from({ length: 1000 }, (_, n) =>
       pool.submit(make, [n]));
     for (const bytes of await Promise.all(tasks)) bytes.length;`,
    50,
    200,
    97,
  ],
  "50,000 tasks with one signal, and timeouts": [
    `const make = (n) => new Uint8Array(4096).fill(n);
     const { signal } = always;
     const tasks = Array.from({ length: 1000 }, (_, n) =>
       pool.submit(make, [n], { signal, timeoutMs: 1e6 }));
     for (const bytes of await Promise.all(tasks)) bytes.length;`,
    30,
    50,
    97,
  ],
  "6000 arguments and results of 64 KiB": [
    `const tasks = Array.from({ length: 10 }, () =>
       pool.submit((b) => b, [new Uint8Array(2 ** 16).fill(1)]));
     for (const b of await Promise.all(tasks)) b.length;`,
    200,
    600,
    187,
  ],
  "1000 arguments of 1 MiB that move": [
    `const { buffer } = new Uint8Array(2 ** 20).fill(1);
     const options = { transfer: [buffer] };
     await pool.submit((b) => b.byteLength, [buffer], options);`,
    400,
    1000,
    500,
  ],
  "400 arguments of 512 KiB that move to tasks that never run": [
    `const gate = new Event();
     const held = [1, 2].map(() => pool.submit((gate) => gate.waitSync(), [gate]));
     while (gate.waiting < 2) await sleep(1);
     const controller = new AbortController();
     const { signal } = controller;
     const tasks = Array.from({ length: 50 }, () => {
       const { buffer } = new Uint8Array(2 ** 19).fill(1);
       const options = { signal, transfer: [buffer], onError() {} };
       return pool.submit((b) => b.byteLength, [buffer], options);
     });
     controller.abort();
     gate.set();
     await Promise.allSettled([...held, ...tasks]);`,
    4,
    8,
    100,
  ],
} as const;

/** The others take longer, and are for the long versions. */
const SHORT = "400 arguments of 512 KiB that move to tasks that never run";

for (const [what, [body, warm, rounds, most]] of Object.entries(ROUNDS)) {
  if (!STRESS && what !== SHORT) continue;
  Deno.test(`ThreadPool gives memory back: ${what}`, async () => {
    assertEquals(await growth(body, warm, rounds, most), "enough\n");
  });
}
