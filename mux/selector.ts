import type { WaitOptions } from "../sync/wait_options.ts";
import {
  EVENT_READ,
  EVENT_WRITE,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
} from "./event_bits.ts";
import type { Interest } from "./_interest.ts";
import { Interests } from "./_interests.ts";
import {
  checkEvents,
  checkOpen,
  twice,
  unknownSource,
} from "./_source_error.ts";
import type { Waitable } from "./readiness.ts";

const NAME = "Selector";
const BROKEN = POLLERR | POLLHUP;

/** A source that is registered with a {@linkcode Selector}. */
export interface SelectorKey<D = unknown> {
  /** The source. */
  readonly source: Waitable;
  /** What is waited for: `EVENT_READ`, `EVENT_WRITE`, or both. */
  readonly events: number;
  /** What came with it, such as a function to call. */
  readonly data: D;
}

/**
 * Waits for any of several sources, each with data of its own, as long as
 * something is there.
 *
 * An error or the end makes a source ready for whatever it waits for. Nothing is
 * taken: follow with `tryReceive()` and the like. A source that is closed is not
 * reported any more; unregister it all the same.
 *
 * Source: CPython `selectors`.
 *
 * @example Callbacks
 * ```ts
 * import { EVENT_READ, Selector } from "@lockstep/lockstep/mux";
 * import { Event } from "@lockstep/lockstep/sync";
 * import { UdpSocket } from "@lockstep/lockstep/udp";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const quit = new Event();
 * await using socket = UdpSocket.bind();
 * using selector = new Selector<() => void>();
 * selector.register(socket, EVENT_READ, () => {
 *   if (socket.tryReceive() !== undefined) seen.push("datagram");
 *   quit.set();
 * });
 * selector.register(quit, EVENT_READ, () => seen.push("quit"));
 *
 * await socket.sendTo(new Uint8Array(1), socket.localAddr);
 * while (!seen.includes("quit")) {
 *   for (const [key] of await selector.select()) key.data();
 * }
 * assertEquals(seen, ["datagram", "quit"]);
 * ```
 *
 * @typeParam D What comes with each source.
 */
export class Selector<D = undefined> implements Disposable {
  readonly #interests = new Interests<Waitable, SelectorKey<D>>("ignore");

  /** The keys by source: a live view. */
  readonly map: ReadonlyMap<Waitable, SelectorKey<D>> = new Keys(
    this.#interests,
  );

  /** Whether {@linkcode close} was called. */
  get closed(): boolean {
    return this.#interests.closed;
  }

  /**
   * Waits for a source from now on.
   *
   * @param source A socket, listener, stream, timer, abort signal, or a primitive
   * of `sync`.
   * @param events `EVENT_READ`, `EVENT_WRITE`, or both.
   * @param data What comes back with it.
   * @throws {Deno.errors.AlreadyExists} If it is registered already.
   * @throws {TypeError} If it is no source.
   * @throws {RangeError} If there are other events, or none.
   */
  register(source: Waitable, events: number, data: D): SelectorKey<D> {
    checkOpen(NAME, this.closed);
    if (this.#interests.get(source) !== undefined) throw twice(NAME);
    return this.#set(source, events, data);
  }

  /**
   * Waits for other events of a source, with other data.
   *
   * @throws {Deno.errors.NotFound} If it is not registered.
   * @throws {RangeError} If there are other events, or none.
   */
  modify(source: Waitable, events: number, data: D): SelectorKey<D> {
    checkOpen(NAME, this.closed);
    this.getKey(source);
    return this.#set(source, events, data);
  }

  /**
   * Waits for a source no more, also if that is closed. What has arrived stays
   * with it.
   *
   * @returns The key that it had.
   * @throws {Deno.errors.NotFound} If it is not registered.
   */
  unregister(source: Waitable): SelectorKey<D> {
    const interest = this.#interests.delete(source);
    if (interest === undefined) throw unknownSource(NAME, "unregister");
    return interest.data;
  }

  /**
   * The key of a source.
   *
   * @throws {Deno.errors.NotFound} If it is not registered.
   */
  getKey(source: Waitable): SelectorKey<D> {
    const interest = this.#interests.get(source);
    if (interest === undefined) throw unknownSource(NAME, "look up");
    return interest.data;
  }

  /**
   * Waits until something is ready.
   *
   * If aborted or timed out, nothing was taken. With `timeoutMs: 0` it looks once,
   * in one pass over all sockets.
   *
   * @returns The keys that are ready, with `EVENT_READ`, `EVENT_WRITE`, or both;
   * none if the time is over.
   * @throws {Deno.errors.BadResource} If it is closed.
   * @throws {RangeError} If `timeoutMs` is negative or not a number.
   */
  async select(options?: WaitOptions): Promise<[SelectorKey<D>, number][]> {
    checkOpen(NAME, this.closed);
    const ready = await this.#interests.wait(options);
    return ready.map(([{ data }, events]) => [data, eventsOf(data, events)]);
  }

  /** Forgets all sources; who waits gets none. Closing twice does nothing. */
  close(): void {
    this.#interests.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #set(source: Waitable, events: number, data: D): SelectorKey<D> {
    checkEvents(events, EVENT_READ | EVENT_WRITE);
    if (events === 0) {
      throw new RangeError("Cannot wait for no events: unregister the source");
    }
    const key: SelectorKey<D> = { source, events, data };
    const bits = ((events & EVENT_READ) !== 0 ? POLLIN : 0) |
      ((events & EVENT_WRITE) !== 0 ? POLLOUT : 0);
    this.#interests.set(source, bits, key);
    return key;
  }
}

function eventsOf(key: SelectorKey, ready: number): number {
  if ((ready & BROKEN) !== 0) return key.events;
  return ((ready & POLLIN) !== 0 ? EVENT_READ : 0) |
    ((ready & POLLOUT) !== 0 ? EVENT_WRITE : 0);
}

/** The keys of a selector, to be read only. */
class Keys<D> implements ReadonlyMap<Waitable, SelectorKey<D>> {
  readonly #interests: Interests<Waitable, SelectorKey<D>>;

  constructor(interests: Interests<Waitable, SelectorKey<D>>) {
    this.#interests = interests;
  }

  get size(): number {
    return this.#interests.size;
  }

  get(source: Waitable): SelectorKey<D> | undefined {
    return this.#interests.get(source)?.data;
  }

  has(source: Waitable): boolean {
    return this.#interests.get(source) !== undefined;
  }

  forEach(
    fn: (
      key: SelectorKey<D>,
      source: Waitable,
      map: ReadonlyMap<Waitable, SelectorKey<D>>,
    ) => void,
  ): void {
    for (const [source, key] of this) fn(key, source, this);
  }

  keys(): MapIterator<Waitable> {
    return this.#all().map(({ source }) => source);
  }

  values(): MapIterator<SelectorKey<D>> {
    return this.#all().map(({ data }) => data);
  }

  entries(): MapIterator<[Waitable, SelectorKey<D>]> {
    return this.#all().map(({ source, data }) => [source, data]);
  }

  [Symbol.iterator](): MapIterator<[Waitable, SelectorKey<D>]> {
    return this.entries();
  }

  #all(): IteratorObject<Interest<Waitable, SelectorKey<D>>, undefined> {
    return this.#interests.values();
  }
}
