/**
 * A market: two traders take turns, and each turn brings the price that whoever
 * resumes them has sent. One leaves early, the other goes on alone.
 *
 *     deno run --allow-read examples/sync_generators.ts
 */
import { Scheduler } from "@lockstep/lockstep/sync";

/** Buys at or below its limit, until it has what it wants. */
function* trader(
  name: string,
  limit: number,
  wanted: number,
): Generator<void, number, number | undefined> {
  let paid = 0;
  while (wanted > 0) {
    const price = yield; // the others have their turn
    if (price === undefined) break; // the market has closed
    const buys = price <= limit;
    console.log(`${name} hears ${price}${buys ? ", and buys" : ""}`);
    if (!buys) continue;
    paid += price;
    wanted--;
  }
  return paid;
}

if (import.meta.main) {
  const scheduler = new Scheduler();
  const ann = scheduler.add(trader("Ann", 20, 2));
  const bob = scheduler.add(trader("Bob", 12, 9));
  for (const price of [15, 10, 25, 12]) {
    ann.send(price); // they hear it when their turn has come
    if (price !== 10) bob.send(price);
  }
  scheduler.run();
  console.log(`Ann paid ${ann.result()}, Bob paid ${bob.result()}`);
}
