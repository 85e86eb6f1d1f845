import { Items } from "./_items.ts";
import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { MAX_CAPACITY, OneWay, STEP_OCTETS, wayWords } from "./_pipe_memory.ts";
import { PipeReceiver } from "./_pipe_receiver.ts";
import { PipeSender } from "./_pipe_sender.ts";
import { PipeUsers } from "./_pipe_users.ts";
import { declare } from "./_primitives.ts";
import type { Handle } from "./handle.ts";
import type { Pollable } from "./pollable.ts";
import type { WaitOptions } from "./wait_options.ts";

/**
 * What can be sent: whatever {@linkcode share} takes, but `null`, which means the
 * end of the pipe, and `undefined`, which means that there is nothing.
 */
export type Sendable = NonNullable<unknown>;

/** Options of a {@linkcode Pipe}. */
export interface PipeOptions {
  /**
   * How many octets each direction holds: 8 for each message and as many as its
   * value takes, rounded up to 8. Rounded up to a power of 2, at least 64.
   * Default: 65,536.
   */
  byteCapacity?: number | undefined;
}

/** What another thread attaches an end of a pipe to. */
export interface PipeEndHandle extends Handle<"PipeEnd"> {
  /** The memory of what it receives. */
  readonly incoming: SharedArrayBuffer;
}

/**
 * Makes a pipe between two threads: whatever one end sends, the other receives,
 * both ways, first in, first out.
 *
 * Faster than a `Queue`, as each direction has one thread that sends and one that
 * receives: none waits for a lock of the other. Keep one end and pass the other
 * to a thread as an argument.
 *
 * Source: CPython `multiprocessing.Pipe`; the ring: ringbuf.js by Paul Adenot,
 * and the bounded queue of Dmitry Vyukov.
 *
 * @typeParam A What the first end sends.
 * @typeParam B What the second end sends.
 * @returns The two ends.
 * @throws {RangeError} If the capacity is not a whole number from 1 to
 * 268,435,456.
 *
 * @example A thread that answers
 * ```ts
 * import { Pipe, type PipeEnd, Thread } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const [here, there] = Pipe<number>();
 * const square = (end: PipeEnd<number>) => {
 *   for (let n; (n = end.receiveSync()) !== null;) end.sendSync(n * n);
 * };
 * const thread = Thread.fromFunction(square, [there]);
 * here.sendSync(7);
 * assertEquals(await here.receive(), 49);
 * here.close();
 * await thread.join();
 * ```
 */
export function Pipe<A extends Sendable = Sendable, B extends Sendable = A>(
  options: PipeOptions = {},
): [PipeEnd<A, B>, PipeEnd<B, A>] {
  const { byteCapacity = 65_536 } = options;
  if (
    !Number.isInteger(byteCapacity) || byteCapacity < 1 ||
    byteCapacity > MAX_CAPACITY
  ) {
    throw new RangeError(
      `Cannot make a Pipe: byteCapacity must be a whole number from 1 to ${MAX_CAPACITY}, got ${byteCapacity}`,
    );
  }
  const make = () =>
    memoryOf("PipeEnd", undefined, wayWords(byteCapacity)).handle;
  const [there, back] = [make(), make()];
  return [
    new PipeEnd<A, B>({ ...there, incoming: back.buffer }),
    new PipeEnd<B, A>({ ...back, incoming: there.buffer }),
  ];
}

/**
 * One end of a {@linkcode Pipe}: sends to the other end, and receives from it.
 *
 * An end belongs to the thread that used it last; one thread at a time. In that
 * thread any number of calls may wait: those that send do so in their order, and
 * those that receive get messages in theirs. To give an end to another thread,
 * pass it as an argument, or send it; then the giver uses it no more.
 *
 * When an end is closed, or when its thread has ended or died, the other end
 * receives what was sent, then `null`, and cannot send any more. An end that is
 * an argument of a thread is that thread's at once, also if it ends before it
 * begins; one in a message is nobody's until somebody receives it.
 *
 * Values are copied. Numbers, strings, booleans, `bigint`, typed arrays, and
 * arrays and plain objects of these go the fast way; everything else that
 * {@linkcode share} takes is serialized, and what lives in shared memory, such as
 * a `Lock`, a `Queue` or another end, stays the same one.
 *
 * A message larger than the pipe travels in pieces, while the other end receives.
 * It arrives as a whole or not at all, whatever happens to either end.
 *
 * @typeParam S What it sends.
 * @typeParam R What it receives.
 *
 * @example A message larger than the pipe
 * ```ts
 * import { Pipe } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = Pipe<Uint8Array>({ byteCapacity: 1024 });
 * const sent = a.send(new Uint8Array(100_000));
 * assertEquals((await b.receive())?.length, 100_000);
 * await sent;
 * a.close();
 * assertEquals(await b.receive(), null);
 * ```
 */
export class PipeEnd<S extends Sendable = Sendable, R extends Sendable = S>
  implements Pollable, AsyncIterable<R> {
  static {
    declare(this);
  }

  readonly #handle: PipeEndHandle;
  readonly #out: OneWay;
  readonly #in: OneWay;
  readonly #users: PipeUsers;
  readonly #sender: PipeSender;
  readonly #receiver: PipeReceiver;

  /**
   * Uses an end; {@linkcode Pipe} makes them.
   *
   * @param from What another thread shared.
   * @throws {TypeError} If that is something else.
   */
  constructor(from: PipeEndHandle) {
    const { incoming, ...outgoing } = handleOf("PipeEnd", from);
    const out = memoryOf("PipeEnd", outgoing);
    const into: Memory = memoryOf("PipeEnd", { ...outgoing, buffer: incoming });
    this.#handle = { ...out.handle, incoming };
    this.#out = new OneWay(out);
    this.#in = new OneWay(into);
    this.#users = new PipeUsers(out.words, into.words, out.registry, () => {
      this.#sender.renew();
      this.#receiver.renew();
    });
    this.#sender = new PipeSender(this.#out, this.#users);
    this.#receiver = new PipeReceiver(this.#in, this.#users);
    this.#users.take();
  }

  /**
   * Uses the end that another thread has shared; it is of this thread then.
   *
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach<S extends Sendable = Sendable, R extends Sendable = S>(
    handle: PipeEndHandle,
  ): PipeEnd<S, R> {
    return new PipeEnd(handle);
  }

  /**
   * Gives the end away: what another thread attaches to. Until one does, or this
   * one makes a call of it, the end is nobody's; and it is not, if calls wait.
   */
  share(): PipeEndHandle {
    const isBusy = this.#sender.isBusy || this.#receiver.isBusy;
    if (!isBusy) this.#users.give();
    return this.#handle;
  }

  /** How many octets each direction holds. */
  get byteCapacity(): number {
    return this.#out.capacity * STEP_OCTETS;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#users.isClosed;
  }

  /** How many wait to send from this end. */
  get waitingToSend(): number {
    return this.#out.senders.nodes.count();
  }

  /** How many wait to receive at this end. */
  get waitingToReceive(): number {
    return this.#in.receivers.nodes.count();
  }

  /**
   * Sends a message, and waits for room if there is none.
   *
   * The value is read at once. If aborted or timed out, nothing was sent; of a
   * message larger than the pipe the other end drops what has arrived.
   *
   * @throws {Deno.errors.BrokenPipe} If the other end is closed, or its thread is
   * gone.
   * @throws {Deno.errors.BadResource} If this end is closed.
   * @throws {Deno.errors.Interrupted} If it is closed meanwhile.
   * @throws {TypeError} If the value cannot go to another thread, is `null` or
   * `undefined`; or if another thread takes this end meanwhile.
   * @throws {RangeError} If it has more than 256 MiB.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  send(value: S, options?: WaitOptions): Promise<void> {
    return this.#sender.send(value, options);
  }

  /**
   * Sends a message, and blocks this thread while there is no room; see
   * {@linkcode send}.
   *
   * If timed out, nothing was sent.
   *
   * @throws As {@linkcode send}.
   */
  sendSync(value: S, options?: Pick<WaitOptions, "timeoutMs">): void {
    this.#sender.sendSync(value, options);
  }

  /**
   * Sends a message, if there is room for it now.
   *
   * @returns Whether it was sent.
   * @throws {RangeError} If the pipe can never hold the whole of it.
   * @throws As {@linkcode send}, but for a lack of room.
   */
  trySend(value: S): boolean {
    return this.#sender.try(value);
  }

  /**
   * Sends messages: faster than one by one, as the other end sees all of them at
   * once, as far as there is room.
   *
   * All values are read at once; if one cannot be sent, none is. If aborted or
   * timed out, some may have been sent: from the first on, and each as a whole.
   *
   * @throws As {@linkcode send}.
   */
  sendMany(values: Iterable<S>, options?: WaitOptions): Promise<void> {
    return this.#sender.sendMany(values, options);
  }

  /**
   * Sends messages, and blocks this thread while there is no room; see
   * {@linkcode sendMany}.
   *
   * If timed out, some may have been sent, from the first on.
   *
   * @throws As {@linkcode send}.
   */
  sendManySync(
    values: Iterable<S>,
    options?: Pick<WaitOptions, "timeoutMs">,
  ): void {
    this.#sender.sendManySync(values, options);
  }

  /**
   * Sends as many messages as there is room for now.
   *
   * @returns How many were sent, from the first on.
   * @throws {RangeError} If the pipe can never hold the whole of one.
   * @throws As {@linkcode send}, but for a lack of room.
   */
  trySendMany(values: Iterable<S>): number {
    return this.#sender.tryMany(values);
  }

  /**
   * Receives the next message, and waits if there is none; `null` at the end of
   * the pipe.
   *
   * If aborted or timed out, nothing was taken; of a message larger than the pipe
   * what has arrived is kept for the next call of this object.
   *
   * @throws {Deno.errors.BadResource} If this end is closed.
   * @throws {Deno.errors.Interrupted} If it is closed meanwhile.
   * @throws {TypeError} If another thread takes this end meanwhile.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  receive(options?: WaitOptions): Promise<R | null> {
    return this.#receiver.receive(options) as Promise<R | null>;
  }

  /**
   * Receives the next message, and blocks this thread while there is none; see
   * {@linkcode receive}.
   *
   * If timed out, nothing was taken.
   *
   * @throws As {@linkcode receive}.
   */
  receiveSync(options?: Pick<WaitOptions, "timeoutMs">): R | null {
    return this.#receiver.receiveSync(options) as R | null;
  }

  /**
   * Receives the next message; `undefined` if there is none now, `null` at the
   * end of the pipe.
   *
   * @throws {Deno.errors.BadResource} If this end is closed.
   */
  tryReceive(): R | null | undefined {
    return this.#receiver.try() as R | null | undefined;
  }

  /**
   * Receives whatever messages are there, and waits until there is one; `null` at
   * the end of the pipe. Faster than one by one.
   *
   * If aborted or timed out, nothing was taken.
   *
   * @param max At most so many, at least 1.
   * @throws {RangeError} If that is not a whole number of 1 or more.
   * @throws As {@linkcode receive}.
   */
  async receiveMany(max: number, options?: WaitOptions): Promise<R[] | null> {
    const values = await this.#receiver.receive(options, checkMax(max));
    return values as R[] | null;
  }

  /**
   * Receives whatever messages are there, and blocks this thread until there is
   * one; see {@linkcode receiveMany}.
   *
   * If timed out, nothing was taken.
   *
   * @throws As {@linkcode receiveMany}.
   */
  receiveManySync(
    max: number,
    options?: Pick<WaitOptions, "timeoutMs">,
  ): R[] | null {
    return this.#receiver.receiveSync(options, checkMax(max)) as R[] | null;
  }

  /**
   * Receives whatever messages are there; `undefined` if there are none now,
   * `null` at the end of the pipe.
   *
   * @param max At most so many, at least 1.
   * @throws {RangeError} If that is not a whole number of 1 or more.
   * @throws {Deno.errors.BadResource} If this end is closed.
   */
  tryReceiveMany(max: number): R[] | null | undefined {
    return this.#receiver.try(checkMax(max)) as R[] | null | undefined;
  }

  /**
   * Closes this end; may be called again. The other end receives what was sent,
   * then `null`. Calls of this end that wait fail, and what is on its way to it is
   * dropped.
   *
   * An end that another thread uses by now stays open for that one.
   */
  close(): void {
    if (this.#users.close()) this.#receiver.drop();
    for (const { senders, receivers } of [this.#out, this.#in]) {
      senders.wakeAll();
      receivers.wakeAll();
    }
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Whether there is something to receive: a message, a piece of one, or the end
   * of the pipe.
   */
  get ready(): boolean {
    return this.#receiver.isReady;
  }

  /**
   * Waits until there is something to receive; nothing is taken. A large message
   * that is not complete counts, too: then {@linkcode tryReceive} makes room for
   * the rest, and answers `undefined`.
   *
   * If aborted or timed out, nothing has changed.
   *
   * @throws As {@linkcode receive}.
   */
  whenReady(options?: WaitOptions): Promise<void> {
    return this.#receiver.poll(options);
  }

  /**
   * Receives messages until the end of the pipe, or until this end is closed. A
   * loop that is left takes nothing with it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<R, void, void> {
    return new Items(async (options) => {
      if (this.closed) return null;
      try {
        const value = await this.receive(options);
        return value === null ? null : [value];
      } catch (error) {
        if (this.closed) return null;
        throw error;
      }
    });
  }
}

function checkMax(max: number): number {
  if (Number.isInteger(max) && max >= 1) return max;
  throw new RangeError(
    `Cannot receive ${max} messages: it must be a whole number of 1 or more`,
  );
}
