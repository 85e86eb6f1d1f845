/** Control characters, line ends, and what reorders the text around it. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * Makes a text from elsewhere harmless for a terminal or a log, on one line.
 *
 * For whoever writes a server or a client of their own and shows what a peer
 * sent.
 *
 * @param text Text that anybody may have written.
 * @returns The text with `\n`, `\r`, `\t` and `\u{1b}` for what is not visible.
 *
 * @example An escape sequence loses its effect
 * ```ts
 * import { printable } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printable("\x1b[2JNo such file\n"), "\\u{1b}[2JNo such file\\n");
 * ```
 */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, (character) => {
    const code = character.codePointAt(0)!;
    return { 9: "\\t", 10: "\\n", 13: "\\r" }[code] ??
      `\\u{${code.toString(16)}}`;
  });
}
