import { increment, loop } from "./bodies.ts";
import { POOLIFIER_WEB_WORKER } from "./versions.ts";

const { ThreadWorker } = await import(
  `npm:poolifier-web-worker@${POOLIFIER_WEB_WORKER}`
);
/** What poolifier looks for. */
export default new ThreadWorker({ increment, loop }) as unknown;
