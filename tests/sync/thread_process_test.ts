import { assertEquals, assertStringIncludes } from "@std/assert";
import { printed, run } from "./_child.ts";

const IMPORT = `import { Thread } from "@lockstep/lockstep/sync";`;

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
    for (const name of ["spin", "waitRaw", "sleepLong", "awaitForEver"]) {
      for (const daemon of [true, false]) {
        const started = new Event();
        const thread = Thread.start(bodies, name, [started], { daemon });
        started.waitSync({ timeoutMs: 10_000 });
        if (!daemon) await thread.terminate({ timeoutMs: 10_000 });
      }
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

Deno.test("Thread does not keep the process from Deno.exit()", async () => {
  const { code, stdout } = await run(`
    import { Event, Thread } from "@lockstep/lockstep/sync";
    const bodies = import.meta.resolve("./tests/sync/_thread_bodies.ts");
    const started = new Event();
    Thread.start(bodies, "spin", [started]);
    started.waitSync({ timeoutMs: 10_000 });
    console.log("exits");
    Deno.exit(3);
  `);
  assertEquals([code, stdout], [3, "exits\n"]);
});

Deno.test("Thread.start() without --allow-read says so, and does not ask", async () => {
  const { code, stdout, stderr } = await run(
    `
    ${IMPORT}
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
  `,
    [],
  );
  assertEquals(code, 0, stderr);
  const [first, second, last] = stdout.split("\n");
  for (const line of [first, second]) {
    assertStringIncludes(
      line ?? "",
      "true Cannot start the thread: run with --allow-read",
    );
  }
  assertEquals(last, "new 1");
});

Deno.test("Thread.start() needs to read no more than the module and the package", async () => {
  const { code, stdout, stderr } = await run(
    `
    ${IMPORT}
    console.log(await Thread.fromFunction((n) => n + 1, [1]).join());
  `,
    ["--allow-read=sync"],
  );
  assertEquals([code, stdout], [0, "2\n"], stderr);
});
