import type { LoadReport } from "../../../tcp/_load.ts";
import type { EchoServer } from "./contenders.ts";
import { Program } from "./program.ts";

/** How many connections send messages of how many octets. */
export interface Point {
  readonly connections: number;
  readonly bytes: number;
}

/** What was measured of a server. */
export interface Trial extends LoadReport {
  /** CPU time of the server for each message, in microseconds. */
  readonly cpuUs: number;
  /** Memory of the server for each idle connection, after one message each. */
  readonly idleKib: number;
}

/** Where the server runs, and where the clients. */
const SERVER_CORE = 0;
const CLIENT_CORE = 1;

/**
 * Starts a server, puts it under load, and ends it.
 *
 * @param build Folder of what was compiled; without it, clients are those of
 * `lockstep tcp load`, and idle connections cannot be measured.
 */
export async function trial(
  { command }: EchoServer,
  point: Point,
  seconds: number,
  build: string | undefined,
): Promise<Trial> {
  const words = command.map((word) => word.replace("BUILD", build ?? ""));
  await using server = new Program(words, SERVER_CORE);
  const port = await server.out();
  const empty = await server.usage();
  const { connections, bytes } = point;
  const sizes = [connections, bytes, seconds].map(String);
  await using clients = new Program(
    build === undefined
      ? commandLine(port, sizes)
      : [`${build}/load`, "127.0.0.1", port, ...sizes],
    CLIENT_CORE,
  );
  if (build !== undefined) await clients.err("ready");
  const idle = await server.usage();
  if (build !== undefined) await clients.type("go");
  const report: LoadReport = JSON.parse(await clients.out());
  const busy = await server.usage();
  return {
    ...report,
    cpuUs: (busy.cpuUs - idle.cpuUs) / report.messages,
    idleKib: build === undefined
      ? NaN
      : (idle.memoryBytes - empty.memoryBytes) / 1024 / connections,
  };
}

function commandLine(
  port: string,
  [connections = "", bytes = "", seconds = ""]: string[],
): string[] {
  return [
    Deno.execPath(),
    ...["run", "--quiet", "--no-check", "--allow-net", "--allow-read"],
    ...["main.ts", "tcp", "load", `127.0.0.1:${port}`, "--json"],
    ...["-c", connections, "-s", bytes, "-t", seconds],
  ];
}
