import { PIECE_BYTES } from "./_defaults.ts";

/**
 * A file from its start to its end. One buffer serves all pieces: a piece is
 * valid until the next is asked for.
 *
 * A read costs 10 µs however short it is; 256 KiB at a time make that nothing.
 */
export async function* filePieces(
  file: Deno.FsFile,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const buffer = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const length = await file.read(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
}
