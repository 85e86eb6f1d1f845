import { type Content, FileContent, VirtualContent } from "./_content.ts";
import { TftpError } from "./error.ts";
import { freeBytes } from "./_free_space.ts";
import type { Root } from "./_root.ts";
import type { TftpServerOptions } from "./server_options.ts";
import { FileSink, type Sink, virtualSink } from "./_sink.ts";

/** Where an upload goes; nothing is made before `open()`. */
export interface Destination {
  /** Takes the first octets. */
  open(): Promise<Sink>;
  /** It never will. */
  leave(): void;
}

/**
 * What names mean to a server: what may be done to them, hooks, and files.
 *
 * Everything that it throws is worth an error packet, see `asTftpError()`.
 */
export class Catalog {
  readonly #options: TftpServerOptions;
  readonly #root: Root | undefined;

  constructor(options: TftpServerOptions, root: Root | undefined) {
    this.#options = options;
    this.#root = root;
  }

  /** What a client reads. */
  async read(name: string, peer: Deno.NetAddr): Promise<Content> {
    const { allowRead = true, read } = this.#options;
    if (!allowRead) throw denied("Reading is not allowed");
    const meant = await this.#remap(name, peer, "read");
    const source = await read?.(meant, peer);
    if (source !== undefined) return new VirtualContent(source);
    return await FileContent.find(this.#files(), meant);
  }

  /**
   * Where a client writes.
   *
   * @param size Octets that it has announced, if it has: what cannot fit is
   * refused before anything is sent.
   */
  async write(
    name: string,
    peer: Deno.NetAddr,
    size: number | undefined,
  ): Promise<Destination> {
    const { allowWrite = false, write, maxFileBytes = Infinity } =
      this.#options;
    if (!allowWrite) throw denied("Writing is not allowed");
    const announced = size ?? 0;
    if (announced > maxFileBytes) throw tooLarge();
    const meant = await this.#remap(name, peer, "write");
    const sink = await write?.(meant, peer);
    if (sink !== undefined) {
      const virtual = virtualSink(sink);
      return {
        open: () => Promise.resolve(virtual),
        leave: () => void virtual.discard(),
      };
    }
    const { create = true, overwrite = false } = this.#options;
    const root = this.#files();
    const policy = { create, overwrite };
    const folder = await root.checkWrite(meant, policy);
    const free = announced > 0 ? await freeBytes(folder) : undefined;
    if (free !== undefined && announced > free) throw tooLarge();
    return {
      open: async () => new FileSink(await root.write(meant, policy), policy),
      leave: () => {},
    };
  }

  async #remap(
    name: string,
    peer: Deno.NetAddr,
    operation: "read" | "write",
  ): Promise<string> {
    const { remap } = this.#options;
    return await remap?.(name, peer, operation) ?? name;
  }

  #files(): Root {
    if (this.#root !== undefined) return this.#root;
    throw new TftpError("not-found", "File not found");
  }
}

/** The error for what is larger than the disk or the limit. */
export function tooLarge(): TftpError {
  return new TftpError("disk-full", "File too large");
}

function denied(message: string): TftpError {
  return new TftpError("access-violation", message);
}
