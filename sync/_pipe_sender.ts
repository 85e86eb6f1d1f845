import { timeoutError } from "./_errors.ts";
import {
  drop,
  HEAD_OCTETS,
  type Message,
  octetsOf,
  pack,
  padded,
} from "./_message.ts";
import type { WaitQueue } from "./_park.ts";
import { Bundle } from "./_pipe_bundle.ts";
import { type OneWay, STEP_OCTETS } from "./_pipe_memory.ts";
import type { PipeUsers } from "./_pipe_users.ts";
import { PipeWriter } from "./_pipe_writer.ts";
import { Spinner } from "./_spinner.ts";
import { checkWait, type WaitOptions } from "./wait_options.ts";

type Timed = Pick<WaitOptions, "timeoutMs">;

/**
 * The end of one direction that sends; see `_pipe_memory.ts`.
 *
 * What finds no room waits in a line of bundles. Whoever sends serves the line
 * first: so messages leave in the order of the calls, whichever of them block.
 */
export class PipeSender {
  readonly #users: PipeUsers;
  readonly #writer: PipeWriter;
  readonly #queue: WaitQueue;
  readonly #mostOctets: number;
  readonly #line = new Set<Bundle>();
  readonly #spinner = new Spinner();

  constructor(way: OneWay, users: PipeUsers) {
    this.#users = users;
    this.#writer = new PipeWriter(way);
    this.#queue = way.senders;
    this.#mostOctets = way.capacity * STEP_OCTETS;
  }

  /** To be called when this thread begins to use the end. */
  renew(): void {
    this.#writer.renew();
  }

  /** Whether calls wait. */
  get isBusy(): boolean {
    return this.#line.size > 0;
  }

  try(value: unknown): boolean {
    this.#enter();
    const message = packed(value);
    this.#checkSize(message);
    if (this.#isNext() && this.#writer.put(message)) return true;
    drop(message);
    return false;
  }

  tryMany(values: Iterable<unknown>): number {
    this.#enter();
    const bundle = bundleOf(values, (message) => this.#checkSize(message));
    this.#flush(bundle);
    const { sent } = bundle;
    bundle.drop();
    return sent;
  }

  send(value: unknown, options: WaitOptions = {}): Promise<void> {
    try {
      const timeoutMs = checkWait(options);
      this.#enter();
      const message = packed(value);
      if (this.#isNext() && this.#writer.put(message)) return Promise.resolve();
      return this.#wait(Bundle.of(message), options, timeoutMs);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendMany(
    values: Iterable<unknown>,
    options: WaitOptions = {},
  ): Promise<void> {
    try {
      const timeoutMs = checkWait(options);
      this.#enter();
      const bundle = bundleOf(values);
      if (this.#flush(bundle)) return Promise.resolve();
      return this.#wait(bundle, options, timeoutMs);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendSync(value: unknown, options?: Timed): void {
    const timeoutMs = checkWait(options);
    this.#enter();
    const message = packed(value);
    if (this.#isNext() && (this.#writer.put(message) || this.#spin(message))) {
      return;
    }
    this.#waitSync(Bundle.of(message), timeoutMs);
  }

  sendManySync(values: Iterable<unknown>, options?: Timed): void {
    const timeoutMs = checkWait(options);
    this.#enter();
    const bundle = bundleOf(values);
    if (this.#flush(bundle)) return;
    this.#waitSync(bundle, timeoutMs);
  }

  #enter(): void {
    this.#users.enter("send to");
    this.#users.checkOther();
  }

  /** @throws {RangeError} If it can only be sent by waiting. */
  #checkSize({ head }: Message): void {
    const octets = HEAD_OCTETS + padded(octetsOf(head));
    if (octets <= this.#mostOctets) return;
    throw new RangeError(
      `Cannot send ${octets} octets to the PipeEnd without waiting: it holds ${this.#mostOctets}`,
    );
  }

  async #wait(
    bundle: Bundle,
    options: WaitOptions,
    timeoutMs: number,
  ): Promise<void> {
    const attempt = (node: number) => this.#attempt(bundle, node);
    const expired = () => late(timeoutMs);
    this.#line.add(bundle);
    try {
      if (timeoutMs === 0) throw expired();
      await this.#queue.wait(attempt, options, expired);
    } catch (error) {
      if (bundle.isSent) return; // another call did that, at the last moment
      this.#giveUp(bundle);
      throw error;
    }
  }

  #waitSync(bundle: Bundle, timeoutMs: number): void {
    const attempt = (node: number) => this.#attempt(bundle, node);
    this.#line.add(bundle);
    try {
      if (this.#queue.waitSync(attempt, timeoutMs)) return;
      throw late(timeoutMs);
    } catch (error) {
      this.#giveUp(bundle);
      throw error;
    }
  }

  #giveUp(bundle: Bundle): void {
    this.#line.delete(bundle);
    bundle.drop();
  }

  #attempt(bundle: Bundle, node: number): boolean {
    if (bundle.isSent) return true;
    this.#users.stay("send to");
    this.#users.checkOther();
    for (let wanted = 0;;) {
      if (this.#serve(bundle)) return true;
      const needed = this.#needed();
      if (node <= 0 || needed === wanted) return false;
      this.#writer.want(wanted = needed);
    }
  }

  /** Steps that whoever is first in line waits for. */
  #needed(): number {
    for (const first of this.#line) return this.#writer.stepsFor(first);
    return 0;
  }

  /** Whether the next message need not stand in line. */
  #isNext(): boolean {
    return this.#line.size === 0 || this.#serve();
  }

  /**
   * Sends what waits, in order.
   *
   * @param last Up to this one; by default all.
   * @returns Whether that was sent.
   */
  #serve(last?: Bundle): boolean {
    for (const bundle of this.#line) {
      if (!this.#writer.advance(bundle)) break;
      this.#line.delete(bundle);
      if (bundle === last) break;
    }
    return last === undefined ? this.#line.size === 0 : last.isSent;
  }

  /** Sends of a bundle what there is room for, if it is its turn. */
  #flush(bundle: Bundle): boolean {
    return bundle.isSent || this.#isNext() && this.#writer.advance(bundle);
  }

  #spin(message: Message): boolean {
    const writer = this.#writer;
    return this.#spinner.until(() => writer.hasNewRoom) && writer.put(message);
  }
}

/** @throws {TypeError} If a value means something else to the receiver. */
function packed(value: unknown): Message {
  if (value !== null) return pack(value);
  throw new TypeError("Cannot send null: it means the end of the pipe");
}

function bundleOf(
  values: Iterable<unknown>,
  check?: (message: Message) => void,
): Bundle {
  const count = Array.isArray(values) ? values.length : 1;
  const bundle = new Bundle(count * STEP_OCTETS);
  try {
    for (const value of values) {
      const message = packed(value);
      check?.(message);
      bundle.add(message);
    }
  } catch (error) {
    bundle.drop(); // nothing of it was sent
    throw error;
  }
  return bundle;
}

function late(timeoutMs: number): DOMException {
  return timeoutError("send to the PipeEnd", timeoutMs);
}
