import { assertEquals, assertStringIncludes } from "@std/assert";
import { deno, printed, run } from "./_child.ts";

/** Text of a program: what it imports, and where the functions of a pool are. */
const HEAD = `
  import { Event, Thread, ThreadPool } from "@lockstep/lockstep/sync";
  const module = ${JSON.stringify(import.meta.resolve("./_pool_bodies.ts"))};
  const log = (value) => console.log(value);
`;

Deno.test("Thread that is no daemon keeps the process until it is done", async () => {
  const output = await printed(`
    import { Event, Thread } from "@lockstep/lockstep/sync";
    const go = new Event();
    Thread.fromFunction(async (go) => {
      await go.wait();
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log("thread done");
    }, [go]);
    console.log("main done");
    go.set();
  `);
  assertEquals(output, "main done\nthread done\n");
});

Deno.test("Thread that is a daemon, or was terminated, does not keep the process, whatever it does", async () => {
  const output = await printed(`
    import { Event, Thread } from "@lockstep/lockstep/sync";
    const { resolve } = import.meta;
    const bodies = resolve("./tests/sync/_thread_bodies.ts");
    const start = (name, daemon) => {
      const started = new Event();
      const thread = Thread.start(bodies, name, [started], { daemon });
      started.waitSync({ timeoutMs: 10_000 });
      return thread;
    };
    for (const name of ["spin", "waitRaw", "sleepLong", "awaitForEver"]) {
      start(name, true);
    }
    for (const name of ["sleepLong", "awaitForEver"]) {
      await start(name, false).terminate({ timeoutMs: 10_000 });
    }
    console.log(Thread.count);
  `);
  assertEquals(output, "5\n");
});

Deno.test("Thread that blocks and is no daemon keeps the process, though a daemon started it", async () => {
  const output = await printed(`
    import { Event, Thread } from "@lockstep/lockstep/sync";
    const go = new Event();
    const daemon = Thread.fromFunction(async (go, url) => {
      const { Thread } = await import(url);
      Thread.fromFunction(async (go, url) => {
        const { sleepSync } = await import(url);
        go.waitSync();
        sleepSync(50);
        console.log("thread done");
      }, [go, url], { daemon: false });
    }, [go, import.meta.resolve("@lockstep/lockstep/sync")], { daemon: true });
    await daemon.join({ timeoutMs: 10_000 });
    console.log("main done");
    go.set();
  `);
  assertEquals(output, "main done\nthread done\n");
});

Deno.test("Thread and ThreadPool do not keep the process from Deno.exit()", async () => {
  const { code, stdout } = await run(`
    import { Event, Thread, ThreadPool } from "@lockstep/lockstep/sync";
    const spin = (started) => {
      started.set();
      for (;;);
    };
    const [first, second] = [new Event(), new Event()];
    Thread.fromFunction(spin, [first]);
    new ThreadPool({ size: 1 }).submit(spin, [second]);
    for (const started of [first, second]) {
      started.waitSync({ timeoutMs: 10_000 });
    }
    console.log("exits");
    Deno.exit(3);
  `);
  assertEquals([code, stdout], [3, "exits\n"]);
});

Deno.test("Thread.start() and ThreadPool say so without --allow-read, and do not ask", async () => {
  const { code, stdout, stderr } = await run(
    `
    ${HEAD}
    const thread = new Thread(
      import.meta.resolve("./tests/sync/_thread_bodies.ts"),
      "nothing",
    );
    for (const start of [
      () => thread.start(),
      () => Thread.fromFunction(() => 1, []),
    ]) {
      try {
        start();
      } catch (error) {
        const { message } = error;
        console.log(error instanceof Deno.errors.NotCapable, message);
      }
    }
    console.log(thread.state, Thread.count);
    const pool = new ThreadPool({ size: 2 });
    const tasks = [pool.submit(() => 1, []), pool.submit(() => 2, [])];
    for (const { reason } of await Promise.allSettled(tasks)) {
      console.log(reason.code, reason.cause instanceof Deno.errors.NotCapable);
    }
  `,
    [],
  );
  assertEquals(code, 0, stderr);
  const [first, second, ...last] = stdout.trimEnd().split("\n");
  for (const line of [first, second]) {
    assertStringIncludes(
      line ?? "",
      "true Cannot start the thread: run with --allow-read",
    );
  }
  assertEquals(last, ["new 1", "broken true", "broken true"]);
});

Deno.test("Thread.start() needs to read no more than the module and the package", async () => {
  const { code, stdout, stderr } = await run(
    `
    ${HEAD}
    console.log(await Thread.fromFunction((n) => n + 1, [1]).join());
  `,
    ["--allow-read=sync"],
  );
  assertEquals([code, stdout], [0, "2\n"], stderr);
});

Deno.test("ThreadPool keeps the process while it has tasks or join() waits, and not longer", async () => {
  const output = await printed(`
    ${HEAD}
    const pool = new ThreadPool({ size: 1, module });
    const gate = new Event();
    const open = (gate) => {
      const until = Date.now() + 50;
      while (Date.now() < until);
      gate.set();
    };
    const other = new ThreadPool({ size: 1 });
    const tasks = [
      pool.submit("addLater", [1, 2]).then(log),
      pool.submit("hold", [gate, 7]).then(log),
      other.submit(open, [gate], { onResult: () => console.log("opened") }),
    ];
    Promise.all(tasks).then(() => {
      const last = new ThreadPool({ size: 1, module });
      for (const n of [1, 2, 3]) last.submit("addLater", [n, n]);
      last.close();
      last.join().then(() => console.log(last.stats().done, Thread.count));
    });
    console.log("main done");
  `);
  const lines = output.trimEnd().split("\n");
  assertEquals([lines.shift(), lines.pop()], ["main done", "3 3"]);
  assertEquals(lines.sort(), ["3", "7", "opened"]);
});

Deno.test("ThreadPool that is never closed lets the process end, and writes nothing to stderr, whatever fails and dies", async () => {
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
      await pool.submit(body, []).catch(({ name }) => log(name));
    }
    const own = new ThreadPool({ size: 1, module }); // has its own onUncaught
    await own.submit("rejectUnhandled", []).catch(({ name }) => log(name));
    const onError = ({ message }) => log(message);
    own.submit("fail", ["thin"], { onError });
    own.map("fail", ["thick"], { onError });
    own.submit("addLater", [1, 2]).then(log);
    new ThreadPool({ size: 2 }); // never used
  `);
  const names = "RangeError\nThreadError\nThreadError\nThreadError\n";
  assertEquals(
    [code, stdout, stderr],
    [0, `${names}thin\nthick\n3\n`, ""],
  );
});

Deno.test("ThreadPool lets the process end when it is terminated, or its last task was ended", async () => {
  const output = await printed(`
    ${HEAD}
    const spin = (started) => {
      started.set();
      for (;;);
    };
    const shut = new Event();
    const first = new ThreadPool({ size: 2, module });
    const spins = new Event();
    first.submit(spin, [spins]).catch(({ code }) => log(code));
    first.submit("hold", [shut]).catch(({ code }) => log(code));
    spins.waitSync({ timeoutMs: 10_000 });
    await first.terminate();
    console.log(Thread.count);

    const pool = new ThreadPool({ size: 1, module });
    const controller = new AbortController();
    const { signal } = controller;
    const again = new Event();
    pool.submit(spin, [again], { signal }).catch(log);
    pool.submit("hold", [shut], { signal }).catch(log);
    again.waitSync({ timeoutMs: 10_000 });
    controller.abort("ended");
  `);
  assertEquals(output, "terminated\nterminated\n1\nended\nended\n");
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

Deno.test("Thread that was joined or terminated, and ThreadPool that was closed or terminated, are no leaks in tests of users", async () => {
  const { code, stdout, stderr } = await deno([
    "test",
    "--no-check",
    "--allow-read",
    "tests/sync/_sanitized.ts",
  ]);
  const failed = stdout.match(/^.* \.\.\. FAILED .*$/gm) ?? [];
  assertEquals(failed, [], `${stdout}${stderr}`);
  assertEquals(code, 0, `${stdout}${stderr}`);
});
