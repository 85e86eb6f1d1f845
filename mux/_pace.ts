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
 * That takes many connections that are busy, and somebody who has a doorbell, such
 * as a server or a selector. Busy is whose read has ended in this period or the one
 * before, of some thousand reads: those that are idle fill no turn.
 */
import { isInUse, pass } from "./_passes.ts";

/** How many busy connections are served fairly by themselves: they fill no turn. */
const MANY = 100;

/** How many reads of many connections begin without a pass. */
const FEW = 64;

/** Reads of a period. */
const PERIOD = 2048;

/** A connection, as far as it matters here. */
export interface Paced {
  /** When a read of it last ended; -1 if never. */
  period: number;
}

let period = 0;
/** Connections that were busy in this period, and whether many were before. */
let busy = 0;
let wereMany = false;
/** Reads of many connections that began since the last pass. */
let begun = 0;
/** Reads that have ended; wraps around. */
let ended = 0;
let isHolding = false;
let held: (() => void)[] = [];

/** A read has ended. */
export function end(connection: Paced): void {
  ended = (ended + 1) | 0;
  if (connection.period !== period) {
    connection.period = period;
    busy++;
  }
  if (ended % PERIOD !== 0) return;
  wereMany = busy > MANY;
  busy = 0;
  period++;
}

/** A connection is read no more. */
export function leave(connection: Paced): void {
  if (connection.period === period) busy--;
  connection.period = -1;
}

/** Begins a read, now or after a pass. */
export function pace(begin: () => void): void {
  if (isHolding) {
    held.push(begin);
  } else if (!areMany() || ++begun <= FEW || !isInUse()) {
    begin();
  } else {
    isHolding = true;
    held.push(begin);
    drain();
  }
}

function areMany(): boolean {
  return wereMany || busy > MANY;
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
  isHolding = released.length > FEW;
  for (const begin of released) begin();
  if (isHolding) drain();
}
