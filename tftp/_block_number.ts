/** What follows block 65535 on the wire: 0 for most peers, 1 for some. */
export type Rollover = 0 | 1;

/**
 * The number of a block on the wire, which has 16 bits for it.
 *
 * @param block Block, counted from 1 without an end; 0 is the opening.
 * @param rollover What follows 65535.
 */
export function toWire(block: number, rollover: Rollover): number {
  if (block <= 0xffff) return block;
  return rollover === 0 ? block & 0xffff : (block - 1) % 0xffff + 1;
}

/**
 * How far behind a block the one comes that a number on the wire means.
 *
 * @param wire Number on the wire.
 * @param from Block to count from.
 * @param rollover What follows 65535.
 * @returns 0 for `from` itself; the block before it is the farthest ahead.
 */
export function blocksAhead(
  wire: number,
  from: number,
  rollover: Rollover,
): number {
  const turn = 0x10000 - rollover;
  if (wire < rollover) return turn - 1; // no block at all: a copy of the opening
  return (wire - toWire(from, rollover) + turn) % turn;
}
