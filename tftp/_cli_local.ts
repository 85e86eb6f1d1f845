import { basename } from "node:path";
import { UsageError } from "../cli/command.ts";

/** Looks for what cannot be sent before the server is asked to take it. */
export async function checkSource(path: string): Promise<void> {
  const { isDirectory } = await Deno.stat(path);
  if (isDirectory) throw new Error(`Cannot read "${path}": is a folder`);
}

/** Looks for what cannot be served before the port is bound. */
export async function checkRoot(path: string): Promise<void> {
  const { isDirectory } = await Deno.stat(path);
  if (!isDirectory) throw new Error(`Cannot serve "${path}": not a folder`);
}

/**
 * Says what could not be done where the file system refuses; it would name
 * temporary files. Other errors, those of the network included, say it already.
 */
export async function about<T>(action: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message: string };
    const refused = typeof code === "string" && /^E[A-Z0-9]+$/.test(code);
    const forbidden = /^Requires (read|write|all) access to /.test(message);
    if (!refused && !forbidden) throw cause;
    throw new Error(`${action}: ${reason(cause)}`, { cause });
  }
}

/** What the system said, without the path. */
export function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or folder";
  const { message } = error as Error;
  const said = message
    .replace(/(\(os error \d+\)): .*$/s, "$1")
    .replace(/^(Requires \w+ access) to ".*"/s, "$1");
  return said.charAt(0).toLowerCase() + said.slice(1);
}

/** Refuses an empty word. */
export function notEmpty(name: string, word: string): void {
  if (word === "") throw new UsageError(`Cannot use "" as ${name}`);
}

/** Where to put the file: a name in a folder, or a path of its own. */
export async function localPath(
  remote: string,
  local: string | undefined,
): Promise<string> {
  const name = basename(remote.replaceAll("\\", "/"));
  if (local === undefined) {
    if (name === "" || name === "..") {
      throw new UsageError(`Cannot tell a local name from "${remote}"`);
    }
    return name;
  }
  notEmpty("LOCAL", local);
  const info = await Deno.stat(local).catch(() => undefined); // told later
  return info?.isDirectory ? `${local.replace(/\/+$/, "")}/${name}` : local;
}
