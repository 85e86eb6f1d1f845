import { Thread, type ThreadOptions } from "./thread.ts";

/** Functions that a module exports, by their names. */
export type FunctionsOf<M> = {
  [K in keyof M as M[K] extends AnyFunction ? K : never]: M[K] extends
    AnyFunction ? M[K] : never;
};

/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;

/** Starts threads of one module, with types checked; see {@linkcode threads}. */
export interface Threads<M> {
  /**
   * Starts a thread; see {@linkcode Thread.start}.
   *
   * @param name Function that the module exports.
   * @param args What to call it with.
   */
  start<K extends keyof FunctionsOf<M> & string>(
    name: K,
    args: Parameters<FunctionsOf<M>[K]>,
    options?: ThreadOptions,
  ): Thread<Awaited<ReturnType<FunctionsOf<M>[K]>>>;
}

/**
 * Threads of one module: names, arguments and results are checked.
 *
 * @typeParam M The type of the module.
 * @param module Its URL, as of `import.meta.resolve()`.
 *
 * @example
 * ```ts ignore
 * const count = threads<typeof import("./count.ts")>(
 *   import.meta.resolve("./count.ts"),
 * );
 * const thread = count.start("count", [lock, counter, 100_000]);
 * const total: number = await thread.join();
 * ```
 */
export function threads<M>(module: string): Threads<M> {
  return {
    start: (name, args, options) =>
      Thread.start(module, name, args, options) as never,
  };
}
