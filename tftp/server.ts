import { formatAddr } from "../mux/addr.ts";
import type { ShutdownOptions } from "../mux/server.ts";
import { type UdpRequest, UdpServer } from "../udp/server.ts";
import { encodeText } from "./charset.ts";
import { MAX_TRANSFERS } from "./_defaults.ts";
import { TftpError } from "./error.ts";
import type { Link } from "./_link.ts";
import type { TransferStatistics } from "./options.ts";
import { decodePacket, encodeError, OPCODE, type Packet } from "./packet.ts";
import { Root } from "./_root.ts";
import { Session } from "./_session.ts";

/** One transfer of a server, when it starts and when it ends. */
export interface TftpTransfer {
  /** Whether the client reads or writes. */
  readonly operation: "read" | "write";
  /** Name as the client sent it, control characters replaced. */
  readonly name: string;
  /** The client. */
  readonly addr: Deno.NetAddr;
  /**
   * What happened. `probed`: the client only wanted to know the size, and left
   * before the first block.
   */
  readonly state: "started" | "done" | "probed" | "failed";
  /** How it went, once it is done. */
  readonly statistics?: TransferStatistics;
  /** Why it failed, once it did. */
  readonly error?: TftpError;
}

/** Options of a {@linkcode TftpServer}. */
export interface TftpServerOptions {
  /** Folder that is served; no name leads out of it. */
  root: string | URL;
  /** Address to bind. Default: `"127.0.0.1"`. */
  hostname?: string | undefined;
  /** Port to bind; 0 lets the system choose. Default: 0. The usual one is 69. */
  port?: number | undefined;
  /** Whether files may be read. Default: true. */
  allowRead?: boolean | undefined;
  /** Whether files may be written. Default: false. */
  allowWrite?: boolean | undefined;
  /** Whether a write may make a new file. Default: true. */
  create?: boolean | undefined;
  /** Whether a write may replace a file. Default: false. */
  overwrite?: boolean | undefined;
  /** Most transfers at once; more requests are left unanswered. Default: 256. */
  maxTransfers?: number | undefined;
  /** Most octets in a block to agree to. Default: 65,464. */
  maxBlockSize?: number | undefined;
  /** Most blocks in a window to agree to. Default: 64. */
  maxWindowBlocks?: number | undefined;
  /** Most octets in a window to agree to. Default: 98,304. */
  maxWindowBytes?: number | undefined;
  /**
   * Longest wait for one answer, in milliseconds, unless the client asks for
   * another (RFC 2349 `timeout`). Default: 4,000.
   */
  retransmitMs?: number | undefined;
  /** How often in a row to send the same packet again. Default: 8. */
  retries?: number | undefined;
  /** Encoding of file names and error texts. Default: `"utf-8"`. */
  encoding?: string | undefined;
  /** Called when a transfer starts and when it ends. */
  onTransfer?: ((transfer: TftpTransfer) => void) | undefined;
  /** Called when something fails that is no client's doing. Default: stderr. */
  onError?: ((error: unknown) => void) | undefined;
  /** Called with the address once the server serves. */
  onListen?: ((addr: Deno.NetAddr) => void) | undefined;
}

/** What a {@linkcode TftpServer} has done so far. */
export interface TftpServerStats {
  /** Transfers that were begun. */
  readonly started: number;
  /** Transfers that went well, questions for a size included. */
  readonly done: number;
  /** Requests that were refused and transfers that failed. */
  readonly failed: number;
  /** Transfers under way now. */
  readonly active: number;
}

/**
 * Serves the files of a folder by TFTP.
 *
 * Each transfer has a socket of its own on a port that the system chooses. An
 * upload appears under its name only when it is complete; if it fails, whatever
 * had that name is untouched. Reading is allowed, writing is not, unless told
 * otherwise. TFTP has no passwords: bind a wider address than 127.0.0.1 in
 * networks that you trust only.
 *
 * Source: RFC 1350, 1123 section 4.2, 2347, 2348, 2349, 7440.
 *
 * @example Serve a folder, take an upload
 * ```ts
 * import { TftpClient, TftpServer } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const server = new TftpServer({ root, allowWrite: true });
 * const served = server.serveForever();
 *
 * await using client = new TftpClient(server.addr);
 * await client.put("config", new TextEncoder().encode("vlan 7"));
 * assertEquals(await Deno.readTextFile(`${root}/config`), "vlan 7");
 *
 * await server.shutdown();
 * await served;
 * await Deno.remove(root, { recursive: true });
 * ```
 */
export class TftpServer {
  readonly #options: TftpServerOptions;
  readonly #listener: UdpServer;
  /** Transfers by the address of their client. */
  readonly #active: Map<string, Session> = new Map();
  /** Links whose upload is done, and whose last ACK may have to be repeated. */
  readonly #lingering: Set<Link> = new Set();
  #root: Root | undefined;
  #ended = false;
  #inFlight = 0;
  #started = 0;
  #done = 0;
  #failed = 0;

  /**
   * Binds the port; nothing is served before {@linkcode serveForever}.
   *
   * @param options Folder, address, what is allowed, limits.
   * @throws {TypeError} If Deno runs without `--unstable-net`.
   * @throws {RangeError} If a limit is out of range, or the encoding unknown.
   * @throws {Deno.errors.AddrInUse} If the port is taken.
   */
  constructor(options: TftpServerOptions) {
    checkLimits(options);
    encodeText("", options.encoding); // an unknown encoding is an error now
    this.#options = options;
    this.#listener = new UdpServer({
      hostname: options.hostname,
      port: options.port,
      maxInFlight: Infinity, // maxTransfers is the limit
      handler: (request) => this.#answer(request),
      onError: options.onError,
      onListen: options.onListen,
    });
  }

  /** Address and port that the server is bound to. */
  get addr(): Deno.NetAddr {
    return this.#listener.addr;
  }

  /** What was done so far; a copy. */
  get stats(): TftpServerStats {
    return {
      started: this.#started,
      done: this.#done,
      failed: this.#failed,
      active: this.#inFlight,
    };
  }

  /**
   * Serves until {@linkcode shutdown}, then resolves when the last transfer has
   * ended.
   *
   * @throws {Deno.errors.NotFound} If there is no such folder.
   * @throws {TypeError} If the root is not a folder, or the server was started
   * or shut down before.
   */
  async serveForever(): Promise<void> {
    const endedBefore = this.#ended;
    try {
      this.#root = await Root.open(this.#options.root);
    } catch (error) {
      await this.shutdown();
      throw error;
    }
    if (this.#ended && !endedBefore) return void await this.shutdown();
    try {
      await this.#listener.serveForever();
    } finally {
      this.#dismiss();
    }
  }

  /**
   * Takes no more requests and lets transfers finish; those that take longer
   * than the grace are aborted, and their clients told.
   *
   * @param options How long transfers under way may take.
   * @returns How many transfers were left behind: 0 unless a disk hangs.
   */
  async shutdown(options?: ShutdownOptions): Promise<number> {
    this.#ended = true;
    const leftBehind = await this.#listener.shutdown(options);
    this.#dismiss();
    return leftBehind;
  }

  /**
   * Aborts all transfers and closes without waiting for them. Closing twice does
   * nothing.
   */
  close(): void {
    this.#ended = true;
    this.#listener.close();
    this.#dismiss();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As {@linkcode shutdown} with the default grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** Serves one datagram that came to the listening port. */
  async #answer(request: UdpRequest): Promise<void> {
    let packet: Packet;
    try {
      packet = decodePacket(request.data);
    } catch {
      const { length, 1: opcode } = request.data;
      if (length < 4 || opcode === OPCODE.ERROR) return; // answer no error
      return await this.#refuse(request, 4, "Malformed packet");
    }
    if (packet.type === "error") return;
    if (packet.type !== "rrq" && packet.type !== "wrq") {
      return await this.#refuse(request, 4, "Illegal TFTP operation");
    }
    const key = formatAddr(request.addr);
    const before = this.#active.get(key);
    if (before?.answers(request.data)) return;
    const { maxTransfers = MAX_TRANSFERS } = this.#options;
    if (before !== undefined) before.supersede();
    else if (this.#inFlight >= maxTransfers) return; // it will ask again
    const session = new Session({
      server: this.#options,
      root: this.#root!,
      request,
      packet,
      linger: (link, over) => this.#linger(link, over),
    });
    this.#active.set(key, session);
    try {
      await this.#run(session);
    } finally {
      if (this.#active.get(key) === session) this.#active.delete(key);
    }
    if (session.hookError !== undefined) throw session.hookError.error;
  }

  async #run(session: Session): Promise<void> {
    this.#inFlight++;
    this.#started++;
    try {
      await session.run();
      this.#done++;
    } catch (error) {
      this.#failed++;
      // What went wrong with the client was reported to onTransfer.
      if (!(error instanceof TftpError)) throw error;
    } finally {
      this.#inFlight--;
    }
  }

  /** Keeps a link whose last ACK may have to be repeated; not too many. */
  #linger(link: Link, over: Promise<void>): void {
    const { maxTransfers = MAX_TRANSFERS } = this.#options;
    const [oldest] = this.#lingering;
    if (this.#lingering.size >= maxTransfers) oldest?.close();
    this.#lingering.add(link);
    over.finally(() => this.#lingering.delete(link));
  }

  /** No upload needs its last ACK repeated any more. */
  #dismiss(): void {
    for (const link of this.#lingering) link.close();
  }

  async #refuse(
    request: UdpRequest,
    wireCode: number,
    message: string,
  ): Promise<void> {
    const packet = encodeError(wireCode, encodeText(message));
    await request.reply(packet).catch(() => {
      // as if it had been lost on the way: nobody waits for it
    });
  }
}

function checkLimits(options: TftpServerOptions): void {
  const ranges = {
    maxTransfers: [1, Infinity],
    maxBlockSize: [512, 65_464],
    maxWindowBlocks: [1, 65_535],
    maxWindowBytes: [1, Infinity],
    retransmitMs: [1, Infinity],
    retries: [0, Infinity],
  } as const;
  for (const [name, [min, max]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined) continue;
    const fraction = name === "retransmitMs";
    const fits = fraction || Number.isInteger(value) || value === Infinity;
    if (fits && value >= min && value <= max) continue;
    const kind = fraction ? "a number" : "a whole number";
    const limits = max === Infinity ? `${min} or more` : `${min} to ${max}`;
    throw new RangeError(
      `Cannot serve: ${name} must be ${kind}, ${limits}, got ${value}`,
    );
  }
}
