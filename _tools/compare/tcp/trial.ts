import type { LoadReport } from "../../../tcp/_load.ts";
import { Clients, type Point } from "./clients.ts";
import type { EchoServer } from "./contenders.ts";
import { Program } from "./program.ts";

/** What was measured of a server. */
export interface Trial extends LoadReport {
  /** CPU time of the server for each message, in microseconds. */
  readonly cpuUs: number;
  /**
   * By how much the memory of the server has grown for each idle connection, after
   * one message each, in KiB; `NaN` if it was not measured.
   */
  readonly idleKib: number;
}

/** The core of the server; the one after it is that of the clients. */
const CORE = 0;

/** Whom a server meets before it is measured: it compiles, and grows. */
const WARM_UP: Point = { connections: 100, bytes: 64 };
const WARM_UP_SECONDS = 0.2;

/** Starts a server, warms it up, puts it under load, and ends it. */
export async function trial(
  { command }: EchoServer,
  point: Point,
  seconds: number,
  build: string | undefined,
): Promise<Trial> {
  const words = command.map((word) => word.replace("BUILD", build ?? ""));
  await using server = new Program(words, CORE);
  const port = await server.out();
  {
    await using clients = await Clients.connect(
      port,
      WARM_UP,
      WARM_UP_SECONDS,
      build,
    );
    await clients.run();
  }
  const warm = await server.usage();
  await using clients = await Clients.connect(port, point, seconds, build);
  const idle = await server.usage();
  const report = await clients.run();
  const busy = await server.usage();
  const grownKib = (idle.memoryBytes - warm.memoryBytes) / 1024;
  return {
    ...report,
    cpuUs: (busy.cpuUs - idle.cpuUs) / report.messages,
    idleKib: build === undefined ? NaN : grownKib / point.connections,
  };
}
