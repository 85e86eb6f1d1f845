import type { WaitOptions } from "../sync/wait_options.ts";
import { POLLIN, POLLOUT, POLLPRI, POLLRDHUP } from "./event_bits.ts";
import { Interests } from "./_interests.ts";
import { checkEvents, checkOpen, unknownSource } from "./_source_error.ts";
import type { Waitable } from "./readiness.ts";

const NAME = "Poll";
const KNOWN = POLLIN | POLLPRI | POLLOUT | POLLRDHUP;

/**
 * Waits for any of several sources, as long as something is there (level).
 *
 * `POLLERR`, `POLLHUP` and, for a source that is closed, `POLLNVAL` are always
 * reported. Nothing is taken: follow with `tryReceive()`, `tryAccept()`,
 * `trySend()`, `tryGet()` and the like, for somebody else may have been faster.
 * Several may wait at a time.
 *
 * Source: POSIX `poll`; CPython `select.poll`.
 *
 * @example
 * ```ts
 * import { Poll, POLLIN } from "@lockstep/lockstep/mux";
 * import { UdpSocket } from "@lockstep/lockstep/udp";
 * import { assertEquals } from "@std/assert";
 *
 * await using a = UdpSocket.bind();
 * await using b = UdpSocket.bind();
 * using poll = new Poll();
 * poll.register(a, POLLIN);
 * poll.register(b, POLLIN);
 *
 * await a.sendTo(new Uint8Array([7]), b.localAddr);
 * for (const [source, events] of await poll.poll({ timeoutMs: 1_000 })) {
 *   assertEquals([source, events], [b, POLLIN]);
 *   assertEquals(b.tryReceive()?.data, new Uint8Array([7]));
 * }
 * ```
 *
 * @typeParam S The sources.
 */
export class Poll<S extends Waitable = Waitable> implements Disposable {
  readonly #interests = new Interests<S, undefined>();

  /** Number of sources. */
  get size(): number {
    return this.#interests.size;
  }

  /** Whether a source is registered. */
  has(source: S): boolean {
    return this.#interests.get(source) !== undefined;
  }

  /**
   * Waits for a source from now on. One that is registered already is modified.
   *
   * @param source A socket, listener, stream, timer, abort signal, or a primitive
   * of `sync`.
   * @param events A sum of `POLLIN`, `POLLPRI`, `POLLOUT`, `POLLRDHUP`. Default:
   * the first three.
   * @throws {TypeError} If it is no source.
   * @throws {RangeError} If there are other events.
   */
  register(source: S, events: number = POLLIN | POLLPRI | POLLOUT): void {
    checkOpen(NAME, this.#interests.closed);
    checkEvents(events, KNOWN);
    this.#interests.set(source, events & ~POLLPRI, undefined);
  }

  /**
   * Waits for other events of a source.
   *
   * @throws {Deno.errors.NotFound} If it is not registered.
   * @throws {RangeError} If there are other events.
   */
  modify(source: S, events: number): void {
    if (!this.has(source)) {
      throw unknownSource(NAME, "modify");
    }
    this.register(source, events);
  }

  /**
   * Waits for a source no more. What has arrived stays with it.
   *
   * @throws {Deno.errors.NotFound} If it is not registered.
   */
  unregister(source: S): void {
    if (this.#interests.delete(source) === undefined) {
      throw unknownSource(NAME, "unregister");
    }
  }

  /**
   * Waits until something is ready.
   *
   * If aborted or timed out, nothing was taken. With `timeoutMs: 0` it looks once,
   * in one pass over all sockets.
   *
   * @returns The sources that are ready, with their events; none if the time is
   * over.
   * @throws {Deno.errors.BadResource} If it is closed.
   * @throws {RangeError} If `timeoutMs` is negative or not a number.
   */
  async poll(options?: WaitOptions): Promise<[S, number][]> {
    checkOpen(NAME, this.#interests.closed);
    const ready = await this.#interests.wait(options);
    return ready.map(([{ source }, events]) => [source, events]);
  }

  /** Forgets all sources; who waits gets none. Closing twice does nothing. */
  close(): void {
    this.#interests.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
