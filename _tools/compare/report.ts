/** What was measured. */
export interface Figure {
  /** In the unit of its line. */
  readonly value: number;
  /** Time of the slowest thread, as a multiple of that of the fastest. */
  readonly spread?: number;
}

/**
 * What each contender prints, as JSON.
 *
 * @typeParam Id Names of the lines; those that it cannot do are left out.
 */
export interface Report<Id extends string = string> {
  /** Which version was measured. */
  readonly version: string;
  /** A figure, or what is to be said instead. */
  readonly figures: { readonly [K in Id]?: Figure | string };
}
