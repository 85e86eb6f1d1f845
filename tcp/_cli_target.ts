import { type Arguments, type Flag, UsageError } from "../cli/command.ts";
import { peerAddr } from "../cli/options.ts";
import { formatAddr } from "../mux/addr.ts";
import { connect, type ConnectOptions } from "./connect.ts";
import type { TcpSocket } from "./socket.ts";

/** Options that say to whom to connect, and how. */
export const TARGET_FLAGS: Readonly<Record<string, Flag>> = {
  unix: {
    value: "PATH",
    description: "Connect to a Unix socket instead of HOST:PORT",
  },
  tls: { description: "Encrypt the connection" },
  ca: {
    value: "FILE",
    description: "Certificates, PEM, to trust besides the usual ones",
  },
  wait: {
    value: "SECONDS",
    short: "w",
    description: "How long to try to connect (default 10)",
  },
};

/** Whom the words and options of a command name. */
export interface Target {
  /** As the user wrote it, more or less. */
  readonly name: string;
  /** How to connect. */
  readonly options: ConnectOptions;
}

/**
 * Reads whom to connect to.
 *
 * @throws {UsageError} If the word or the options make no sense.
 */
export async function targetOf(args: Arguments): Promise<Target> {
  const path = args.text("unix");
  const [word = ""] = args.expect(...path === undefined ? ["HOST:PORT"] : []);
  const seconds = { min: 0, max: 86_400, fraction: true };
  const timeoutMs = 1_000 * (args.number("wait", seconds) ?? 10);
  const ca = args.text("ca");
  const isEncrypted = args.has("tls") || ca !== undefined;
  if (path !== undefined) {
    if (isEncrypted) throw new UsageError("Cannot use --tls with --unix");
    return { name: path, options: { path, timeoutMs } };
  }
  const addr = peerAddr(word);
  const caCerts = ca === undefined ? [] : [await Deno.readTextFile(ca)];
  const tls = isEncrypted ? { caCerts } : undefined;
  return { name: formatAddr(addr), options: { ...addr, tls, timeoutMs } };
}

/** Connects; an error then tells to whom. */
export async function connectTo(
  { name, options }: Target,
  signal: AbortSignal,
): Promise<TcpSocket> {
  try {
    return await connect({ ...options, signal });
  } catch (cause) {
    if (signal.aborted) throw cause;
    const { message } = cause as Error;
    if (message.startsWith("Cannot connect to ")) throw cause;
    throw new Error(`Cannot connect to ${name}: ${message}`, { cause });
  }
}
