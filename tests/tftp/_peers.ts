/**
 * Programs of others that speak TFTP: finds them, starts them, stops them.
 *
 * A test that needs a program which is missing is ignored, and its name says so.
 * With LOCKSTEP_REQUIRE_PEERS=1, as in CI, it fails instead.
 */
import { join } from "node:path";
import type { HostPort } from "../../mux/addr.ts";
import { encodeRequest } from "../../tftp/packet.ts";
import { UdpSocket } from "../../udp/socket.ts";

/** How many ports to try before giving up. */
const PORTS = 5;

/** How often to ask a server whether it is there, and how long to wait. */
const QUESTIONS = 200;
const QUESTION_MS = 25;

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
export const TFTPD: Peer = await findServer();

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

/** Runs curl; it gives up after a minute. */
export function curl(...args: string[]): Promise<Ended> {
  const always = ["--disable", "--silent", "--show-error", "--globoff"];
  const limits = ["--noproxy", "*", "--max-time", "60"];
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

/** A running tftpd-hpa. */
export class Tftpd implements AsyncDisposable {
  /** Where it listens. */
  readonly addr: HostPort;
  readonly #child: Deno.ChildProcess;

  private constructor(addr: HostPort, child: Deno.ChildProcess) {
    this.addr = addr;
    this.#child = child;
  }

  /** Starts one over a folder; resolves once it answers. */
  static async start(root: string): Promise<Tftpd> {
    for (let attempt = 0; attempt < PORTS; attempt++) {
      const addr = { hostname: "127.0.0.1", port: freePort() };
      const where = ["-L", "-a", `${addr.hostname}:${addr.port}`];
      const child = new Deno.Command(TFTPD.command, {
        args: [...where, "-c", "-s", root, "-u", "root"],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const server = new Tftpd(addr, child);
      if (await answers(addr, child)) return server;
      await server[Symbol.asyncDispose]();
    }
    throw new Error(`Cannot start ${TFTPD.command}: no answer on any port`);
  }

  /** Kills it, and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended by itself: another program had the port
    }
    await this.#child.status;
  }
}

/** A port that nobody had a moment ago. */
function freePort(): number {
  using socket = UdpSocket.bind();
  return socket.localAddr.port;
}

/** Asks for a missing file until there is an answer, or the server has ended. */
async function answers(
  addr: HostPort,
  child: Deno.ChildProcess,
): Promise<boolean> {
  const name = new TextEncoder().encode("no-such-file");
  const request = encodeRequest({ type: "rrq", name, mode: "octet" });
  const ended = new AbortController();
  child.status.then(() => ended.abort());
  await using socket = UdpSocket.bind();
  for (let question = 0; question < QUESTIONS; question++) {
    try {
      await socket.sendTo(request, addr);
      await socket.receive({ timeoutMs: QUESTION_MS, signal: ended.signal });
      return true; // it comes from another port, as every answer
    } catch (error) {
      if (ended.signal.aborted) return false;
      if ((error as Error).name !== "TimeoutError") throw error;
    }
  }
  return false;
}

async function find(
  name: string,
  command: string,
  flag: string,
  mark: RegExp,
): Promise<Peer> {
  try {
    const { stdout } = await run(command, [flag]);
    const missing = mark.test(stdout)
      ? undefined
      : `${command} is not ${name} with TFTP`;
    return { name, command, missing };
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound;
    const why = absent ? "" : `: ${(error as Error).message}`;
    return { name, command, missing: `no ${command}${why}` };
  }
}

async function findServer(): Promise<Peer> {
  const name = "tftpd-hpa";
  let peer: Peer | undefined;
  for (const command of ["/usr/sbin/in.tftpd", "in.tftpd"]) {
    peer = await find(name, command, "-V", /^tftp-hpa/);
    if (peer.missing === undefined) break;
  }
  if (peer!.missing !== undefined || await isRoot()) return peer!;
  return { ...peer!, missing: "in.tftpd works for root only" };
}

/** Whose a new file is tells who we are, without a permission of its own. */
async function isRoot(): Promise<boolean> {
  const path = await Deno.makeTempFile();
  const { uid } = await Deno.stat(path);
  await Deno.remove(path);
  return uid === 0;
}
