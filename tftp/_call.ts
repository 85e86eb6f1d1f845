import {
  formatAddr,
  type HostPort,
  localHostname,
  resolveHost,
} from "../mux/addr.ts";
import { checkWait, MAX_DELAY_MS } from "../sync/wait_options.ts";
import { UdpSocket } from "../udp/socket.ts";
import { encodeText } from "./charset.ts";
import {
  CLIENT_BLOCK_SIZE,
  CLIENT_WINDOW_BLOCKS,
  RETRANSMIT_MS,
  RETRIES,
  WINDOW_BYTES,
} from "./_defaults.ts";
import { TftpError } from "./error.ts";
import { errorOf, type Failure } from "./_failure.ts";
import { Link } from "./_link.ts";
import {
  BLOCK_SIZE_RANGE,
  offer,
  PLAIN_TERMS,
  readAnswer,
  type Terms,
  WINDOW_RANGE,
  windowLimit,
} from "./_negotiation.ts";
import { Opening } from "./_opening.ts";
import type { TftpTransferOptions, TransferStatistics } from "./options.ts";
import { encodeRequest, type Packet } from "./packet.ts";
import type { Receiver } from "./_receiver.ts";
import { RetransmissionTimer } from "./_retransmission_timer.ts";
import { asTftpError } from "./_root.ts";
import type { Sender } from "./_sender.ts";
import { summarize } from "./_transfer.ts";

/** Least time between two reports of progress, in milliseconds. */
const PROGRESS_MS = 100;

/** Codes by which servers that know no options turn a request with some down. */
const MAYBE_OPTIONS = ["undefined", "illegal-operation", "option-refused"];

/** What the server said to the request. */
export interface Opened {
  readonly link: Link;
  readonly terms: Terms;
  /** OACK, or the first packet of a transfer without options. */
  readonly reply: Packet;
}

/**
 * One call of a client: its options, its clock, its way to the server, and the
 * words for what goes wrong.
 */
export class Call {
  /** Waits of this call; knows the round-trip time once the server answered. */
  readonly timer: RetransmissionTimer;
  /** How often in a row to repeat. */
  readonly retries: number;
  readonly #action: string;
  readonly #server: HostPort;
  readonly #path: string;
  readonly #options: TftpTransferOptions;
  readonly #ending: AbortController = new AbortController();
  readonly #onAbort: () => void;
  readonly #startedAt: number = performance.now();
  #timeout: ReturnType<typeof setTimeout> | undefined;
  #reportedAt = 0;
  #repeatedRequests = 0;
  #link: Link | undefined;

  /**
   * Starts the clock.
   *
   * @param verb What is done to the file, for messages.
   * @throws {RangeError} If an option is out of range.
   * @throws The reason of the signal, if it is aborted already.
   */
  constructor(
    verb: "read" | "write" | "ask for",
    path: string,
    server: HostPort,
    options: TftpTransferOptions,
  ) {
    const way = verb === "write" ? "to" : "from";
    this.#action = `Cannot ${verb} "${path}" ${way} ${formatAddr(server)}`;
    this.#server = server;
    this.#path = path;
    this.#options = options;
    const { retransmitMs = RETRANSMIT_MS, retries = RETRIES } = options;
    this.#check("blockSize", options.blockSize, BLOCK_SIZE_RANGE);
    this.#check("windowBlocks", options.windowBlocks, WINDOW_RANGE);
    this.#check("rollover", options.rollover, { min: 0, max: 1 });
    this.#check("retries", retries, { min: 0, max: Infinity });
    if (!(retransmitMs > 0)) {
      throw new RangeError(
        `${this.#action}: retransmitMs must be above 0, got ${retransmitMs}`,
      );
    }
    this.retries = retries;
    this.timer = new RetransmissionTimer(retransmitMs);
    const { signal } = options;
    const timeoutMs = checkWait(options);
    this.#onAbort = () => this.#ending.abort(signal?.reason);
    signal?.addEventListener("abort", this.#onAbort);
    if (timeoutMs <= MAX_DELAY_MS) {
      this.#timeout = setTimeout(() => {
        const message = `${this.#action}: not done within ${timeoutMs} ms`;
        this.#ending.abort(new DOMException(message, "TimeoutError"));
      }, timeoutMs);
    }
  }

  /**
   * Sends the request until the server answers; once more without options if it
   * seems to refuse them.
   *
   * @param type What is asked for.
   * @param size Octets to be written, 0 to ask for the size of what is read.
   * @param bare Whether to offer nothing but the size.
   */
  async open(
    type: "rrq" | "wrq",
    size: number | undefined,
    bare: boolean = false,
  ): Promise<Opened> {
    const { blockSize = CLIENT_BLOCK_SIZE, retransmitMs, rollover } =
      this.#options;
    const windowBlocks = this.#options.windowBlocks ?? windowLimit(blockSize, {
      maxWindowBlocks: CLIENT_WINDOW_BLOCKS,
      maxWindowBytes: WINDOW_BYTES,
    });
    const wishes = offer(
      bare
        ? { ...PLAIN_TERMS, size }
        : { blockSize, windowBlocks, retransmitMs, size, rollover },
    );
    const offered = this.#fitting(type, wishes);
    const { signal } = this.#ending;
    const hostname = await resolveHost(this.#server.hostname, { signal });
    const server = { hostname, port: this.#server.port };
    let opening = await this.#ask(type, offered, server);
    if (this.#refusedOptions(opening.failure, offered)) {
      this.#link?.close();
      opening = await this.#ask(type, [], server);
    }
    if (opening.failure !== undefined) throw this.error(opening.failure);
    const reply = opening.reply!;
    const agreed = this.#terms(type, reply, offered);
    const terms = { ...agreed, rollover: agreed.rollover ?? rollover };
    return { link: this.#link!, terms, reply };
  }

  /** Tells the user's callback, unless it was told a moment ago. */
  report(bytes: number, size: number | undefined, force = false): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    const now = performance.now();
    if (!force && now - this.#reportedAt < PROGRESS_MS) return;
    this.#reportedAt = now;
    onProgress({ bytes, size });
  }

  /** How it went so far. */
  statistics(
    machine: Sender | Receiver,
    terms: Terms,
    bytes: number,
  ): TransferStatistics {
    return summarize(machine, this.timer, terms, {
      bytes,
      startedAt: this.#startedAt,
      repeatedRequests: this.#repeatedRequests,
    });
  }

  /** What the caller gets for a failure; the peer is told if it should be. */
  error(failure: Failure): TftpError {
    const { encoding } = this.#options;
    const error = errorOf(failure, this.#action, "server", encoding);
    if (failure.tellPeer) this.#link?.abort(error.wireCode, failure.reason);
    return error;
  }

  /**
   * Ends the call: tells the server if it still sends, and lets go of
   * everything. Does nothing to a link that was closed or handed on.
   *
   * @param error Why it ends early, if a file of ours is the reason.
   */
  end(error?: unknown): void {
    clearTimeout(this.#timeout);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    if (error === undefined || error instanceof TftpError) this.#link?.close();
    else {
      const full = asTftpError(error).code === "disk-full";
      this.#link?.abort(full ? 3 : 0, full ? "Disk full" : "Transfer aborted");
    }
    this.#link = undefined;
  }

  /** Leaves the link to somebody else, who closes it. */
  release(): void {
    this.#link = undefined;
  }

  /** As many of the options as fit beside the name (RFC 2347: 512 octets). */
  #fitting(
    type: "rrq" | "wrq",
    options: [string, string][],
  ): [string, string][] {
    for (let count = options.length;; count--) {
      const fitting = options.slice(0, count);
      try {
        this.#request(type, fitting);
        return fitting;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        if (count > 0) continue;
        throw new RangeError(`${this.#action}: ${error.message}`, {
          cause: error,
        });
      }
    }
  }

  #request(
    type: "rrq" | "wrq",
    options: [string, string][],
  ): Uint8Array<ArrayBuffer> {
    const { encoding, mode = "octet" } = this.#options;
    const name = encodeText(this.#path, encoding);
    return encodeRequest({ type, name, mode, options });
  }

  async #ask(
    type: "rrq" | "wrq",
    options: [string, string][],
    server: HostPort,
  ): Promise<Opening> {
    const request = this.#request(type, options);
    const { strictPeer = true } = this.#options;
    const socket = UdpSocket.bind({ hostname: localHostname(server.hostname) });
    const peer: Deno.NetAddr = { transport: "udp", ...server };
    const { signal } = this.#ending;
    const knows = strictPeer ? "host" : "nothing";
    this.#link = new Link(socket, peer, { knows, signal });
    const { timer, retries } = this;
    const opening = new Opening({ packet: request, timer, retries });
    await this.#link.drive(opening, {
      until: () => opening.reply !== undefined,
    });
    this.#repeatedRequests += opening.retransmissions;
    return opening;
  }

  #refusedOptions(
    failure: Failure | undefined,
    offered: [string, string][],
  ): boolean {
    return failure?.peerMessage !== undefined && offered.length > 0 &&
      MAYBE_OPTIONS.includes(failure.code);
  }

  /** What the reply means, or an error that the server is told. */
  #terms(
    type: "rrq" | "wrq",
    reply: Packet,
    offered: [string, string][],
  ): Terms {
    if (reply.type === "oack") {
      const terms = readAnswer(offered, reply.options);
      if (typeof terms !== "string") return terms;
      const reason = `server ${terms}`;
      throw this.error({ code: "option-refused", reason, tellPeer: true });
    }
    if (type === "rrq" && reply.type === "data" && reply.block === 1) {
      return PLAIN_TERMS;
    }
    if (type === "wrq" && reply.type === "ack" && reply.block === 0) {
      return PLAIN_TERMS;
    }
    const got = reply.type === "data" || reply.type === "ack"
      ? `${reply.type.toUpperCase()} ${reply.block}`
      : reply.type.toUpperCase();
    const due = type === "rrq" ? "DATA 1" : "ACK 0";
    const reason = `server answered ${got} where ${due} was due`;
    throw this.error({ code: "illegal-operation", reason, tellPeer: true });
  }

  #check(
    name: string,
    value: number | undefined,
    range: { min: number; max: number },
  ): void {
    if (value === undefined) return;
    const { min, max } = range;
    if (Number.isInteger(value) && value >= min && value <= max) return;
    const limits = max === Infinity ? `${min} or more` : `${min} to ${max}`;
    throw new RangeError(
      `${this.#action}: ${name} must be ${limits}, got ${value}`,
    );
  }
}
