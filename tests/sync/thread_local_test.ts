import { assertEquals, assertStrictEquals } from "@std/assert";
import { Worker } from "node:worker_threads";
import { ThreadLocal } from "../../sync/thread_local.ts";

Deno.test("ThreadLocal.get() makes the value once, when it is asked for", () => {
  let made = 0;
  const local = new ThreadLocal(() => ({ number: ++made }));
  assertEquals(made, 0);
  assertStrictEquals(local.get(), local.get());
  assertEquals(made, 1);
});

Deno.test("ThreadLocal.get() makes the value once, even if it is undefined", () => {
  let made = 0;
  const local = new ThreadLocal(() => void made++);
  local.get();
  local.get();
  assertEquals(made, 1);
});

Deno.test("ThreadLocal.set() changes the value of this thread", () => {
  const local = new ThreadLocal(() => 1);
  local.set(2);
  assertEquals(local.get(), 2);
});

Deno.test("ThreadLocal of a module has a value for each thread", async () => {
  const module = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const source = import.meta.resolve("../../sync/thread_local.ts");
    await Deno.writeTextFile(
      module,
      `import { ThreadLocal } from ${JSON.stringify(source)};
       export const local = new ThreadLocal(() => "initial");`,
    );
    const url = new URL(`file://${module}`).href;
    const { local } = await import(url);
    local.set("main");
    const program = `
      import { parentPort } from "node:worker_threads";
      import { local } from ${JSON.stringify(url)};
      parentPort.postMessage(local.get());`;
    const worker = new Worker(
      new URL(`data:application/javascript,${encodeURIComponent(program)}`),
    );
    const said = Promise.withResolvers<unknown>();
    const ended = Promise.withResolvers<void>();
    worker.once("message", said.resolve);
    worker.once("error", said.reject);
    worker.once("exit", () => ended.resolve());
    assertEquals([await said.promise, local.get()], ["initial", "main"]);
    await ended.promise;
  } finally {
    await Deno.remove(module);
  }
});
