import { median } from "../measure.ts";
import type { EchoServer } from "./contenders.ts";
import type { Point } from "./clients.ts";
import { type Trial, trial } from "./trial.ts";

/** Where all servers are measured. */
export const POINTS: readonly Point[] = [1, 100, 1000].flatMap((connections) =>
  [64, 1024, 65_536].map((bytes) => ({ connections, bytes }))
);

/** A figure of a trial. */
export type Figure = keyof Trial;

/** How servers did. */
export class EchoContest {
  readonly servers: readonly EchoServer[];
  readonly #trials = new Map<string, Trial[]>();
  readonly #absent = new Set<string>();

  constructor(servers: readonly EchoServer[]) {
    this.servers = servers;
  }

  /** Measures each server at each point once. */
  async round(seconds: number, build: string | undefined): Promise<void> {
    for (const point of POINTS) {
      for (const server of this.servers) {
        if (this.#absent.has(server.id)) continue;
        try {
          const key = keyOf(server.id, point);
          const trials = this.#trials.get(key) ?? [];
          trials.push(await trial(server, point, seconds, build));
          this.#trials.set(key, trials);
        } catch (error) {
          if (server.id === "lockstep") throw error;
          console.error(`${server.name}: ${(error as Error).message}`);
          this.#absent.add(server.id);
        }
      }
    }
  }

  /** The median of a figure; `NaN` if it was not measured. */
  figure(id: string, point: Point, figure: Figure): number {
    const trials = this.#trials.get(keyOf(id, point)) ?? [];
    return trials.length === 0
      ? NaN
      : median(trials.map((trial) => trial[figure]));
  }
}

function keyOf(id: string, { connections, bytes }: Point): string {
  return `${id} ${connections} ${bytes}`;
}
