/**
 * Begins reads so that all connections get their turn.
 *
 * The runtime tries a new read at once, before it looks at those that wait: so
 * with many busy connections, some are served again and again, and others wait for
 * a second. Here no more than a few reads begin between two passes over all
 * sockets.
 *
 * ```
 *            more than FEW in one pass
 *   at once ───────────────────────────► held until the pass is over ─┐
 *      ▲                                    ▲   more than FEW were    │
 *      │        no more than FEW were       └─────────────────────────┤
 *      └──────────────────────────────────────────────────────────────┘
 * ```
 *
 * That takes somebody who has a doorbell, such as a server or a selector: a few
 * sockets by themselves are fair anyway.
 */
import { isInUse, pass } from "./_passes.ts";

/** How many reads begin without a pass. */
const FEW = 64;

let begun = 0;
let isBusy = false;
let held: (() => void)[] = [];

/** Begins a read, now or after a pass. */
export function pace(begin: () => void): void {
  if (isBusy) {
    held.push(begin);
  } else if (++begun <= FEW || !isInUse()) {
    begin();
  } else {
    isBusy = true;
    held.push(begin);
    pass().then(release);
  }
}

function release(): void {
  const released = held;
  held = [];
  begun = 0;
  isBusy = released.length > FEW;
  for (const begin of released) begin();
  if (isBusy) pass().then(release);
}
