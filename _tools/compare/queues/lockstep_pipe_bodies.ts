import type { PipeEnd } from "../../../sync/pipe.ts";
import * as traffic from "./traffic.ts";

/** Messages of one kind, from place 0 to place 1. */
export function move(
  gate: Int32Array,
  place: number,
  cargo: traffic.Cargo,
  end: PipeEnd,
): Promise<void> {
  return place === 0
    ? traffic.produce(gate, place, cargo, (value) => end.sendSync(value))
    : traffic.consume(gate, place, cargo, () => end.receiveSync());
}

/** An integer there and back. */
export function turn(
  gate: Int32Array,
  place: number,
  end: PipeEnd<number>,
): Promise<void> {
  return traffic.bounce(
    gate,
    place,
    (value) => end.sendSync(value),
    () => end.receiveSync(),
  );
}

/** As {@linkcode turn}, by promises. */
export function turnAsync(
  gate: Int32Array,
  place: number,
  end: PipeEnd<number>,
): Promise<void> {
  return traffic.bounceAsync(
    gate,
    place,
    (value) => end.send(value),
    () => end.receive(),
  );
}
