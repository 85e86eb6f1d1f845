import type { WaitOptions } from "../sync/wait_options.ts";

/**
 * How a file travels: `"octet"` as it is, `"netascii"` as lines of text that end
 * with CR LF on the wire and with LF here.
 */
export type TftpMode = "octet" | "netascii";

/** How far a transfer is. */
export interface TransferProgress {
  /** Octets of the file that were transferred so far. */
  readonly bytes: number;
  /** Octets in the file, if the peer told (RFC 2349 `tsize`). */
  readonly size: number | undefined;
}

/** How a transfer went. */
export interface TransferStatistics {
  /** Octets of data on the wire, repetitions not counted. */
  readonly bytes: number;
  /** Blocks, the last one included. */
  readonly blocks: number;
  /** Packets that were sent again because no answer came. */
  readonly retransmissions: number;
  /** Smoothed round-trip time in milliseconds, if one was measured. */
  readonly roundTripMs: number | undefined;
  /** From the request to the last acknowledgement, in milliseconds. */
  readonly durationMs: number;
  /** Octets in a block, as agreed. */
  readonly blockSize: number;
  /** Blocks in a window, as agreed. */
  readonly windowBlocks: number;
  /** Options that were agreed on, as in the server's answer; names in lower case. */
  readonly options: Readonly<Record<string, string>>;
}

/** Options of each transfer of a {@linkcode TftpClient}. */
export interface TftpTransferOptions extends WaitOptions {
  /**
   * Octets in a block to ask for, 8 to 65,464 (RFC 2348). Default: 1428, which
   * fits an Ethernet frame.
   */
  blockSize?: number | undefined;
  /**
   * Blocks in a window to ask for, 1 to 65,535 (RFC 7440). Default: as many as
   * make 96 KiB, at most 32. A window that is larger than the system's receive
   * buffer (some 200 KiB) loses its tail every time.
   */
  windowBlocks?: number | undefined;
  /**
   * Longest wait for one answer, in milliseconds, before a packet is sent again.
   * Given as 1 to 255 whole seconds it is proposed to the server too (RFC 2349
   * `timeout`). Default: 4,000, not proposed.
   */
  retransmitMs?: number | undefined;
  /** How often in a row to send the same packet again. Default: 8. */
  retries?: number | undefined;
  /** Mode of the transfer. Default: `"octet"`. */
  mode?: TftpMode | undefined;
  /**
   * Encoding of file names and error texts, as `TextDecoder` names it, such as
   * `"gb2312"`. Default: `"utf-8"`.
   */
  encoding?: string | undefined;
  /**
   * What follows block 65535: 1 for servers that count so, which are told, too,
   * by the option `rollover` of tftp-hpa. Default: 0.
   */
  rollover?: 0 | 1 | undefined;
  /**
   * Whether the answer must come from the address that was asked. A server with
   * several may answer from another one; but then anybody may. Default: true.
   */
  strictPeer?: boolean | undefined;
  /** Called about ten times a second, and at the end. */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
}
