import { median } from "./measure.ts";
import type { Report } from "./report.ts";
import type { Contender, Table } from "./table.ts";

/** How often each contender is run; a figure is the median. */
export const ROUNDS = 3;

/** Longer than any contender takes: it must hang. */
const PATIENCE_MS = 60_000;

const ROOT = new URL("../../", import.meta.url);

/** What all rounds say about a contender on a line. */
export interface Result {
  /** Undefined if it has no figure. */
  readonly value?: number | undefined;
  /** Of its threads, where that was measured. */
  readonly spread?: number | undefined;
  /** What is to be said instead of a figure. */
  readonly remark?: string | undefined;
}

/** How the contenders of a table did. */
export class Contest {
  readonly table: Table;
  readonly #reports = new Map<Contender, Report[]>();
  readonly #absent = new Set<Contender>();

  constructor(table: Table) {
    this.table = table;
  }

  /** Runs each contender once. */
  async round(): Promise<void> {
    for (const contender of this.table.contenders) {
      if (this.#absent.has(contender)) continue;
      try {
        const report = JSON.parse(await output(this.table, contender));
        const reports = this.#reports.get(contender) ?? [];
        this.#reports.set(contender, [...reports, report]);
      } catch (error) {
        if (contender.own) throw error;
        console.error(`${contender.name}: ${(error as Error).message}`);
        this.#absent.add(contender);
      }
    }
  }

  /** Which version of it was measured; undefined if it could not be run. */
  version(contender: Contender): string | undefined {
    return this.#reports.get(contender)?.[0]?.version;
  }

  /** What it reported for a line. */
  result(contender: Contender, line: string): Result {
    const all = (this.#reports.get(contender) ?? [])
      .map(({ figures }) => figures[line])
      .filter((figure) => figure !== undefined);
    const remark = all.find((figure) => typeof figure === "string");
    if (remark !== undefined) return { remark };
    const figures = all.filter((figure) => typeof figure !== "string");
    if (figures.length === 0) return {};
    const spreads = figures.map(({ spread }) => spread)
      .filter((spread) => spread !== undefined);
    return {
      value: median(figures.map(({ value }) => value)),
      spread: spreads.length > 0 ? median(spreads) : undefined,
    };
  }
}

/** Runs Deno. */
export function deno(args: string[], input?: string): Promise<string> {
  return run(Deno.execPath(), args, input);
}

/** What a contender prints. */
function output(table: Table, contender: Contender): Promise<string> {
  const { file, npm, permissions = [] } = contender;
  const path = `_tools/compare/${table.folder}/${file}`;
  if (file.endsWith(".py")) {
    const module = path.slice(0, -".py".length).replaceAll("/", ".");
    return run("python3", ["-B", "-m", module]);
  }
  // Without the configuration, packages of npm leave nothing in this folder.
  const options = npm ? ["--no-config", "--no-lock"] : [];
  const flags = [...options, "--allow-read", ...permissions];
  return deno(["run", "--quiet", ...flags, path]);
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
