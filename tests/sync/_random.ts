/** Answers whole numbers from 0 up to, but not including, a limit. */
export type Next = (limit: number) => number;

/** Whether the long versions of randomized tests are to run. */
export const STRESS: boolean = Deno.env.get("LOCKSTEP_STRESS") !== undefined;

/** Mulberry32. */
export function random(seed: number): Next {
  return (limit) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/**
 * Runs a randomized test; a failure names the seed that repeats it.
 *
 * @param rounds How often, each time with another seed, unless one is given.
 * @param what What it is about this time, if the test does several things.
 */
export async function withSeed(
  rounds: number,
  test: (seed: number) => Promise<void>,
  what = "",
): Promise<void> {
  const given = Deno.env.get("LOCKSTEP_SEED");
  for (let round = 0; round < (given === undefined ? rounds : 1); round++) {
    const seed = Number(
      given ?? crypto.getRandomValues(new Uint32Array(1))[0],
    );
    try {
      await test(seed);
    } catch (cause) {
      const who = what && ` (${what})`;
      throw new Error(`Cannot pass${who}: LOCKSTEP_SEED=${seed} repeats it`, {
        cause,
      });
    }
  }
}
