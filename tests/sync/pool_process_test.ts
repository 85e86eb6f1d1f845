import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { deno, printed, run } from "./_child.ts";

/** Text of a program: what it imports, and where the functions are. */
const HEAD = `
  import { Event, Thread, ThreadPool } from "@lockstep/lockstep/sync";
  const module = ${JSON.stringify(import.meta.resolve("./_pool_bodies.ts"))};
  const log = (value) => console.log(value);
`;

Deno.test("ThreadPool that is never closed lets the process end", async () => {
  const output = await printed(`
    ${HEAD}
    const pool = new ThreadPool({ size: 2, module });
    console.log(await pool.map("square", [1, 2, 3]));
    console.log(await pool.submit("addLater", [1, 2]));
    new ThreadPool({ size: 2 }); // never used
  `);
  assertEquals(output, "[ 1, 4, 9 ]\n3\n");
});

Deno.test("ThreadPool keeps the process while it has tasks", async () => {
  const output = await printed(`
    ${HEAD}
    const pool = new ThreadPool({ size: 1, module });
    pool.submit("addLater", [1, 2]).then(log);
    const gate = new Event();
    pool.submit("hold", [gate, 7]).then(log);
    const open = (gate) => {
      const until = Date.now() + 50;
      while (Date.now() < until);
      gate.set();
    };
    const other = new ThreadPool({ size: 1 });
    other.submit(open, [gate], { onResult: () => console.log("opened") });
    console.log("main done");
  `);
  const [first, ...rest] = output.trimEnd().split("\n");
  assertEquals([first, rest.sort()], ["main done", ["3", "7", "opened"]]);
});

Deno.test("ThreadPool keeps the process while join() waits, and not longer", async () => {
  const output = await printed(`
    ${HEAD}
    const pool = new ThreadPool({ size: 2, module });
    for (const n of [1, 2, 3]) pool.submit("addLater", [n, n]);
    pool.close();
    pool.join().then(() => console.log(pool.stats().done, Thread.count));
  `);
  assertEquals(output, "3 1\n");
});

Deno.test("ThreadPool lets the process end when its last task was ended", async () => {
  const output = await printed(`
    ${HEAD}
    const pool = new ThreadPool({ size: 1, module });
    const controller = new AbortController();
    const { signal } = controller;
    const shut = new Event();
    const started = new Event();
    const spin = (started) => {
      started.set();
      for (;;);
    };
    pool.submit(spin, [started], { signal }).catch(log);
    pool.submit("hold", [shut], { signal }).catch(log);
    started.waitSync({ timeoutMs: 10_000 });
    controller.abort("ended");
  `);
  assertEquals(output, "ended\nended\n");
});

Deno.test("ThreadPool.terminate() lets the process end, whatever runs", async () => {
  const output = await printed(`
    ${HEAD}
    const pool = new ThreadPool({ size: 2, module });
    const [started, shut] = [new Event(), new Event()];
    const spin = (started) => {
      started.set();
      for (;;);
    };
    pool.submit(spin, [started]).catch(({ code }) => log(code));
    pool.submit("hold", [shut]).catch(({ code }) => log(code));
    started.waitSync({ timeoutMs: 10_000 });
    await pool.terminate();
    console.log(Thread.count);
  `);
  assertEquals(output, "terminated\nterminated\n1\n");
});

Deno.test("ThreadPool does not keep the process from Deno.exit()", async () => {
  const { code, stdout } = await run(`
    ${HEAD}
    const pool = new ThreadPool({ size: 1, module });
    const started = new Event();
    pool.submit((started) => {
      started.set();
      for (;;);
    }, [started]);
    started.waitSync({ timeoutMs: 10_000 });
    console.log("exits");
    Deno.exit(3);
  `);
  assertEquals([code, stdout], [3, "exits\n"]);
});

Deno.test("ThreadPool.submit() that fails unseen ends the process, as any promise", async () => {
  const { code, stderr } = await run(`
    ${HEAD}
    const pool = new ThreadPool({ size: 1, module });
    pool.submit("fail", ["nobody looks"]);
  `);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "nobody looks");
});

Deno.test("ThreadPool tells onError what fails, and the process goes on", async () => {
  const output = await printed(`
    ${HEAD}
    const pool = new ThreadPool({ size: 1, module });
    const onError = ({ message }) => console.log(message);
    pool.submit("fail", ["thin"], { onError });
    pool.map("fail", ["thick"], { onError });
  `);
  assertEquals(output, "thin\nthick\n");
});

Deno.test("ThreadPool writes nothing to stderr when its tasks fail and its threads die", async () => {
  const { code, stdout, stderr } = await run(`
    ${HEAD}
    const pool = new ThreadPool({ size: 1 });
    const bodies = [
      () => {
        throw new RangeError("fails");
      },
      () => Deno.exit(1),
      async () => {
        const { Thread } = await import(
          ${JSON.stringify(import.meta.resolve("../../sync/thread.ts"))}
        );
        Thread.current.terminate();
        await new Promise(() => {});
      },
    ];
    for (const body of bodies) {
      await pool.submit(body, []).catch(({ name }) => console.log(name));
    }
  `);
  assertEquals(
    [code, stdout, stderr],
    [0, "RangeError\nThreadError\nThreadError\n", ""],
  );
});

Deno.test("ThreadPool leaves Thread.onUncaught as the module set it", async () => {
  const { code, stdout, stderr } = await run(`
    ${HEAD}
    const pool = new ThreadPool({ size: 1, module });
    await pool.submit("rejectUnhandled", []).catch(({ name }) => log(name));
  `);
  assertEquals([code, stdout], [0, "ThreadError\n"], stderr);
  assertFalse(stderr.includes("nobody cares"), stderr);
});

Deno.test("ThreadPool without --allow-read says so, and does not ask", async () => {
  const { code, stdout, stderr } = await run(
    `
    ${HEAD}
    const pool = new ThreadPool({ size: 2 });
    const tasks = [pool.submit(() => 1, []), pool.submit(() => 2, [])];
    for (const { reason } of await Promise.allSettled(tasks)) {
      console.log(reason.code, reason.cause instanceof Deno.errors.NotCapable);
    }
  `,
    [],
  );
  assertEquals([code, stdout], [0, "broken true\nbroken true\n"], stderr);
});

Deno.test("ThreadPool is no leak in tests of users, once it is closed or terminated", async () => {
  const { code, stdout, stderr } = await deno([
    "test",
    "--no-check",
    "--allow-read",
    "tests/sync/_pool_sanitized.ts",
  ]);
  const failed = stdout.match(/^.* \.\.\. FAILED .*$/gm) ?? [];
  assertEquals(failed, [], `${stdout}${stderr}`);
  assertEquals(code, 0, `${stdout}${stderr}`);
});
