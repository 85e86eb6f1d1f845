import { type HostPort, parseAddr } from "../mux/addr.ts";
import type { TftpMode } from "./options.ts";

/** Port of a TFTP server (RFC 1350 section 4). */
export const TFTP_PORT = 69;

/** Where a file is: `HOST[:PORT]:FILE` or `tftp://HOST[:PORT]/FILE[;mode=MODE]`. */
export interface TftpLocation extends HostPort {
  /** Name of the file, without a leading slash if it came from a URL. */
  readonly path: string;
  /** Mode that a URL asks for. */
  readonly mode: TftpMode | undefined;
}

/**
 * Reads where a file is.
 *
 * An IPv6 address stands in brackets. In a URL, `%` escapes are undone, and the
 * slash behind the host is not part of the name (RFC 3617 section 3).
 *
 * @param text `HOST[:PORT]:FILE` or a URL.
 * @returns Host, port (69 unless given), name and mode.
 * @throws {SyntaxError} If the text has no host or no name, or the port or mode
 * makes no sense.
 *
 * @example
 * ```ts
 * import { parseLocation } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const { hostname, port, path } = parseLocation("10.0.0.1:boot/vmlinuz");
 * assertEquals([hostname, port, path], ["10.0.0.1", 69, "boot/vmlinuz"]);
 * assertEquals(parseLocation("tftp://[::1]:6969/a;mode=netascii").mode, "netascii");
 * ```
 */
export function parseLocation(text: string): TftpLocation {
  return /^tftp:\/\//i.test(text) ? parseUrl(text) : parsePlain(text);
}

function parsePlain(text: string): TftpLocation {
  const [, host, port, path] =
    text.match(/^(\[[^\]]+\]|[^:[\]/]+)(?::(\d+))?:(.+)$/s) ?? [];
  if (host === undefined || path === undefined) {
    throw new SyntaxError(`Cannot read "${text}" as HOST[:PORT]:FILE`);
  }
  const addr = port === undefined ? host : `${host}:${port}`;
  return { ...parseAddr(addr, TFTP_PORT), path, mode: undefined };
}

function parseUrl(text: string): TftpLocation {
  const [, addr, rest, mode] =
    text.match(/^tftp:\/\/([^/]*)\/(.*?)(?:;mode=([^;]*))?$/is) ?? [];
  if (addr === undefined || rest === undefined || rest === "") {
    throw new SyntaxError(
      `Cannot read "${text}" as tftp://HOST[:PORT]/FILE[;mode=MODE]`,
    );
  }
  return {
    ...parseAddr(addr, TFTP_PORT),
    path: unescape(rest),
    mode: parseMode(mode),
  };
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot undo the escapes of "${text}"`, { cause });
  }
}

function parseMode(text: string | undefined): TftpMode | undefined {
  const mode = text?.toLowerCase();
  if (mode === undefined || mode === "octet" || mode === "netascii") {
    return mode;
  }
  throw new SyntaxError(`Cannot use mode "${text}": octet or netascii`);
}
