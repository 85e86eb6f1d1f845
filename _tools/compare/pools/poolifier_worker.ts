import { increment, loop } from "./bodies.ts";
import { POOLIFIER } from "./versions.ts";

const { ThreadWorker } = await import(`npm:poolifier@${POOLIFIER}`);
/** What poolifier looks for. */
export default new ThreadWorker({ increment, loop }) as unknown;
