import { normalizeHostname } from "../mux/addr.ts";

/** What a stranger may cost, in octets: some 30 blocks of 512. */
const CREDIT_BYTES = 16 * 1_024;

/** How fast that comes back, in octets for each millisecond. */
const REFILL_BYTES_PER_MS = 4;

/** Addresses that are remembered; beyond that, the oldest are forgotten. */
const MOST_ADDRESSES = 16_384;

/** What an address has cost: octets at a time. */
interface Debt {
  bytes: number;
  at: number;
}

/**
 * How much may be sent to addresses that have answered nothing yet.
 *
 * A sender's address is easily forged, and what is sent there hits whoever has
 * it. So an address gets no more than it has sent, plus a credit that comes back
 * slowly, or at once when it answers. An answer to options is no longer than the
 * request and costs nothing, so a client is served even while somebody abuses
 * its address.
 */
export class Credit {
  readonly #debts: Map<string, Debt> = new Map();

  /**
   * Takes from the credit of an address.
   *
   * @param hostname Whose.
   * @param bytes Octets to be sent, less those that were received.
   * @param now The time in milliseconds.
   * @returns Whether there was enough; if not, nothing was taken.
   */
  spend(hostname: string, bytes: number, now: number): boolean {
    if (bytes <= 0) return true;
    const key = neighborhood(hostname);
    const before = this.#debts.get(key);
    const owed = before === undefined
      ? 0
      : Math.max(before.bytes - (now - before.at) * REFILL_BYTES_PER_MS, 0);
    if (owed + bytes > CREDIT_BYTES) return false;
    this.#debts.delete(key); // to the end of the line
    this.#debts.set(key, { bytes: owed + bytes, at: now });
    if (this.#debts.size > MOST_ADDRESSES) {
      const [oldest] = this.#debts.keys();
      this.#debts.delete(oldest!);
    }
    return true;
  }

  /** The address has answered, so it is real: it has all its credit again. */
  restore(hostname: string): void {
    this.#debts.delete(neighborhood(hostname));
  }
}

/** An IPv4 address, or the /64 of an IPv6 one, which is one subscriber's. */
function neighborhood(hostname: string): string {
  const address = normalizeHostname(hostname);
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? 0 : tail.split(":").length;
    while (groups.length + behind < 8) groups.push("0");
  }
  return groups.slice(0, 4).join(":");
}
