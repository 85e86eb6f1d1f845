/** Somebody who takes part. */
export interface Contender {
  readonly name: string;
  /** File in the folder of the table. */
  readonly file: string;
  /** Whether it is ours: all of ours are to be ahead of all others. */
  readonly own?: true;
  /** Whether it is a package of npm. */
  readonly npm?: true;
  /** What it needs besides --allow-read. */
  readonly permissions?: readonly string[];
}

/** What is compared: an operation, in a unit, where less or more is better. */
export interface Line {
  readonly label: string;
  readonly unit: string;
  readonly better: "less" | "more";
}

/** Contenders by lines. */
export interface Table {
  readonly title: string;
  /** What a reader must know, in Markdown. */
  readonly note: string;
  /** Below _tools/compare/. */
  readonly folder: string;
  readonly contenders: readonly Contender[];
  /** In order. */
  readonly lines: Readonly<Record<string, Line>>;
}
