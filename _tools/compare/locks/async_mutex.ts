/*
 * https://www.npmjs.com/package/async-mutex: locks of one thread.
 */
import { perTurn } from "../measure.ts";
import type { LockReport } from "./table.ts";

/** What is used of the package. */
interface AsyncMutex {
  readonly Mutex: new () => Lockable;
  readonly Semaphore: new (permits: number) => Lockable;
}

interface Lockable {
  acquire(): Promise<unknown>;
  release(): void;
}

const VERSION = "0.5.0";
const { Mutex, Semaphore }: AsyncMutex = await import(
  `npm:async-mutex@${VERSION}`
);
const mutex = new Mutex();
const semaphore = new Semaphore(1);

const report: LockReport = {
  version: VERSION,
  figures: {
    lockAsync: await perTurn(async (turns) => {
      for (let i = 0; i < turns; i++) {
        await mutex.acquire();
        mutex.release();
      }
    }),
    semaphoreAsync: await perTurn(async (turns) => {
      for (let i = 0; i < turns; i++) {
        await semaphore.acquire();
        semaphore.release();
      }
    }),
  },
};
console.log(JSON.stringify(report));
