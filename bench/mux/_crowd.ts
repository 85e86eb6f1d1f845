/** Connections from another process, for servers that are measured. */
import { fileURLToPath } from "node:url";

/** Who connects. */
export interface Crowd {
  /** How many send again and again. */
  readonly busy: number;
  /** How many say nothing. */
  readonly idle: number;
  /** How long a message is. */
  readonly bytes: number;
}

/**
 * Accepts a crowd; it ends with this process, or when it has no connection left.
 *
 * @param accept Takes the next connection.
 */
export async function gather<C>(
  { busy, idle, bytes }: Crowd,
  port: number,
  accept: () => Promise<C>,
): Promise<C[]> {
  new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--allow-net=127.0.0.1",
      fileURLToPath(import.meta.resolve("./_clients.ts")),
      ...[port, busy, idle, bytes].map(String),
    ],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn().unref();
  const conns: C[] = [];
  while (conns.length < busy + idle) conns.push(await accept());
  return conns;
}

/** How many connections a process can have, less some for itself. */
export async function room(): Promise<number> {
  const command = new Deno.Command("sh", { args: ["-c", "ulimit -n"] });
  const { stdout } = await command.output();
  const limit = Number(new TextDecoder().decode(stdout));
  return (Number.isNaN(limit) ? Infinity : limit) - 500; // "unlimited"
}
