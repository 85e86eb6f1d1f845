/*
 * https://www.npmjs.com/package/multithreading: Rust's locks for workers.
 */
import { Gate } from "../../bench/sync/gate.ts";
import { duration, perHop, perTurn, throughput } from "./measure.ts";
import type {
  BarrierPeer,
  CondvarPeer,
  MutexPeer,
  SemaphorePeer,
} from "./multithreading_bodies.ts";
import type { Report } from "./report.ts";

/** What is used of the package. */
interface Multithreading {
  readonly Barrier: new (parties: number) => BarrierPeer;
  readonly Condvar: new () => CondvarPeer;
  readonly Mutex: new (data?: Int32Array) => MutexPeer;
  readonly Semaphore: new (permits: number) => SemaphorePeer;
  initRuntime(config: { maxWorkers: number }): void;
  move(...args: unknown[]): unknown;
  shutdown(): void;
  spawn(
    args: unknown,
    fn: (...args: never[]) => unknown,
  ): { join(): Promise<{ ok: boolean; error?: unknown }> };
}

const VERSION = "0.3.52";
const { Barrier, Condvar, Mutex, Semaphore, ...runtime }: Multithreading =
  await import(`npm:multithreading@${VERSION}`);
runtime.initRuntime({ maxWorkers: 4 });

const mutex = new Mutex();
const semaphore = new Semaphore(1);

/** Calls a body in as many threads, measures them, and waits for their end. */
async function measured<T>(
  threads: number,
  body: string,
  args: readonly unknown[],
  measure: (gate: Gate) => T,
): Promise<T> {
  const gate = new Gate(threads);
  const module = import.meta.resolve("./multithreading_bodies.ts");
  const handles = Array.from({ length: threads }, (_, place) =>
    runtime.spawn(
      runtime.move(module, body, gate.words, place, ...args),
      async (module: string, body: string, ...args: unknown[]) => {
        const bodies = await import(module);
        await bodies[body](...args);
      },
    ));
  await gate.full();
  const result = measure(gate);
  for (const handle of handles) {
    const { ok, error } = await handle.join();
    if (!ok) throw error;
  }
  return result;
}

function contend(threads: number) {
  const total = new Int32Array(new SharedArrayBuffer(4));
  const args = [new Mutex(total)];
  return measured(
    threads,
    "addLocked",
    args,
    (gate) => throughput(gate, threads),
  );
}

async function startAndJoin() {
  runtime.shutdown(); // otherwise it gets a thread that is there
  await runtime.spawn(runtime.move(), () => {}).join();
}

function passing() {
  const whose = new Mutex(new Int32Array(new SharedArrayBuffer(4)));
  const args = [whose, new Condvar()];
  return measured(2, "pass", args, (gate) => perHop(gate, 2)); // there and back
}

function meeting(threads: number) {
  const args = [new Barrier(threads)];
  return measured(threads, "meet", args, (gate) => perHop(gate, 1));
}

const report: Report = {
  version: VERSION,
  figures: {
    lockSync: await perTurn((turns) => {
      for (let i = 0; i < turns; i++) mutex.blockingLock().dispose();
    }),
    lockAsync: await perTurn(async (turns) => {
      for (let i = 0; i < turns; i++) (await mutex.lock()).dispose();
    }),
    semaphoreSync: await perTurn((turns) => {
      for (let i = 0; i < turns; i++) semaphore.blockingAcquire().dispose();
    }),
    semaphoreAsync: await perTurn(async (turns) => {
      for (let i = 0; i < turns; i++) (await semaphore.acquire()).dispose();
    }),
    contended2: await contend(2),
    contended4: await contend(4),
    handOver: await passing(),
    barrier2: await meeting(2),
    barrier4: await meeting(4),
    thread: await duration(startAndJoin),
  },
};
console.log(JSON.stringify(report));
Deno.exit(); // its workers would go on for ever
