import { equals } from "@std/bytes";
import { formatAddr } from "../mux/addr.ts";
import { printable } from "../mux/printable.ts";
import type { UdpRequest } from "../udp/server.ts";
import { UdpSocket } from "../udp/socket.ts";
import { decodeText, encodeText } from "./charset.ts";
import {
  RETRANSMIT_MS,
  RETRIES,
  SERVER_WINDOW_BLOCKS,
  UNHEARD_RETRIES,
  WINDOW_BYTES,
} from "./_defaults.ts";
import { TftpError } from "./error.ts";
import { errorOf, type Failure } from "./_failure.ts";
import { Feed } from "./_feed.ts";
import { filePieces } from "./_file_pieces.ts";
import type { IncomingFile } from "./_incoming_file.ts";
import { Link } from "./_link.ts";
import { BLOCK_SIZE_RANGE, decide, type Terms } from "./_negotiation.ts";
import { decodePieces } from "./_netascii_pieces.ts";
import {
  encodeAck,
  encodeError,
  encodeOack,
  type RequestPacket,
} from "./packet.ts";
import { Receiver } from "./_receiver.ts";
import { RetransmissionTimer } from "./_retransmission_timer.ts";
import { asTftpError, type Root } from "./_root.ts";
import { Sender } from "./_sender.ts";
import type { TftpServerOptions, TftpTransfer } from "./server.ts";
import { dally, receivePieces, sendPieces, summarize } from "./_transfer.ts";

/** A client that was heard so recently has not started anew, in milliseconds. */
const ALIVE_MS = 1_000;

/** What a {@linkcode Session} serves. */
export interface SessionOptions {
  /** The server's settings. */
  readonly server: TftpServerOptions;
  readonly root: Root;
  /** The datagram, and the way to refuse. */
  readonly request: UdpRequest;
  /** What it says. */
  readonly packet: RequestPacket;
  /** Takes over a link that is still to answer repetitions of the last block. */
  readonly linger: (link: Link, over: Promise<void>) => void;
}

/**
 * One transfer of a server, from the request to the last acknowledgement.
 *
 * A request that cannot be served is refused from the listening port and costs
 * no socket. Otherwise the transfer gets one, and either ends well or tells the
 * client why not.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #startedAt: number = performance.now();
  readonly #name: string;
  readonly #action: string;
  #link: Link | undefined;
  /** Whether the failure came from the machine, so that the client knows. */
  #told = false;
  #superseded = false;
  #hookError: { error: unknown } | undefined;

  constructor(options: SessionOptions) {
    const { packet, request, server } = options;
    this.#options = options;
    const name = decodeText(packet.name, server.encoding, { lossy: true });
    this.#name = printable(name);
    const [verb, way] = packet.type === "rrq"
      ? ["send", "to"]
      : ["take", "from"];
    const client = formatAddr(request.addr);
    this.#action = `Cannot ${verb} "${this.#name}" ${way} ${client}`;
  }

  /** What `onTransfer` threw, if it did. */
  get hookError(): { readonly error: unknown } | undefined {
    return this.#hookError;
  }

  /**
   * Whether a request from the same client is this one again, which is being
   * answered: its answer is repeated until the client is heard, and a copy may
   * arrive late. The same request from a client that fell silent is a new start,
   * and so is any other.
   */
  answers(request: Uint8Array): boolean {
    if (!equals(request, this.#options.request.data)) return false;
    const heardAt = this.#link?.heardAt;
    return heardAt === undefined || performance.now() - heardAt < ALIVE_MS;
  }

  /**
   * Serves the request, and reports how that went.
   *
   * @throws {TftpError} If the request was refused or the transfer failed.
   * @throws What is nobody's fault but ours.
   */
  async run(): Promise<void> {
    try {
      const { type, mode } = this.#options.packet;
      if (mode !== "octet" && mode !== "netascii") {
        throw new TftpError("illegal-operation", "Unknown mode");
      }
      if (type === "rrq") await this.#send();
      else await this.#take();
    } catch (error) {
      throw await this.#fail(error);
    }
  }

  async #send(): Promise<void> {
    const { server, root, packet } = this.#options;
    if (server.allowRead === false) {
      throw new TftpError("access-violation", "Reading is not allowed");
    }
    const { file, size } = await root.read(this.#path());
    using _file = file;
    const text = packet.mode === "netascii";
    const { terms, granted } = this.#decide(text ? undefined : size);
    const timer = new RetransmissionTimer(this.#ceilingMs(terms));
    const { retries = RETRIES } = server;
    const sender = new Sender({
      ...terms,
      timer,
      retries,
      unheardRetries: Math.min(retries, UNHEARD_RETRIES),
      opening: granted.length > 0 ? encodeOack(granted) : undefined,
    });
    const link = this.#open();
    const feed = new Feed(filePieces(file), { text });
    let bytes = 0;
    await sendPieces(link, sender, feed, (sent) => bytes = sent);
    if (sender.failure?.code === "option-refused" && sender.blocks === 0) {
      link.close();
      return this.#report("probed", {}); // tsize, then error 8: RFC 2349's way
    }
    if (sender.failure !== undefined) throw this.#tell(sender.failure);
    link.close();
    this.#report("done", {
      statistics: summarize(sender, timer, terms, {
        bytes,
        startedAt: this.#startedAt,
        repeatedRequests: 0,
      }),
    });
  }

  async #take(): Promise<void> {
    const { server, root } = this.#options;
    const { allowWrite = false, create = true, overwrite = false } = server;
    if (!allowWrite) {
      throw new TftpError("access-violation", "Writing is not allowed");
    }
    const file = await root.write(this.#path(), { create, overwrite });
    try {
      await this.#fill(file, overwrite);
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  async #fill(file: IncomingFile, overwrite: boolean): Promise<void> {
    const { packet, server } = this.#options;
    const { retries = RETRIES } = server;
    const { terms, granted } = this.#decide(undefined);
    const ceilingMs = this.#ceilingMs(terms);
    const timer = new RetransmissionTimer(ceilingMs);
    const receiver = new Receiver({
      ...terms,
      timer,
      retries,
      opening: granted.length > 0 ? encodeOack(granted) : encodeAck(0),
      dallyMs: 2 * ceilingMs, // longer than the longest wait of the client
    });
    const link = this.#open();
    let bytes = 0;
    const { blockSize } = terms;
    const wire = receivePieces(link, receiver, {
      blockSize,
      size: terms.size,
      onBytes: (received) => bytes = received,
    });
    const text = packet.mode === "netascii";
    for await (const piece of text ? decodePieces(wire) : wire) {
      await file.write(piece);
    }
    if (receiver.failure !== undefined) throw this.#tell(receiver.failure);
    const announced = text ? undefined : terms.size || undefined; // 0: unknown
    if (announced !== undefined && announced !== bytes) {
      throw this.#tell({
        code: "size-mismatch",
        reason: `client announced ${announced} octets and sent ${bytes}`,
        tellPeer: true,
      });
    }
    await file.commit({ overwrite });
    receiver.commit();
    link.flush(receiver);
    this.#report("done", {
      statistics: summarize(receiver, timer, terms, {
        bytes,
        startedAt: this.#startedAt,
        repeatedRequests: 0,
      }),
    });
    this.#options.linger(link, dally(link, receiver));
  }

  /** Name of the file; only what is well-formed is looked for. */
  #path(): string {
    const { packet, server } = this.#options;
    try {
      return decodeText(packet.name, server.encoding);
    } catch (cause) {
      throw new TftpError("access-violation", "Malformed file name", { cause });
    }
  }

  #decide(
    size: number | undefined,
  ): { terms: Terms; granted: [string, string][] } {
    const { packet, server } = this.#options;
    return decide(packet.type, packet.options, {
      maxBlockSize: server.maxBlockSize ?? BLOCK_SIZE_RANGE.max,
      maxWindowBlocks: server.maxWindowBlocks ?? SERVER_WINDOW_BLOCKS,
      maxWindowBytes: server.maxWindowBytes ?? WINDOW_BYTES,
      size,
    });
  }

  /** Longest wait before a packet is sent again. */
  #ceilingMs(terms: Terms): number {
    const { retransmitMs = RETRANSMIT_MS } = this.#options.server;
    return terms.retransmitMs ?? retransmitMs;
  }

  /** Opens the socket whose port is our transfer identifier. */
  #open(): Link {
    if (this.#superseded) throw new Error("Superseded");
    const { server, request } = this.#options;
    const socket = UdpSocket.bind({ hostname: server.hostname });
    const { addr, signal } = request;
    this.#link = new Link(socket, addr, { identified: true, signal });
    this.#report("started", {});
    return this.#link;
  }

  /** The error for a failure of the machine; the client is told if it should. */
  #tell(failure: Failure): TftpError {
    const { encoding } = this.#options.server;
    const error = errorOf(failure, this.#action, "client", encoding);
    if (failure.tellPeer) this.#link?.abort(error.wireCode, failure.reason);
    this.#told = true;
    return error;
  }

  /**
   * Ends the transfer without a word: its client has asked for something else
   * from the same port, and would take an error for the answer to that.
   */
  supersede(): void {
    this.#superseded = true;
    this.#link?.close();
  }

  /** Tells the client, reports, and answers what is to be thrown. */
  async #fail(error: unknown): Promise<unknown> {
    const { request } = this.#options;
    if (this.#told) {
      this.#link?.close();
      this.#report("failed", { error: error as TftpError });
      return error;
    }
    const known = this.#known(error);
    const { wireCode, message, code } = known;
    if (this.#superseded) {
      this.#link?.close();
    } else if (this.#link !== undefined) {
      this.#link.abort(wireCode, message);
    } else {
      const packet = encodeError(wireCode, encodeText(message));
      await request.reply(packet).catch(() => {}); // lost, like any datagram
    }
    const reported = new TftpError(code, `${this.#action}: ${message}`, {
      cause: error,
    });
    this.#report("failed", { error: reported });
    return known.cause !== undefined && code === "undefined" ? error : reported;
  }

  #known(error: unknown): TftpError {
    if (this.#superseded) {
      return new TftpError("undefined", "the client has asked anew");
    }
    return this.#options.request.signal.aborted
      ? new TftpError("undefined", "Server is shutting down")
      : asTftpError(error);
  }

  #report(
    state: TftpTransfer["state"],
    outcome: Pick<TftpTransfer, "statistics" | "error">,
  ): void {
    const { packet, request, server } = this.#options;
    try {
      server.onTransfer?.({
        operation: packet.type === "rrq" ? "read" : "write",
        name: this.#name,
        addr: request.addr,
        state,
        ...outcome,
      });
    } catch (error) {
      this.#hookError = { error }; // no reason to spoil a transfer
    }
  }
}
