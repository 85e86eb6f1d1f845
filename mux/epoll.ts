import type { WaitOptions } from "../sync/wait_options.ts";
import {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
} from "./event_bits.ts";
import { Interests } from "./_interests.ts";
import {
  checkEvents,
  checkOpen,
  twice,
  unknownSource,
} from "./_source_error.ts";
import type { Waitable } from "./readiness.ts";

const NAME = "Epoll";
const KNOWN = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLERR |
  EPOLLHUP | EPOLLET | EPOLLONESHOT;

/** Options of {@linkcode Epoll.poll}. */
export interface EpollOptions extends WaitOptions {
  /** How many sources to report; the others come first next time. Default: all. */
  maxEvents?: number | undefined;
}

/**
 * Waits for any of many sources, when something comes (`EPOLLET`) or as long as it
 * is there.
 *
 * With `EPOLLET` a source is reported once for what comes, then not before more
 * comes: take until there is nothing left. A stream reads on meanwhile, as long as
 * fewer than 64 KiB wait to be taken, so that more octets are a new edge; what
 * holds one thing at a time, a listener or a UDP socket, has none before that is
 * taken, and a primitive of `sync` is reported as long as it is ready. With `EPOLLONESHOT` it is reported once, then not before `modify()`.
 *
 * A source that is closed is forgotten. Several may wait at a time.
 *
 * Source: Linux `epoll(7)`; CPython `select.epoll`.
 *
 * @example An edge is reported once
 * ```ts
 * import { Epoll, EPOLLET, EPOLLIN } from "@lockstep/lockstep/mux";
 * import { connect, listen } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = listen();
 * using client = await connect(listener.addr);
 * using server = await listener.accept();
 * using epoll = new Epoll();
 * epoll.register(server, EPOLLIN | EPOLLET);
 *
 * await client.sendAll(new Uint8Array(10));
 * assertEquals(await epoll.poll(), [[server, EPOLLIN]]);
 * assertEquals(server.tryReceive(1), new Uint8Array(1)); // 9 are left
 * assertEquals(await epoll.poll({ timeoutMs: 20 }), []);
 * await client.sendAll(new Uint8Array(1));
 * assertEquals(await epoll.poll(), [[server, EPOLLIN]]);
 * ```
 *
 * @typeParam S The sources.
 */
export class Epoll<S extends Waitable = Waitable> implements Disposable {
  readonly #interests = new Interests<S, undefined>("forget");

  /** Number of sources. */
  get size(): number {
    return this.#interests.size;
  }

  /** Whether {@linkcode close} was called. */
  get closed(): boolean {
    return this.#interests.closed;
  }

  /** Whether a source is registered. */
  has(source: S): boolean {
    return this.#interests.get(source) !== undefined;
  }

  /**
   * Waits for a source from now on.
   *
   * @param source A socket, listener, stream, timer, abort signal, or a primitive
   * of `sync`.
   * @param events A sum of `EPOLLIN`, `EPOLLPRI`, `EPOLLOUT`, `EPOLLRDHUP`,
   * `EPOLLET`, `EPOLLONESHOT`. Default: the first three.
   * @throws {Deno.errors.AlreadyExists} If it is registered already.
   * @throws {TypeError} If it is no source.
   * @throws {RangeError} If there are other events.
   */
  register(source: S, events: number = EPOLLIN | EPOLLPRI | EPOLLOUT): void {
    checkOpen(NAME, this.closed);
    if (this.has(source)) throw twice(NAME);
    this.#set(source, events);
  }

  /**
   * Waits for other events of a source, also of one that was reported once. What
   * is there already is an edge.
   *
   * @throws {Deno.errors.NotFound} If it is not registered.
   * @throws {RangeError} If there are other events.
   */
  modify(source: S, events: number): void {
    checkOpen(NAME, this.closed);
    if (!this.has(source)) {
      throw unknownSource(NAME, "modify");
    }
    this.#set(source, events);
  }

  /**
   * Waits for a source no more. What has arrived stays with it.
   *
   * @throws {Deno.errors.NotFound} If it is not registered.
   */
  unregister(source: S): void {
    checkOpen(NAME, this.closed);
    if (this.#interests.delete(source) === undefined) {
      throw unknownSource(NAME, "unregister");
    }
  }

  /**
   * Waits until something is ready.
   *
   * If aborted or timed out, nothing was taken, and no edge was. With
   * `timeoutMs: 0` it looks once, in one pass over all sockets.
   *
   * @returns The sources that are ready, with their events; none if the time is
   * over.
   * @throws {Deno.errors.BadResource} If it is closed.
   * @throws {RangeError} If a number is out of range.
   */
  async poll(options: EpollOptions = {}): Promise<[S, number][]> {
    checkOpen(NAME, this.closed);
    const { maxEvents = Infinity } = options;
    if (!(maxEvents >= 1)) {
      throw new RangeError(
        `Cannot poll: maxEvents must be 1 or more, got ${maxEvents}`,
      );
    }
    const ready = await this.#interests.wait(options, maxEvents);
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

  #set(source: S, events: number): void {
    checkEvents(events, KNOWN);
    const ours = events & ~(EPOLLET | EPOLLONESHOT | EPOLLPRI);
    this.#interests.set(source, ours, undefined, {
      edge: (events & EPOLLET) !== 0,
      oneShot: (events & EPOLLONESHOT) !== 0,
    });
  }
}
