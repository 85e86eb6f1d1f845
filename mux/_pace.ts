/**
 * Begins reads so that all connections get their turn.
 *
 * The runtime tries a new read at once, before it looks at those that wait, and
 * completes 128 in one turn: so with more connections than that, some are served
 * again and again, and others wait for a second. Here no more than a few reads
 * begin before those that are ready have had their turn.
 *
 * ```
 *            more than FEW
 *   at once ──────────────► held until a pass brings no more of them ─┐
 *      ▲                      ▲   more than FEW were held             │
 *      │    no more than FEW  └───────────────────────────────────────┤
 *      └──────────────────────────────────────────────────────────────┘
 * ```
 *
 * That takes many connections, and somebody who has a doorbell, such as a server
 * or a selector.
 */
import { isInUse, pass } from "./_passes.ts";

/** How many connections are served fairly by themselves. */
const MANY = 128;

/** How many reads of many connections begin without a pass. */
const FEW = 64;

/** Connections that are read. */
let connections = 0;
/** Reads of many connections that began since the last pass. */
let begun = 0;
/** Reads that have ended; wraps around. */
let ended = 0;
let isBusy = false;
let held: (() => void)[] = [];

/** A connection is read from now on. */
export function join(): void {
  connections++;
}

/** A connection is read no more. */
export function leave(): void {
  connections--;
}

/** A read has ended. */
export function end(): void {
  ended = (ended + 1) | 0;
}

/** Begins a read, now or after a pass. */
export function pace(begin: () => void): void {
  if (isBusy) {
    held.push(begin);
  } else if (connections <= MANY || ++begun <= FEW || !isInUse()) {
    begin();
  } else {
    isBusy = true;
    held.push(begin);
    drain();
  }
}

/** Passes over all sockets until nobody is left who was ready before. */
async function drain(): Promise<void> {
  let before: number;
  do {
    before = ended;
    await pass();
  } while (ended !== before);
  release();
}

function release(): void {
  const released = held;
  held = [];
  begun = 0;
  isBusy = released.length > FEW;
  for (const begin of released) begin();
  if (isBusy) drain();
}
