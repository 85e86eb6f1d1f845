import { allocate, KIND, typeName } from "./_nodes.ts";
import { type Registry, registry, registryOf } from "./_registry.ts";
import type { Handle } from "./handle.ts";

/** What a primitive lives in. */
export interface Memory<T extends string = string> {
  readonly handle: Handle<T>;
  readonly words: Int32Array;
  readonly registry: Registry;
}

/**
 * Allocates the memory of a primitive, or uses that of another thread.
 *
 * @param type Name of the class.
 * @param from What another thread shared.
 * @param more How many words it needs besides.
 * @throws {TypeError} If that is something else.
 */
export function memoryOf<T extends string>(
  type: T,
  from: Handle<T> | undefined,
  more = 0,
): Memory<T> {
  if (from !== undefined) return attached(type, from);
  const buffer = allocate(type, more);
  const table = registry();
  return {
    handle: { type, buffer, threads: table.buffer },
    words: new Int32Array(buffer),
    registry: table,
  };
}

/**
 * Checks what somebody wants to attach to.
 *
 * @throws {TypeError} If it is no handle at all: a constructor would take that
 * for the wish to make something new.
 */
export function handleOf<H extends Handle>(type: string, given: H): H {
  if (typeof given === "object" && given !== null) return given;
  throw notAHandle(type);
}

function notAHandle(type: string): TypeError {
  return new TypeError(
    `Cannot attach a ${type}: what was given is not what its share() gave`,
  );
}

function attached<T extends string>(type: T, from: Handle<T>): Memory<T> {
  const { buffer, threads } = from;
  const words = buffer instanceof SharedArrayBuffer &&
    threads instanceof SharedArrayBuffer && new Int32Array(buffer);
  if (!words || typeName(words[KIND]) !== type) {
    throw notAHandle(type);
  }
  const handle = { type, buffer, threads };
  return { handle, words, registry: registryOf(threads) };
}
