/** Longest wait for one answer, in milliseconds. */
export const RETRANSMIT_MS = 4_000;

/** How often in a row to send the same packet again. */
export const RETRIES = 8;

/**
 * Most octets in a window: half of what the system's receive buffer holds, which
 * Deno cannot enlarge.
 */
export const WINDOW_BYTES: number = 96 * 1024;

/** Octets in a block that a client asks for; fits an Ethernet frame. */
export const CLIENT_BLOCK_SIZE = 1_428;

/** Most blocks in a window that a client asks for. */
export const CLIENT_WINDOW_BLOCKS = 32;

/** Most blocks in a window that a server agrees to. */
export const SERVER_WINDOW_BLOCKS = 64;

/** Most transfers of a server at once. */
export const MAX_TRANSFERS = 256;

/** Blocks that are read from or written to a file at once. */
const PIECE_BLOCKS = 64;

/** Least and most octets of them. */
const LEAST_PIECE_BYTES = 256 * 1024;
const MOST_PIECE_BYTES = 1024 * 1024;

/**
 * Octets that are read from or written to a file at once: for large blocks more,
 * as each time costs as much as a block or two.
 */
export function pieceBytes(blockSize: number): number {
  const bytes = PIECE_BLOCKS * blockSize;
  return Math.min(Math.max(bytes, LEAST_PIECE_BYTES), MOST_PIECE_BYTES);
}

/**
 * How often a server repeats its first packet to a client that was never heard:
 * its address may be forged, and whoever it belongs to would get all of it.
 */
export const UNHEARD_RETRIES = 2;

/** Most clients that have asked and not answered; beyond, the oldest go. */
export const MAX_GUESTS = 16_384;

/** How many of those have a socket of their own. */
export const OWN_SOCKETS = 64;
