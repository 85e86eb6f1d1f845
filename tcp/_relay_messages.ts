/**
 * What the two sides of a connection that is relayed tell each other, by one pipe.
 *
 * ```
 *   thread that accepts                                thread of the handler
 *   _relay.ts                                              _relayed_conn.ts
 *       serve ──────────────────────────────► calls the handler
 *       octets, END, failed ────────────────► what arrives
 *       unsent ─────────────────────────────► what was sent was lost
 *       abort ──────────────────────────────► ends waits that block
 *
 *       sent to the other side ◄───────────────────────── octets, END
 *       closed ◄──────────────────────────────────────────────── CLOSE
 *       another one is served ◄───────────────────── DONE, or threw
 *
 *       a number, both ways: so much more may be sent
 * ```
 *
 * Each side sends no more octets than the other one has given it room for, and the
 * pipe holds twice as much. So no message ever waits, and each side waits for one
 * thing only, whatever it does: for the next message.
 *
 * What is on its way to a handler that is done is dropped until the next `serve`.
 */
import type { PipeEnd } from "../sync/pipe.ts";

/** Most octets of a message. */
export const PIECE = 65_536;

/** What a message takes in the pipe besides its octets, at most. */
const HEAD = 32;

/** Room that each side has at first. */
export const WINDOW: number = 2 * (PIECE + HEAD);

/** Octets that a pipe of such messages holds, each way. */
export const PIPE_OCTETS: number = 2 * WINDOW;

/** Nothing more comes. */
export const END = "end";
/** The handler closes the connection. */
export const CLOSE = "close";
/** The handler has returned. */
export const DONE = "done";

/** Ends of a connection. */
export interface Addresses {
  readonly remoteAddr: Deno.Addr;
  readonly localAddr: Deno.Addr;
}

/** To the thread of the handler. */
export type Order =
  | Uint8Array<ArrayBuffer>
  | number
  | typeof END
  | { readonly serve: Addresses }
  | { readonly failed: unknown }
  | { readonly unsent: unknown }
  | { readonly abort: unknown };

/** From the thread of the handler. */
export type News =
  | Uint8Array<ArrayBuffer>
  | number
  | typeof END
  | typeof CLOSE
  | typeof DONE
  | { readonly threw: unknown };

/** The end of the thread that accepts. */
export type Near = PipeEnd<Order, News>;

/** The end of the thread of the handler. */
export type Far = PipeEnd<News, Order>;

/** Room that octets take. */
export function costOf(octets: Uint8Array): number {
  return octets.length + HEAD;
}

/** Counts the room that the other side has given. */
export class Room {
  #left = WINDOW;

  /** Most octets that a message may have now; 0 if none should be sent. */
  get octets(): number {
    const octets = Math.min(this.#left - HEAD, PIECE);
    return octets >= PIECE / 16 ? octets : 0;
  }

  use(octets: Uint8Array): void {
    this.#left -= costOf(octets);
  }

  give(room: number): void {
    this.#left += room;
  }
}

/** Counts the room that is to be given to the other side: seldom, and much. */
export class Grant {
  #room = 0;

  /** Room that nobody needs any more. */
  add(room: number): void {
    this.#room += room;
  }

  /**
   * Room to give now; 0 if it is not worth a message.
   *
   * @param kept What of it is still needed.
   */
  take(kept = 0): number {
    const room = this.#room - kept;
    if (room < WINDOW / 4) return 0;
    this.#room = kept;
    return room;
  }
}
