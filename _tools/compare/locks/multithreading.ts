/*
 * Its threads pass something to and fro by a condition, as only those who have
 * acquired a semaphore can release it.
 */
import { duration, perHop, perTurn, throughput } from "../measure.ts";
import { measured, multithreading, VERSION } from "../multithreading.ts";
import type { LockReport } from "./table.ts";

const { Barrier, Condvar, Mutex, Semaphore } = multithreading;
const BODIES = import.meta.resolve("./multithreading_bodies.ts");

const mutex = new Mutex();
const semaphore = new Semaphore(1);

function same<T>(threads: number, ...args: T[]): T[][] {
  return Array.from({ length: threads }, () => args);
}

function contend(threads: number) {
  const total = new Int32Array(new SharedArrayBuffer(4));
  const args = same(threads, new Mutex(total));
  return measured(
    BODIES,
    "addLocked",
    args,
    (gate) => throughput(gate, threads),
  );
}

async function startAndJoin() {
  multithreading.shutdown(); // otherwise it gets a thread that is there
  await multithreading.spawn(multithreading.move(), () => {}).join();
}

function passing() {
  const whose = new Mutex(new Int32Array(new SharedArrayBuffer(4)));
  const args = same<unknown>(2, whose, new Condvar());
  return measured(BODIES, "pass", args, (gate) => perHop(gate, 2)); // to and fro
}

function meeting(threads: number) {
  const args = same(threads, new Barrier(threads));
  return measured(BODIES, "meet", args, (gate) => perHop(gate, 1));
}

const report: LockReport = {
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
