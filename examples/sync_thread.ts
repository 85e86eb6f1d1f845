/**
 * Threads run functions that a module exports: with arguments, a name, a result
 * or an error. This file is both the program and the module of its threads, so
 * what only the program does stands below `import.meta.main`.
 *
 *     deno run --allow-read examples/sync_thread.ts
 */
import { sleepSync, Thread, threads } from "@lockstep/lockstep/sync";

Thread.onUncaught = () => {}; // of no interest: join() throws it

/** What it returns, `join` returns. */
export function power(base: number, exponent: number): string {
  return `${Thread.current.name}: ${base} ** ${exponent} = ${base ** exponent}`;
}

/** What it throws, `join` throws. */
export function divide(a: bigint, b: bigint): bigint {
  return a / b;
}

/** Never ends; the program does not wait for it, if it is a daemon. */
export function heartbeat(): never {
  for (;;) sleepSync(1_000);
}

/** A thread with a method `run`, which finds the fields of the object. */
export class Greeter extends Thread<string> {
  static override module = import.meta.url;
  readonly greeting: string;

  constructor(greeting: string) {
    super({ name: "greeter" });
    this.greeting = greeting;
  }

  override run(): string {
    return `${this.greeting} from the ${this.name}`;
  }
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_thread.ts")>(import.meta.url);

  const three = [0, 1, 2].map((i) =>
    here.start("power", [2, i], { name: `worker ${i}` })
  );
  for (const thread of three) console.log(await thread.join());

  const broken = here.start("divide", [1n, 0n]);
  await broken.join().catch((error) => console.log(`${error}`));

  const endless = here.start("heartbeat", [], { daemon: true });
  await endless.join({ timeoutMs: 50 }).catch((error) =>
    console.log(`${error.name}, alive: ${endless.alive}`)
  );

  const greeter = new Greeter("hello").start();
  console.log(await greeter.join());
  try {
    greeter.start();
  } catch (error) {
    console.log(`${error}`);
  }
}
