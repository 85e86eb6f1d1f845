import { dirname, join, sep } from "node:path";
import { TftpError } from "./error.ts";
import { IncomingFile } from "./_incoming_file.ts";

// deno-lint-ignore no-control-regex -- such names confuse logs and terminals
const FORBIDDEN = /[\x00-\x1f\x7f\\]/;

/** What may be done to the files below a root. */
export interface WritePolicy {
  /** Whether files may be made. */
  readonly create: boolean;
  /** Whether files may be replaced. */
  readonly overwrite: boolean;
}

/**
 * A folder that no name leads out of.
 *
 * A name is taken apart before it touches the file system: `..`, backslashes,
 * control characters and, on Windows, drive letters are refused; a leading slash
 * means the root. What remains is resolved, links and all, and must still lie
 * below the root. A link is never written through.
 */
export class Root {
  /** Absolute path of the folder, free of links. */
  readonly path: string;

  /** Call {@linkcode Root.open}, which makes sure that there is such a folder. */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens a folder as root.
   *
   * @throws {TypeError} If the path is not a folder.
   * @throws {Deno.errors.NotFound} If there is nothing.
   */
  static async open(path: string | URL): Promise<Root> {
    const real = await Deno.realPath(path);
    if (!(await Deno.stat(real)).isDirectory) {
      throw new TypeError(`Cannot serve "${path}": not a folder`);
    }
    return new Root(real);
  }

  /**
   * Opens a file for reading.
   *
   * @returns The file and its size in octets.
   * @throws {TftpError} `not-found` or `access-violation`.
   */
  async read(name: string): Promise<{ file: Deno.FsFile; size: number }> {
    return await named(async () => {
      const path = await this.#resolve(segments(name));
      const before = await Deno.stat(path);
      if (!before.isFile) throw new TftpError("access-violation", "Not a file");
      const file = await Deno.open(path);
      const { isFile, size, ino, dev } = await file.stat();
      // The name may have come to mean something else since it was resolved.
      if (isFile && ino === before.ino && dev === before.dev) {
        return { file, size };
      }
      file.close();
      throw new TftpError("access-violation", "File changed");
    });
  }

  /**
   * Finds out whether a file may be written; nothing is made.
   *
   * @returns The folder that it would be in.
   * @throws {TftpError} `file-exists`, `not-found` or `access-violation`.
   */
  async checkWrite(name: string, policy: WritePolicy): Promise<string> {
    return await named(async () => dirname(await this.#target(name, policy)));
  }

  /**
   * Opens a file for writing; it appears when it is committed.
   *
   * @throws As {@linkcode checkWrite}.
   */
  async write(name: string, policy: WritePolicy): Promise<IncomingFile> {
    return await named(async () => {
      const path = await this.#target(name, policy);
      return await IncomingFile.create(path, { followLinks: false });
    });
  }

  /** Path of a file that may be written. */
  async #target(name: string, policy: WritePolicy): Promise<string> {
    const parts = segments(name);
    const folder = await this.#resolve(parts.slice(0, -1));
    const path = join(folder, parts.at(-1)!);
    const existing = await lstat(path);
    if (existing === undefined) {
      if (!policy.create) throw new TftpError("not-found", "File not found");
    } else if (!existing.isFile) {
      throw new TftpError("access-violation", "Not a file");
    } else if (!policy.overwrite) {
      throw new TftpError("file-exists", "File already exists");
    } else {
      (await Deno.open(path, { write: true })).close(); // may we, at all?
    }
    return path;
  }

  async #resolve(parts: string[]): Promise<string> {
    const path = await Deno.realPath(join(this.path, ...parts));
    const below = this.path.endsWith(sep) ? this.path : this.path + sep;
    if (path !== this.path && !path.startsWith(below)) {
      throw new TftpError("access-violation", "Access violation");
    }
    return path;
  }
}

/** The error packet that a failure of the file system is worth. */
export function asTftpError(error: unknown): TftpError {
  if (error instanceof TftpError) return error;
  const options = { cause: error };
  const { code } = error as { code?: string };
  if (
    error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory
  ) return new TftpError("not-found", "File not found", options);
  if (error instanceof Deno.errors.AlreadyExists) {
    return new TftpError("file-exists", "File already exists", options);
  }
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new TftpError("disk-full", "Disk full", options);
  }
  if (
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable ||
    code === "ENAMETOOLONG" || code === "ELOOP" || code === "EROFS" ||
    code === "EISDIR"
  ) return new TftpError("access-violation", "Access violation", options);
  return new TftpError("undefined", "Internal error", options);
}

async function named<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw asTftpError(error);
  }
}

/** The parts of a name that stays below the root. */
function segments(name: string): string[] {
  const drive = Deno.build.os === "windows" && name.includes(":");
  if (FORBIDDEN.test(name) || drive) {
    throw new TftpError("access-violation", "Access violation");
  }
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0 || parts.includes("..")) {
    throw new TftpError("access-violation", "Access violation");
  }
  return parts;
}

async function lstat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
