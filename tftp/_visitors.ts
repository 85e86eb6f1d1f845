import type { UdpSocket } from "../udp/socket.ts";
import { MAX_GUESTS } from "./_defaults.ts";
import { dismiss, type Guest } from "./_guest.ts";

/** A client that has asked and was not heard since. */
export interface Visitor {
  readonly key: string;
  readonly addr: Deno.NetAddr;
  /** The datagram that it asked by, packed. */
  readonly request: string;
  readonly askedAt: number;
  /** What it asked for, once that is found. */
  guest: Guest | undefined;
  /** Its own socket; missing where it shares one. */
  socket: UdpSocket | undefined;
}

/**
 * Clients that have asked, in the order in which they came; when they are too
 * many, the oldest go. One timer looks after all of them.
 */
export class Visitors {
  readonly #all: Map<string, Visitor> = new Map();
  readonly #onDue: (visitor: Visitor, now: number) => void;
  readonly #onEmpty: () => void;
  #sockets = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #alarmAt = Infinity;

  /**
   * @param onDue Called when the deadline of a visitor's guest has passed.
   * @param onEmpty Called when the last has left.
   */
  constructor(
    onDue: (visitor: Visitor, now: number) => void,
    onEmpty: () => void,
  ) {
    this.#onDue = onDue;
    this.#onEmpty = onEmpty;
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** How many sockets they have, those that they share not counted. */
  get sockets(): number {
    return this.#sockets;
  }

  /** Who came from an address. */
  get(key: string): Visitor | undefined {
    return this.#all.get(key);
  }

  /** Whether this one is still here, and not another from its address. */
  has(visitor: Visitor): boolean {
    return this.#all.get(visitor.key) === visitor;
  }

  /** One more. */
  add(visitor: Visitor): void {
    this.#all.set(visitor.key, visitor);
    if (this.#all.size <= MAX_GUESTS) return;
    const [oldest] = this.#all.values();
    this.forget(oldest!);
  }

  /** It gets a socket of its own. */
  give(visitor: Visitor, socket: UdpSocket): void {
    visitor.socket = socket;
    this.#sockets++;
  }

  /** It leaves, and takes its socket and what it asked for along. */
  release(visitor: Visitor): void {
    this.#all.delete(visitor.key);
    if (visitor.socket !== undefined) this.#sockets--;
    if (this.#all.size === 0) this.#onEmpty();
  }

  /** It leaves, and nothing of it remains. */
  forget(visitor: Visitor): void {
    if (!this.has(visitor)) return;
    this.release(visitor);
    visitor.socket?.close();
    if (visitor.guest !== undefined) dismiss(visitor.guest);
  }

  /** Forgets all. */
  clear(): void {
    clearTimeout(this.#timer);
    for (const visitor of this.#all.values()) this.forget(visitor);
  }

  /** Looks after one at this time, or before. */
  wakeAt(at: number): void {
    if (at >= this.#alarmAt) return;
    clearTimeout(this.#timer);
    this.#alarmAt = at;
    const delayMs = Math.max(Math.ceil(at - performance.now()), 0);
    this.#timer = setTimeout(() => this.#ring(), delayMs);
  }

  #ring(): void {
    this.#alarmAt = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const visitor of this.#all.values()) {
      const { guest } = visitor;
      if (guest === undefined) continue;
      if (now >= guest.deadline) this.#onDue(visitor, now);
      if (this.has(visitor)) next = Math.min(next, guest.deadline);
    }
    if (next < Infinity) this.wakeAt(next);
  }
}
