/**
 * Compares our TFTP server and client with those of others, side by side.
 *
 * ```sh
 * deno task compare:tftp --write
 * ```
 *
 * All programs of a measurement share one core (`taskset`). It takes some three
 * minutes, and the machine should be idle. The programs of others are those that
 * `.ci/run` installs; who is missing gets dashes. With `--write` the tables
 * replace what stands between `<!-- compare-tftp:start -->` and
 * `<!-- compare-tftp:end -->` in the README; otherwise they are printed. Goals
 * are reported on stderr; one that is missed is no failure, as machines differ.
 *
 * @module
 */
import { cpus } from "node:os";
import { Contest, deno, ROUNDS } from "./compare/contest.ts";
import {
  CLIENTS,
  markdown,
  SERVERS,
  STRUGGLE,
  verdict,
} from "./compare/tftp/tables.ts";

const START = "<!-- compare-tftp:start -->";
const END = "<!-- compare-tftp:end -->";

if (import.meta.main) await main();

async function main(): Promise<void> {
  const readme = new URL("../README.md", import.meta.url);
  const write = Deno.args.includes("--write");
  const around = write ? split(await Deno.readTextFile(readme)) : undefined;
  const contests = [SERVERS, CLIENTS, STRUGGLE].map((challenge) => ({
    challenge,
    contest: new Contest(challenge.table),
  }));
  // In turns: what else the machine does hits all alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const { contest } of contests) await contest.round();
  }
  for (const { challenge, contest } of contests) {
    for (const [id, { label }] of Object.entries(challenge.table.lines)) {
      console.error(`${label}: ${verdict(challenge, contest, id)}`);
    }
  }
  const tables = contests.map((each) => markdown(each.challenge, each.contest));
  const text = [START, conditions(), ...tables, END].join("\n\n");
  if (around === undefined) {
    return console.log(await deno(["fmt", "--ext=md", "-"], text));
  }
  await Deno.writeTextFile(readme, around.join(text));
  await deno(["fmt", "--quiet", "README.md"]);
}

/** What stands before and after the tables. */
function split(text: string): [string, string] {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start >= 0 && start < end) {
    return [text.slice(0, start), text.slice(end + END.length)];
  }
  throw new Error(`Cannot write the tables: README.md lacks ${START}, ${END}`);
}

function conditions(): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus()[0]?.model ?? "unknown"}, one core`;
  const system = `Deno ${Deno.version.deno} ${Deno.build.target}`;
  return [
    `${machine}, ${system}, ${date}, \`deno task compare:tftp\`; medians of`,
    `${ROUNDS} runs.`,
  ].join("\n");
}
