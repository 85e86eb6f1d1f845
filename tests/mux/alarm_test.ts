import { assert, assertEquals } from "@std/assert";
import { Alarm } from "../../mux/_alarm.ts";

/** Resolves when an alarm of its own has rung at the time or after. */
function passed(at: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const alarm: Alarm = new Alarm(() => {
    if (performance.now() < at) return alarm.set(at);
    alarm.clear();
    resolve();
  });
  alarm.set(at);
  return promise;
}

/** Runs a program that can use `Alarm`, until it ends by itself. */
async function output(program: string): Promise<string> {
  const url = import.meta.resolve("../../mux/_alarm.ts");
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", `import { Alarm } from "${url}"; ${program}`],
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("Alarm.set() rings, though not from inside the call", async () => {
  for (const ms of [-5, 0, 5]) {
    const rung = Promise.withResolvers<void>();
    let inside = true;
    const alarm = new Alarm(() => {
      alarm.clear();
      if (inside) rung.reject(new Error("rings inside the call"));
      rung.resolve();
    });
    alarm.set(performance.now() + ms);
    inside = false;
    await rung.promise;
  }
});

Deno.test("Alarm.set() is never late: an earlier time replaces a later one", async () => {
  const now = performance.now();
  const rung = Promise.withResolvers<void>();
  const alarm = new Alarm(rung.resolve);
  alarm.set(now + 60_000);
  alarm.set(now + 5);
  alarm.set(now + 30_000);
  await rung.promise;
  assert(performance.now() - now < 30_000);
  alarm.clear();
});

Deno.test("Alarm.set() may be called by the ring", async () => {
  let rings = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const alarm: Alarm = new Alarm(() => {
    if (++rings === 3) resolve();
    else alarm.set(performance.now() + 1);
  });
  alarm.set(performance.now() + 1);
  await promise;
  alarm.clear();
  assertEquals(rings, 3);
});

Deno.test("Alarm.clear() keeps it from ringing", async () => {
  let rings = 0;
  const alarm = new Alarm(() => rings++);
  const at = performance.now() + 2;
  alarm.set(at);
  alarm.clear();
  alarm.clear();
  await passed(at + 10);
  assertEquals(rings, 0);
});

Deno.test("Alarm.set() rings again after clear()", async () => {
  const rung = Promise.withResolvers<void>();
  const alarm = new Alarm(rung.resolve);
  alarm.set(performance.now() + 60_000);
  alarm.clear();
  alarm.set(performance.now() + 1);
  await rung.promise;
  alarm.clear();
});

Deno.test("Alarm.set() does not spin when the time exceeds what a timer can hold", async () => {
  for (const ms of [2 ** 31, 2 ** 32 + 1, Number.MAX_VALUE, Infinity]) {
    let rings = 0;
    const alarm = new Alarm(() => rings++);
    const now = performance.now();
    alarm.set(now + ms);
    await passed(now + 10);
    alarm.clear();
    assertEquals(rings, 0, String(ms));
  }
});

Deno.test("Alarm.set() keeps the process alive until it has rung", async () => {
  assertEquals(
    await output(
      `new Alarm(() => console.log("rang")).set(performance.now() + 20)`,
    ),
    "rang\n",
  );
});

Deno.test("Alarm.rest() lets the process end", async () => {
  assertEquals(
    await output(`
      const alarm = new Alarm(() => console.log("rang"));
      alarm.set(performance.now() + 3_000);
      alarm.rest();
      alarm.rest();`),
    "",
  );
});

Deno.test("Alarm.set() keeps the process alive again after rest()", async () => {
  for (const then of [20, 60_000]) {
    assertEquals(
      await output(`
        const alarm = new Alarm(() => { console.log("rang"); Deno.exit(); });
        alarm.set(performance.now() + 200);
        alarm.rest();
        alarm.set(performance.now() + ${then});`),
      "rang\n",
    );
  }
});
