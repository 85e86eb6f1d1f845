/*
 * What one would do without this package: workers that are sent messages.
 */
import { Worker } from "node:worker_threads";

/** Answers each message with the next number, or every so many of them. */
const SOURCE = `
  import { parentPort, workerData } from "node:worker_threads";
  let left = workerData.every;
  parentPort.on("message", (message) => {
    if (--left > 0) return;
    left = workerData.every;
    parentPort.postMessage(typeof message === "number" ? message + 1 : 0);
  });
`;

/** A worker that answers, and does not keep the process. */
export function rawWorker(every: number): Worker {
  const url = new URL(`data:text/javascript,${encodeURIComponent(SOURCE)}`);
  const worker = new Worker(url, { workerData: { every } });
  worker.unref();
  return worker;
}

/** Resolves with the next answer. */
export function answer(worker: Worker): Promise<unknown> {
  worker.ref();
  return new Promise((resolve) =>
    worker.once("message", (message) => {
      worker.unref();
      resolve(message);
    })
  );
}
