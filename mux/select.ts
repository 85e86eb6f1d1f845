import type { WaitOptions } from "../sync/wait_options.ts";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "./event_bits.ts";
import { Interests } from "./_interests.ts";
import { readinessOf, type Waitable } from "./readiness.ts";

/** What {@linkcode select} answers: those of each list that are ready. */
export type Selected<S extends Waitable> = [
  readable: S[],
  writable: S[],
  exceptional: S[],
];

/**
 * Waits until a source is readable, writable, or exceptional.
 *
 * Readable is whatever has something to take: octets, a connection, the end, an
 * error. Writable is what can send. Exceptional is what has failed, such as a
 * connection that was refused. Nothing is taken: follow with `tryReceive()` and
 * the like. A call costs as much as there are sources; a {@linkcode Selector} does
 * not.
 *
 * If aborted or timed out, nothing was taken. With `timeoutMs: 0` it looks once,
 * in one pass over all sockets.
 *
 * Source: POSIX `select`; CPython `select.select`.
 *
 * @param read Those to wait for until they are readable.
 * @param write Those to wait for until they are writable.
 * @param except Those to wait for until they are exceptional.
 * @param options Timeout and abort signal.
 * @returns Those of each list that are ready, in its order; none if the time is
 * over.
 * @throws {Deno.errors.BadResource} If one is closed.
 * @throws {TypeError} If one is no source.
 * @throws {RangeError} If `timeoutMs` is negative or not a number.
 *
 * @example
 * ```ts
 * import { select } from "@lockstep/lockstep/mux";
 * import { Queue } from "@lockstep/lockstep/sync";
 * import { UdpSocket } from "@lockstep/lockstep/udp";
 * import { assertEquals } from "@std/assert";
 *
 * await using socket = UdpSocket.bind();
 * const queue = new Queue<string>();
 * queue.tryPut("from a thread");
 * const [readable, writable] = await select([socket, queue], [socket]);
 * assertEquals([readable, writable], [[queue], [socket]]);
 * ```
 */
export async function select<S extends Waitable>(
  read: Iterable<S>,
  write: Iterable<S> = [],
  except: Iterable<S> = [],
  options?: WaitOptions,
): Promise<Selected<S>> {
  const lists = [[...read], [...write], [...except]] as const;
  const wanted = new Map<S, number>();
  [POLLIN, POLLOUT, 0].forEach((bit, i) => {
    for (const source of lists[i]!) {
      if ((readinessOf(source).events & POLLNVAL) !== 0) {
        throw new Deno.errors.BadResource("Cannot select: a source is closed");
      }
      wanted.set(source, (wanted.get(source) ?? 0) | bit);
    }
  });
  using interests = new Interests<S, undefined>();
  for (const [source, bits] of wanted) interests.set(source, bits, undefined);
  const deadline = performance.now() + (options?.timeoutMs ?? Infinity);
  for (let limits = options;;) {
    const ready = new Map(
      (await interests.wait(limits)).map(([it, bits]) => [it.source, bits]),
    );
    const selected = lists.map((list, i) =>
      list.filter((it) => (ready.get(it) ?? 0) & MEANS[i]!)
    ) as Selected<S>;
    if (ready.size === 0 || selected.some((list) => list.length > 0)) {
      return selected;
    }
    // Only what nobody asked for, such as an error of one to be read.
    const timeoutMs = Math.max(0, deadline - performance.now());
    limits = { ...options, timeoutMs };
  }
}

/** By which events a source is in each list. */
const MEANS = [
  POLLIN | POLLERR | POLLHUP | POLLNVAL,
  POLLOUT | POLLERR | POLLHUP | POLLNVAL,
  POLLERR | POLLNVAL,
];
