import { type Arguments, type Flag, UsageError } from "./command.ts";
import { formatAddr, type HostPort, parseAddr } from "../mux/addr.ts";

/** The option that names the address to bind. */
export const HOST_FLAG: Flag = {
  value: "HOST",
  description: "Address to bind, 0.0.0.0 for all (default 127.0.0.1)",
};

/** What the options say about the address to bind. */
export function bindAddr(args: Arguments, defaultPort: number): HostPort {
  return {
    hostname: args.text("host") ?? "127.0.0.1",
    port: args.number("port", { min: 0, max: 65535 }) ?? defaultPort,
  };
}

/**
 * Reads a word as the address of a peer.
 *
 * @throws {UsageError} If it is none.
 */
export function peerAddr(word: string): HostPort {
  const addr = asUsage(() => parseAddr(word));
  if (addr.port === 0) {
    throw new UsageError(`Cannot use ${word}: the port must be 1 to 65535`);
  }
  return addr;
}

/** Turns complaints about a word into complaints about the usage. */
export function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const wrong = error instanceof SyntaxError || error instanceof RangeError;
    if (wrong) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Opens a socket; an error then tells which address it is about. */
export async function opened<T>(
  addr: HostPort | string,
  open: () => T | Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const { message } = cause as Error;
    const name = typeof addr === "string" ? addr : formatAddr(addr);
    throw new Error(`Cannot open ${name}: ${message}`, { cause });
  }
}

/** Calls back once Ctrl-C is typed; at once, if it was already. */
export function onAbort(signal: AbortSignal, stop: () => void): void {
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
}
