import { timeoutError } from "./_errors.ts";
import type { WaitQueue } from "./_park.ts";
import type { OneWay } from "./_pipe_memory.ts";
import { PipeReader } from "./_pipe_reader.ts";
import type { PipeUsers } from "./_pipe_users.ts";
import { Spinner } from "./_spinner.ts";
import { checkWait, type WaitOptions } from "./wait_options.ts";

type Timed = Pick<WaitOptions, "timeoutMs">;

/** A call that waits. */
interface Request {
  /** How many messages it takes, as an array; `undefined` for a single one. */
  readonly max: number | undefined;
  isDone: boolean;
  value?: unknown;
  error?: unknown;
}

/**
 * The end of one direction that receives; see `_pipe_memory.ts`.
 *
 * Calls that find nothing wait in line. Whoever receives serves the line first:
 * so the calls get messages in their order, whichever of them block.
 */
export class PipeReceiver {
  readonly #users: PipeUsers;
  readonly #reader: PipeReader;
  readonly #queue: WaitQueue;
  readonly #line = new Set<Request>();
  readonly #spinner = new Spinner();

  constructor(way: OneWay, users: PipeUsers) {
    this.#users = users;
    this.#reader = new PipeReader(way);
    this.#queue = way.receivers;
  }

  /** To be called when this thread begins to use the end. */
  renew(): void {
    this.#reader.renew();
  }

  /** Whether calls wait. */
  get isBusy(): boolean {
    return this.#line.size > 0;
  }

  /** Whether a call would not wait. */
  get isReady(): boolean {
    return this.#reader.isFilled() || this.#users.isClosed ||
      this.#users.isOtherGone;
  }

  /** @param max See {@linkcode Request}. */
  try(max?: number): unknown {
    this.#users.enter("receive from");
    return this.#isNext() ? this.#take(max) : undefined;
  }

  receive(options: WaitOptions = {}, max?: number): Promise<unknown> {
    try {
      const timeoutMs = checkWait(options);
      this.#users.enter("receive from");
      if (this.#isNext()) {
        const value = this.#take(max);
        if (value !== undefined) return Promise.resolve(value);
      }
      return this.#wait({ max, isDone: false }, options, timeoutMs);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  receiveSync(options?: Timed, max?: number): unknown {
    const timeoutMs = checkWait(options);
    this.#users.enter("receive from");
    if (this.#isNext()) {
      let value = this.#take(max);
      if (value === undefined) value = this.#spin(max);
      if (value !== undefined) return value;
    }
    return this.#waitSync({ max, isDone: false }, timeoutMs);
  }

  async poll(options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    this.#users.enter("receive from");
    const isReady = (node: number) => {
      this.#users.stay("receive from");
      if (this.isReady) return true;
      if (node > 0) this.#reader.await();
      return node > 0 && this.isReady;
    };
    const expired = () => timeoutError("poll the PipeEnd", timeoutMs);
    await this.#queue.poll(isReady, options, expired);
  }

  /** Drops what nobody will receive. */
  drop(): void {
    this.#reader.drop();
  }

  async #wait(
    request: Request,
    options: WaitOptions,
    timeoutMs: number,
  ): Promise<unknown> {
    if (timeoutMs === 0) throw late(0);
    const attempt = (node: number) => this.#attempt(request, node);
    const expired = () => late(timeoutMs);
    this.#line.add(request);
    try {
      await this.#queue.wait(attempt, options, expired);
    } catch (error) {
      this.#line.delete(request);
      if (!request.isDone) throw error;
    }
    return resultOf(request);
  }

  #waitSync(request: Request, timeoutMs: number): unknown {
    const attempt = (node: number) => this.#attempt(request, node);
    this.#line.add(request);
    try {
      this.#queue.waitSync(attempt, timeoutMs);
    } finally {
      this.#line.delete(request);
    }
    if (request.isDone) return resultOf(request);
    throw late(timeoutMs);
  }

  #attempt(request: Request, node: number): boolean {
    if (request.isDone) return true;
    this.#users.stay("receive from");
    if (this.#serve(request)) return true;
    if (node <= 0) return false;
    this.#reader.await();
    return this.#serve(request);
  }

  /** Whether the next message is for whoever calls now. */
  #isNext(): boolean {
    return this.#line.size === 0 || this.#serve();
  }

  /**
   * Gives messages to those who wait, in order.
   *
   * @param last Up to this one; by default all.
   * @returns Whether that has what it waits for.
   */
  #serve(last?: Request): boolean {
    for (const request of this.#line) {
      try {
        request.value = this.#take(request.max);
        if (request.value === undefined) break;
      } catch (error) {
        request.error = error;
      }
      request.isDone = true;
      this.#line.delete(request);
      if (request === last) break;
    }
    return last?.isDone ?? this.#line.size === 0;
  }

  /** What is there now; `undefined` if nothing is, `null` at the end. */
  #take(max: number | undefined): unknown {
    const value = this.#reader.take(max);
    if (value !== undefined || !this.#users.isOtherGone) return value;
    const last = this.#reader.take(max); // what came before it was gone
    return last === undefined ? null : last;
  }

  #spin(max: number | undefined): unknown {
    let value: unknown;
    this.#spinner.until(() => {
      value = this.#reader.isFilled() ? this.#reader.take(max) : undefined;
      return value !== undefined;
    });
    return value;
  }
}

function resultOf({ value, error }: Request): unknown {
  if (error !== undefined) throw error;
  return value;
}

function late(timeoutMs: number): DOMException {
  return timeoutError("receive from the PipeEnd", timeoutMs);
}
