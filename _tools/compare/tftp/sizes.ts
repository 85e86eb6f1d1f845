/** Octets that a transfer has, by block size: some tenths of a second each. */
export const SIZES = {
  512: 16 << 20,
  1_428: 32 << 20,
  8_192: 128 << 20,
  65_464: 512 << 20,
} as const;

/** Block sizes of the tables. */
export type BlockSize = keyof typeof SIZES;
export const BLOCK_SIZES: readonly BlockSize[] = [512, 1_428, 8_192, 65_464];
