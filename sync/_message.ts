/**
 * What goes from thread to thread through shared memory: a head of two words, and
 * octets.
 *
 * ```
 * word 0   octets that follow ‹3 │ FLAG │ kind
 *      1   the number itself, if it is an INTEGER; otherwise the tag
 * ```
 *
 * - INTEGER: a number of 32 bits, without octets.
 * - PLAIN: what `_codec.ts` knows: the fast way.
 * - STRUCTURED: as `share()` prepares and `node:v8` serializes it.
 * - PARCEL: shared memory cannot travel in shared memory; so the host keeps it,
 *   and the octets say where; see `_parcels.ts`.
 *
 * Tag and FLAG mean whatever those who use them agree on.
 */
import { Deserializer, Serializer } from "node:v8";
import { decode, Encoder } from "./_codec.ts";
import { collect, deposit, discard, KEY_OCTETS } from "./_parcels.ts";
import { fromShared, toShared } from "./_sharing.ts";

const INTEGER = 0;
const PLAIN = 1;
const STRUCTURED = 2;
const PARCEL = 3;
const KIND = 3;
const FLAG = 4;
const LENGTH_SHIFT = 3;

/** Octets of a head. */
export const HEAD_OCTETS = 8;

/** Most octets of a message, besides its head. */
export const MAX_OCTETS: number = 2 ** 28;

/** A message on its way. */
export interface Message {
  /** The first word. */
  readonly head: number;
  /** The second. */
  readonly tag: number;
  /** Holds the octets, and more behind them. */
  readonly octets: Uint8Array;
}

/** Marks of a message that its sender and receiver understand. */
export interface Marks {
  readonly tag: number;
  readonly flag: boolean;
  /** What of the value moves, rather than being copied. */
  readonly transfer?: readonly Transferable[] | undefined;
}

const encoder = new Encoder();
const NOTHING = new Uint8Array(0);
const NONE: Marks = { tag: 0, flag: false };

/**
 * Makes a message of a value.
 *
 * Its octets are good until the next call; {@linkcode keep} them to wait.
 *
 * @throws {TypeError} If it cannot go to another thread, or is `undefined`.
 * @throws {RangeError} If it has more than 256 MiB.
 */
export function pack(value: unknown): Message {
  if (typeof value === "number" && (value | 0) === value) {
    if (value !== 0 || 1 / value > 0) {
      return { head: INTEGER, tag: value, octets: NOTHING };
    }
  }
  if (value !== undefined) return packMarked(value, NONE);
  throw new TypeError("Cannot send undefined: it means that there is nothing");
}

/**
 * Makes a message of any value, `undefined` included; see {@linkcode pack}.
 *
 * @throws As {@linkcode pack}.
 */
export function packMarked(value: unknown, marks: Marks): Message {
  const moves = marks.transfer !== undefined && marks.transfer.length > 0;
  if (!moves && encoder.encode(value)) {
    return withOctets(PLAIN, encoder.octets, encoder.length, marks);
  }
  let isPosted = moves;
  const shared = toShared(value, () => isPosted = true);
  try {
    return isPosted ? packParcel(shared, marks) : packSlowly(shared, marks);
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new TypeError(`Cannot send the value: ${cause}`, { cause });
  }
}

function packSlowly(shared: unknown, marks: Marks): Message {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(shared);
  const octets = serializer.releaseBuffer();
  return withOctets(STRUCTURED, octets, octets.length, marks);
}

/** A message that stays as it is while its thread waits. */
export function keep(message: Message): Message {
  const octets = message.octets.slice(0, padded(octetsOf(message.head)));
  return { ...message, octets };
}

/** Makes a value of a message; its octets may be used again afterwards. */
export function unpack({ head, tag, octets }: Message): unknown {
  const length = octetsOf(head);
  switch (kindOf(head)) {
    case INTEGER:
      return tag;
    case PLAIN:
      return decode(octets, 0, length);
    case STRUCTURED: {
      const deserializer = new Deserializer(octets.slice(0, length));
      deserializer.readHeader();
      return fromShared(deserializer.readValue());
    }
    default:
      return fromShared(collect(octets));
  }
}

/** How many octets follow a head. */
export function octetsOf(head: number): number {
  return head >>> LENGTH_SHIFT;
}

/** Octets that a message takes, rounded up. */
export function padded(octets: number): number {
  return (octets + 7) & ~7;
}

/** Whether a message has the FLAG. */
export function isFlagged({ head }: Message): boolean {
  return (head & FLAG) !== 0;
}

/** Whether the host keeps what belongs to a message. */
export function isParcel({ head }: Message): boolean {
  return kindOf(head) === PARCEL;
}

/** Drops what the host keeps for a message that nobody will get, if it does. */
export function drop(message: Message): void {
  if (isParcel(message)) discard(message.octets);
}

function packParcel(shared: unknown, marks: Marks): Message {
  const key = deposit(shared, marks.transfer ?? []);
  return withOctets(PARCEL, key, KEY_OCTETS, marks);
}

function withOctets(
  kind: number,
  octets: Uint8Array,
  length: number,
  { tag, flag }: Marks,
): Message {
  if (length > MAX_OCTETS) {
    throw new RangeError(
      `Cannot send a message of ${length} octets: at most ${MAX_OCTETS} are possible`,
    );
  }
  const head = length << LENGTH_SHIFT | (flag ? FLAG : 0) | kind;
  return { head, tag, octets };
}

function kindOf(head: number): number {
  return head & KIND;
}
