import type { Agreement, Machine } from "../../tftp/_machine.ts";
import {
  decide,
  offer,
  PLAIN_TERMS,
  readAnswer,
  type Terms,
  termsOf,
} from "../../tftp/_negotiation.ts";
import { Opening } from "../../tftp/_opening.ts";
import {
  decodePacket,
  encodeAck,
  encodeData,
  encodeError,
  encodeOack,
  encodeRequest,
  type Packet,
  type RequestOption,
  type RequestPacket,
} from "../../tftp/packet.ts";
import { Receiver } from "../../tftp/_receiver.ts";
import { RetransmissionTimer } from "../../tftp/_retransmission_timer.ts";
import { Sender } from "../../tftp/_sender.ts";

/** What the network does to packets, as probabilities and milliseconds. */
export interface Weather {
  readonly drop: number;
  readonly duplicate: number;
  /** How likely a packet takes up to five times as long as the others. */
  readonly reorder: number;
  readonly delayMs: number;
  /** Most that chance adds to the delay of each packet. */
  readonly jitterMs: number;
  /** Kinds of packets that are duplicated; all of them by default. */
  readonly duplicated?: Packet["type"];
  /** Drops the packet that is the nth of its kind, counted from 1. */
  readonly loses?: (type: Packet["type"], nth: number) => boolean;
}

/** Nothing ever goes wrong. */
export const SUNSHINE: Weather = {
  drop: 0,
  duplicate: 0,
  reorder: 0,
  delayMs: 5,
  jitterMs: 0,
};

/** One transfer to be played. */
export interface Scenario extends Agreement {
  readonly type: "rrq" | "wrq";
  /** Whether options are offered; without them it is 512 octets, window 1. */
  readonly options: boolean;
  /** Octets in the file. */
  readonly size: number;
  readonly weather: Weather;
  readonly seed: number;
}

/** What became of it. */
export interface Outcome {
  readonly content: Uint8Array;
  /** What arrived and was committed, if it was. */
  readonly received: Uint8Array | undefined;
  /** Whether the sender knows that everything arrived. */
  readonly confirmed: boolean;
  readonly client: Machine;
  readonly server: Machine | undefined;
  /** Packets that were sent, by kind. */
  readonly sent: Record<Packet["type"], number>;
  /** Virtual milliseconds. */
  readonly elapsedMs: number;
}

export const RETRIES = 8;
export const CEILING_MS = 4_000;
/** Two of the longest waits: one repetition more may get lost. */
const DALLY_MS = 2 * CEILING_MS;

/** Mulberry32: numbers from 0 up to, but not including, 1. */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Octets that differ from block to block, so that a swapped block shows. */
export function noise(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed | 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** What both ends have in common: one machine after the other, and the file. */
abstract class End {
  machine: Machine | undefined;
  readonly received: Uint8Array;
  receivedBytes = 0;
  committed = false;
  /** Whether all was sent and acknowledged before there was a sender. */
  finished = false;
  #loadedBytes = 0;
  #told = false;

  constructor(readonly scenario: Scenario, readonly content: Uint8Array) {
    this.received = new Uint8Array(scenario.size);
  }

  abstract handle(packet: Packet, now: number): void;

  get over(): boolean {
    const { machine } = this;
    return this.finished || machine?.failure !== undefined ||
      (machine instanceof Sender && machine.done) ||
      (machine instanceof Receiver && machine.done);
  }

  /** What the driver of a machine does: data in, packets out. */
  *flush(now: number): Generator<Uint8Array> {
    const { machine } = this;
    if (machine === undefined || this.finished) return;
    if (machine instanceof Sender) this.#feed(machine);
    if (machine instanceof Receiver && machine.complete) {
      machine.commit();
      this.committed = true;
    }
    for (let p = machine.next(now); p !== undefined; p = machine.next(now)) {
      yield p;
    }
    if (machine.failure?.tellPeer && !this.#told) {
      this.#told = true;
      yield encodeError(0, new Uint8Array());
    }
  }

  /** So much of the content was sent before. */
  protected skip(bytes: number): void {
    this.#loadedBytes = Math.min(bytes, this.content.length);
  }

  protected store(packet: Packet, now: number): void {
    const data = (this.machine as Receiver).handle(packet, now);
    if (data === undefined) return;
    this.received.set(data, this.receivedBytes); // throws if it is too much
    this.receivedBytes += data.length;
  }

  #feed(sender: Sender): void {
    const pieceBytes = 3 * this.scenario.blockSize - 1; // across blocks
    while (sender.wantsData) {
      const from = this.#loadedBytes;
      if (from === this.content.length) sender.finish();
      else {
        const piece = this.content.subarray(from, from + pieceBytes);
        this.#loadedBytes += sender.load(piece);
      }
    }
  }
}

class Client extends End {
  readonly #timer: RetransmissionTimer;
  readonly #offered: [string, string][];
  override machine: Machine;

  constructor(scenario: Scenario, content: Uint8Array, chance: () => number) {
    super(scenario, content);
    const { type, options, size, blockSize, windowBlocks } = scenario;
    this.#offered = options
      ? offer({
        blockSize,
        windowBlocks,
        retransmitMs: undefined,
        size: type === "rrq" ? 0 : size,
      })
      : [];
    const request = encodeRequest({
      type,
      name: new Uint8Array([102]),
      mode: "octet",
      options: this.#offered,
    });
    this.#timer = new RetransmissionTimer(CEILING_MS, chance);
    this.machine = new Opening({
      packet: request,
      timer: this.#timer,
      retries: RETRIES,
    });
  }

  handle(packet: Packet, now: number): void {
    if (this.machine instanceof Receiver) return this.store(packet, now);
    this.machine.handle(packet, now);
    if (!(this.machine instanceof Opening)) return;
    const { reply } = this.machine;
    if (reply === undefined) return;
    const terms = reply.type === "oack"
      ? readAnswer(this.#offered, reply.options)
      : PLAIN_TERMS;
    if (typeof terms === "string") throw new Error(terms);
    const timer = this.#timer;
    if (this.scenario.type === "wrq") {
      this.machine = new Sender({ ...terms, timer, retries: RETRIES });
      return;
    }
    const opening = reply.type === "oack" ? encodeAck(0) : undefined;
    this.machine = new Receiver({
      ...terms,
      timer,
      retries: RETRIES,
      opening,
      dallyMs: DALLY_MS,
    });
    if (reply.type === "data") this.store(reply, now);
  }
}

class Server extends End {
  readonly #timer: RetransmissionTimer;
  #terms: Terms = PLAIN_TERMS;
  #plain = false;

  constructor(scenario: Scenario, content: Uint8Array, chance: () => number) {
    super(scenario, content);
    this.#timer = new RetransmissionTimer(CEILING_MS, chance);
  }

  handle(packet: Packet, now: number): void {
    if (packet.type === "rrq" || packet.type === "wrq") {
      if (this.machine === undefined) this.#open(packet);
      return; // the same again, to another port
    }
    if (this.machine instanceof Receiver) return this.store(packet, now);
    const opens = this.machine instanceof Opening;
    const answer = this.#plain ? 1 : 0;
    if (opens && packet.type === "ack" && packet.block !== answer) return;
    this.machine?.handle(packet, now);
    if (!(this.machine instanceof Opening)) return;
    const { reply } = this.machine;
    if (reply !== undefined) this.#begin(reply, now);
  }

  #open(request: RequestPacket): void {
    const granted = decide(request.type, request.options, {
      maxBlockSize: 65_464,
      maxWindowBlocks: 65_535,
      maxWindowBytes: Infinity,
      size: this.scenario.size,
    });
    this.#terms = termsOf(optionsOf(granted));
    const reads = request.type === "rrq";
    this.#plain = reads && granted.length === 0;
    const first = granted.length > 0
      ? encodeOack(granted)
      : reads
      ? encodeData(1, this.content.subarray(0, this.#terms.blockSize))
      : encodeAck(0);
    const timer = this.#timer;
    this.machine = new Opening({ packet: first, timer, retries: RETRIES });
  }

  #begin(reply: Packet, now: number): void {
    const options = {
      ...this.#terms,
      timer: this.#timer,
      retries: RETRIES,
    };
    if (this.scenario.type === "wrq") {
      this.machine = new Receiver({ ...options, dallyMs: DALLY_MS });
      return this.store(reply, now);
    }
    const acknowledged = this.#plain ? 1 : 0;
    const sender = new Sender({ ...options, acknowledged });
    this.machine = sender;
    if (!this.#plain) return;
    this.skip(this.#terms.blockSize);
    if (this.content.length < this.#terms.blockSize) this.finished = true;
  }
}

interface Flying {
  readonly at: number;
  readonly to: End;
  readonly bytes: Uint8Array;
}

/**
 * Plays a transfer in virtual time, from the request to the last dallying.
 *
 * @throws If it would never end, takes too long or costs too many packets.
 */
export function simulate(scenario: Scenario): Outcome {
  const { weather, seed, size, blockSize } = scenario;
  const chance = random(seed);
  const content = noise(size, seed);
  const client = new Client(scenario, content, chance);
  const server = new Server(scenario, content, chance);
  const blocks = Math.floor(size / blockSize) + 1;
  const longest = (blocks + 2) * (RETRIES + 1) * 2 * CEILING_MS + DALLY_MS;
  const sent = { rrq: 0, wrq: 0, data: 0, ack: 0, error: 0, oack: 0 };
  const flying: Flying[] = []; // the next to arrive is the last
  let now = 0;

  const launch = (to: End, bytes: Uint8Array) => {
    const { delayMs, jitterMs, reorder } = weather;
    if (chance() < weather.drop) return;
    const late = chance() < reorder ? 4 * delayMs * chance() : 0;
    const at = now + delayMs + jitterMs * chance() + late;
    let i = flying.length;
    while (i > 0 && flying[i - 1]!.at <= at) i--;
    flying.splice(i, 0, { at, to, bytes: bytes.slice() });
  };
  const flush = (from: End, to: End) => {
    for (const bytes of from.flush(now)) {
      const { type } = decodePacket(bytes);
      sent[type]++;
      if (weather.loses?.(type, sent[type])) continue;
      launch(to, bytes);
      const doubled = (weather.duplicated ?? type) === type;
      if (doubled && chance() < weather.duplicate) launch(to, bytes);
    }
  };
  const isOver = (): boolean =>
    client.over && (server.over || server.machine === undefined);

  for (flush(client, server); !isOver();) {
    const deadlineMs = Math.min(
      ...[client, server].map((end) =>
        end.over ? Infinity : end.machine?.deadline ?? Infinity
      ),
    );
    const arriving = flying.at(-1);
    if (arriving !== undefined && arriving.at <= deadlineMs) {
      flying.pop();
      now = arriving.at;
      if (!arriving.to.over) {
        arriving.to.handle(decodePacket(arriving.bytes), now);
      }
      arriving.bytes.fill(0xaa); // nobody may have kept a view
    } else if (deadlineMs < Infinity) {
      now = Math.max(deadlineMs, now);
      for (const end of [client, server]) end.machine?.expire(now);
    } else {
      throw new Error("Hung: nobody waits for anything");
    }
    flush(client, server);
    flush(server, client);
    if (now > longest) throw new Error(`Hung: still busy after ${now} ms`);
  }
  const [from, to] = scenario.type === "rrq"
    ? [server, client]
    : [client, server];
  return {
    content,
    received: to.committed
      ? to.received.subarray(0, to.receivedBytes)
      : undefined,
    confirmed: from.finished ||
      (from.machine instanceof Sender && from.machine.done),
    client: client.machine,
    server: server.machine,
    sent,
    elapsedMs: now,
  };
}

/** Options as a packet has them. */
export function optionsOf(
  pairs: [string, string][],
): Map<string, RequestOption> {
  return new Map(
    pairs.map(([name, value]) => [name.toLowerCase(), { name, value }]),
  );
}
