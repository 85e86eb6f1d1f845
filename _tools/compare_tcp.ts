/**
 * Compares `TcpServer` with other echo servers.
 *
 * ```sh
 * deno run --allow-run --allow-read=. --allow-write=README.md --allow-sys=cpus _tools/compare_tcp.ts --write
 * ```
 *
 * Each server of _tools/compare/tcp/ is a program of its own, pinned to the first
 * core; the clients, load.c, have the second one and check every octet. What
 * counts is the CPU time of the server for each message, which depends least on
 * what else the machine does. Names of servers, such as `lockstep raw`, leave out the
 * others; `--seconds` is how long one is measured (1), `--rounds` how often (3).
 * All takes six minutes. Who cannot be run gets dashes. Without a C compiler the
 * clients are those of `lockstep tcp load`, which are slower and less fair.
 *
 * With `--write` the tables replace what stands between
 * `<!-- compare-tcp:start -->` and `<!-- compare-tcp:end -->` in the README;
 * otherwise they are printed. Goals are reported on stderr too; one that is missed
 * is no failure, as machines differ.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { conditions, formatted, ReadmePart } from "./compare/readme.ts";
import { SERVERS } from "./compare/tcp/contenders.ts";
import { EchoContest } from "./compare/tcp/contest.ts";
import { goals } from "./compare/tcp/goals.ts";
import { tables } from "./compare/tcp/tables.ts";

const PART = new ReadmePart("compare-tcp");

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { _: names, write, ...given } = parseArgs(Deno.args, {
    boolean: ["write"],
    string: ["rounds", "seconds"],
  });
  const rounds = Number(given.rounds ?? 3);
  const seconds = Number(given.seconds ?? 1);
  if (write) await PART.check();
  if (write && names.length > 0) {
    throw new TypeError("Cannot write some of the servers: --write takes all");
  }
  const build = await compiled();
  const contest = new EchoContest(
    SERVERS.filter(({ id }) => names.length === 0 || names.includes(id))
      .filter(({ id }) => build !== undefined || id !== "c"),
  );
  try {
    // In turns: what else the machine does hits all alike.
    for (let round = 0; round < rounds; round++) {
      await contest.round(seconds, build);
    }
  } finally {
    if (build !== undefined) await output("rm", ["-r", build]);
  }
  for (const goal of goals(contest)) console.error(goal);
  const head = `${conditions("compare:tcp")}; medians of ${rounds} runs.`;
  const reached = goals(contest).map((goal) => `- ${goal}`).join("\n");
  const text = [head, tables(contest), reached].join("\n\n");
  if (write) await PART.write(text);
  else console.log(await formatted(text));
}

/** Compiles what is in C; answers the folder, or nothing without a compiler. */
async function compiled(): Promise<string | undefined> {
  const folder = (await output("mktemp", ["-d"])).trim();
  const here = new URL("compare/tcp/", import.meta.url);
  try {
    for (const name of ["load", "echo_epoll"]) {
      const source = new URL(`${name}.c`, here).pathname;
      await output("cc", ["-O2", "-o", `${folder}/${name}`, source]);
    }
    return folder;
  } catch (error) {
    console.error(`${error}`);
    await output("rm", ["-r", folder]);
    return undefined;
  }
}

async function output(program: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args })
    .output();
  const text = new TextDecoder();
  if (!success) {
    throw new Error(`Cannot run ${program}: ${text.decode(stderr)}`);
  }
  return text.decode(stdout);
}
