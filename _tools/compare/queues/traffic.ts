/*
 * What the two threads at a queue do, each time their gate opens.
 */
import { work } from "../../../bench/sync/gate.ts";

/** What is sent, whatever it is. */
export type Message = NonNullable<unknown>;

/** Which of them. */
export type Cargo = "integers" | "objects" | "bytes";

/** The messages of that number. */
const CARGO = {
  integers: (i: number) => i,
  objects: (i: number) => ({ id: i, name: "Ann", ok: true }),
  bytes: () => KIBIBYTE,
} satisfies Record<Cargo, (i: number) => Message>;

const KIBIBYTE = new Uint8Array(1024).fill(1);

/** Puts a message; ends when another may be put. */
export type Put = (value: Message) => void;

/** Gets a message, as soon as there is one. */
export type Get = () => unknown;

/** Puts messages. */
export function produce(
  gate: Int32Array,
  place: number,
  cargo: Cargo,
  put: Put,
): Promise<void> {
  const message: (i: number) => Message = CARGO[cargo];
  return work(gate, place, (times) => {
    for (let i = 0; i < times; i++) put(message(i));
  });
}

/** Gets as many. */
export function consume(
  gate: Int32Array,
  place: number,
  cargo: Cargo,
  get: Get,
): Promise<void> {
  return work(gate, place, (times) => {
    for (let i = 1; i < times; i++) get();
    check(cargo, get(), times - 1);
  });
}

/** Puts an integer and gets it back, if in place 0; gets and returns it, if in 1. */
export function bounce(
  gate: Int32Array,
  place: number,
  put: (n: number) => void,
  get: Get,
): Promise<void> {
  return work(gate, place, (times) => {
    for (let i = 0; i < times; i++) {
      if (place === 0) put(i);
      const got = get();
      if (place === 1) put(got as number);
      if (i === times - 1) check("integers", got, i);
    }
  });
}

/** As {@linkcode bounce}, by promises. */
export function bounceAsync(
  gate: Int32Array,
  place: number,
  put: (n: number) => unknown,
  get: () => Promise<unknown>,
): Promise<void> {
  return work(gate, place, async (times) => {
    for (let i = 0; i < times; i++) {
      if (place === 0) await put(i);
      const got = await get();
      if (place === 1) await put(got as number);
      if (i === times - 1) check("integers", got, i);
    }
  });
}

/** Whether a message is that of its number. */
export function check(cargo: Cargo, got: unknown, i: number): void {
  const right = cargo === "integers"
    ? got === i
    : cargo === "objects"
    ? (got as { readonly id: number }).id === i
    : (got as Uint8Array).length === 1024 && (got as Uint8Array)[1023] === 1;
  if (!right) {
    throw new Error(`Cannot measure: message ${i} of ${cargo} is lost`);
  }
}
