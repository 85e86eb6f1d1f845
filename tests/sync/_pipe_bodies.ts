import type { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Pipe, type PipeEnd } from "../../sync/pipe.ts";
import type { Queue } from "../../sync/queue.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { random } from "./_random.ts";

/** Longest wait of everybody. */
const LIMIT = { timeoutMs: 10_000 };

/** How an end is used. */
export type Way = "sync" | "async" | "mixed" | "many" | "try";

/** Octets that say which message they are, so that a torn one is seen. */
export function message(serial: number, length: number): Uint8Array {
  const octets = new Uint8Array(Math.max(4, length)).fill(serial);
  new DataView(octets.buffer).setInt32(0, serial);
  return octets;
}

/** The number of such a message; throws if it is torn. */
export function serialOf(octets: Uint8Array): number {
  const serial = new DataView(octets.buffer, octets.byteOffset).getInt32(0);
  for (let at = 4; at < octets.length; at++) {
    if (octets[at] !== (serial & 0xff)) throw new Error(`torn: ${serial}`);
  }
  return serial;
}

/** Sends whole numbers from 0, in some way; leaves the end open. */
export async function count(
  end: PipeEnd<number>,
  times: number,
  way: Way,
): Promise<void> {
  for (let i = 0; i < times; i++) {
    const how = way === "mixed" ? (["sync", "async"] as const)[i % 2] : way;
    if (how === "sync") {
      end.sendSync(i, LIMIT);
    } else if (how === "async") {
      await end.send(i, LIMIT);
    } else if (how === "try") {
      while (!end.trySend(i));
    } else {
      const batch = [];
      for (; i < times && batch.length < 100; i++) batch.push(i);
      end.sendManySync(batch, LIMIT);
      i--;
    }
  }
}

/** Receives whole numbers from 0 until the end, in some way; counts them. */
export async function check(
  end: PipeEnd<number>,
  way: Way,
  most: number = Infinity,
): Promise<number> {
  let next = 0;
  while (next < most) {
    const how = way === "mixed" ? (["sync", "async"] as const)[next % 2] : way;
    let got: readonly number[] | number | null | undefined;
    if (how === "sync") got = end.receiveSync(LIMIT);
    else if (how === "async") got = await end.receive(LIMIT);
    else if (how === "many") got = end.receiveManySync(100, LIMIT);
    else while ((got = end.tryReceive()) === undefined);
    if (got === null) return next;
    for (const n of [got].flat()) {
      if (n !== next++) throw new Error(`${n} instead of ${next - 1}`);
    }
  }
  return next;
}

/** Does both at once, as two tasks. */
export async function countAndCheck(
  end: PipeEnd<number>,
  times: number,
): Promise<number> {
  const counted = count(end, times, "async");
  const checked = check(end, "async", times);
  await counted;
  return await checked;
}

/** Sends back whatever comes, until the end. */
export function echo(end: PipeEnd): void {
  for (let value; (value = end.receiveSync(LIMIT)) !== null;) {
    end.sendSync(value, LIMIT);
  }
}

/** Sends back the first message, and returns without closing the end. */
export function echoOnce(end: PipeEnd): void {
  end.sendSync(end.receiveSync(LIMIT)!);
}

/** Receives one message. */
export function receive(end: PipeEnd): unknown {
  return end.receiveSync(LIMIT);
}

/** Says how it ended: what was received, or the name of the error. */
export function receiveWithin(end: PipeEnd, timeoutMs: number): unknown {
  try {
    return end.receiveSync({ timeoutMs });
  } catch (error) {
    return (error as Error).name;
  }
}

/** Sends until that throws; answers the name of the error. */
export function sendForEver(end: PipeEnd): string {
  try {
    for (;;) end.sendSync("more", LIMIT);
  } catch (error) {
    return (error as Error).name;
  }
}

/** Sends one message. */
export function send(end: PipeEnd, value: NonNullable<unknown>): void {
  end.sendSync(value, LIMIT);
}

/** Has the ends, says so, and spins until it is stopped. */
export function hold(ends: readonly PipeEnd[], held: Event): never {
  for (const end of ends) end.tryReceive();
  held.set();
  for (;;);
}

/** Never uses the end, and waits for a sign. */
export function ignore(_end: PipeEnd, go: Event): void {
  go.waitSync(LIMIT);
}

/** Shares the end while a call of it waits, and returns. */
export function shareAndWait(end: PipeEnd): string {
  end.receive();
  return end.share().type;
}

/** Makes a pipe, and returns one end of it. */
export function make(): PipeEnd<number> {
  const [here, there] = Pipe<number>();
  here.sendSync(7);
  return there;
}

/** What is sent along with a pipe. */
export interface Luggage {
  readonly lock: Lock;
  readonly queue: Queue<number>;
  readonly end: PipeEnd<string>;
}

/** Uses what it receives in one message; sends a lock of its own. */
export function unpackLuggage(end: PipeEnd<Lock, Luggage>): boolean {
  const { lock, queue, end: other } = end.receiveSync(LIMIT)!;
  const wasLocked = lock.locked;
  queue.putSync(5);
  other.sendSync("through the other pipe");
  const own = new Lock();
  own.acquireSync();
  end.sendSync(own);
  return wasLocked;
}

/** Sends messages of any size for ever; `sent` is the last that was sent. */
export function pour(end: PipeEnd, seed: number, sent: SharedValue): never {
  const next = random(seed);
  for (let serial = 0;; serial++) {
    const value = message(serial, next(20) === 0 ? next(9_000) : next(200));
    if (value.length < 40 && next(2) === 0) { while (!end.trySend(value)); }
    else end.sendSync(value, LIMIT);
    sent.set(serial);
  }
}

/** Receives for ever; `got` is the last that was received. */
export function drink(
  end: PipeEnd<never, Uint8Array>,
  seed: number,
  got: SharedValue,
): never {
  const next = random(seed);
  for (;;) {
    if (next(50) === 0) sleepSync(1);
    const octets = next(4) === 0
      ? end.receiveManySync(1 + next(9), LIMIT)!
      : [end.receiveSync(LIMIT)!];
    for (const one of octets) got.set(serialOf(one));
  }
}

/** Sends some messages of any size, some of which are given up. */
export function sendSome(
  end: PipeEnd,
  seed: number,
  times: number,
): number[] {
  const next = random(seed);
  const sent: number[] = [];
  for (let serial = 0; serial < times; serial++) {
    const value = message(serial, next(4) === 0 ? next(3_000) : next(100));
    try {
      end.sendSync(value, next(3) === 0 ? { timeoutMs: next(20) / 10 } : LIMIT);
      sent.push(serial);
    } catch (error) {
      if (!isTimeout(error)) throw error;
    }
  }
  end.close();
  return sent;
}
