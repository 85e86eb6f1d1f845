/**
 * Readiness for Deno, which tells nobody when a socket is ready: what Python's
 * `select` and `selectors` are to a Python programmer, for sockets, streams,
 * timers, abort signals, and the locks and queues of `sync` alike; and the ground
 * that everything with a socket stands on.
 *
 * - {@linkcode select}, {@linkcode Poll}, {@linkcode Epoll}, {@linkcode Selector}
 *   wait for any of several sources.
 * - {@linkcode stdin}, {@linkcode StreamSource}, {@linkcode TimerSource},
 *   {@linkcode Wakeup} are sources besides the sockets of `udp` and `tcp`.
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
export * from "./doorbell.ts";
export * from "./epoll.ts";
export * from "./event_bits.ts";
export * from "./inbox.ts";
export * from "./poll.ts";
export * from "./printable.ts";
export * from "./readiness.ts";
export * from "./select.ts";
export * from "./selector.ts";
export * from "./server.ts";
export * from "./source.ts";
export * from "./stream_source.ts";
export * from "./timer_source.ts";
export * from "./wakeup.ts";
