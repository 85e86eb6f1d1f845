import { equals } from "@std/bytes";
import { tooLarge } from "./_catalog.ts";
import { RETRIES } from "./_defaults.ts";
import type { Admitted } from "./_house.ts";
import { TftpError } from "./error.ts";
import { errorOf, type Failure } from "./_failure.ts";
import { Feed } from "./_feed.ts";
import { dismiss } from "./_guest.ts";
import { Link } from "./_link.ts";
import type { Terms } from "./_negotiation.ts";
import { decodePieces } from "./_netascii_pieces.ts";
import type { TransferStatistics } from "./options.ts";
import { Receiver } from "./_receiver.ts";
import { asTftpError } from "./_root.ts";
import { Sender } from "./_sender.ts";
import type { TftpServerOptions } from "./server_options.ts";
import type { Sink } from "./_sink.ts";
import { dally, receivePieces, sendPieces, summarize } from "./_transfer.ts";

/** A client that was heard so recently has not started anew, in milliseconds. */
const ALIVE_MS = 1_000;

/** What a {@linkcode Session} needs to know. */
export interface SessionOptions extends Admitted {
  /** The server's settings. */
  readonly server: TftpServerOptions;
  /** Takes over a link that is still to answer repetitions of the last block. */
  readonly linger: (link: Link, over: Promise<void>) => void;
}

/** What a transfer has done so far: a sender or a receiver knows. */
type Account = Pick<Sender | Receiver, "blocks" | "retransmissions">;

/**
 * One transfer of a server, from the client's first answer to the last
 * acknowledgement. It either ends well or tells the client why not.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #aborting: AbortController = new AbortController();
  readonly #link: Link;
  /** Whether the failure came from the machine, so that the client knows. */
  #told = false;
  #superseded = false;
  #bytes = 0;
  #account: Account = { blocks: 0, retransmissions: 0 };

  /** Takes over what the door has found and agreed on; nothing is sent yet. */
  constructor(options: SessionOptions) {
    const { socket, addr } = options;
    this.#options = options;
    this.#link = new Link(socket, addr, {
      knows: "peer",
      signal: this.#aborting.signal,
    });
  }

  /** What `onTransfer` threw, if it did. */
  get hookError(): { readonly error: unknown } | undefined {
    return this.#options.report.hookError;
  }

  /** The client. */
  get addr(): Deno.NetAddr {
    return this.#options.addr;
  }

  /**
   * Whether a request from the same client is this one again, which is being
   * answered: a copy may arrive late. The same request from a client that fell
   * silent is a new start, and so is any other.
   */
  answers(request: Uint8Array): boolean {
    if (!equals(request, this.#options.request)) return false;
    const heardAt = this.#link.heardAt;
    return heardAt === undefined || performance.now() - heardAt < ALIVE_MS;
  }

  /**
   * Serves the request, and reports how that went.
   *
   * @param signal Aborted when the server shuts down.
   * @throws {TftpError} If the transfer failed.
   * @throws What is nobody's fault but ours.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { agreed, report } = this.#options;
    const onAbort = () => this.#aborting.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    report.tell("started");
    try {
      if (agreed.content !== undefined) await this.#send();
      else await this.#take();
    } catch (error) {
      dismiss(agreed);
      throw this.#fail(error);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Ends the transfer without a word: its client has asked for something else
   * from the same port, and would take an error for the answer to that.
   */
  supersede(): void {
    this.#superseded = true;
    this.#link.close();
  }

  async #send(): Promise<void> {
    const { agreed, packet, server, report } = this.#options;
    const { terms, timer, firstBytes, reply } = agreed;
    const { retries = RETRIES } = server;
    const content = agreed.content!;
    const plain = firstBytes !== undefined;
    const sender = new Sender({
      ...terms,
      timer,
      retries,
      acknowledged: plain ? 1 : 0,
    });
    this.#account = sender;
    this.#bytes = firstBytes ?? 0;
    if (reply.type !== "ack") sender.handle(reply, performance.now());
    const whole = plain && firstBytes < terms.blockSize;
    if (whole) dismiss(agreed);
    else {
      const text = packet.mode === "netascii";
      const skip = this.#bytes;
      const feed = new Feed(content.pieces(terms.blockSize), { text, skip });
      try {
        await sendPieces(this.#link, sender, feed, (sent) => {
          this.#bytes = skip + sent;
          report.progress(this.#bytes, content.size);
        });
      } finally {
        feed.leave();
      }
      if (!text) this.#checkSize(sender, content.size);
    }
    if (sender.failure !== undefined) throw this.#tell(sender.failure);
    this.#link.close();
    report.tell("done", { statistics: this.#statistics() });
  }

  async #take(): Promise<void> {
    const sink = await this.#options.agreed.destination!.open();
    try {
      await this.#fill(sink);
    } catch (error) {
      await sink.discard();
      throw error;
    }
  }

  async #fill(sink: Sink): Promise<void> {
    const { agreed, packet, server, report } = this.#options;
    const { retries = RETRIES, maxFileBytes = Infinity } = server;
    const { terms, timer, ceilingMs, reply } = agreed;
    const receiver = this.#account = new Receiver({
      ...terms,
      timer,
      retries,
      dallyMs: 2 * ceilingMs, // longer than the longest wait of the client
    });
    const wire = receivePieces(this.#link, receiver, {
      blockSize: terms.blockSize,
      size: terms.size,
      first: reply,
      onBytes: (received) => {
        this.#bytes = received;
        report.progress(received, terms.size);
      },
    });
    const text = packet.mode === "netascii";
    for await (const piece of text ? decodePieces(wire) : wire) {
      if (this.#bytes > maxFileBytes) throw tooLarge();
      await sink.write(piece);
    }
    if (receiver.failure !== undefined) throw this.#tell(receiver.failure);
    if (!text) this.#checkAnnounced(terms);
    await sink.commit();
    receiver.commit();
    this.#link.flush(receiver);
    report.tell("done", { statistics: this.#statistics() });
    this.#options.linger(this.#link, dally(this.#link, receiver));
  }

  #checkSize(sender: Sender, size: number | undefined): void {
    if (!sender.done || size === undefined || size === this.#bytes) return;
    throw new TftpError(
      "size-mismatch",
      `the content has ${this.#bytes} octets, told were ${size}`,
    );
  }

  #checkAnnounced(terms: Terms): void {
    const announced = terms.size || undefined; // 0: unknown
    if (announced === undefined || announced === this.#bytes) return;
    throw this.#tell({
      code: "size-mismatch",
      reason: `client announced ${announced} octets and sent ${this.#bytes}`,
      tellPeer: true,
    });
  }

  #statistics(): TransferStatistics {
    const { agreed, askedAt } = this.#options;
    return summarize(this.#account, agreed.timer, agreed.terms, {
      bytes: this.#bytes,
      startedAt: askedAt,
      repeatedRequests: agreed.repetitions,
    });
  }

  /** The error for a failure of the machine; the client is told if it should. */
  #tell(failure: Failure): TftpError {
    const { server, report } = this.#options;
    const error = errorOf(failure, report.action, "client", server.encoding);
    if (failure.tellPeer) this.#link.abort(error.wireCode, failure.reason);
    this.#told = true;
    return error;
  }

  /** Tells the client, reports, and answers what is to be thrown. */
  #fail(error: unknown): unknown {
    const { report } = this.#options;
    const statistics = this.#statistics();
    if (this.#told) {
      this.#link.close();
      report.tell("failed", { error: error as TftpError, statistics });
      return error;
    }
    const known = this.#known(error);
    const { wireCode, message, code } = known;
    if (this.#superseded) this.#link.close();
    else this.#link.abort(wireCode, message);
    const reported = new TftpError(code, `${report.action}: ${message}`, {
      cause: error,
    });
    report.tell("failed", { error: reported, statistics });
    return known.cause !== undefined && code === "undefined" ? error : reported;
  }

  #known(error: unknown): TftpError {
    if (this.#aborting.signal.aborted) {
      return new TftpError("undefined", "Server is shutting down");
    }
    return this.#superseded
      ? new TftpError("undefined", "the client has asked anew")
      : asTftpError(error);
  }
}
