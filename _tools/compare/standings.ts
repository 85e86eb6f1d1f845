import type { Contest, Result } from "./contest.ts";
import type { Line } from "./table.ts";

/** How uneven the turns of our threads may be, slowest to fastest. */
const MAX_SPREAD = 1.5;

const DASH = "–";

/** One line of a table, and who is ahead on it. */
interface Standing {
  readonly line: Line;
  readonly results: readonly Result[];
  readonly verdict: string;
}

/** The table of a contest, as Markdown. */
export function markdown(contest: Contest): string {
  const { title, note, contenders } = contest.table;
  const names = contenders.map((contender) => {
    const version = contest.version(contender) ?? "(not run)";
    return `${contender.name} ${version}`.trim();
  });
  const rows = standings(contest).map(({ line, results, verdict }) => [
    line.label,
    line.unit,
    ...results.map(cell),
    verdict,
  ]);
  const head = [
    ["", "Unit", ...names, "Ahead of all"],
    [":---", ":---", ...names.map(() => "---:"), ":---"],
  ];
  const table = [...head, ...rows].map((row) => `| ${row.join(" | ")} |`);
  return [`### ${title}`, note, table.join("\n")].join("\n\n");
}

/** Which goals were met, line by line. */
export function goals(contest: Contest): string[] {
  return standings(contest).flatMap(({ line, results, verdict }) => {
    const goal = `${line.label}: ahead of all ${verdict}`;
    const { spread } = results[0]!;
    if (spread === undefined) return [goal];
    const even = spread <= MAX_SPREAD ? "met" : "missed";
    const limit = `spread ${even} (at most ${MAX_SPREAD})`;
    return [goal, `${line.label}: ${limit} with ${digits(spread)}`];
  });
}

function standings(contest: Contest): Standing[] {
  const { contenders, lines } = contest.table;
  return Object.entries(lines).map(([id, line]) => {
    const results = contenders.map((each) => contest.result(each, id));
    return { line, results, verdict: verdict(contest, line, results) };
  });
}

/** Whether those of ours that can do it are ahead of all others who tried. */
function verdict(
  { table: { contenders } }: Contest,
  { better }: Line,
  results: readonly Result[],
): string {
  const tried = results.map((result, i) => ({ ...contenders[i]!, ...result }))
    .filter(({ value, remark }) => value !== undefined || remark !== undefined);
  const ours = tried.filter(({ own }) => own);
  const peers = tried.filter(({ own }) => !own);
  if (peers.length === 0) return DASH;
  const score = ({ value = Infinity }: Result) =>
    better === "less" || value === Infinity ? -value : value;
  const ahead = ours.filter((own) =>
    peers.every((peer) => score(own) > score(peer))
  );
  if (ahead.length === 0) return "missed";
  if (ahead.length === ours.length) return "met";
  return `met by ${ahead.map(({ name }) => name).join(", ")}`;
}

function cell({ value, spread, remark }: Result): string {
  if (value === undefined) return remark ?? DASH;
  return digits(value) + (spread === undefined ? "" : ` (${digits(spread)})`);
}

/** Three digits. */
function digits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value.toPrecision(value < 0.1 ? 2 : 3);
}
