/** Writes a word if it is what is expected; answers whether it was. */
export function swap(
  words: Int32Array,
  index: number,
  expected: number,
  replacement: number,
): boolean {
  return Atomics.compareExchange(words, index, expected, replacement) ===
    expected;
}
