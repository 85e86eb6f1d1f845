/*
 * https://www.npmjs.com/package/multithreading: Rust's locks and channels for
 * workers.
 */
import { Gate } from "../../bench/sync/gate.ts";
import type {
  BarrierPeer,
  CondvarPeer,
  MutexPeer,
  SemaphorePeer,
} from "./locks/multithreading_bodies.ts";
import type {
  ReceiverPeer,
  SenderPeer,
} from "./queues/multithreading_bodies.ts";

/** What is used of the package. */
interface Multithreading {
  readonly Barrier: new (parties: number) => BarrierPeer;
  readonly Condvar: new () => CondvarPeer;
  readonly Mutex: new (data?: Int32Array) => MutexPeer;
  readonly Semaphore: new (permits: number) => SemaphorePeer;
  channel(capacity?: number): [SenderPeer, ReceiverPeer];
  initRuntime(config: { maxWorkers: number }): void;
  move(...args: unknown[]): unknown;
  shutdown(): void;
  spawn(
    args: unknown,
    fn: (...args: never[]) => unknown,
  ): { join(): Promise<{ ok: boolean; error?: unknown }> };
}

/** Which version is measured. */
export const VERSION = "0.3.52";

/** The package. */
export const multithreading: Multithreading = await import(
  `npm:multithreading@${VERSION}`
);
multithreading.initRuntime({ maxWorkers: 4 });

/**
 * Calls a function of a module in some threads with the words of a gate, their
 * place, and some arguments; measures them, and waits for their end.
 */
export async function measured<T>(
  module: string,
  body: string,
  argsOfThreads: readonly (readonly unknown[])[],
  measure: (gate: Gate) => T,
): Promise<T> {
  const gate = new Gate(argsOfThreads.length);
  const handles = argsOfThreads.map((args, place) =>
    multithreading.spawn(
      multithreading.move(module, body, gate.words, place, ...args),
      async (module: string, body: string, ...args: unknown[]) => {
        const bodies = await import(module);
        await bodies[body](...args);
      },
    )
  );
  await gate.full();
  const result = measure(gate);
  for (const handle of handles) {
    const { ok, error } = await handle.join();
    if (!ok) throw error;
  }
  return result;
}
