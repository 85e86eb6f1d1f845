import { formatAddr, type HostPort, parseAddr } from "../mux/addr.ts";

/** Most bytes of one message, in UTF-8: it then fits into any network's packet. */
export const MAX_TEXT_BYTES = 1_024;

/** Most contacts that strangers can fill the list with. */
export const MAX_CONTACTS = 256;

/** What names may look like: up to 32 letters, digits, `.`, `_` and `-`. */
const NAME = /^[\p{L}\p{M}\p{N}._-]{1,32}$/u;

const MAGIC = 0x4c53_4d31; // "LSM1"
const HEADER_BYTES = 5;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One message, with the name that its sender goes by. */
export interface ChatMessage {
  readonly name: string;
  readonly text: string;
}

/** What a typed line asks for. */
export type ChatInput =
  | { readonly type: "nothing" | "who" | "help" | "quit" }
  | { readonly type: "send"; readonly to?: string; readonly text: string }
  | { readonly type: "choose"; readonly to: string }
  | { readonly type: "add"; readonly name: string; readonly addr: HostPort };

/** What can be typed. */
export const CHAT_HELP =
  `TEXT                  sends TEXT to the current contact
NAME: TEXT            sends TEXT to NAME, who becomes the current contact
/to NAME [TEXT]       the same
/add NAME HOST:PORT   adds a contact
/who                  lists the contacts
/quit                 ends`;

/**
 * Writes a message.
 *
 * ```
 *  0       4        5
 *  ┌───────┬────────┬───────┬───────┐
 *  │ magic │ length │ name  │ text  │
 *  │ LSM1  │ 1 byte │ UTF-8 │ UTF-8 │
 *  └───────┴────────┴───────┴───────┘
 * ```
 *
 * @throws {RangeError} If the text is too long.
 */
export function encodeMessage(message: ChatMessage): Uint8Array<ArrayBuffer> {
  const name = encoder.encode(message.name);
  const text = encoder.encode(message.text);
  if (text.length > MAX_TEXT_BYTES) {
    throw new RangeError(
      `Cannot send a message of ${text.length} bytes: ` +
        `it must be at most ${MAX_TEXT_BYTES}`,
    );
  }
  const packet = new Uint8Array(HEADER_BYTES + name.length + text.length);
  new DataView(packet.buffer).setUint32(0, MAGIC);
  packet[4] = name.length;
  packet.set(name, HEADER_BYTES);
  packet.set(text, HEADER_BYTES + name.length);
  return packet;
}

/** Reads a message; `undefined` if it is none. */
export function decodeMessage(packet: Uint8Array): ChatMessage | undefined {
  if (packet.length < HEADER_BYTES) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset);
  const textAt = HEADER_BYTES + view.getUint8(4);
  const right = view.getUint32(0) === MAGIC && textAt <= packet.length &&
    packet.length - textAt <= MAX_TEXT_BYTES;
  if (!right) return undefined;
  try {
    const name = decoder.decode(packet.subarray(HEADER_BYTES, textAt));
    const text = decoder.decode(packet.subarray(textAt));
    return NAME.test(name) ? { name, text } : undefined;
  } catch {
    return undefined; // not UTF-8
  }
}

/**
 * Reads a name.
 *
 * @throws {SyntaxError} If it is none.
 */
export function parseName(text: string): string {
  if (NAME.test(text)) return text;
  throw new SyntaxError(
    `Cannot use "${text}" as a name: ` +
      `it must be 1 to 32 letters, digits, ".", "_" or "-"`,
  );
}

/**
 * Reads `NAME=HOST:PORT`.
 *
 * @throws {SyntaxError} If it is not that.
 */
export function parseContact(text: string): { name: string; addr: HostPort } {
  const equals = text.indexOf("=");
  if (equals < 0) {
    throw new SyntaxError(`Cannot read "${text}" as NAME=HOST:PORT`);
  }
  const name = parseName(text.slice(0, equals));
  return { name, addr: parseAddr(text.slice(equals + 1)) };
}

/**
 * Reads what was typed.
 *
 * `NAME: TEXT` always names a contact, even one that there is not: a mistyped
 * name must not send the line to somebody else.
 *
 * @throws {SyntaxError} If it is a command that cannot be understood.
 */
export function parseLine(line: string): ChatInput {
  if (line.trim() === "") return { type: "nothing" };
  const [, named, text] = line.match(/^([^\s/:]+): (.*)$/) ?? [];
  if (named !== undefined && NAME.test(named)) {
    return { type: "send", to: named, text: text! };
  }
  if (!line.startsWith("/")) return { type: "send", text: line };
  const [, command, rest = ""] = line.match(/^(\S+)\s*(.*)$/)!;
  switch (command) {
    case "/who":
    case "/help":
    case "/quit":
      if (rest !== "") throw new SyntaxError(`Unexpected "${rest}"`);
      return { type: command.slice(1) as "who" | "help" | "quit" };
    case "/to":
      return parseTo(rest);
    case "/add":
      return parseAdd(rest);
  }
  throw new SyntaxError(`Unknown command "${command}": try /help`);
}

function parseTo(rest: string): ChatInput {
  const [, to = "", text = ""] = rest.match(/^(\S+)\s*(.*)$/) ?? [];
  parseName(to);
  return text === "" ? { type: "choose", to } : { type: "send", to, text };
}

function parseAdd(rest: string): ChatInput {
  const [name = "", addr, ...more] = rest.trim().split(/\s+/);
  if (addr === undefined || more.length > 0) {
    throw new SyntaxError(`Cannot read "${rest}" as NAME HOST:PORT`);
  }
  return { type: "add", name: parseName(name), addr: parseAddr(addr) };
}

/** Names and addresses of those one talks with, and who is talked to now. */
export class Contacts {
  readonly #addrs: Map<string, HostPort> = new Map();
  readonly #names: Map<string, string> = new Map(); // by written address
  #current: string | undefined;

  /** The contact that plain lines go to. */
  get current(): string | undefined {
    return this.#current;
  }

  /** Adds a contact; the first becomes the current one. */
  add(name: string, addr: HostPort): void {
    const old = this.#addrs.get(name);
    if (old !== undefined) this.#names.delete(formatAddr(old));
    const oldName = this.#names.get(formatAddr(addr));
    if (oldName !== undefined) this.#addrs.delete(oldName);
    this.#addrs.set(name, addr);
    this.#names.set(formatAddr(addr), name);
    if (this.#current === undefined || this.#current === oldName) {
      this.#current = name;
    }
  }

  /**
   * Makes a contact the current one, or keeps the current one.
   *
   * @param name Whom to talk to; without it, the current contact.
   * @returns Name and address.
   * @throws {SyntaxError} If there is no such contact, or none at all.
   */
  choose(name?: string): { name: string; addr: HostPort } {
    const chosen = name ?? this.#current;
    if (chosen === undefined) {
      throw new SyntaxError("No contact yet: /add NAME HOST:PORT");
    }
    const addr = this.#addrs.get(chosen);
    if (addr === undefined) {
      throw new SyntaxError(
        `No contact named "${chosen}": /who lists them, ` +
          `"/to NAME ${chosen}: …" sends that as text`,
      );
    }
    this.#current = chosen;
    return { name: chosen, addr };
  }

  /**
   * Names the sender of a message; one who is not known is added.
   *
   * The address tells who it is, not the name that the sender claims: a
   * stranger who claims a taken name gets a number behind it.
   *
   * @param claimed Name in the message.
   * @param addr Where it came from.
   * @returns The name to show, and whether it is new.
   */
  meet(claimed: string, addr: HostPort): { name: string; added: boolean } {
    const known = this.#names.get(formatAddr(addr));
    if (known !== undefined) return { name: known, added: false };
    if (this.#addrs.size >= MAX_CONTACTS) {
      return { name: formatAddr(addr), added: false };
    }
    const stem = [...claimed].slice(0, 28).join(""); // leaves room for "-256"
    let name = claimed;
    for (let n = 2; this.#addrs.has(name); n++) name = `${stem}-${n}`;
    this.add(name, addr);
    return { name, added: true };
  }

  /** Name and address of all, in the order in which they came. */
  *[Symbol.iterator](): Generator<[string, HostPort], void, void> {
    yield* this.#addrs;
  }
}
