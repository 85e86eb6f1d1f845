import type { WaitOptions } from "../sync/wait_options.ts";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "./event_bits.ts";
import { Interests } from "./_interests.ts";
import { readinessOf, type Waitable } from "./readiness.ts";

/** What {@linkcode select} answers: those of each list that are ready. */
export type Selected<
  R extends Waitable,
  W extends Waitable = R,
  X extends Waitable = R,
> = [readable: R[], writable: W[], exceptional: X[]];

/**
 * Waits until a source is readable, writable, or exceptional.
 *
 * Readable is whatever has something to take: octets, a connection, the end, an
 * error. Writable is what can send, or has failed. Exceptional is what has failed,
 * such as a connection that was refused. One that is closed meanwhile is in all of
 * its lists. Nothing is taken: follow with `tryReceive()` and
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
export async function select<
  R extends Waitable,
  W extends Waitable,
  X extends Waitable,
>(
  read: Iterable<R>,
  write: Iterable<W> = [],
  except: Iterable<X> = [],
  options?: WaitOptions,
): Promise<Selected<R, W, X>> {
  const lists = [[...read], [...write], [...except]] as const;
  using interests = new Interests<Waitable, undefined>();
  for (const [source, bits] of wanted(lists)) {
    interests.set(source, bits, undefined);
  }
  const deadline = performance.now() + (options?.timeoutMs ?? Infinity);
  for (let limits = options;;) {
    const ready = new Map<Waitable, number>();
    for (const [{ source }, bits] of await interests.wait(limits)) {
      ready.set(source, bits);
    }
    const selected = lists.map((list, i) =>
      list.filter((it) => (ready.get(it) ?? 0) & MEANS[i]!)
    ) as Selected<R, W, X>;
    if (ready.size === 0 || selected.some((list) => list.length > 0)) {
      return selected;
    }
    // Only ends that nobody asked for: nothing comes after them.
    for (const source of ready.keys()) interests.delete(source);
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

/** What is waited for, of each source. */
function wanted(
  lists: readonly (readonly Waitable[])[],
): Map<Waitable, number> {
  const wanted = new Map<Waitable, number>();
  [POLLIN, POLLOUT, 0].forEach((bit, i) => {
    for (const source of lists[i]!) {
      if ((readinessOf(source).events & POLLNVAL) !== 0) {
        throw new Deno.errors.BadResource("Cannot select: a source is closed");
      }
      wanted.set(source, (wanted.get(source) ?? 0) | bit);
    }
  });
  return wanted;
}
