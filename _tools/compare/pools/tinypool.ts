/*
 * https://www.npmjs.com/package/tinypool: as piscina.ts, but a single thread
 * hangs if it waits by Atomics.
 */
import { type PiscinaPeer, reportPiscina } from "./piscina_report.ts";

const VERSION = "2.2.0";
const { Tinypool }: { Tinypool: new (options: object) => PiscinaPeer } =
  await import(`npm:tinypool@${VERSION}`);

await reportPiscina(VERSION, (threads) =>
  new Tinypool({
    filename: import.meta.resolve("./bodies.ts"),
    runtime: "worker_threads",
    minThreads: threads,
    maxThreads: threads,
    useAtomics: threads > 1,
    concurrentTasksPerWorker: 500,
  }));
