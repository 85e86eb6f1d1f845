/** What a handler throws in another process, on its way to this one. */

/** An error as plain data. */
export interface RemoteError {
  /** Name of its class. */
  readonly class: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly cause: RemoteError | undefined;
}

/** Classes that both processes have. */
const KNOWN: Readonly<Record<string, { readonly prototype: Error }>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  ...Deno.errors,
};

/** Takes apart whatever was thrown. */
export function partsOf(thrown: unknown): RemoteError {
  const error = thrown instanceof Error ? thrown : new Error(`${thrown}`);
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    class: error.constructor.name,
    name,
    message,
    stack,
    code: typeof code === "string" ? code : undefined,
    cause: cause === undefined ? undefined : partsOf(cause),
  };
}

/** Makes the error again; of a class unknown here, an `Error` with its name. */
export function errorOf(parts: RemoteError): Error {
  const { name, message, stack, code, cause } = parts;
  if (parts.class === "DOMException") return new DOMException(message, name);
  const error = cause === undefined
    ? new Error(message)
    : new Error(message, { cause: errorOf(cause) });
  if (stack !== undefined) error.stack = stack;
  if (code !== undefined) Object.assign(error, { code });
  const known = KNOWN[parts.class];
  if (known !== undefined) Object.setPrototypeOf(error, known.prototype);
  if (error.name !== name) define(error, "name", name);
  return error;
}

/** As errors have their own properties: not enumerable. */
function define(error: Error, key: string, value: unknown): void {
  const how = { enumerable: false, configurable: true, writable: true };
  Object.defineProperty(error, key, { value, ...how });
}
