/**
 * What another thread attaches to; goes through `postMessage` as it is.
 *
 * @typeParam T Name of the class.
 */
export interface Handle<T extends string = string> {
  /** Says what it is a handle of. */
  readonly type: T;
  /** The memory that is shared. */
  readonly buffer: SharedArrayBuffer;
  /** The table of the threads that share it. */
  readonly threads: SharedArrayBuffer;
}
