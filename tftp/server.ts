import { formatAddr, normalizeHostname } from "../mux/addr.ts";
import { ServerLoop, type ShutdownOptions } from "../mux/server.ts";
import { Source } from "../mux/source.ts";
import { isTimeout, waitFor } from "../sync/wait_options.ts";
import { UdpSocket } from "../udp/socket.ts";
import { Catalog } from "./_catalog.ts";
import { encodeText } from "./charset.ts";
import { checkServerOptions } from "./_check_server_options.ts";
import { MAX_TRANSFERS } from "./_defaults.ts";
import { Door } from "./_door.ts";
import { TftpError } from "./error.ts";
import type { House } from "./_house.ts";
import type { Link } from "./_link.ts";
import { Root } from "./_root.ts";
import type { TftpServerOptions } from "./server_options.ts";
import { Session } from "./_session.ts";

/** What the loop of a server does, one for each transfer. */
type Task = (signal: AbortSignal) => Promise<void>;

/** What a {@linkcode TftpServer} has done so far. */
export interface TftpServerStats {
  /** Clients that have asked, and not answered yet. */
  readonly pending: number;
  /** Transfers that were begun: whose client has answered. */
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
  readonly #socket: UdpSocket;
  readonly #loop: ServerLoop<Task>;
  /** What is on its way from the door to the loop. */
  readonly #tasks: Source<Task>;
  readonly #waiting: Task[] = [];
  #wake: PromiseWithResolvers<Task> | undefined;
  #door: Door | undefined;
  /** Transfers by the address of their client. */
  readonly #active: Map<string, Session> = new Map();
  /** Links whose upload is done, and whose last ACK may have to be repeated. */
  readonly #lingering: Set<Link> = new Set();
  #ended = false;
  #started = 0;
  #done = 0;
  #failed = 0;

  /**
   * Binds the port; nothing is served before {@linkcode serveForever}.
   *
   * @param options Folder, address, what is allowed, limits.
   * @throws {TypeError} If Deno runs without `--unstable-net`, or there is
   * nothing to serve.
   * @throws {RangeError} If a limit is out of range, or the encoding unknown.
   * @throws {SyntaxError} If `allowFrom` has what is no address or network.
   * @throws {Deno.errors.AddrInUse} If the port is taken.
   */
  constructor(options: TftpServerOptions) {
    checkServerOptions(options);
    encodeText("", options.encoding); // an unknown encoding is an error now
    this.#options = options;
    const { hostname, port } = options;
    this.#socket = UdpSocket.bind({ hostname, port });
    this.#tasks = new Source<Task>({
      action: "take a transfer",
      read: () => this.#nextTask(),
      close: () => {},
    });
    this.#loop = new ServerLoop<Task>({
      take: (wait) => this.#tasks.take((task) => task, wait),
      handle: (task, signal) => task(signal),
      onError: options.onError && ((error) => options.onError?.(error)),
      onListen: () => options.onListen?.(this.addr),
      close: () => this.#close(),
    }, { maxInFlight: Infinity }); // maxTransfers is the limit
  }

  /** Address and port that the server is bound to. */
  get addr(): Deno.NetAddr {
    return this.#socket.localAddr;
  }

  /** What was done so far; a copy. */
  get stats(): TftpServerStats {
    return {
      pending: this.#door?.pending ?? 0,
      started: this.#started,
      done: this.#done,
      failed: this.#failed,
      active: this.#active.size,
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
    const { root } = this.#options;
    let folder: Root | undefined;
    try {
      folder = root === undefined ? undefined : await Root.open(root);
    } catch (error) {
      await this.shutdown();
      throw error;
    }
    if (this.#ended && !endedBefore) return void await this.shutdown();
    if (!this.#ended) this.#openDoor(new Catalog(this.#options, folder));
    await this.#loop.serveForever();
  }

  /**
   * Takes no more requests and lets transfers finish; those that take longer
   * than the grace are aborted, and their clients told.
   *
   * @param options How long transfers under way may take.
   * @returns How many transfers were left behind: 0 unless a disk hangs.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<number> {
    const { graceMs = 10_000 } = options;
    const startedAt = performance.now();
    this.#ended = true;
    this.#door?.stop();
    if (graceMs > 0) await this.#untilEmptied(graceMs);
    const left = graceMs - (performance.now() - startedAt);
    return await this.#loop.shutdown({
      graceMs: graceMs > 0 ? Math.max(left, 0) : graceMs,
    });
  }

  /**
   * Aborts all transfers and closes without waiting for them. Closing twice does
   * nothing.
   */
  close(): void {
    this.#ended = true;
    this.#loop.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As {@linkcode shutdown} with the default grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** A client that has just been answered is let in. */
  async #untilEmptied(timeoutMs: number): Promise<void> {
    try {
      await waitFor(this.#door?.emptied() ?? Promise.resolve(), { timeoutMs });
    } catch (error) {
      if (!isTimeout(error)) throw error;
    }
  }

  #openDoor(catalog: Catalog): void {
    const house: House = {
      answers: (key, request) =>
        this.#active.get(key)?.answers(request) ?? false,
      supersede: (key) => this.#active.get(key)?.supersede(),
      hasRoom: (hostname) => this.#hasRoom(hostname),
      admit: (admitted) => {
        const linger = (link: Link, over: Promise<void>) =>
          this.#linger(link, over);
        const server = this.#options;
        this.#begin(new Session({ ...admitted, server, linger }));
      },
      onFailure: (report, error) => {
        this.#failed++;
        report.tell("failed", { error });
        if (report.hookError) this.#fail(report.hookError.error);
      },
      onProbe: (report) => {
        this.#done++;
        report.tell("probed");
        if (report.hookError) this.#fail(report.hookError.error);
      },
      onError: (error) => this.#fail(error),
    };
    this.#door = new Door(this.#socket, this.#options, catalog, house);
    this.#door.listen().catch((error) => this.#fail(error));
  }

  #hasRoom(hostname: string): boolean {
    const { maxTransfers = MAX_TRANSFERS, maxTransfersPerClient } =
      this.#options;
    if (this.#active.size >= maxTransfers) return false;
    if (maxTransfersPerClient === undefined) return true;
    const host = normalizeHostname(hostname);
    let count = 0;
    for (const { addr } of this.#active.values()) {
      if (normalizeHostname(addr.hostname) === host) count++;
    }
    return count < maxTransfersPerClient;
  }

  #begin(session: Session): void {
    this.#active.set(formatAddr(session.addr), session);
    this.#push((signal) => this.#serve(session, signal));
  }

  /** Something failed that is nobody's transfer; the loop tells whom it should. */
  #fail(error: unknown): void {
    this.#push(() => Promise.reject(error));
  }

  #push(task: Task): void {
    if (this.#wake === undefined) return void this.#waiting.push(task);
    this.#wake.resolve(task);
    this.#wake = undefined;
  }

  #nextTask(): Promise<Task> {
    const task = this.#waiting.shift();
    if (task !== undefined) return Promise.resolve(task);
    this.#wake = Promise.withResolvers();
    return this.#wake.promise;
  }

  async #serve(session: Session, signal: AbortSignal): Promise<void> {
    const key = formatAddr(session.addr);
    this.#started++;
    try {
      await session.run(signal);
      this.#done++;
    } catch (error) {
      this.#failed++;
      // What went wrong with the client was reported to onTransfer.
      if (!(error instanceof TftpError)) throw error;
    } finally {
      if (this.#active.get(key) === session) this.#active.delete(key);
    }
    if (session.hookError !== undefined) throw session.hookError.error;
  }

  /** Keeps a link whose last ACK may have to be repeated; not too many. */
  #linger(link: Link, over: Promise<void>): void {
    const { maxTransfers = MAX_TRANSFERS } = this.#options;
    const [oldest] = this.#lingering;
    if (this.#lingering.size >= maxTransfers) oldest?.close();
    this.#lingering.add(link);
    over.finally(() => this.#lingering.delete(link));
  }

  async #close(): Promise<void> {
    for (const link of this.#lingering) link.close();
    this.#tasks.close();
    // Those that were let in too late, and whoever still hears no abort.
    for (const session of this.#active.values()) session.supersede();
    if (this.#door === undefined) await this.#socket[Symbol.asyncDispose]();
    else await this.#door.close();
  }
}
