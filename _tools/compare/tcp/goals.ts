import type { EchoServer } from "./contenders.ts";
import { type EchoContest, type Figure, POINTS } from "./contest.ts";
import type { Point } from "./clients.ts";

const OWN = "lockstep";

const SMALL = { connections: 100, bytes: 64 };
const MANY = { connections: 1000, bytes: 64 };

/** Whom to be ahead of, and at how many connections. */
const RIVALS: Readonly<Record<string, readonly number[]>> = {
  node_deno: [100, 1000],
  node: [100, 1000],
  asyncio: [100, 1000],
  socketserver: [1000],
};

/** What `TcpServer` was to reach, and whether it did. */
export function goals(contest: EchoContest): string[] {
  const own = (point: Point, figure: Figure) =>
    contest.figure(OWN, point, figure);
  const ratio = own(SMALL, "cpuUs") / contest.figure("raw", SMALL, "cpuUs");
  return [
    limit(
      "CPU per message at 100 × 64 B, at most 1.25 × that of the loop by hand",
      ratio,
      ratio <= 1.25,
    ),
    limit(
      "Jain's index at 1000, at least 0.99",
      own(MANY, "jain"),
      own(MANY, "jain") >= 0.99,
    ),
    limit(
      "worst round trip at 1000, at most 150 ms",
      own(MANY, "worstUs") / 1_000,
      own(MANY, "worstUs") <= 150_000,
    ),
    limit(
      "an idle connection, at most 16 KiB",
      own(MANY, "idleKib"),
      own(MANY, "idleKib") <= 16,
    ),
    ...contest.servers.filter(({ id }) => id in RIVALS)
      .map((rival) => ahead(contest, rival)),
  ];
}

/** Ahead is who needs less CPU for each message, whatever its size. */
function ahead(contest: EchoContest, { id, name }: EchoServer): string {
  const connections = RIVALS[id]!;
  const behind = POINTS.filter((point) =>
    connections.includes(point.connections) &&
    !(contest.figure(OWN, point, "cpuUs") < contest.figure(id, point, "cpuUs"))
  );
  return line(
    `ahead of ${name} at ${connections.join(" and ")}`,
    behind.length === 0,
    behind.length === 0 ? "" : `not at ${behind.map(label).join(", ")}`,
  );
}

function limit(goal: string, value: number, isMet: boolean): string {
  if (Number.isNaN(value)) return `not measured: ${goal}`;
  return line(goal, isMet, value.toPrecision(3));
}

function line(goal: string, isMet: boolean, detail: string): string {
  const more = detail === "" ? "" : ` (${detail})`;
  return `${isMet ? "met" : "missed"}: ${goal}${more}`;
}

/** How a point is called. */
export function label({ connections, bytes }: Point): string {
  const size = bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`;
  return `${connections} × ${size}`;
}
