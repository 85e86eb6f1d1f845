/** The processes of the model `processes`: who dies is replaced. */
import { keepFilled } from "./_place.ts";
import type { ServerProcess } from "./_server_process.ts";

/** See the top of this file. */
export class ProcessCrew {
  readonly #start: () => ServerProcess;
  readonly #all = new Set<ServerProcess>();
  readonly #ready = new Set<ServerProcess>();
  #arrival: PromiseWithResolvers<void> | undefined;
  #isOver = false;
  #failure: unknown;

  /** @param start Starts a process. */
  constructor(start: () => ServerProcess) {
    this.#start = start;
  }

  /**
   * Starts so many processes, and keeps them.
   *
   * @throws If they cannot be kept: one does not start, or dies again and again.
   */
  async keep(size: number): Promise<void> {
    const places = Array.from({ length: size }, (_, index) => index);
    try {
      await Promise.all(places.map((index) => this.#keepOne(index)));
    } catch (error) {
      this.#failure = error;
      this.#arrival?.reject(error);
      throw error;
    }
  }

  /** Waits for a process that is ready: the one with the fewest connections. */
  async leastBusy(): Promise<ServerProcess> {
    while (this.#ready.size === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      this.#arrival ??= Promise.withResolvers();
      await this.#arrival.promise;
    }
    return [...this.#ready].reduce((one, other) => {
      return other.busy < one.busy ? other : one;
    });
  }

  /** Ends them all. */
  async end(): Promise<void> {
    this.#isOver = true;
    const interrupted = "Cannot serve: the server was closed meanwhile";
    this.#arrival?.reject(new Deno.errors.Interrupted(interrupted));
    await Promise.all([...this.#all].map((process) => process.end()));
  }

  #keepOne(index: number): Promise<void> {
    return keepFilled<ServerProcess>({
      name: `process ${index}`,
      isOver: () => this.#isOver,
      start: () => {
        const process = this.#start();
        this.#all.add(process);
        process.ready.then(() => this.#welcome(process), () => {}); // as is seen
        return process;
      },
      onGone: (process) => {
        this.#all.delete(process);
        this.#ready.delete(process);
      },
    });
  }

  #welcome(process: ServerProcess): void {
    this.#ready.add(process);
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }
}
