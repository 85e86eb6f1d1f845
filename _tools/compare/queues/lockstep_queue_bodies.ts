import type { Queue } from "../../../sync/queue.ts";
import * as traffic from "./traffic.ts";

/** An integer goes there by the first, and back by the second. */
export type Queues = readonly [Queue<number>, Queue<number>];

/** Messages of one kind, from place 0 to place 1. */
export function move(
  gate: Int32Array,
  place: number,
  cargo: traffic.Cargo,
  queue: Queue,
): Promise<void> {
  return place === 0
    ? traffic.produce(gate, place, cargo, (value) => queue.putSync(value))
    : traffic.consume(gate, place, cargo, () => queue.getSync());
}

/** An integer there and back. */
export function turn(
  gate: Int32Array,
  place: number,
  queues: Queues,
): Promise<void> {
  const to = queues[place]!;
  const from = queues[1 - place]!;
  return traffic.bounce(
    gate,
    place,
    (value) => to.putSync(value),
    () => from.getSync(),
  );
}

/** As {@linkcode turn}, by promises. */
export function turnAsync(
  gate: Int32Array,
  place: number,
  queues: Queues,
): Promise<void> {
  const to = queues[place]!;
  const from = queues[1 - place]!;
  return traffic.bounceAsync(
    gate,
    place,
    (value) => to.put(value),
    () => from.get(),
  );
}
