/**
 * Shared memory on its way from one thread to another: that only `postMessage`
 * carries, and the sender does not know who will get it. So the host keeps it:
 *
 * ```
 *   sender                      host                        receiver
 *     deposit(value) ─ port ──►  parcels: key → value  ◄── port ─ collect(key)
 *     key ──────────────────── in a message ──────────────────►      │
 *                                └─────────── port ──────────────────┘
 * ```
 *
 * Ports keep their order, and the host empties those of all threads before it
 * says that there is no such parcel. It serves whenever it is rung.
 */
import * as host from "./_host.ts";
import { registry } from "./_registry.ts";

/** Octets of a key: the sender, and a number of its own. */
export const KEY_OCTETS = 8;

let last = 0;

/**
 * Leaves a value with the host.
 *
 * @param shared What `toShared()` gave.
 * @returns The key.
 */
export function deposit(
  shared: unknown,
  transfer: readonly Transferable[],
): Uint8Array {
  last = last + 1 | 0;
  const words = Int32Array.of(registry().me, last);
  host.deposit(words.join("-"), { value: shared, transfer });
  return new Uint8Array(words.buffer);
}

/** Has the host forget a value that nobody will fetch; does not wait. */
export function discard(key: Uint8Array): void {
  host.discard(nameOf(key));
}

/**
 * Fetches a value, which the host then forgets; blocks until it answers.
 *
 * @throws {TypeError} If the host never had it.
 */
export function collect(key: Uint8Array): unknown {
  const parcel = host.collect(nameOf(key));
  if (parcel !== undefined) return parcel.value;
  throw new TypeError(
    "Cannot receive the message: it holds shared memory, and who sent it is no Thread",
  );
}

function nameOf(key: Uint8Array): string {
  return new Int32Array(key.slice(0, KEY_OCTETS).buffer).join("-");
}
