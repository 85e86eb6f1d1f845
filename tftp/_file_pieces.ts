/**
 * A file from its start to its end. One buffer serves all pieces: a piece is
 * valid until the next is asked for.
 *
 * @param file Open for reading.
 * @param bytes Octets of a piece; a read costs some 10 µs however short it is.
 */
export async function* filePieces(
  file: Deno.FsFile,
  bytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const buffer = new Uint8Array(bytes);
  for (;;) {
    const length = await file.read(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
}
