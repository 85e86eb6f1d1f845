/*
 * Every packet of TFTP, as octets in a datagram. Numbers are big-endian.
 *
 *            2 octets   string   NUL  string  NUL  string  NUL  string  NUL
 *           +---------+---------+---+--------+---+--------+---+-------+---+
 * RRQ, WRQ  | 01 / 02 |  name   | 0 |  mode  | 0 | option | 0 | value | 0 | ...
 *           +---------+---------+---+--------+---+--------+---+-------+---+
 *
 *           +---------+---------+---------------+
 * DATA      |   03    |  block  |   data ...    |    0 to 65464 octets of data
 *           +---------+---------+---------------+
 * ACK       |   04    |  block  |
 *           +---------+---------+-----------+---+
 * ERROR     |   05    |  code   |  message  | 0 |
 *           +---------+--------++--+-------+---+
 * OACK      |   06    | option | 0 | value | 0 | ...
 *           +---------+--------+---+-------+---+
 *
 * RFC 1350 (the protocol), 2347 (options, OACK), 2348 (blksize), 2349
 * (timeout, tsize), 7440 (windowsize). The codec knows no option: what a
 * value means is the business of whoever negotiates.
 */

/** First two octets of each kind of packet. */
export const OPCODE = {
  RRQ: 1,
  WRQ: 2,
  DATA: 3,
  ACK: 4,
  ERROR: 5,
  OACK: 6,
} as const;

/** A value of {@linkcode OPCODE}. */
export type Opcode = 1 | 2 | 3 | 4 | 5 | 6;

/** One option of a request or an OACK. */
export interface RequestOption {
  /** Name as the peer spelled it, so that an answer can echo it. */
  readonly name: string;
  /** Value as sent, one character per octet. Not validated. */
  readonly value: string;
}

/** RRQ or WRQ: a client asks to read or to write a file. */
export interface RequestPacket {
  /** `"rrq"` to read, `"wrq"` to write. */
  readonly type: "rrq" | "wrq";
  /** File name, at least one octet, in whatever encoding the client uses. A copy. */
  readonly name: Uint8Array;
  /** Transfer mode in lower case. Not validated: a server answers unknown ones itself. */
  readonly mode: string;
  /** Options by lower-case name; of an option given twice, the last. */
  readonly options: ReadonlyMap<string, RequestOption>;
}

/** DATA: one block of the file. */
export interface DataPacket {
  /** Always `"data"`. */
  readonly type: "data";
  /** Block number, 0 to 65535. */
  readonly block: number;
  /** Content of the block. A view of the decoded datagram, not a copy. */
  readonly data: Uint8Array;
}

/** ACK: all blocks up to this one have arrived. */
export interface AckPacket {
  /** Always `"ack"`. */
  readonly type: "ack";
  /** Block number, 0 to 65535. */
  readonly block: number;
}

/** ERROR: the transfer is over. */
export interface ErrorPacket {
  /** Always `"error"`. */
  readonly type: "error";
  /** Error code, 0 to 8 by the RFCs, but any of 0 to 65535 may arrive. */
  readonly code: number;
  /** Message without its NUL, possibly empty. Untrusted. A copy. */
  readonly message: Uint8Array;
}

/** OACK: the options that a server has accepted. */
export interface OackPacket {
  /** Always `"oack"`. */
  readonly type: "oack";
  /** Options by lower-case name; of an option given twice, the last. */
  readonly options: ReadonlyMap<string, RequestOption>;
}

/** What {@linkcode decodePacket} returns; `type` tells which. */
export type Packet =
  | RequestPacket
  | DataPacket
  | AckPacket
  | ErrorPacket
  | OackPacket;

/** Longest RRQ or WRQ (RFC 2347). */
const MAX_REQUEST_BYTES = 512;
/** Longest content of a DATA packet (RFC 2348). */
const MAX_BLOCK_BYTES = 65464;

/**
 * Decodes one datagram.
 *
 * Lenient where firmware is known to be sloppy: an empty option name, such as
 * zero padding of any length, ends the options; an unterminated tail after the
 * last complete field, octets after an ACK and the missing NUL of an ERROR are
 * ignored.
 *
 * @param bytes The whole datagram, nothing else.
 * @returns The packet; `data` of a DATA packet is a view of `bytes`.
 * @throws {SyntaxError} If the datagram is not a TFTP packet.
 *
 * @example Decode an acknowledgment
 * ```ts
 * import { decodePacket } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = decodePacket(new Uint8Array([0, 4, 0, 7]));
 * assertEquals(packet, { type: "ack", block: 7 });
 * ```
 */
export function decodePacket(bytes: Uint8Array): Packet {
  if (bytes.length < 2) throw malformed("it is too short for an opcode");
  const opcode = uint16(bytes, 0);
  switch (opcode) {
    case OPCODE.DATA:
      if (bytes.length < 4) throw malformed("DATA has no block number");
      return { type: "data", block: uint16(bytes, 2), data: bytes.subarray(4) };
    case OPCODE.ACK:
      if (bytes.length < 4) throw malformed("ACK has no block number");
      return { type: "ack", block: uint16(bytes, 2) };
    case OPCODE.RRQ:
      return decodeRequest("rrq", bytes);
    case OPCODE.WRQ:
      return decodeRequest("wrq", bytes);
    case OPCODE.ERROR: {
      if (bytes.length < 4) throw malformed("ERROR has no code");
      const end = bytes.indexOf(0, 4);
      const message = copy(bytes, 4, end === -1 ? bytes.length : end);
      return { type: "error", code: uint16(bytes, 2), message };
    }
    case OPCODE.OACK:
      return { type: "oack", options: decodeOptions(bytes, 2) };
    default:
      throw malformed(`opcode ${opcode} is unknown`);
  }
}

/**
 * Encodes a read or write request.
 *
 * @param request What to ask for; options are sent in the order given.
 * @returns The datagram, at most 512 octets.
 * @throws {RangeError} If it would exceed 512 octets.
 * @throws {SyntaxError} If the name, the mode or an option name is empty, if
 * one of the texts holds a NUL, or if the mode or an option is not ASCII.
 *
 * @example Ask for a file in large blocks
 * ```ts
 * import { decodePacket, encodeRequest } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const name = new TextEncoder().encode("boot.img");
 * const options = [["blksize", "1428"]] as const;
 * const bytes = encodeRequest({ type: "rrq", name, mode: "octet", options });
 * assertEquals(decodePacket(bytes).type, "rrq");
 * ```
 */
export function encodeRequest(
  request: {
    readonly type: "rrq" | "wrq";
    readonly name: Uint8Array;
    readonly mode: string;
    readonly options?: Iterable<readonly [string, string]>;
  },
): Uint8Array<ArrayBuffer> {
  const { type, name, mode, options = [] } = request;
  if (name.length === 0) throw unencodable("the file name is empty");
  if (name.includes(0)) throw unencodable("the file name holds a NUL");
  if (mode === "") throw unencodable("the mode is empty");
  const fields = encodeFields(field("mode", mode), options);
  const length = 2 + name.length + 1 + fields.length;
  if (length > MAX_REQUEST_BYTES) {
    throw outOfRange(`a request of ${length} octets exceeds 512`);
  }
  const bytes = new Uint8Array(length);
  bytes[1] = type === "rrq" ? OPCODE.RRQ : OPCODE.WRQ;
  bytes.set(name, 2);
  bytes.set(fields, 2 + name.length + 1);
  return bytes;
}

/**
 * Encodes one block of a file.
 *
 * @param block Block number, 0 to 65535: the caller wraps it.
 * @param data Content, at most 65464 octets; copied.
 * @returns The datagram.
 * @throws {RangeError} If the block number or the length is out of range.
 *
 * @example Encode the empty last block
 * ```ts
 * import { encodeData } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodeData(258, new Uint8Array()), new Uint8Array([0, 3, 1, 2]));
 * ```
 */
export function encodeData(
  block: number,
  data: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (data.length > MAX_BLOCK_BYTES) {
    throw outOfRange(`a block of ${data.length} octets exceeds 65464`);
  }
  const bytes = header(OPCODE.DATA, block, data.length);
  bytes.set(data, 4);
  return bytes;
}

/**
 * Encodes an acknowledgment.
 *
 * @param block Block number, 0 to 65535: the caller wraps it.
 * @returns The datagram.
 * @throws {RangeError} If the block number is out of range.
 *
 * @example Accept a write request
 * ```ts
 * import { encodeAck } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodeAck(0), new Uint8Array([0, 4, 0, 0]));
 * ```
 */
export function encodeAck(block: number): Uint8Array<ArrayBuffer> {
  return header(OPCODE.ACK, block, 0);
}

/**
 * Encodes an error.
 *
 * @param code Error code, 0 to 65535; RFC 1350 and 2347 define 0 to 8.
 * @param message Text without NUL; may be empty.
 * @returns The datagram, with the NUL after the message.
 * @throws {RangeError} If the code is out of range.
 * @throws {SyntaxError} If the message holds a NUL.
 *
 * @example Refuse a request
 * ```ts
 * import { encodeError } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = encodeError(1, new TextEncoder().encode("No"));
 * assertEquals(packet, new Uint8Array([0, 5, 0, 1, 78, 111, 0]));
 * ```
 */
export function encodeError(
  code: number,
  message: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (message.includes(0)) throw unencodable("the error message holds a NUL");
  const bytes = header(OPCODE.ERROR, code, message.length + 1);
  bytes.set(message, 4);
  return bytes;
}

/**
 * Encodes an option acknowledgment, without padding: some clients refuse it.
 *
 * @param options The accepted options, spelled as in the request.
 * @returns The datagram.
 * @throws {SyntaxError} If an option is not ASCII or holds a NUL, or if a name is empty.
 *
 * @example Accept a block size
 * ```ts
 * import { decodePacket, encodeOack } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodePacket(encodeOack([["BlkSize", "1428"]])), {
 *   type: "oack",
 *   options: new Map([["blksize", { name: "BlkSize", value: "1428" }]]),
 * });
 * ```
 */
export function encodeOack(
  options: Iterable<readonly [string, string]>,
): Uint8Array<ArrayBuffer> {
  return encodeFields("\0" + String.fromCharCode(OPCODE.OACK), options);
}

/**
 * Reads the value of a numeric option: digits and nothing else.
 *
 * @param text Value of the option.
 * @returns The number; `undefined` for other text or above `Number.MAX_SAFE_INTEGER`.
 *
 * @example Only digits count
 * ```ts
 * import { parseDecimal } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDecimal("1428"), 1428);
 * assertEquals(parseDecimal("-5"), undefined);
 * ```
 */
export function parseDecimal(text: string): number | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function decodeRequest(type: "rrq" | "wrq", bytes: Uint8Array): RequestPacket {
  for (let i = MAX_REQUEST_BYTES; i < bytes.length; i++) {
    if (bytes[i] !== 0) throw malformed("the request exceeds 512 octets");
  }
  const request = bytes.subarray(0, MAX_REQUEST_BYTES);
  const nameEnd = request.indexOf(0, 2);
  if (nameEnd === -1) throw malformed("no NUL ends the file name");
  if (nameEnd === 2) throw malformed("the file name is empty");
  const modeEnd = request.indexOf(0, nameEnd + 1);
  if (modeEnd === -1) throw malformed("no NUL ends the mode");
  if (modeEnd === nameEnd + 1) throw malformed("the mode is missing");
  return {
    type,
    name: copy(request, 2, nameEnd),
    mode: latin1(request, nameEnd + 1, modeEnd).toLowerCase(),
    options: decodeOptions(request, modeEnd + 1),
  };
}

/** Into a Map, where a peer's `__proto__` is an option like any other. */
function decodeOptions(
  bytes: Uint8Array,
  start: number,
): Map<string, RequestOption> {
  const options = new Map<string, RequestOption>();
  while (start < bytes.length) {
    const nameEnd = bytes.indexOf(0, start);
    if (nameEnd === start || nameEnd === -1) break;
    const valueEnd = bytes.indexOf(0, nameEnd + 1);
    if (valueEnd === -1) throw malformed("an option has no value");
    const name = latin1(bytes, start, nameEnd);
    const value = latin1(bytes, nameEnd + 1, valueEnd);
    options.set(name.toLowerCase(), { name, value });
    start = valueEnd + 1;
  }
  return options;
}

function encodeFields(
  text: string,
  options: Iterable<readonly [string, string]>,
): Uint8Array<ArrayBuffer> {
  for (const [name, value] of options) {
    if (name === "") throw unencodable("an option name is empty");
    text += field("option name", name) + field("option value", value);
  }
  return new TextEncoder().encode(text);
}

function field(what: string, text: string): string {
  if (text.includes("\0") || !/^\p{ASCII}*$/u.test(text)) {
    throw unencodable(`${what} ${JSON.stringify(text)} is not NUL-free ASCII`);
  }
  return text + "\0";
}

function header(
  opcode: Opcode,
  value: number,
  bodyBytes: number,
): Uint8Array<ArrayBuffer> {
  if (value !== (value & 0xffff)) {
    throw outOfRange(`${value} is not an integer from 0 to 65535`);
  }
  const bytes = new Uint8Array(4 + bodyBytes);
  bytes[1] = opcode;
  bytes[2] = value >> 8;
  bytes[3] = value;
  return bytes;
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Not `slice()`, which for a Buffer of node:buffer is a view. */
function copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

/** Not TextDecoder, whose "latin1" is windows-1252. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

function malformed(state: string): SyntaxError {
  return new SyntaxError(`Cannot decode a TFTP packet: ${state}`);
}

function unencodable(state: string): SyntaxError {
  return new SyntaxError(`Cannot encode a TFTP packet: ${state}`);
}

function outOfRange(state: string): RangeError {
  return new RangeError(`Cannot encode a TFTP packet: ${state}`);
}
