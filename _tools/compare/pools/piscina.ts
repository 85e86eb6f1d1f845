/*
 * https://www.npmjs.com/package/piscina: worker threads that wait by Atomics, and
 * have many tasks at once, which doubles their rate.
 */
import { type PiscinaPeer, reportPiscina } from "./piscina_report.ts";

const VERSION = "5.3.2";
const { Piscina }: { Piscina: new (options: object) => PiscinaPeer } =
  await import(`npm:piscina@${VERSION}`);

await reportPiscina(VERSION, (threads) =>
  new Piscina({
    filename: import.meta.resolve("./bodies.ts"),
    minThreads: threads,
    maxThreads: threads,
    atomics: "sync",
    concurrentTasksPerWorker: 500,
    recordTiming: false,
  }));
