import { type EchoContest, type Figure, POINTS } from "./contest.ts";
import { label } from "./goals.ts";

/** What a table, or a row, shows of a trial. */
interface Shown {
  readonly title: string;
  readonly figure: Figure;
  /** From the figure to the unit of the title. */
  readonly per?: number;
  /** Digits after the point, of figures that have few before it. */
  readonly digits?: number;
}

/** By connections and size of messages. */
const TABLES: readonly Shown[] = [
  { title: "CPU of the server for each message, µs", figure: "cpuUs" },
  { title: "Messages a second, thousands", figure: "perSecond", per: 1e3 },
  { title: "Round trip, 99th percentile, ms", figure: "p99Us", per: 1e3 },
];

/** With many connections. */
const ROWS: readonly Shown[] = [
  { title: "Worst round trip, ms", figure: "worstUs", per: 1e3 },
  { title: "Jain's index of fairness", figure: "jain", digits: 3 },
  { title: "Idle connection, KiB", figure: "idleKib", digits: 1 },
];

const MANY = POINTS.find((p) => p.connections === 1000 && p.bytes === 64)!;

/** All tables, as Markdown. */
export function tables(contest: EchoContest): string {
  const names = contest.servers.map(({ name }) => name);
  const grid = (title: string, rows: readonly string[][]) =>
    [[title, ...names], ["---", ...names.map(() => "---:")], ...rows]
      .map((row) => `| ${row.join(" | ")} |`).join("\n");
  return [
    ...TABLES.map((shown) =>
      grid(
        shown.title,
        POINTS.map((point) => [
          label(point),
          ...contest.servers.map(({ id }) =>
            cell(contest.figure(id, point, shown.figure), shown)
          ),
        ]),
      )
    ),
    grid(
      `At ${label(MANY)}`,
      ROWS.map((shown) => [
        shown.title,
        ...contest.servers.map(({ id }) =>
          cell(contest.figure(id, MANY, shown.figure), shown)
        ),
      ]),
    ),
  ].join("\n\n");
}

function cell(value: number, { per = 1, digits }: Shown): string {
  if (Number.isNaN(value)) return "–";
  const amount = value / per;
  return digits === undefined
    ? amount.toPrecision(Math.max(3, Math.ceil(Math.log10(amount))))
    : amount.toFixed(digits);
}
