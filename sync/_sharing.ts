import { cannot, Copier } from "./_copier.ts";
import {
  errorOf,
  type ErrorParts,
  fillError,
  partsOf,
} from "./_error_parts.ts";
import { isPrimitive, primitiveClass } from "./_primitives.ts";

/** What `node:v8` serializes as it is, besides views. */
const SERIALIZABLE = new Set([
  "[object ArrayBuffer]",
  "[object BigInt]",
  "[object Boolean]",
  "[object Date]",
  "[object Number]",
  "[object RegExp]",
  "[object String]",
]);

/** What only `postMessage` carries. */
const POSTABLE = new Set([
  "[object Blob]",
  "[object CryptoKey]",
  "[object MessagePort]",
  "[object SharedArrayBuffer]",
  "[object WebAssembly.Memory]",
  "[object WebAssembly.Module]",
]);

/** What to do instead of handing over a socket. */
const SOCKET_ADVICE =
  "; open it in the other one, hand over what it receives," +
  " or let a server run its handlers there by its concurrency";

/** Key of an error that was taken apart. */
const ERROR = "@lockstep/error";

/**
 * See `share()`.
 *
 * @param onlyPosted Called if something in it cannot be serialized.
 */
export function toShared(
  value: unknown,
  onlyPosted: () => void = () => {},
): unknown {
  return new Copier((object, path, copier) => {
    if (isPlain(object)) return undefined;
    if (object instanceof Error) {
      const holder: Record<string, unknown> = {};
      copier.remember(object, holder);
      const { properties, ...parts } = partsOf(object);
      const travelling = copier.copyWhatCan(properties, path);
      holder[ERROR] = { ...parts, properties: travelling };
      return holder;
    }
    if (isPrimitive(object)) {
      onlyPosted();
      return object.share();
    }
    if (ArrayBuffer.isView(object)) {
      if (object.buffer instanceof SharedArrayBuffer) onlyPosted();
      return object;
    }
    if (SERIALIZABLE.has(tagOf(object))) return object;
    if (POSTABLE.has(tagOf(object))) {
      onlyPosted();
      return object;
    }
    const advice = isSocket(object) ? SOCKET_ADVICE : "";
    throw cannot(path, `a ${classOf(object)} belongs to its thread${advice}`);
  }).copy(value, "the value");
}

/** See `attach()`. */
export function fromShared(value: unknown): unknown {
  return new Copier((object, path, copier) => {
    if (!isPlain(object)) return object;
    if (ERROR in object) {
      const parts = object[ERROR] as ErrorParts;
      const error = errorOf(parts);
      copier.remember(object, error);
      fillError(error, copier.copy(parts.properties, path) as object);
      return error;
    }
    const { type, buffer } = object;
    const Class = primitiveClass(String(type));
    if (Class === undefined || !(buffer instanceof SharedArrayBuffer)) {
      return undefined;
    }
    const same = copier.find(buffer) ?? Class.attach(object as never);
    copier.remember(buffer, same as object);
    return same;
  }).copy(value, "the value");
}

function isPlain(object: object): object is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(object);
  return prototype === null || prototype === Object.prototype;
}

/** Those of this package, of Deno and of node:net, listeners too. */
function isSocket(object: object): boolean {
  return ["localAddr", "remoteAddress", "accept", "receive"]
    .some((name) => name in object);
}

function tagOf(object: object): string {
  return Object.prototype.toString.call(object);
}

function classOf(object: object): string {
  return object.constructor?.name ?? "class without a name";
}
