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

/** Octets that are read from or written to a file at once. */
export const PIECE_BYTES: number = 256 * 1024;

/**
 * Blocks that a piece of a received file has at least: large ones would fill it
 * badly, and it is only worth its allocation if many fit.
 */
export const PIECE_BLOCKS = 16;

/**
 * How often a server repeats its first packet to a client that was never heard:
 * its address may be forged, and whoever it belongs to would get all of it.
 */
export const UNHEARD_RETRIES = 2;

/** Most clients that have asked and not answered; beyond, the oldest go. */
export const MAX_GUESTS = 16_384;

/** How many of those have a socket of their own. */
export const OWN_SOCKETS = 64;
