/** Control characters, line ends, and what reorders the text around it. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
/** Control characters that plain text has none of. */
const BINARY = /(?![\t\n\r])\p{Cc}/u;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Makes a text from elsewhere harmless for a terminal, on one line.
 *
 * @param text Text that anybody may have written.
 * @returns The text with `\n`, `\r`, `\t` and `\u{1b}` for what is not visible.
 */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, (character) => {
    const code = character.codePointAt(0)!;
    return { 9: "\\t", 10: "\\n", 13: "\\r" }[code] ??
      `\\u{${code.toString(16)}}`;
  });
}

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
