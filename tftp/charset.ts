/*
 * RFC 1350 says that names are ASCII and leaves the rest to the two ends:
 * UTF-8 today, but boot ROMs and old servers still speak their country's code.
 * Deno decodes all of these and encodes only UTF-8, so the way back is a table
 * made by decoding every sequence of one and two bytes.
 */

/** Options of {@linkcode decodeText}. */
export interface DecodeTextOptions {
  /**
   * Whether U+FFFD takes the place of bytes that are not text.
   *
   * @default {false}
   */
  readonly lossy?: boolean;
}

/** The places of ═ ╞ ╪ ╡ 十 卅 in Big5 that nobody uses. */
const BIG5_SYMBOLS: ReadonlySet<number> = new Set(
  [0xa2a4, 0xa2a5, 0xa2a6, 0xa2a7, 0xa2cc, 0xa2ce],
);

/** By the name that TextDecoder gives to the encoding. Made on first use. */
const tables = new Map<string, ReadonlyMap<string, number>>();

/**
 * Encodes text for a file name or a message.
 *
 * The first use of an encoding other than UTF-8 makes its table, a few
 * milliseconds. Characters of more than two bytes, which only GB 18030 and
 * EUC-JP have, count as lacking.
 *
 * @param text Text to encode.
 * @param encoding Label as `TextDecoder` knows it, such as `"gbk"` or `"latin1"`.
 * @returns The bytes.
 * @throws {RangeError} If the encoding is unknown or cannot be used in a
 * packet (UTF-16 and ISO-2022-JP), or if it lacks a character of the text.
 *
 * @example Name a file for a server that speaks GBK
 * ```ts
 * import { encodeText } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodeText("中", "gb2312"), new Uint8Array([0xd6, 0xd0]));
 * ```
 */
export function encodeText(
  text: string,
  encoding = "utf-8",
): Uint8Array<ArrayBuffer> {
  const name = decoderFor(encoding).encoding;
  if (name === "utf-8") {
    if (!text.isWellFormed()) throw lacks(encoding, "a lone surrogate");
    return new TextEncoder().encode(text);
  }
  const table = tableFor(name);
  // A character of two UTF-16 units never takes more than two bytes either.
  const bytes = new Uint8Array(text.length * 2);
  let at = 0;
  for (const character of text) {
    const sequence = table.get(character);
    if (sequence === undefined) {
      throw lacks(encoding, JSON.stringify(character));
    }
    if (sequence > 0xff) bytes[at++] = sequence >> 8;
    bytes[at++] = sequence;
  }
  return bytes.slice(0, at);
}

/**
 * Decodes a file name or a message.
 *
 * A byte order mark is kept: it is part of the name.
 *
 * @param bytes Bytes to decode.
 * @param encoding Label as `TextDecoder` knows it, such as `"gbk"` or `"latin1"`.
 * @param options Whether to replace what is not text.
 * @returns The text.
 * @throws {SyntaxError} If the bytes are not text of this encoding, unless `lossy`.
 * @throws {RangeError} If the encoding is unknown or cannot be used in a packet.
 *
 * @example Decode a name in GBK
 * ```ts
 * import { decodeText } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeText(new Uint8Array([0xd6, 0xd0]), "gb2312"), "中");
 * ```
 *
 * @example Decode a message for people to read
 * ```ts
 * import { decodeText } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array([0x4e, 0x6f, 0xff]);
 * assertEquals(decodeText(bytes, "utf-8", { lossy: true }), "No\ufffd");
 * ```
 */
export function decodeText(
  bytes: Uint8Array,
  encoding = "utf-8",
  options: DecodeTextOptions = {},
): string {
  const decoder = decoderFor(encoding, !options.lossy);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new SyntaxError(
      `Cannot decode text: the bytes are not valid ${JSON.stringify(encoding)}`,
      { cause },
    );
  }
}

function decoderFor(encoding: string, fatal = false): TextDecoder {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, { fatal, ignoreBOM: true });
  } catch (cause) {
    throw unusable(encoding, "the label is unknown", cause);
  }
  if (decoder.encoding.startsWith("utf-16")) {
    throw unusable(encoding, "its NUL bytes would end a name");
  }
  if (decoder.encoding === "iso-2022-jp") {
    throw unusable(encoding, "its escape sequences are not supported");
  }
  return decoder;
}

/** Characters to their bytes, two of them as one big-endian number. */
function tableFor(encoding: string): ReadonlyMap<string, number> {
  let table = tables.get(encoding);
  if (table === undefined) tables.set(encoding, table = makeTable(encoding));
  return table;
}

/*
 * All sequences are decoded at once, a line feed after each. A sequence that
 * the encoding knows makes a line of one character; one that it does not know
 * makes U+FFFD or several characters. No encoding has a second byte below 0x30.
 */
function makeTable(encoding: string): ReadonlyMap<string, number> {
  const sequences: number[] = [];
  for (let byte = 0; byte < 0x100; byte++) {
    if (byte !== 0x0a) sequences.push(byte);
  }
  for (let lead = 0x80; lead < 0x100; lead++) {
    for (let trail = 0x30; trail < 0x100; trail++) {
      sequences.push(lead << 8 | trail);
    }
  }
  const bytes: number[] = [];
  for (const sequence of sequences) {
    if (sequence > 0xff) bytes.push(sequence >> 8);
    bytes.push(sequence & 0xff, 0x0a);
  }
  const lines = new TextDecoder(encoding).decode(new Uint8Array(bytes))
    .split("\n");

  const table = new Map([["\n", 0x0a]]);
  for (const secondChoices of [false, true]) {
    for (const [i, sequence] of sequences.entries()) {
      if (isSecondChoice(encoding, sequence) !== secondChoices) continue;
      const line = lines[i]!;
      if (line === "\ufffd" || line.length !== firstLength(line)) continue;
      if (!table.has(line)) table.set(line, sequence);
    }
  }
  return table;
}

/**
 * Whether the character stands in another place too, where peers look for it,
 * though this one comes first: the rules of the WHATWG Encoding Standard.
 */
function isSecondChoice(encoding: string, sequence: number): boolean {
  switch (encoding) {
    case "big5": // Hong Kong's extensions, and six characters among symbols.
      return (sequence > 0xff && sequence < 0xa100) ||
        BIG5_SYMBOLS.has(sequence);
    case "shift_jis": // IBM's extensions, in the place that NEC gave them.
      return sequence >= 0xed00 && sequence < 0xef00;
    case "gb18030": // The euro sign of GBK, unknown to GB 18030.
      return sequence === 0x80;
    default:
      return false;
  }
}

/** Length in UTF-16 units of the first character; 1 for no character. */
function firstLength(text: string): number {
  return (text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1;
}

function unusable(
  encoding: string,
  state: string,
  cause?: unknown,
): RangeError {
  return new RangeError(
    `Cannot use encoding ${JSON.stringify(encoding)}: ${state}`,
    { cause },
  );
}

function lacks(encoding: string, character: string): RangeError {
  return new RangeError(
    `Cannot encode ${character}: encoding ${JSON.stringify(encoding)} lacks it`,
  );
}
