/**
 * Writes the table of benchmarks into the README.
 *
 * ```sh
 * deno run --allow-run --allow-read=. --allow-write=README.md _tools/bench_table.ts
 * ```
 *
 * It runs bench/sync, bench/mux, bench/udp, bench/tcp and bench/tftp, which takes
 * minutes, and replaces what stands between `<!-- bench:start -->` and `<!-- bench:end -->`;
 * while the README has no such lines, it prints the table. Each time is the 75th
 * percentile: an average also measures whatever else the machine did. Goals are
 * reported on stderr; one that is missed is no failure, as machines differ.
 *
 * @module
 */

const FOLDERS = [
  "bench/sync",
  "bench/mux",
  "bench/udp",
  "bench/tcp",
  "bench/tftp",
];

/** What the benchmarks may do: as in the task `bench`. */
const PERMISSIONS = [
  "--allow-net=127.0.0.1",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-env",
];

const START = "<!-- bench:start -->";
const END = "<!-- bench:end -->";

/** A time that a benchmark is to stay below. */
interface Goal {
  readonly group: string;
  readonly name: string;
  /** As a multiple of its baseline. */
  readonly maxRatio?: number;
  /** As it is. */
  readonly maxNanoseconds?: number;
}

const GOALS: readonly Goal[] = [
  { group: "free lock", name: "Lock.withLockSync()", maxRatio: 1.6 },
  {
    group: "free lock",
    name: "Lock.acquire(), release()",
    maxNanoseconds: 150,
  },
  {
    group: "2 threads, 200000 locks each",
    name: "Lock.withLockSync()",
    maxRatio: 1.67,
  },
  {
    group: "4 threads, 200000 locks each",
    name: "Lock.withLockSync()",
    maxRatio: 1.67,
  },
  {
    group: "hand over and back, 1000 times",
    name: "two Semaphores",
    maxRatio: 1.3,
  },
  { group: "hand over and back, 1000 times", name: "two Locks", maxRatio: 1.3 },
  {
    group: "barrier of 2 threads, 1000 rounds",
    name: "Barrier.waitSync()",
    maxNanoseconds: 3e6,
  },
  {
    group: "barrier of 4 threads, 1000 rounds",
    name: "Barrier.waitSync()",
    maxNanoseconds: 35e6,
  },
  {
    group: "100000 integers to a thread",
    name: "Queue",
    maxNanoseconds: 20e6,
  },
  {
    group: "100000 small objects to a thread",
    name: "Queue",
    maxNanoseconds: 143e6,
  },
  {
    group: "10000 tasks, 1000 at a time",
    name: "ThreadPool.apply()",
    maxNanoseconds: 33e6,
  },
  { group: "1000000 calls", name: "ThreadPool.map()", maxNanoseconds: 200e6 },
  {
    group: "until an endless loop has left its core",
    name: "ThreadPool.submit(), aborted",
    maxNanoseconds: 50e6,
  },
  {
    group: "echo 5000 messages of 100 connections",
    name: "Selector",
    maxRatio: 1.5,
  },
  ...["Selector", "Epoll, EPOLLET"].map((name) => ({
    group: `${name}, 5000 messages`,
    name: "100 among many idle",
    maxRatio: 1.25,
  })),
  {
    group: "look once",
    name: "Poll.poll(), timeoutMs 0",
    maxRatio: 0.05,
  },
  { group: "UDP round trip", name: "UdpSocket.receiveInto()", maxRatio: 1.15 },
  {
    group: "UDP round trip",
    name: "UdpSocket.receiveInto(), timeoutMs",
    maxRatio: 1.15,
  },
  ...[
    "pack !H8sb5sb",
    "pack <IHHB",
  ].map((group) => ({ group, name: "Struct.pack()", maxRatio: 1.5 })),
  ...[
    "unpack !H8sb5sb",
    "unpack <IHHB",
  ].map((group) => ({ group, name: "Struct.unpack()", maxRatio: 1.5 })),
  { group: "get 16 MiB", name: "1428/32", maxRatio: 0.25 },
  { group: "put 16 MiB", name: "1428/32", maxRatio: 0.25 },
];

/** What `deno bench --json` prints, as far as it is used here. */
interface Report {
  readonly runtime: string;
  readonly cpu: string;
  readonly benches: readonly {
    readonly group: string | null;
    readonly name: string;
    readonly baseline: boolean;
    readonly results: readonly { readonly ok?: { readonly p75: number } }[];
  }[];
}

/** One benchmark, with how it compares. */
interface Row {
  readonly group: string;
  readonly name: string;
  readonly nanoseconds: number;
  /** Multiple of the baseline's time, `undefined` in a group without one. */
  readonly ratio: number | undefined;
  readonly baseline: boolean;
  readonly goal: Goal | undefined;
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  const root = new URL("../", import.meta.url);
  const readme = new URL("README.md", root);
  const report: Report = JSON.parse(
    await deno(root, [
      "bench",
      "--quiet",
      "--json",
      ...PERMISSIONS,
      ...FOLDERS,
    ]),
  );
  const rows = rowsOf(report);
  const section = `${START}\n\n${table(report, rows)}\n${END}`;
  for (const line of goalLines(rows)) console.error(line);
  const text = await Deno.readTextFile(readme).catch(ignoreNotFound) ?? "";
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start < 0 || end < start) {
    return console.log(await deno(root, ["fmt", "--ext=md", "-"], section));
  }
  const after = text.slice(end + END.length);
  await Deno.writeTextFile(readme, text.slice(0, start) + section + after);
  await deno(root, ["fmt", "--quiet", "README.md"]);
}

/** Runs Deno and returns what it printed. */
async function deno(
  root: URL,
  args: string[],
  input: string = "",
): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const [{ code, stdout }] = await Promise.all([
    child.output(),
    new Blob([input]).stream().pipeTo(child.stdin),
  ]);
  if (code === 0) return new TextDecoder().decode(stdout);
  throw new Error(`Cannot run deno ${args.join(" ")}: it exited with ${code}`);
}

function rowsOf(report: Report): Row[] {
  const measured = report.benches.map(({ results, group, ...bench }) => {
    const nanoseconds = results[0]?.ok?.p75;
    if (nanoseconds === undefined) {
      throw new Error(`Cannot compare "${bench.name}": it failed`);
    }
    return { ...bench, group: group ?? "", nanoseconds };
  });
  return measured.map((bench) => {
    const baseline = measured.find(({ group, baseline }) =>
      baseline && group === bench.group
    );
    const ratio = baseline === undefined
      ? undefined
      : bench.nanoseconds / baseline.nanoseconds;
    const goal = GOALS.find(({ group, name }) =>
      group === bench.group && name === bench.name
    );
    return { ...bench, ratio, goal };
  });
}

function table(report: Report, rows: readonly Row[]): string {
  const cores = navigator.hardwareConcurrency;
  const date = new Date().toISOString().slice(0, 10);
  const command = `deno task bench ${FOLDERS.join(" ")}`;
  const runtime = report.runtime.replace("/", " ");
  const cells = rows.map((row, index) => [
    row.group === rows[index - 1]?.group ? "" : row.group,
    row.name,
    time(row.nanoseconds),
    row.baseline ? "baseline" : ratio(row.ratio),
    row.goal === undefined ? "" : verdict(row, row.goal),
  ]);
  const head = [
    ["Group", "Benchmark", "Time", "Ratio", "Goal"],
    [":---", ":---", "---:", "---:", ":---"],
  ];
  return [
    `${report.cpu}, ${cores} cores, ${runtime}, ${date}, \`${command}\`; 75th`,
    "percentiles, and their ratio to the baseline of the group:",
    "",
    ...[...head, ...cells].map((row) => `| ${row.map(escape).join(" | ")} |`),
    "",
  ].join("\n");
}

function goalLines(rows: readonly Row[]): string[] {
  return GOALS.map((goal) => {
    const row = rows.find((row) => row.goal === goal);
    const state = row === undefined
      ? "not measured"
      : `${verdict(row, goal)} with ${value(row, goal)}`;
    return `${goal.group}, ${goal.name}: ${state}`;
  });
}

function verdict(row: Row, { maxRatio, maxNanoseconds }: Goal): string {
  const ratioMet = maxRatio === undefined || row.ratio! <= maxRatio;
  const timeMet = maxNanoseconds === undefined ||
    row.nanoseconds <= maxNanoseconds;
  const limit = maxRatio ?? time(maxNanoseconds!);
  return `${ratioMet && timeMet ? "met" : "missed"} (at most ${limit})`;
}

/** What the goal is about, as it was measured. */
function value(row: Row, { maxRatio }: Goal): string {
  return maxRatio === undefined ? time(row.nanoseconds) : ratio(row.ratio);
}

function ratio(value: number | undefined): string {
  if (value === undefined) return "";
  return value < 0.1 ? value.toPrecision(2) : value.toFixed(2);
}

/** Three digits and the unit that suits them: `18.4 µs`. */
function time(nanoseconds: number): string {
  const units = ["ns", "µs", "ms", "s"];
  let value = nanoseconds;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1_000;
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

function escape(cell: string): string {
  return cell.replaceAll("|", "\\|");
}

function ignoreNotFound(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
