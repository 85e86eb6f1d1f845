/**
 * Compares locks and threads with those of others, side by side.
 *
 * ```sh
 * deno run --allow-run --allow-read=. --allow-write=README.md --allow-sys=cpus _tools/compare_sync.ts --write
 * ```
 *
 * Each contender of _tools/compare/ runs as a program of its own, as some change
 * what all others use. It takes a minute, and the machine should be idle. The
 * packages of npm are downloaded; who cannot be run gets dashes, as does what a
 * contender does not have. With `--write` the table replaces what stands between
 * `<!-- compare-sync:start -->` and `<!-- compare-sync:end -->` in the README;
 * otherwise it is printed. Goals are reported on stderr; one that is missed is no
 * failure, as machines differ.
 *
 * @module
 */
import { cpus } from "node:os";
import { median } from "./compare/measure.ts";
import { type LineId, LINES, type Report } from "./compare/report.ts";

const START = "<!-- compare-sync:start -->";
const END = "<!-- compare-sync:end -->";

/** How often each contender is run; a figure is the median. */
const ROUNDS = 3;

/** Longer than any contender takes: it must hang. */
const PATIENCE_MS = 60_000;

/** How uneven the turns of threads at a `Lock` may be, slowest to fastest. */
const MAX_SPREAD = 1.5;

const ROOT = new URL("../", import.meta.url);
const DASH = "–";

/** Somebody who locks. */
interface Contender {
  readonly name: string;
  /** File below _tools/compare/. */
  readonly file: string;
  /** Whether it is a package of npm. */
  readonly npm?: true;
}

const LOCKSTEP: Contender = { name: "Lockstep", file: "lockstep.ts" };

const CONTENDERS: readonly Contender[] = [
  LOCKSTEP,
  { name: "multithreading", file: "multithreading.ts", npm: true },
  { name: "async-mutex", file: "async_mutex.ts", npm: true },
  { name: "Web Locks", file: "web_locks.ts" },
  { name: "CPython threading", file: "cpython.py" },
];

/** One line of the table. */
interface Row {
  readonly id: LineId;
  /** A cell for each contender. */
  readonly cells: readonly string[];
  readonly verdict: string;
  /** Of the threads of Lockstep, where it was measured. */
  readonly spread: number | undefined;
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  const readme = new URL("README.md", ROOT);
  const write = Deno.args.includes("--write");
  const around = write ? split(await Deno.readTextFile(readme)) : undefined;
  const reports = await measure();
  const rows = (Object.keys(LINES) as LineId[]).map((id) => row(id, reports));
  const section = `${START}\n\n${table(reports, rows)}\n\n${END}`;
  for (const line of goalLines(rows)) console.error(line);
  if (around === undefined) {
    return console.log(await deno(["fmt", "--ext=md", "-"], section));
  }
  await Deno.writeTextFile(readme, around.join(section));
  await deno(["fmt", "--quiet", "README.md"]);
}

/** What stands before and after the table. */
function split(text: string): [string, string] {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start >= 0 && start < end) {
    return [text.slice(0, start), text.slice(end + END.length)];
  }
  throw new Error(`Cannot write the table: README.md lacks ${START}, ${END}`);
}

/** Runs all contenders in turns: what else the machine does hits them alike. */
async function measure(): Promise<Map<Contender, Report[]>> {
  const reports = new Map<Contender, Report[]>();
  const absent = new Set<Contender>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of CONTENDERS) {
      if (absent.has(contender)) continue;
      try {
        const report = JSON.parse(await output(contender));
        reports.set(contender, [...reports.get(contender) ?? [], report]);
      } catch (error) {
        if (contender === LOCKSTEP) throw error;
        console.error(`${contender.name}: ${(error as Error).message}`);
        absent.add(contender);
      }
    }
  }
  return reports;
}

/** What a contender prints. */
async function output({ file, npm }: Contender): Promise<string> {
  const path = `_tools/compare/${file}`;
  if (file.endsWith(".py")) return await run("python3", [path]);
  // Without the configuration, packages of npm leave nothing in this folder.
  const options = npm ? ["--no-config", "--no-lock"] : [];
  return await deno(["run", "--quiet", ...options, "--allow-read", path]);
}

function deno(args: string[], input?: string): Promise<string> {
  return run(Deno.execPath(), args, input);
}

/** Runs a program and returns what it printed. */
async function run(
  program: string,
  args: string[],
  input: string = "",
): Promise<string> {
  const child = new Deno.Command(program, {
    args,
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).spawn();
  const [{ code, stdout, stderr }] = await Promise.all([
    child.output(),
    new Blob([input]).stream().pipeTo(child.stdin),
  ]);
  if (code === 0) return new TextDecoder().decode(stdout);
  const reason = new TextDecoder().decode(stderr);
  throw new Error(
    `Cannot run ${args.join(" ")}: it exited with ${code}\n${reason}`,
  );
}

function row(id: LineId, reports: Map<Contender, Report[]>): Row {
  const figures = CONTENDERS.map((contender) => {
    const all = (reports.get(contender) ?? [])
      .map(({ figures }) => figures[id])
      .filter((figure) => figure !== undefined);
    if (all.length === 0) return undefined;
    const value = median(all.map(({ value }) => value));
    const spreads = all.map(({ spread }) => spread)
      .filter((spread) => spread !== undefined);
    return { value, spread: spreads.length > 0 ? median(spreads) : undefined };
  });
  const cells = figures.map((figure) => {
    if (figure === undefined) return DASH;
    const { value, spread } = figure;
    return digits(value) + (spread === undefined ? "" : ` (${digits(spread)})`);
  });
  const [ours, ...theirs] = figures;
  const peers = theirs.filter((figure) => figure !== undefined);
  const ahead = peers.every(({ value }) =>
    LINES[id].better === "less" ? ours!.value < value : ours!.value > value
  );
  const verdict = peers.length === 0 ? DASH : ahead ? "met" : "missed";
  return { id, cells, verdict, spread: ours!.spread };
}

function table(
  reports: Map<Contender, Report[]>,
  rows: readonly Row[],
): string {
  const names = CONTENDERS.map((contender) => {
    const version = reports.get(contender)?.[0]?.version ?? "(not run)";
    return `${contender.name} ${version}`.trim();
  });
  const head = [
    ["", "Unit", ...names, "Ahead of all"],
    [":---", ":---", ...names.map(() => "---:"), ":---"],
  ];
  const body = rows.map(({ id, cells, verdict }) => [
    LINES[id].label,
    LINES[id].unit,
    ...cells,
    verdict,
  ]);
  const date = new Date().toISOString().slice(0, 10);
  const { length } = cpus();
  const machine = `${cpus()[0]?.model ?? "unknown"}, ${length} cores`;
  const system = `Deno ${Deno.version.deno} ${Deno.build.target}`;
  return [
    `${machine}, ${system}, ${date}, \`deno task compare:sync\`; medians of`,
    `${ROUNDS} runs, in brackets the time of the slowest thread as a multiple of`,
    "that of the fastest. Lines with `await` let a thread go on while it waits,",
    "all others block it. A thread hands over by what is fastest there: two",
    "semaphores, a condition, or two locks. In the last line no thread is used",
    "twice.",
    "",
    ...[...head, ...body].map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}

function goalLines(rows: readonly Row[]): string[] {
  return rows.flatMap(({ id, verdict, spread }) => {
    const line = `${LINES[id].label}: ahead of all ${verdict}`;
    if (spread === undefined) return [line];
    const even = spread <= MAX_SPREAD ? "met" : "missed";
    const goal = `spread ${even} (at most ${MAX_SPREAD})`;
    return [line, `${LINES[id].label}: ${goal} with ${digits(spread)}`];
  });
}

/** Three digits. */
function digits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value.toPrecision(value < 0.1 ? 2 : 3);
}
