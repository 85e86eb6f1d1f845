/** The side of a relayed connection where its socket is; see `_relay_messages.ts`. */
import {
  CLOSE,
  costOf,
  DONE,
  END,
  Grant,
  type Near,
  type News,
  type Order,
  Room,
} from "./_relay_messages.ts";
import type { TcpSocket } from "./socket.ts";

/** See the top of this file. */
export class Relay {
  readonly #socket: TcpSocket;
  readonly #end: Near;
  readonly #room = new Room();
  readonly #grant = new Grant();
  #roomy: PromiseWithResolvers<void> | undefined;
  #isOver = false;
  #isClosed = false;
  #flushed: Promise<void> = Promise.resolve();
  #unsent: { readonly unsent: unknown } | undefined;

  constructor(socket: TcpSocket, end: Near) {
    this.#socket = socket;
    this.#end = end;
  }

  /**
   * Has the connection served by the thread at the other end of the pipe, until
   * its handler has returned.
   *
   * @param first What has arrived already; `null` if that is the end.
   * @param signal The handler's.
   * @returns Whether it has; else its thread is gone.
   * @throws What the handler has thrown.
   */
  async run(
    first: Uint8Array<ArrayBuffer> | null,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { remoteAddr, localAddr } = this.#socket;
    const abort = () => this.#post({ abort: signal.reason });
    this.#post({ serve: { remoteAddr, localAddr } });
    signal.addEventListener("abort", abort);
    this.#receive(first);
    try {
      return await this.#listen();
    } finally {
      this.#isOver = true;
      this.#roomy?.resolve();
      signal.removeEventListener("abort", abort);
    }
  }

  /** Settles when all that the handler has sent is sent, or cannot be. */
  get flushed(): Promise<void> {
    return this.#flushed;
  }

  /** @throws If something that the handler has sent cannot be. */
  throwIfUnsent(): void {
    if (this.#unsent === undefined || this.#isClosed) return;
    throw this.#unsent.unsent;
  }

  /** Never rejects. */
  async #receive(octets: Uint8Array<ArrayBuffer> | null): Promise<void> {
    try {
      while (octets !== null) {
        this.#post(octets);
        this.#room.use(octets);
        while (this.#room.octets === 0 && !this.#isOver) {
          this.#roomy = Promise.withResolvers();
          await this.#roomy.promise;
        }
        if (this.#isOver) return;
        octets = await this.#socket.receive(this.#room.octets);
      }
      this.#post(END);
    } catch (failed) {
      this.#post({ failed });
    }
  }

  async #listen(): Promise<boolean> {
    for (;;) {
      const news = await this.#next();
      if (news === null) return false;
      if (news === DONE) return true;
      if (typeof news === "object" && "threw" in news) throw news.threw;
      this.#handle(news);
    }
  }

  /** `null` when the thread is gone. */
  async #next(): Promise<News | null> {
    try {
      return await this.#end.receive();
    } catch {
      return null; // our end was closed when it was seen
    }
  }

  #handle(
    news: Exclude<News, typeof DONE | { readonly threw: unknown }>,
  ): void {
    if (news instanceof Uint8Array) {
      this.#flushed = this.#send(news);
    } else if (typeof news === "number") {
      this.#room.give(news);
      this.#roomy?.resolve();
    } else if (news === END) {
      this.#socket.closeWrite().catch(() => {}); // it is gone
    } else if (news === CLOSE) {
      this.#isClosed = true;
      this.#socket.close();
    }
  }

  /** Never rejects. The socket sends one after the other. */
  async #send(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.#socket.sendAll(octets);
    } catch (unsent) {
      if (this.#unsent === undefined) this.#post(this.#unsent = { unsent });
    }
    this.#grant.add(costOf(octets));
    const room = this.#grant.take();
    if (room > 0) this.#post(room);
  }

  #post(order: Order): void {
    if (this.#isOver) return;
    this.#end.send(order).catch(() => {}); // then the thread is gone, as is seen
  }
}
