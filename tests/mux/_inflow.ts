import type { Inflow } from "../../mux/inbox.ts";

/** A flow whose reads a test settles by hand. */
export class ManualInflow implements Inflow {
  /** How many reads were started. */
  reads = 0;
  /** How much room the last one had. */
  room = 0;
  #buffer: Uint8Array | undefined;
  #read: PromiseWithResolvers<number | null> | undefined;

  /** Whether a read is under way. */
  get reading(): boolean {
    return this.#read !== undefined;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#read !== undefined) throw new Error("two reads at once");
    this.reads++;
    this.room = buffer.length;
    this.#buffer = buffer;
    this.#read = Promise.withResolvers();
    return this.#read.promise;
  }

  /** Octets come, or the end. */
  async brings(what: Uint8Array | string | null): Promise<void> {
    const octets = typeof what === "string"
      ? new TextEncoder().encode(what)
      : what;
    if (octets !== null) this.#buffer!.set(octets);
    this.#settle().resolve(octets?.length ?? null);
    await turn();
  }

  /** The read fails. */
  async fails(error: Error): Promise<void> {
    this.#settle().reject(error);
    await turn();
  }

  #settle(): PromiseWithResolvers<number | null> {
    const read = this.#read;
    if (read === undefined) throw new Error("nobody reads");
    this.#read = undefined;
    return read;
  }
}

/** Runs what is ready to run. */
export function turn(): Promise<void> {
  return new Promise((done) => setTimeout(done, 0));
}
