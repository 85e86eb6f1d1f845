/*
 * https://www.npmjs.com/package/poolifier: worker threads that are given each
 * task at once; queues of tasks would make them slower.
 */
import { fileURLToPath } from "node:url";
import { reportPoolifier } from "./poolifier_report.ts";
import { POOLIFIER } from "./versions.ts";

const { FixedThreadPool } = await import(`npm:poolifier@${POOLIFIER}`);
const script = fileURLToPath(import.meta.resolve("./poolifier_worker.ts"));

await reportPoolifier(
  POOLIFIER,
  (threads) => new FixedThreadPool(threads, script, { enableEvents: false }),
);
