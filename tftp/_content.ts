import { concat } from "@std/bytes";
import { TftpError } from "./error.ts";
import { pieceBytes } from "./_defaults.ts";
import { filePieces } from "./_file_pieces.ts";
import type { Root } from "./_root.ts";
import type { TftpSource } from "./virtual_file.ts";

/** What a client reads. It costs little until somebody asks for its pieces. */
export interface Content {
  /** Octets in it, if that is known. */
  readonly size: number | undefined;
  /** Its beginning: so many octets, or all there are. */
  first(bytes: number): Promise<Uint8Array>;
  /**
   * All of it, from the start; a piece is valid until the next is asked for.
   *
   * @param blockSize Octets that are sent at once.
   */
  pieces(blockSize: number): AsyncIterable<Uint8Array>;
  /** Gives back what was never, or not completely, asked for. */
  leave(): void;
}

/** A file of a root; open only while it is read. */
export class FileContent implements Content {
  readonly size: number;
  readonly #root: Root;
  readonly #name: string;

  /** Call {@linkcode FileContent.find}, which looks for the file. */
  constructor(root: Root, name: string, size: number) {
    this.#root = root;
    this.#name = name;
    this.size = size;
  }

  /**
   * Looks for a file, and whether it may be read.
   *
   * @throws {TftpError} `not-found` or `access-violation`.
   */
  static async find(root: Root, name: string): Promise<FileContent> {
    const { file, size } = await root.read(name);
    file.close();
    return new FileContent(root, name, size);
  }

  async first(bytes: number): Promise<Uint8Array> {
    using file = await this.#open();
    const buffer = new Uint8Array(Math.min(bytes, this.size));
    for (let length = 0; length < buffer.length;) {
      const read = await file.read(buffer.subarray(length));
      if (read === null) return buffer.subarray(0, length);
      length += read;
    }
    return buffer;
  }

  async *pieces(blockSize: number): AsyncGenerator<Uint8Array, void, void> {
    using file = await this.#open();
    const bytes = Math.min(pieceBytes(blockSize), Math.max(this.size, 1));
    yield* filePieces(file, bytes);
  }

  leave(): void {}

  async #open(): Promise<Deno.FsFile> {
    const { file, size } = await this.#root.read(this.#name);
    if (size === this.size) return file;
    file.close();
    throw new TftpError("undefined", "File changed");
  }
}

/** What a `read` hook has answered. */
export class VirtualContent implements Content {
  readonly size: number | undefined;
  readonly #iterator: AsyncIterator<Uint8Array>;
  /** What `first()` has taken from the iterator. */
  readonly #taken: Uint8Array[] = [];
  #left = false;

  /** Takes charge of what the hook answered; nothing is read yet. */
  constructor(source: TftpSource) {
    const { content, size } = sized(source);
    this.size = size;
    this.#iterator = content[Symbol.asyncIterator]();
  }

  async first(bytes: number): Promise<Uint8Array> {
    let length = 0;
    while (length < bytes) {
      const { done, value } = await this.#iterator.next();
      if (done) break;
      this.#taken.push(value.slice());
      length += value.length;
    }
    return concat(this.#taken).subarray(0, bytes);
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* this.#taken;
      for (;;) {
        const { done, value } = await this.#iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      this.leave();
    }
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    Promise.resolve(this.#iterator.return?.()).catch(() => {
      // whoever wrote the stream knows; the client is gone
    });
  }
}

function sized(
  source: TftpSource,
): { content: AsyncIterable<Uint8Array>; size: number | undefined } {
  if (source instanceof Uint8Array) {
    return { content: once(source), size: source.length };
  }
  return "content" in source
    ? { content: source.content, size: source.size }
    : { content: source, size: undefined };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
