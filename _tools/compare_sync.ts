/**
 * Compares locks, threads, queues and pools with those of others, side by side.
 *
 * ```sh
 * deno run --allow-run --allow-read=. --allow-write=README.md --allow-sys=cpus _tools/compare_sync.ts --write
 * ```
 *
 * Each contender of _tools/compare/ runs as a program of its own, as some change
 * what all others use. It takes three minutes, and the machine should be idle;
 * names of tables, such as `pools`, leave out the others. The packages of npm are
 * downloaded; who cannot be run gets dashes, as does what a contender does not
 * have. With `--write` the tables replace what stands between
 * `<!-- compare-sync:start -->` and `<!-- compare-sync:end -->` in the README;
 * otherwise they are printed. Goals are reported on stderr; one that is missed is
 * no failure, as machines differ.
 *
 * @module
 */
import { Contest, ROUNDS } from "./compare/contest.ts";
import { LOCKS } from "./compare/locks/table.ts";
import { POOLS } from "./compare/pools/table.ts";
import { QUEUES } from "./compare/queues/table.ts";
import { conditions, formatted, ReadmePart } from "./compare/readme.ts";
import { goals, markdown } from "./compare/standings.ts";
import type { Table } from "./compare/table.ts";

const PART = new ReadmePart("compare-sync");

const TABLES: readonly Table[] = [LOCKS, QUEUES, POOLS];

if (import.meta.main) await main();

async function main(): Promise<void> {
  const write = Deno.args.includes("--write");
  if (write) await PART.check();
  const contests = chosen(write).map((table) => new Contest(table));
  // In turns: what else the machine does hits all alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const contest of contests) await contest.round();
  }
  for (const line of contests.flatMap(goals)) console.error(line);
  const head = `${conditions("compare:sync")}; medians of ${ROUNDS} runs.`;
  const text = [head, ...contests.map(markdown)].join("\n\n");
  if (write) await PART.write(text);
  else console.log(await formatted(text));
}

/** The tables that were asked for; all, if none was. */
function chosen(write: boolean): readonly Table[] {
  const named = TABLES.filter(({ folder }) => Deno.args.includes(folder));
  if (named.length === 0) return TABLES;
  if (!write) return named;
  throw new TypeError("Cannot write some of the tables: --write takes all");
}
