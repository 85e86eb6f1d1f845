/**
 * Errors as plain values: structured clone keeps of an error neither its class
 * nor its own properties.
 */
import { BrokenBarrierError } from "./broken_barrier.ts";
import { DeadlockError } from "./deadlock.ts";
import { ThreadError } from "./thread_error.ts";

/** What there is to know of an error. */
export interface ErrorParts {
  /** Name of its constructor. */
  readonly class: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Own enumerable properties, and those of built-in errors that are not. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Classes that exist in every thread; others are made up by their name. */
const KNOWN: Readonly<Record<string, { readonly prototype: Error }>> = {
  Error,
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  ...Deno.errors,
  BrokenBarrierError,
  DeadlockError,
  ThreadError,
};

const madeUp = new Map<string, { readonly prototype: Error }>();

/** Takes an error apart. */
export function partsOf(error: Error): ErrorParts {
  const properties: Record<string, unknown> = { ...error };
  for (const key of ["name", "cause", "errors"]) {
    if (Object.hasOwn(error, key)) {
      properties[key] = (error as unknown as Record<string, unknown>)[key];
    }
  }
  const { message, stack } = error;
  const name = error.constructor?.name || "Error";
  if (error instanceof DOMException) properties.name = error.name;
  return { class: name, message, stack, properties };
}

/**
 * Makes an error without its properties. Of a class that is not known in all
 * threads it is an `Error` whose constructor has that name.
 */
export function errorOf(parts: ErrorParts): Error {
  const { message, stack, properties } = parts;
  if (parts.class === "DOMException") {
    return new DOMException(message, String(properties.name));
  }
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  const { prototype } = KNOWN[parts.class] ?? madeUpClass(parts.class);
  return Object.setPrototypeOf(error, prototype);
}

/** Gives an error its properties. */
export function fillError(error: Error, properties: object): void {
  for (const [key, value] of Object.entries(properties)) {
    if (error instanceof DOMException && key === "name") continue;
    Object.defineProperty(error, key, {
      value,
      enumerable: !["name", "cause", "errors"].includes(key),
      configurable: true,
      writable: true,
    });
  }
}

function madeUpClass(name: string): { readonly prototype: Error } {
  let found = madeUp.get(name);
  if (found === undefined) {
    found = { [name]: class extends Error {} }[name]!;
    madeUp.set(name, found);
  }
  return found;
}
