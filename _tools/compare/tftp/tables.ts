import type { Contest } from "../contest.ts";
import type { Contender, Line, Table } from "../table.ts";
import { BLOCK_SIZES } from "./sizes.ts";

/** What a figure of ours is to be: a number, or a share of somebody else's. */
export interface Goal {
  readonly limit: number;
  /** Whose figure the limit is a factor of. */
  readonly of?: string;
}

/** A table, and the goals of its lines. */
export interface Challenge {
  readonly table: Table;
  readonly goals: Readonly<Record<string, Goal>>;
}

const permissions = [
  "--allow-net",
  "--allow-run",
  "--allow-write",
  "--allow-env",
];

function contender(name: string, file: string, own?: true): Contender {
  return { name, file, permissions, ...(own && { own }) };
}

function rate(label: string): Line {
  return { label, unit: "MB/s", better: "more" };
}

function seconds(label: string): Line {
  return { label, unit: "s", better: "less" };
}

const sizes = (word: string, label: string) =>
  Object.fromEntries(
    BLOCK_SIZES.map((size) => [`${word}${size}`, rate(`${label} of ${size}`)]),
  );

const share = (word: string, of: string) =>
  Object.fromEntries(
    BLOCK_SIZES.map((size) => [`${word}${size}`, { limit: 0.9, of }]),
  );

/** Servers, read by the same clients. */
export const SERVERS: Challenge = {
  table: {
    title: "TFTP servers",
    note:
      "Read by curl, block by block, by atftp with windows, and by 16 curls " +
      "at once. Bare Deno is the least that any server on Deno costs: it checks " +
      "and repeats nothing.",
    folder: "tftp",
    contenders: [
      contender("Lockstep", "server_lockstep.ts", true),
      contender("bare Deno", "server_raw.ts"),
      contender("tftpd-hpa", "server_hpa.ts"),
      contender("atftpd", "server_atftpd.ts"),
    ],
    lines: {
      ...sizes("curl", "Blocks"),
      atftp: rate("Blocks of 1428, window 8"),
      many: rate("16 clients, blocks of 1428"),
    },
  },
  goals: {
    ...share("curl", "tftpd-hpa"),
    atftp: { limit: 190 },
    many: { limit: 1, of: "tftpd-hpa" },
  },
};

/** Clients, reading from the same server. */
export const CLIENTS: Challenge = {
  table: {
    title: "TFTP clients",
    note:
      "Reading from tftpd-hpa, block by block. Bare Deno is the least that any " +
      "client on Deno costs.",
    folder: "tftp",
    contenders: [
      contender("Lockstep", "client_lockstep.ts", true),
      contender("bare Deno", "client_raw.ts"),
      contender("curl", "client_curl.ts"),
      contender("atftp", "client_atftp.ts"),
      contender("busybox", "client_busybox.ts"),
    ],
    lines: sizes("get", "Blocks"),
  },
  goals: share("get", "curl"),
};

/** Loss and many clients: ours alone, as others take up to a minute. */
export const STRUGGLE: Challenge = {
  table: {
    title: "TFTP under loss",
    note: "0.5 MiB in blocks of 1428, one packet in a hundred lost each way.",
    folder: "tftp",
    contenders: [contender("Lockstep", "struggle.ts", true)],
    lines: {
      get1: seconds("Read, block by block"),
      put1: seconds("Write, block by block"),
      get8: seconds("Read, window 8"),
      put8: seconds("Write, window 8"),
      memory: {
        label: "200 reads at once, memory",
        unit: "MiB",
        better: "less",
      },
    },
  },
  goals: {
    get1: { limit: 1.5 },
    put1: { limit: 1.5 },
    get8: { limit: 0.5 },
    put8: { limit: 0.5 },
    memory: { limit: 200 },
  },
};

/** The table of a contest, as Markdown. */
export function markdown(challenge: Challenge, contest: Contest): string {
  const { title, note, contenders, lines } = challenge.table;
  const names = contenders.map((each) =>
    `${each.name} ${contest.version(each) ?? "(not run)"}`.trim()
  );
  const rows = Object.entries(lines).map(([id, { label, unit }]) => [
    label,
    unit,
    ...contenders.map((each) => digits(contest.result(each, id).value)),
    verdict(challenge, contest, id),
  ]);
  const head = [
    ["", "Unit", ...names, "Goal"],
    [":---", ":---", ...names.map(() => "---:"), ":---"],
  ];
  const table = [...head, ...rows].map((row) => `| ${row.join(" | ")} |`);
  return [`### ${title}`, note, table.join("\n")].join("\n\n");
}

/** Whether the goal of a line was met, in words. */
export function verdict(
  { table, goals }: Challenge,
  contest: Contest,
  id: string,
): string {
  const goal = goals[id];
  const ours = contest.result(table.contenders[0]!, id).value;
  if (goal === undefined || ours === undefined) return "–";
  const rival = table.contenders.find(({ name }) => name === goal.of);
  const theirs = rival && contest.result(rival, id).value;
  if (goal.of !== undefined && theirs === undefined) return "–";
  const limit = goal.limit * (theirs ?? 1);
  const less = table.lines[id]!.better === "less";
  const met = less ? ours <= limit : ours >= limit;
  const what = goal.of === undefined
    ? `${goal.limit}`
    : `${goal.limit} of ${goal.of}`;
  const share = theirs === undefined
    ? ""
    : `, is ${(ours / theirs).toFixed(2)}`;
  const side = less ? "at most" : "at least";
  return `${met ? "met" : "missed"} (${side} ${what}${share})`;
}

/** Three digits. */
function digits(value: number | undefined): string {
  if (value === undefined) return "–";
  return value >= 99.95 ? value.toFixed(0) : value.toPrecision(3);
}
