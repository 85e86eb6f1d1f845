import { FrameError } from "./frame_error.ts";
import type { Refill } from "./framing.ts";

/** Where a body gets its octets. */
export interface BodySupply {
  /** Octets of the body that were not taken yet. */
  readonly left: number;
  /**
   * Octets of the body, in a copy; `undefined` if more input is needed.
   *
   * @throws {UnexpectedEofError} If there will be none.
   */
  take(): Uint8Array<ArrayBuffer> | undefined;
  /** Gets more input. */
  readonly refill: Refill;
}

/** The body of a frame as a stream: nothing is taken before it is wanted. */
export class Body {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #supply: BodySupply;
  readonly #stop = new AbortController();
  #fail: (error: unknown) => void = () => {};

  constructor(supply: BodySupply) {
    this.#supply = supply;
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#fail = (error) => controller.error(error);
        if (supply.left === 0) controller.close();
      },
      pull: async (controller) => {
        const octets = await this.#take();
        if (octets === undefined) return;
        controller.enqueue(octets);
        if (supply.left === 0) controller.close();
      },
      cancel: () => this.#stop.abort(),
    }, { highWaterMark: 0 });
  }

  /** The next frame is wanted: what is left of this one is skipped. */
  abandon(): void {
    this.#stop.abort();
    this.#fail(
      new FrameError(
        "body-abandoned",
        "Cannot read the body: the next frame was asked for",
      ),
    );
  }

  async #take(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const octets = this.#supply.take();
      if (octets !== undefined) return octets;
      await this.#supply.refill({ signal });
    }
    return undefined;
  }
}
