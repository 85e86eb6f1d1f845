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

/** Reads that have begun, and not ended. */
let outstanding = 0;
/** Those of many connections that began since the last pass. */
let begun = 0;
let isBusy = false;
let held: (() => void)[] = [];

/** Begins a read, now or after a pass; it is to say when it has ended. */
export function pace(begin: () => void): void {
  if (isBusy) {
    held.push(begin);
  } else if (outstanding < MANY || ++begun <= FEW || !isInUse()) {
    outstanding++;
    begin();
  } else {
    isBusy = true;
    held.push(begin);
    drain();
  }
}

/** A read has ended. */
export function ended(): void {
  outstanding--;
}

/** Passes over all sockets until nobody is left who was ready before. */
async function drain(): Promise<void> {
  for (let before = -1; before !== held.length;) {
    before = held.length;
    await pass();
  }
  release();
}

function release(): void {
  const released = held;
  held = [];
  begun = 0;
  isBusy = released.length > FEW;
  outstanding += released.length;
  for (const begin of released) begin();
  if (isBusy) drain();
}
