/** A stream whose length is known, so that a client can be told. */
export interface TftpSizedSource {
  /** The content. */
  readonly content: AsyncIterable<Uint8Array>;
  /** Octets in it; a transfer that ends with others fails. */
  readonly size?: number | undefined;
}

/**
 * What a virtual file has in it: octets, or a stream, whose length may be told.
 * A stream that is not read to its end is given back by `return()` or `cancel()`.
 */
export type TftpSource =
  | Uint8Array
  | AsyncIterable<Uint8Array>
  | TftpSizedSource;

/**
 * Where a virtual file goes: a stream, which is closed once the file is complete
 * and aborted if it never is; or a function that gets the complete file. The
 * last block is acknowledged after either.
 */
export type TftpSink =
  | WritableStream<Uint8Array>
  | ((content: Uint8Array<ArrayBuffer>) => void | Promise<void>);

/**
 * Answers what a name means to a client that reads, `undefined` for the file of
 * that name. A `TftpError` that it throws is told to the client.
 *
 * It is called for each request, whoever sent that: an address can be forged.
 *
 * @param name Name as the client sent it, remapped.
 * @param peer The client.
 */
export type TftpRead = (
  name: string,
  peer: Deno.NetAddr,
) => TftpSource | undefined | Promise<TftpSource | undefined>;

/**
 * Answers where a file goes that a client writes, `undefined` for the file of
 * that name. A `TftpError` that it throws is told to the client.
 *
 * It is called for each request, whoever sent that: an address can be forged.
 *
 * @param name Name as the client sent it, remapped.
 * @param peer The client.
 */
export type TftpWrite = (
  name: string,
  peer: Deno.NetAddr,
) => TftpSink | undefined | Promise<TftpSink | undefined>;
