/**
 * Programs of others that speak TFTP: finds them, starts them, stops them.
 *
 * A test that needs a program which is missing is ignored, and its name says so.
 * With LOCKSTEP_REQUIRE_PEERS=1, as in CI, it fails instead.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HostPort } from "../../mux/addr.ts";

/** A program that may be there or not. */
export interface Peer {
  /** What people call it. */
  readonly name: string;
  /** Path of the program. */
  readonly command: string;
  /** Why it cannot be used, `undefined` if it can. */
  readonly missing: string | undefined;
}

const required = Deno.env.get("LOCKSTEP_REQUIRE_PEERS") === "1";

/** curl, the client that is everywhere. */
export const CURL: Peer = await find("curl", "curl", "--version", /\btftp\b/);

/** tftp-hpa's client: RFC 1350 and nothing else. */
export const TFTP: Peer = await find("tftp-hpa", "tftp", "-V", /^tftp-hpa/);

/** tftp-hpa's server; it changes its root, which takes root. */
export const TFTPD: Peer = await findForRoot(
  "tftpd-hpa",
  ["/usr/sbin/in.tftpd", "in.tftpd"],
  "-V",
  /^tftp-hpa/,
);

/** atftp's client, which has windows. */
export const ATFTP: Peer = await find("atftp", "atftp", "-V", /^atftp-/);

/** The client of busybox, as in many devices. */
export const BUSYBOX: Peer = await find(
  "busybox",
  "busybox",
  "--list",
  /^tftp$/m,
);

/** atftp's server: where .ci/run has unpacked it, or installed. */
export const ATFTPD: Peer = await findFirst(
  "atftpd",
  [
    fileURLToPath(import.meta.resolve("../../.ci/peers/usr/sbin/atftpd")),
    "/usr/sbin/atftpd",
  ],
  "-V",
  /^atftp-/,
);

/** dnsmasq, whose port is fixed to 69; that takes root. */
export const DNSMASQ: Peer = await findForRoot(
  "dnsmasq",
  ["/usr/sbin/dnsmasq"],
  "-v",
  / TFTP /,
);

/** A test that talks to peers. */
export function peerTest(
  peers: Peer[],
  name: string,
  fn: () => Promise<void>,
): void {
  const [missing] = peers.flatMap((peer) => peer.missing ?? []);
  if (missing === undefined) return Deno.test(name, fn);
  if (!required) {
    return Deno.test({
      name: `${name} (skipped: ${missing})`,
      ignore: true,
      fn,
    });
  }
  Deno.test(name, () => {
    throw new Error(`Cannot run with LOCKSTEP_REQUIRE_PEERS=1: ${missing}`);
  });
}

/** A test of many seconds that talks to peers: where they are required only. */
export function longPeerTest(
  peers: Peer[],
  name: string,
  fn: () => Promise<void>,
): void {
  if (required) return peerTest(peers, name, fn);
  const why = "LOCKSTEP_REQUIRE_PEERS is not 1";
  Deno.test({ name: `${name} (skipped: ${why})`, ignore: true, fn });
}

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(command: string, args: string[]): Promise<Ended> {
  const child = new Deno.Command(command, { args, stdin: "null" });
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Runs curl; it gives up after five minutes. */
export function curl(...args: string[]): Promise<Ended> {
  const always = ["--disable", "--silent", "--show-error", "--globoff"];
  const limits = ["--noproxy", "*", "--max-time", "300"];
  return run(CURL.command, [...always, ...limits, ...args]);
}

/** `tftp://HOST:PORT/NAME`, as curl wants it. */
export function url(addr: HostPort, name: string): string {
  return `tftp://${addr.hostname}:${addr.port}/${name}`;
}

/** Runs one command of tftp-hpa's client. It exits with 0 whatever happens. */
export function tftp(addr: HostPort, ...command: string[]): Promise<Ended> {
  const { hostname, port } = addr;
  const where = ["-m", "binary", hostname, String(port)];
  return run(TFTP.command, [...where, "-c", ...command]);
}

/** A folder that goes when the test ends. */
export class TemporaryFolder implements AsyncDisposable {
  /** Its path. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes an empty one. */
  static async make(): Promise<TemporaryFolder> {
    return new TemporaryFolder(await Deno.makeTempDir());
  }

  /** Path of a file in it. */
  join(name: string): string {
    return join(this.path, name);
  }

  /** Makes a file that everybody may read: tftpd-hpa serves no others. */
  async write(name: string, content: Uint8Array | string): Promise<string> {
    const path = this.join(name);
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    await Deno.writeFile(path, bytes);
    if (Deno.build.os !== "windows") await Deno.chmod(path, 0o644);
    return path;
  }

  /** Names in it, sorted. */
  async names(): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(this.path));
    return entries.map(({ name }) => name).sort();
  }

  /** Removes it and all that is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

async function find(
  name: string,
  command: string,
  flag: string,
  mark: RegExp,
): Promise<Peer> {
  try {
    const { stdout, stderr } = await run(command, [flag]);
    const missing = mark.test(stdout + stderr)
      ? undefined
      : `${command} is not ${name} with TFTP`;
    return { name, command, missing };
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound;
    const why = absent ? "" : `: ${(error as Error).message}`;
    return { name, command, missing: `no ${command}${why}` };
  }
}

async function findFirst(
  name: string,
  commands: string[],
  flag: string,
  mark: RegExp,
): Promise<Peer> {
  let peer: Peer | undefined;
  for (const command of commands) {
    peer = await find(name, command, flag, mark);
    if (peer.missing === undefined) break;
  }
  return peer!;
}

async function findForRoot(
  ...program: Parameters<typeof findFirst>
): Promise<Peer> {
  const peer = await findFirst(...program);
  if (peer.missing !== undefined || await isRoot()) return peer;
  return { ...peer, missing: `${peer.name} works for root only` };
}

/** Whose a new file is tells who we are, without a permission of its own. */
async function isRoot(): Promise<boolean> {
  const path = await Deno.makeTempFile();
  const { uid } = await Deno.stat(path);
  await Deno.remove(path);
  return uid === 0;
}
