import { increment, loop } from "./bodies.ts";
import { WORKERPOOL } from "./versions.ts";

const { default: workerpool } = await import(`npm:workerpool@${WORKERPOOL}`);
workerpool.worker({ increment, loop });
