/** Options of {@linkcode lines}. */
export interface LinesOptions {
  /** Longest line, in UTF-16 units. Default: 65,536. */
  maxLength?: number | undefined;
}

/**
 * Reads a stream of UTF-8 line by line; a line ends with LF or CRLF.
 *
 * The stream is never cancelled: cancelling a read of stdin loses the line that
 * is typed next. Leaving the loop unlocks the stream; what was read past the
 * last line is lost. What comes behind the last line end is a line, too, unless
 * it is empty.
 *
 * @param readable Stream to read, for example `Deno.stdin.readable`.
 * @param options Limit of length.
 * @returns The lines without their ends. Bytes that are not UTF-8 become U+FFFD.
 * @throws {RangeError} If a line is longer than `maxLength`.
 */
export async function* lines(
  readable: ReadableStream<Uint8Array>,
  options: LinesOptions = {},
): AsyncGenerator<string, void, void> {
  const { maxLength = 65_536 } = options;
  const decoder = new TextDecoder();
  const reader = readable.getReader();
  let text = "";
  try {
    for (let ended = false; !ended;) {
      const { done, value } = await reader.read();
      ended = done;
      text += done ? decoder.decode() : decoder.decode(value, { stream: true });
      let start = 0;
      for (;;) {
        const end = text.indexOf("\n", start);
        if (end < 0) break;
        yield withoutReturn(checked(text.slice(start, end), maxLength));
        start = end + 1;
      }
      text = checked(text.slice(start), maxLength);
    }
    if (text !== "") yield withoutReturn(text);
  } finally {
    reader.releaseLock();
  }
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/** The limit does not count the CR. */
function checked(line: string, maxLength: number): string {
  if (withoutReturn(line).length > maxLength) {
    throw new RangeError(
      `Cannot read a line: it is longer than ${maxLength} characters`,
    );
  }
  return line;
}
