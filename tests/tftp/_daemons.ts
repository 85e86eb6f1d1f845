/** Servers of others, started for a test. */
import type { HostPort } from "../../mux/addr.ts";
import { encodeRequest } from "../../tftp/packet.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { ATFTPD, DNSMASQ, TFTPD } from "./_peers.ts";

/** How many ports to try before giving up. */
const PORTS = 5;

/** How often to ask a server whether it is there, and how long to wait. */
const QUESTIONS = 200;
const QUESTION_MS = 25;

/** A running server. */
export class Daemon implements AsyncDisposable {
  /** Where it listens. */
  readonly addr: HostPort;
  readonly #child: Deno.ChildProcess;

  constructor(addr: HostPort, child: Deno.ChildProcess) {
    this.addr = addr;
    this.#child = child;
  }

  /** Starts one; resolves once it answers. */
  static async start(
    command: string,
    argsAt: (addr: HostPort) => string[],
    fixed?: HostPort,
  ): Promise<Daemon> {
    for (let attempt = 0; attempt < PORTS; attempt++) {
      const addr = fixed ?? { hostname: "127.0.0.1", port: freePort() };
      const child = new Deno.Command(command, {
        args: argsAt(addr),
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const server = new Daemon(addr, child);
      if (await answers(addr, child)) return server;
      await server[Symbol.asyncDispose]();
    }
    throw new Error(`Cannot start ${command}: no answer on any port`);
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

/** tftpd-hpa over a folder. */
export const Tftpd = {
  start: (root: string): Promise<Daemon> =>
    Daemon.start(TFTPD.command, ({ hostname, port }) => [
      ...["-L", "-a", `${hostname}:${port}`, "-c", "-s", root, "-u", "root"],
    ]),
};

/** atftpd over a folder. */
export const Atftpd = {
  start: (root: string): Promise<Daemon> =>
    Daemon.start(ATFTPD.command, ({ hostname, port }) => [
      ...["--daemon", "--no-fork", "--user", "root.root"],
      ...["--port", String(port), "--bind-address", hostname, root],
    ]),
};

/** dnsmasq over a folder, at the only port it has; it takes no uploads. */
export const Dnsmasq = {
  start: (root: string): Promise<Daemon> => {
    const addr = { hostname: "127.0.0.2", port: 69 };
    return Daemon.start(DNSMASQ.command, ({ hostname }) => [
      ...["-k", "--port=0", "--conf-file=/dev/null", "--pid-file="],
      ...["--user=root", "--enable-tftp", "--bind-interfaces"],
      ...[`--listen-address=${hostname}`, `--tftp-root=${root}`],
    ], addr);
  },
};

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
