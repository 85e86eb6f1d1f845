import type { MessagePort } from "node:worker_threads";

/** What a thread runs: an export, a subclass of `Thread`, or source text. */
export type Body =
  | { readonly module: string; readonly name: string; readonly args: unknown }
  | {
    readonly module: string;
    readonly Class: string;
    readonly fields: unknown;
  }
  | { readonly source: string; readonly args: unknown };

/** What a thread needs to start. */
export interface Job {
  readonly id: number;
  readonly name: string;
  readonly daemon: boolean;
  /** The thread with which it is to end, if there is one. */
  readonly owner: number | undefined;
  readonly body: Body;
  /** The table of all threads. */
  readonly threads: SharedArrayBuffer;
  /** Where it writes how it ended. */
  readonly outcome: SharedArrayBuffer;
  /** Where it posts a result that holds shared memory. */
  readonly results: MessagePort;
  /** The graph of waits, while deadlocks are detected. */
  readonly graph: SharedArrayBuffer | undefined;
  readonly resourceLimits: Readonly<Record<string, number>>;
}

/** What a thread gets from its host besides. */
export interface Started {
  readonly job: Job;
  /** Identity of the thread that hosts it. */
  readonly host: number;
  /** Where it asks its host for more threads. */
  readonly requests: MessagePort;
  /** Held until it is no more; see `_watcher.ts`. */
  readonly line: MessagePort;
}

/** What the watcher gets for each thread that starts. */
export interface Watched {
  readonly id: number;
  /** The other end of its line. */
  readonly line: MessagePort;
}

/** What a thread asks its host for. */
export type Request =
  | { readonly start: Job; readonly transfer: readonly Transferable[] }
  | { readonly stop: number }
  | { readonly deposit: string; readonly parcel: Parcel }
  | { readonly collect: string }
  | { readonly discard: string };

/** What the host keeps until somebody asks for it; see `_parcels.ts`. */
export interface Parcel {
  readonly value: unknown;
  /** What of it moves, rather than being copied. */
  readonly transfer: readonly Transferable[];
}

/** Name of the Web Lock that a thread holds as long as it lives. */
export function lockName(table: string, id: number): string {
  return `lockstep ${table} ${id}`;
}
