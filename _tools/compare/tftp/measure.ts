/*
 * How contenders are measured: server and clients pinned to one core, as on two
 * the time to wake the other one up dominates, and figures flip.
 */
import { Daemon } from "../../../tests/tftp/_daemons.ts";
import { ATFTP, CURL, type Peer, run } from "../../../tests/tftp/_peers.ts";
import type { HostPort } from "../../../mux/addr.ts";
import type { Figure, Report } from "../report.ts";
import { BLOCK_SIZES, type BlockSize, SIZES } from "./sizes.ts";

/** How many clients read at once, and how much each. */
const CLIENTS = 16;
const EACH = 4 << 20;

/** What pins a program to the core that all share. */
export const PINNED = ["-c", "0"];

/** Lines of the table of servers. */
export type ServerLine =
  | `curl${BlockSize}`
  | "atftp"
  | "many";

/** A folder with a file of each size, `f512` and so on. */
export class Files implements AsyncDisposable {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<Files> {
    const root = await Deno.makeTempDir();
    await Deno.chmod(root, 0o755);
    const lengths = { ...SIZES, each: EACH };
    for (const [name, length] of Object.entries(lengths)) {
      const path = `${root}/f${name}`;
      await Deno.writeFile(path, new Uint8Array(length).fill(7), {
        mode: 0o644,
      });
    }
    return new Files(root);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

/** Measures a server; prints the report. */
export async function measureServer(
  version: string,
  command: string,
  argsAt: (addr: HostPort, root: string) => string[],
  options: { fixed?: HostPort; windows?: false } = {},
): Promise<void> {
  await using files = await Files.make();
  const pinned = (addr: HostPort) => [
    ...PINNED,
    command,
    ...argsAt(addr, files.root),
  ];
  await using server = await Daemon.start("taskset", pinned, options.fixed);
  const { addr } = server;
  const figures: { [K in ServerLine]?: Figure | string } = {};
  for (const blockSize of BLOCK_SIZES) {
    const read = () => curl(addr, `f${blockSize}`, blockSize);
    await read(); // warm
    figures[`curl${blockSize}`] = await rate(SIZES[blockSize], read);
  }
  if (options.windows !== false && ATFTP.missing === undefined) {
    figures.atftp = await rate(SIZES[1_428], () => atftp(addr, "f1428"));
  }
  figures.many = await rate(CLIENTS * EACH, async () => {
    const clients = Array.from(
      { length: CLIENTS },
      () => curl(addr, "feach", 1_428),
    );
    await Promise.all(clients);
  });
  const report: Report<ServerLine> = { version, figures };
  console.log(JSON.stringify(report));
}

/** Measures a client that is a program; prints the report. */
export async function measureClient(
  peer: Peer,
  version: string,
  argsFor: (addr: HostPort, name: string, blockSize: number) => string[],
): Promise<void> {
  need(peer);
  await measureClientCalls(version, async (addr, name, blockSize) => {
    await pinned(peer.command, argsFor(addr, name, blockSize));
  });
}

/** Measures a client, against the server of tftpd-hpa; prints the report. */
export async function measureClientCalls(
  version: string,
  get: (addr: HostPort, name: string, blockSize: number) => Promise<void>,
): Promise<void> {
  const { TFTPD } = await import("../../../tests/tftp/_peers.ts");
  need(TFTPD);
  await using files = await Files.make();
  await using server = await Daemon.start("taskset", (addr) => [
    ...[...PINNED, TFTPD.command, "-L", "-s", files.root, "-u", "root"],
    ...["-a", `${addr.hostname}:${addr.port}`],
  ]);
  const figures: Record<string, Figure> = {};
  for (const blockSize of BLOCK_SIZES) {
    const read = () => get(server.addr, `f${blockSize}`, blockSize);
    await read(); // warm
    figures[`get${blockSize}`] = await rate(SIZES[blockSize], read);
  }
  console.log(JSON.stringify({ version, figures } satisfies Report));
}

/** Throws if a program is missing: its column then has dashes. */
export function need({ missing }: Peer): void {
  if (missing !== undefined) throw new Error(`Cannot compare: ${missing}`);
}

/** The first word with digits and dots that a program prints about itself. */
export async function versionOf(
  command: string,
  flag: string,
): Promise<string> {
  const { stdout, stderr } = await run(command, [flag]);
  return (stdout + stderr).match(/\d+\.\d+(\.\d+)?/)?.[0] ?? "";
}

/** Megabytes a second. */
async function rate(bytes: number, work: () => Promise<void>): Promise<Figure> {
  const start = performance.now();
  await work();
  return { value: bytes / (performance.now() - start) / 1e3 };
}

function curl(addr: HostPort, name: string, size: number): Promise<void> {
  const { hostname, port } = addr;
  return pinned(CURL.command, [
    ...[
      "--silent",
      "--noproxy",
      "*",
      "--max-time",
      "60",
      "--output",
      "/dev/null",
    ],
    ...["--tftp-blksize", String(size), `tftp://${hostname}:${port}/${name}`],
  ]);
}

function atftp(addr: HostPort, name: string): Promise<void> {
  return pinned(ATFTP.command, [
    ...["--option", "blksize 1428", "--option", "windowsize 8"],
    ...["--get", "-r", name, "-l", "/dev/null"],
    ...[addr.hostname, String(addr.port)],
  ]);
}

async function pinned(command: string, args: string[]): Promise<void> {
  const { code, stderr } = await run("taskset", [...PINNED, command, ...args]);
  if (code !== 0) throw new Error(`Cannot run ${command}: ${code} ${stderr}`);
}
