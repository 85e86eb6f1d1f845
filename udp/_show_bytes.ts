import { printable } from "../mux/printable.ts";

/** Control characters that plain text has none of. */
const BINARY = /(?![\t\n\r])\p{Cc}/u;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Shows bytes from elsewhere on one line: as text if they are one, else in hex.
 *
 * @param data What a datagram held.
 * @returns `hello\n`, or `00 01 ff`.
 */
export function showBytes(data: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(data);
  } catch {
    return toHex(data); // not UTF-8
  }
  return BINARY.test(text) ? toHex(data) : printable(text);
}

function toHex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
}
