import { NetasciiDecoder } from "./netascii.ts";

/** Text as it travels with local line ends; no piece is empty. */
export async function* decodePieces(
  wire: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const decoder = new NetasciiDecoder();
  for await (const piece of wire) {
    const text = decoder.decode(piece);
    if (text.length > 0) yield text;
  }
  const rest = decoder.flush();
  if (rest.length > 0) yield rest;
}
