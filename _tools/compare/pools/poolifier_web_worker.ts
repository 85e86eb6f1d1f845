/*
 * https://www.npmjs.com/package/poolifier-web-worker: as poolifier.ts, by web
 * workers.
 */
import { reportPoolifier } from "./poolifier_report.ts";
import { POOLIFIER_WEB_WORKER } from "./versions.ts";

const { FixedThreadPool } = await import(
  `npm:poolifier-web-worker@${POOLIFIER_WEB_WORKER}`
);
const script = new URL("./poolifier_web_worker_worker.ts", import.meta.url);

await reportPoolifier(
  POOLIFIER_WEB_WORKER,
  (threads) => new FixedThreadPool(threads, script, { enableEvents: false }),
);
