import { fileURLToPath } from "node:url";
import { concat } from "@std/bytes";
import type { HostPort } from "../mux/addr.ts";
import { Call } from "./_call.ts";
import { download } from "./_download.ts";
import { Feed } from "./_feed.ts";
import { CLIENT_BLOCK_SIZE, pieceBytes } from "./_defaults.ts";
import { filePieces } from "./_file_pieces.ts";
import { IncomingFile } from "./_incoming_file.ts";
import type { Link } from "./_link.ts";
import type { TftpTransferOptions, TransferStatistics } from "./options.ts";
import { upload } from "./_upload.ts";
import { TFTP_PORT } from "./url.ts";

/** Options of a {@linkcode TftpClient}. */
export interface TftpClientOptions extends TftpTransferOptions {
  /** Name or address of the server. */
  hostname: string;
  /** Port of the server. Default: 69. */
  port?: number | undefined;
}

/** Options of {@linkcode TftpClient.put}. */
export interface TftpPutOptions extends TftpTransferOptions {
  /**
   * Octets in the source, so that the server can refuse what does not fit.
   * Default: the length of a `Uint8Array`, else unknown.
   */
  size?: number | undefined;
}

/** What {@linkcode TftpClient.stat} finds out. */
export interface TftpFileInfo {
  /** Octets in the file, `undefined` if the server does not tell. */
  readonly size: number | undefined;
}

/**
 * Reads files from a TFTP server and writes files to it.
 *
 * Each call is a transfer of its own, on a socket of its own, and any number may
 * run at once. Options that the server does not know are done without. A wait
 * for an answer follows the measured round-trip time, so that a lost packet costs
 * some 20 ms on a local network rather than seconds.
 *
 * A transfer that is aborted, times out or fails tells the server, and leaves
 * nothing behind on this side.
 *
 * After the last block of a read the client listens a moment longer, in the
 * background, in case its last acknowledgement got lost; `await using` waits for
 * that. Source: RFC 1350, 1123 section 4.2, 2347, 2348, 2349, 7440.
 *
 * @example Read a file
 * ```ts
 * import { TftpClient, TftpServer } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/motd`, "hello");
 * const server = new TftpServer({ root });
 * const served = server.serveForever();
 *
 * await using client = new TftpClient(server.addr);
 * const bytes = await client.bytes("motd");
 * assertEquals(new TextDecoder().decode(bytes), "hello");
 *
 * await server.shutdown();
 * await served;
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class TftpClient {
  readonly #server: HostPort;
  readonly #defaults: TftpTransferOptions;
  readonly #dallying: Map<Link, Promise<void>> = new Map();

  /**
   * Names the server; nothing is sent yet.
   *
   * @param options Server, and defaults for all transfers.
   * @throws {RangeError} If the port is not 1 to 65535.
   */
  constructor(options: TftpClientOptions) {
    const { hostname, port = TFTP_PORT } = options;
    if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
      throw new RangeError(
        `Cannot use a TFTP server: port must be 1 to 65535, got ${port}`,
      );
    }
    this.#server = { hostname, port };
    this.#defaults = options;
  }

  /**
   * Reads a file as a stream, which is an `AsyncIterable` too.
   *
   * The transfer goes on only while the stream is read; a pause longer than the
   * server's patience ends it. Cancelling the stream, or leaving the loop, tells
   * the server. The stream fails with what {@linkcode bytes} throws.
   *
   * @param path Name of the file as the server knows it.
   * @param options Block size, window, timeouts, mode.
   * @returns The file in chunks of up to 1 MiB that belong to the caller.
   *
   * @example Read a file in chunks
   * ```ts
   * import { TftpClient, TftpServer } from "@lockstep/lockstep/tftp";
   * import { assertEquals } from "@std/assert";
   *
   * const root = await Deno.makeTempDir();
   * await Deno.writeFile(`${root}/zeros`, new Uint8Array(300_000));
   * const server = new TftpServer({ root });
   * const served = server.serveForever();
   *
   * await using client = new TftpClient(server.addr);
   * let length = 0;
   * for await (const chunk of client.get("zeros")) length += chunk.length;
   * assertEquals(length, 300_000);
   *
   * await server.shutdown();
   * await served;
   * await Deno.remove(root, { recursive: true });
   * ```
   */
  get(
    path: string,
    options?: TftpTransferOptions,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const leaving = new AbortController();
    const signals = [leaving.signal];
    const { signal } = { ...this.#defaults, ...options };
    if (signal !== undefined) signals.push(signal);
    const pieces = this.#read(
      path,
      { ...options, signal: AbortSignal.any(signals) },
      async () => {},
    );
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        // A read that is pending would hold return() up: end it first.
        leaving.abort(new DOMException("Not read to the end", "AbortError"));
        await Array.fromAsync(pieces).catch(() => {}); // the reason just given
      },
    }, { highWaterMark: 0 }); // nothing is asked for before it is read
  }

  /**
   * Reads a whole file into memory.
   *
   * @param path Name of the file as the server knows it.
   * @param options Block size, window, timeouts, mode.
   * @returns The file.
   * @throws {TftpError} If the server refuses, stays silent, breaks the protocol
   * or sends another size than it announced.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {RangeError} If an option is out of range, or the name too long.
   */
  async bytes(
    path: string,
    options?: TftpTransferOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const chunks = await Array.fromAsync(
      this.#read(path, options, async () => {}),
    );
    return concat(chunks);
  }

  /**
   * Reads a file into a file of this machine, which appears when it is complete.
   *
   * It is written under a temporary name beside its own and then renamed, before
   * the last block is acknowledged. A file of that name is replaced then, but for
   * its mode and owner, and untouched if anything fails; a link stands for what
   * it points to.
   *
   * @param path Name of the file as the server knows it.
   * @param to Path of the file here.
   * @param options Block size, window, timeouts, mode.
   * @returns How the transfer went.
   * @throws As {@linkcode bytes}, and what the file system says.
   */
  async getFile(
    path: string,
    to: string | URL,
    options?: TftpTransferOptions,
  ): Promise<TransferStatistics> {
    let file: IncomingFile | undefined;
    const pieces = this.#read(path, options, async () => {
      file ??= await IncomingFile.create(pathOf(to)); // an empty file
      await file.commit({ overwrite: true });
    });
    try {
      for (;;) {
        const { done, value } = await pieces.next();
        if (done) return value;
        file ??= await IncomingFile.create(pathOf(to));
        await file.write(value);
      }
    } catch (error) {
      await pieces.throw(error).catch(() => {}); // tells the server, if it can
      await file?.discard();
      throw error;
    }
  }

  /**
   * Writes a file.
   *
   * @param path Name of the file as the server shall know it.
   * @param source Its content; a stream is read as fast as it is sent.
   * @param options Block size, window, timeouts, mode, size.
   * @returns How the transfer went.
   * @throws {TftpError} As {@linkcode bytes}; `unconfirmed` if all was sent but
   * the last block never acknowledged: the file may be complete or not.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {RangeError} If an option is out of range, or the name too long.
   * @throws What the source throws; the server is told.
   */
  async put(
    path: string,
    source: Uint8Array | AsyncIterable<Uint8Array>,
    options: TftpPutOptions = {},
  ): Promise<TransferStatistics> {
    const inMemory = source instanceof Uint8Array;
    const pieces = inMemory ? once(source) : source;
    const size = options.size ?? (inMemory ? source.length : undefined);
    if (size !== undefined && !(Number.isInteger(size) && size >= 0)) {
      throw new RangeError(
        `Cannot write "${path}": size must be a whole number, got ${size}`,
      );
    }
    return await this.#write(path, pieces, size, options);
  }

  /**
   * Writes a file of this machine to the server.
   *
   * @param path Name of the file as the server shall know it.
   * @param from Path of the file here.
   * @param options Block size, window, timeouts, mode.
   * @returns How the transfer went.
   * @throws As {@linkcode put}, and what the file system says.
   */
  async putFile(
    path: string,
    from: string | URL,
    options: TftpTransferOptions = {},
  ): Promise<TransferStatistics> {
    using file = await Deno.open(from);
    const { size, isFile } = await file.stat();
    const { blockSize = CLIENT_BLOCK_SIZE } = options;
    const pieces = filePieces(file, pieceBytes(blockSize));
    return await this.#write(path, pieces, isFile ? size : undefined, options);
  }

  /**
   * Asks for the size of a file without reading it (RFC 2349 `tsize`).
   *
   * @param path Name of the file as the server knows it.
   * @param options Timeouts, encoding.
   * @returns The size, if the server tells.
   * @throws {TftpError} If the server refuses or stays silent.
   */
  async stat(
    path: string,
    options?: TftpTransferOptions,
  ): Promise<TftpFileInfo> {
    const call = this.#call("ask for", path, options);
    try {
      const { link, terms, reply } = await call.open("rrq", 0, true);
      link.abort(reply.type === "oack" ? 8 : 0, "Only the size was asked for");
      if (reply.type !== "data") return { size: terms.size };
      const whole = reply.data.length < terms.blockSize;
      return { size: whole ? reply.data.length : undefined };
    } catch (error) {
      call.end(error);
      throw error;
    } finally {
      call.release();
      call.end();
    }
  }

  /** Ends what lingers in the background; transfers under way go on. */
  close(): void {
    for (const link of this.#dallying.keys()) link.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Waits until nothing lingers in the background. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#dallying.values());
  }

  #call(
    verb: "read" | "write" | "ask for",
    path: string,
    options: TftpTransferOptions | undefined,
  ): Call {
    return new Call(verb, path, this.#server, {
      ...this.#defaults,
      ...options,
    });
  }

  /** Yields the file; `commit` makes it safe before the last ACK. */
  async *#read(
    path: string,
    options: TftpTransferOptions | undefined,
    commit: () => Promise<void>,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, TransferStatistics, void> {
    const { mode } = { ...this.#defaults, ...options };
    return yield* download(this.#call("read", path, options), {
      text: mode === "netascii",
      commit,
      linger: (link, over) => {
        this.#dallying.set(link, over);
        over.finally(() => this.#dallying.delete(link));
      },
    });
  }

  async #write(
    path: string,
    source: AsyncIterable<Uint8Array>,
    size: number | undefined,
    options: TftpTransferOptions,
  ): Promise<TransferStatistics> {
    const { mode } = { ...this.#defaults, ...options };
    const text = mode === "netascii";
    const feed = new Feed(source, { text });
    try {
      const call = this.#call("write", path, options);
      return await upload(call, feed, text ? undefined : size);
    } finally {
      feed.leave();
    }
  }
}

function pathOf(to: string | URL): string {
  return to instanceof URL ? fileURLToPath(to) : to;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
