import { concat } from "@std/bytes";
import type { IncomingFile } from "./_incoming_file.ts";
import type { TftpSink } from "./virtual_file.ts";

/** Where goes what a client writes. */
export interface Sink {
  /** Appends octets, which belong to the sink from then on. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** All is here; resolves when it is safe. */
  commit(): Promise<void>;
  /** It never will be complete: as if nothing had been written. */
  discard(): Promise<void>;
}

/** A file of a root. */
export class FileSink implements Sink {
  readonly #file: IncomingFile;
  readonly #overwrite: boolean;

  /** Takes charge of a file. */
  constructor(file: IncomingFile, options: { overwrite: boolean }) {
    this.#file = file;
    this.#overwrite = options.overwrite;
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#file.write(bytes);
  }

  commit(): Promise<void> {
    return this.#file.commit({ overwrite: this.#overwrite });
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }
}

/** What a `write` hook has answered. */
export function virtualSink(sink: TftpSink): Sink {
  return typeof sink === "function" ? whole(sink) : streamed(sink);
}

function whole(
  take: (content: Uint8Array<ArrayBuffer>) => void | Promise<void>,
): Sink {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  return {
    write: (bytes) => Promise.resolve(void pieces.push(bytes)),
    commit: async () => await take(concat(pieces)),
    discard: async () => {},
  };
}

function streamed(stream: WritableStream<Uint8Array>): Sink {
  const writer = stream.getWriter();
  writer.closed.catch(() => {}); // write() and commit() reject likewise
  return {
    write: (bytes) => writer.write(bytes),
    commit: () => writer.close(),
    discard: async () => {
      await writer.abort(new DOMException("Upload failed", "AbortError"))
        .catch(() => {}); // it had failed before
    },
  };
}
