import { dirname, join, sep } from "node:path";

/** Temporary files that there are now; they are removed when the process exits. */
const temporaries: Set<string> = new Set();
let watching = false;

/** Options of {@linkcode checkTarget} and {@linkcode IncomingFile.create}. */
export interface TargetOptions {
  /** Whether a link stands for the file it points to. Default: true. */
  followLinks?: boolean;
}

/** Where a file may be written. */
export interface Target {
  /** Path without a link at its end. */
  readonly path: string;
  /** Whether there is a file, which would be replaced. */
  readonly exists: boolean;
}

/**
 * Finds out whether a file may stand at a path: nothing is there yet, or a
 * regular file, or a link to one.
 *
 * @throws {Deno.errors.NotFound} If there is no such folder, or a link points
 * to nothing.
 * @throws {Error} If something else is there, such as a folder or a device.
 */
export async function checkTarget(
  path: string,
  options: TargetOptions = {},
): Promise<Target> {
  const { followLinks = true } = options;
  const action = `Cannot write "${path}"`;
  const found = await unlessMissing(Deno.lstat(path));
  if (found === undefined) {
    const endsInFolder = path.endsWith("/") || path.endsWith(sep);
    const folder = endsInFolder ? path : dirname(path);
    if ((await unlessMissing(Deno.stat(folder)))?.isDirectory !== true) {
      throw new Deno.errors.NotFound(`${action}: no such folder`);
    }
    return { path, exists: false };
  }
  const linked = followLinks && found.isSymlink;
  const real = linked ? await unlessMissing(Deno.realPath(path)) : path;
  if (real === undefined) {
    throw new Deno.errors.NotFound(`${action}: a link that points to nothing`);
  }
  const { isFile, isDirectory } = linked ? await Deno.stat(real) : found;
  if (isDirectory) throw new Error(`${action}: is a folder`);
  if (!isFile) throw new Error(`${action}: not a regular file`);
  return { path: real, exists: true };
}

/**
 * A file that appears only when it is complete.
 *
 * It is written under a temporary name in the folder where it belongs, then
 * renamed. Until `commit()` whatever had that name before is untouched; after
 * `discard()`, or when the process exits, nothing is left.
 */
export class IncomingFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: Deno.FsFile;
  #open = true;

  /** Call {@linkcode IncomingFile.create}, which opens the temporary file. */
  constructor(path: string, temporary: string, file: Deno.FsFile) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /**
   * Opens the temporary file beside the path that it is meant for.
   *
   * @throws As {@linkcode checkTarget}.
   */
  static async create(
    path: string,
    options?: TargetOptions,
  ): Promise<IncomingFile> {
    const target = await checkTarget(path, options);
    const token = crypto.randomUUID();
    const temporary = join(dirname(target.path), `.lockstep-${token}.part`);
    remember(temporary);
    try {
      const file = await Deno.open(temporary, {
        write: true,
        createNew: true,
        // What replaces a secret is one; a new file is as the umask has it.
        ...(target.exists ? { mode: 0o600 } : {}),
      });
      return new IncomingFile(target.path, temporary, file);
    } catch (error) {
      temporaries.delete(temporary);
      throw error;
    }
  }

  /** Appends all of the bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      written += await this.#file.write(bytes.subarray(written));
    }
  }

  /**
   * Gives the file its name, and the mode and owner of the one it replaces.
   *
   * @param options `overwrite`: whether to replace a file of that name.
   * @throws {Deno.errors.AlreadyExists} If there is one, and it is not to be
   * replaced; nothing is left then.
   */
  async commit(options: { overwrite: boolean }): Promise<void> {
    this.#close();
    try {
      if (options.overwrite) await this.#replace();
      else await this.#appear();
      temporaries.delete(this.#temporary);
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
    temporaries.delete(this.#temporary);
  }

  async #replace(): Promise<void> {
    const previous = await unlessMissing(Deno.lstat(this.#path));
    if (previous?.isFile && Deno.build.os !== "windows") {
      const { uid, gid, mode } = previous;
      await ifPossible(Deno.chown(this.#temporary, uid, gid));
      await ifPossible(Deno.chmod(this.#temporary, mode! & 0o777));
    }
    await Deno.rename(this.#temporary, this.#path);
  }

  async #appear(): Promise<void> {
    try {
      // Unlike rename, link never replaces a file that has appeared since.
      await Deno.link(this.#temporary, this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) throw error;
      return this.#claim(); // FAT and others have no hard links
    }
    await Deno.remove(this.#temporary);
  }

  /** Takes the name, then replaces what holds it; an exit cannot intervene. */
  #claim(): void {
    Deno.openSync(this.#path, { write: true, createNew: true }).close();
    try {
      Deno.renameSync(this.#temporary, this.#path);
    } catch (error) {
      Deno.removeSync(this.#path);
      throw error;
    }
  }

  #close(): void {
    if (this.#open) this.#file.close();
    this.#open = false;
  }
}

function remember(temporary: string): void {
  temporaries.add(temporary);
  if (watching) return;
  watching = true;
  globalThis.addEventListener("unload", removeTemporaries);
}

function removeTemporaries(): void {
  for (const temporary of temporaries) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // it was just committed or discarded, and nobody is left to be told
    }
  }
}

async function unlessMissing<T>(question: Promise<T>): Promise<T | undefined> {
  try {
    return await question;
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw error;
  }
}

async function ifPossible(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    // Only root gives files away, and FAT has no owners: the content counts.
    if (
      error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotSupported ||
      error instanceof Deno.errors.NotCapable ||
      (error as { code?: string }).code === "EINVAL" // unknown in a container
    ) return;
    throw error;
  }
}
