import { dirname, join } from "node:path";

/**
 * A file that appears only when it is complete.
 *
 * It is written under a temporary name in the folder where it belongs, then
 * renamed. Until `commit()` whatever had that name before is untouched; after
 * `discard()` nothing is left.
 */
export class IncomingFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: Deno.FsFile;
  #open = true;

  private constructor(path: string, temporary: string, file: Deno.FsFile) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** Opens the temporary file beside the path that it is meant for. */
  static async create(path: string): Promise<IncomingFile> {
    const token = crypto.randomUUID();
    const temporary = join(dirname(path), `.lockstep-${token}.part`);
    const file = await Deno.open(temporary, { write: true, createNew: true });
    return new IncomingFile(path, temporary, file);
  }

  /** Appends all of the bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      written += await this.#file.write(bytes.subarray(written));
    }
  }

  /**
   * Gives the file its name.
   *
   * @param options `overwrite`: whether to replace a file of that name.
   * @throws {Deno.errors.AlreadyExists} If there is one, and it is not to be
   * replaced; nothing is left then.
   */
  async commit(options: { overwrite: boolean }): Promise<void> {
    this.#close();
    try {
      if (options.overwrite) {
        await Deno.rename(this.#temporary, this.#path);
      } else {
        // Unlike rename, link never replaces a file that has appeared since.
        await Deno.link(this.#temporary, this.#path);
        await Deno.remove(this.#temporary);
      }
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  /** Removes what was written; does nothing after a commit. */
  async discard(): Promise<void> {
    this.#close();
    try {
      await Deno.remove(this.#temporary);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  #close(): void {
    if (this.#open) this.#file.close();
    this.#open = false;
  }
}
