import type { TftpError } from "./error.ts";
import type { TransferProgress, TransferStatistics } from "./options.ts";
import type { TftpRead, TftpWrite } from "./virtual_file.ts";

/**
 * Answers the name that is meant by the one a client sent.
 *
 * @param name Name as the client sent it.
 * @param peer The client.
 * @param operation Whether it reads or writes.
 */
export type TftpRemap = (
  name: string,
  peer: Deno.NetAddr,
  operation: "read" | "write",
) => string | Promise<string>;

/** What to do differently for a client whose firmware needs it. */
export interface TftpQuirks {
  /** Most octets in a block to agree to, for one that asks for too many. */
  readonly maxBlockSize?: number | undefined;
  /** Most blocks in a window to agree to. */
  readonly maxWindowBlocks?: number | undefined;
  /**
   * Options to leave unanswered, in lower case, for one that asks for what it
   * cannot do; `["blksize", "tsize", "timeout", "windowsize"]` makes it plain
   * RFC 1350.
   */
  readonly omitOptions?: readonly string[] | undefined;
  /**
   * Whether the size of an empty file is told: some demand it, while curl takes
   * 0 for an error. Default: false.
   */
  readonly tellEmpty?: boolean | undefined;
}

/** One transfer of a server, when something happens to it. */
export interface TftpTransfer {
  /** Whether the client reads or writes. */
  readonly operation: "read" | "write";
  /** Name as the client sent it, control characters replaced. */
  readonly name: string;
  /** The client. */
  readonly addr: Deno.NetAddr;
  /**
   * What happened. `started`: the client has answered, so it is real. `progress`:
   * some ten times a second. `probed`: the client only wanted to know the size,
   * and left before the first block.
   */
  readonly state: "started" | "progress" | "done" | "probed" | "failed";
  /** How far it is, for `progress`. */
  readonly progress?: TransferProgress;
  /** How it went, once it is done, or until it failed. */
  readonly statistics?: TransferStatistics;
  /** Why it failed, once it did. */
  readonly error?: TftpError;
}

/** Options of a {@linkcode TftpServer}. */
export interface TftpServerOptions {
  /**
   * Folder that is served; no name leads out of it. May be missing if there is
   * `read` or `write`.
   */
  root?: string | URL | undefined;
  /** Address to bind. Default: `"127.0.0.1"`. */
  hostname?: string | undefined;
  /** Port to bind; 0 lets the system choose. Default: 0. The usual one is 69. */
  port?: number | undefined;
  /** Whether files may be read. Default: true. */
  allowRead?: boolean | undefined;
  /** Whether files may be written. Default: false. */
  allowWrite?: boolean | undefined;
  /** Whether a write may make a new file. Default: true. */
  create?: boolean | undefined;
  /** Whether a write may replace a file. Default: false. */
  overwrite?: boolean | undefined;
  /**
   * What a client reads that asks for a name; `undefined` for the file of that
   * name. For boot menus and configurations that are made on demand.
   */
  read?: TftpRead | undefined;
  /**
   * Where a file goes that a client writes; `undefined` for the file of that
   * name. Needs `allowWrite`.
   */
  write?: TftpWrite | undefined;
  /**
   * Answers the name that is meant by the one a client sent; a `TftpError` that
   * it throws is told to the client. Default: that name.
   */
  remap?: TftpRemap | undefined;
  /**
   * Who is served: addresses and networks, such as `"10.0.0.0/8"` or
   * `"2001:db8::/32"`; others get error 2. Default: everybody.
   */
  allowFrom?: readonly string[] | undefined;
  /** Most transfers at once; more requests are left unanswered. Default: 256. */
  maxTransfers?: number | undefined;
  /** Most transfers of one address at once. Default: as `maxTransfers`. */
  maxTransfersPerClient?: number | undefined;
  /**
   * Most octets in a file that is written; one that is announced to be larger
   * is refused at once, as is one that the disk has no room for (which needs
   * `--allow-sys=statfs`). Default: no limit.
   */
  maxFileBytes?: number | undefined;
  /**
   * First and last port of transfers, for firewalls. Default: the system's
   * choice.
   */
  portRange?: readonly [first: number, last: number] | undefined;
  /**
   * Whether transfers use the listening port instead of one of their own, for
   * containers and NAT. Slower with many clients at once; and as the port is no
   * secret then, who can forge an address can forge its answers, too: best with
   * `allowFrom`. Default: false.
   */
  singlePort?: boolean | undefined;
  /**
   * What follows block 65535, unless the client says so (`rollover` of
   * tftp-hpa). Default: 0.
   */
  rollover?: 0 | 1 | undefined;
  /** What a client needs that is not quite right. Default: nothing. */
  quirks?: ((peer: Deno.NetAddr) => TftpQuirks | undefined) | undefined;
  /** Most octets in a block to agree to. Default: 65,464. */
  maxBlockSize?: number | undefined;
  /** Most blocks in a window to agree to. Default: 64. */
  maxWindowBlocks?: number | undefined;
  /** Most octets in a window to agree to. Default: 98,304. */
  maxWindowBytes?: number | undefined;
  /**
   * Longest wait for one answer, in milliseconds, unless the client asks for
   * another (RFC 2349 `timeout`). Default: 4,000.
   */
  retransmitMs?: number | undefined;
  /** How often in a row to send the same packet again. Default: 8. */
  retries?: number | undefined;
  /** Encoding of file names and error texts. Default: `"utf-8"`. */
  encoding?: string | undefined;
  /** Called when a transfer starts, as it goes on, and when it ends. */
  onTransfer?: ((transfer: TftpTransfer) => void) | undefined;
  /** Called when something fails that is no client's doing. Default: stderr. */
  onError?: ((error: unknown) => void) | undefined;
  /** Called with the address once the server serves. */
  onListen?: ((addr: Deno.NetAddr) => void) | undefined;
}
