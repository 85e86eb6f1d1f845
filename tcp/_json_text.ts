import { FrameError } from "./frame_error.ts";
import type { JsonHeader } from "./json_header.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON header that a stranger has sent: an object of which no object
 * within inherits anything, and none has a key `__proto__`, which would change
 * what a careless copy of it inherits.
 *
 * @throws {FrameError} `bad-header` if it is something else.
 */
export function parseHeader(octets: Uint8Array): JsonHeader {
  let header: unknown;
  try {
    header = JSON.parse(UTF8.decode(octets));
  } catch (cause) {
    throw badHeader("it is no JSON in UTF-8", cause);
  }
  if (!isObject(header) || Array.isArray(header)) {
    throw badHeader("it is no object");
  }
  const found: object[] = [header]; // a list: nesting could be deep
  for (const object of found) {
    if (!Array.isArray(object)) {
      if (Object.hasOwn(object, "__proto__")) {
        throw badHeader('it has a key "__proto__"');
      }
      Object.setPrototypeOf(object, null);
    }
    for (const value of Object.values(object)) {
      if (isObject(value)) found.push(value);
    }
  }
  return header as JsonHeader;
}

/** The error for a header that cannot be. */
export function badHeader(state: string, cause?: unknown): FrameError {
  const options = cause === undefined ? undefined : { cause };
  return new FrameError(
    "bad-header",
    `Cannot read a header: ${state}`,
    options,
  );
}

/** Writes a header. */
export function headerText(header: JsonHeader): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(header));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
