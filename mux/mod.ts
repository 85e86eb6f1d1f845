/**
 * The ground that everything with a socket stands on: one owner for each
 * outstanding operation, one base for all servers, addresses, and a report of
 * what this runtime can do.
 *
 * - {@linkcode Source} owns the read that nobody can cancel, so that a caller
 *   that times out or aborts loses nothing.
 * - {@linkcode ServerLoop} takes from a source and calls a handler: limits,
 *   isolation of errors, drain.
 * - {@linkcode capabilities} tells what works here.
 *
 * @example What this runtime can do
 * ```ts
 * import { capabilities } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * const { datagrams, hardKill } = capabilities();
 * assertEquals([datagrams, hardKill], [true, true]);
 * ```
 *
 * @module
 */
export * from "./addr.ts";
export * from "./capabilities.ts";
export * from "./cut.ts";
export * from "./event_bits.ts";
export * from "./inbox.ts";
export * from "./printable.ts";
export * from "./readiness.ts";
export * from "./server.ts";
export * from "./source.ts";
