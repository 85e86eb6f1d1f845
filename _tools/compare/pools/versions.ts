/*
 * What both sides of a pool import from npm.
 */

/** Of workerpool. */
export const WORKERPOOL = "10.0.3";

/** Of poolifier. */
export const POOLIFIER = "5.3.2";

/** Of poolifier-web-worker. */
export const POOLIFIER_WEB_WORKER = "0.5.15";
