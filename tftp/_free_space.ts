import { statfs } from "node:fs/promises";

/**
 * Octets that are free for us where a folder is; `undefined` if the system does
 * not tell, or `--allow-sys=statfs` is missing.
 */
export async function freeBytes(folder: string): Promise<number | undefined> {
  const permission = { name: "sys", kind: "statfs" } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") {
    return undefined;
  }
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined; // the write itself will tell
  }
}
