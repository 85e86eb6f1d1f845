import type { Catalog, Destination } from "./_catalog.ts";
import type { Content } from "./_content.ts";
import { decodeText } from "./charset.ts";
import {
  RETRANSMIT_MS,
  RETRIES,
  SERVER_WINDOW_BLOCKS,
  UNHEARD_RETRIES,
  WINDOW_BYTES,
} from "./_defaults.ts";
import { TftpError } from "./error.ts";
import { BLOCK_SIZE_RANGE, decide, type Terms } from "./_negotiation.ts";
import { NetasciiEncoder } from "./netascii.ts";
import { Opening } from "./_opening.ts";
import {
  encodeAck,
  encodeData,
  encodeOack,
  type Packet,
  parseDecimal,
  type RequestPacket,
} from "./packet.ts";
import { RetransmissionTimer } from "./_retransmission_timer.ts";
import type { TftpServerOptions } from "./server_options.ts";

/** What a client asked for, found and agreed on; it has not answered yet. */
export interface Guest {
  readonly terms: Terms;
  /** Repeats our first packet; its reply is the client's. */
  readonly opening: Opening;
  readonly timer: RetransmissionTimer;
  /** Longest wait before a packet is sent again, in milliseconds. */
  readonly ceilingMs: number;
  /** What is read. */
  readonly content?: Content;
  /** Octets in the first packet, where that is DATA 1. */
  readonly firstBytes?: number | undefined;
  /** Where it is written. */
  readonly destination?: Destination;
}

/**
 * Finds what a client asks for, decides on its options, and prepares the first
 * packet: OACK, ACK 0 or DATA 1. No file stays open.
 *
 * @throws {TftpError} Or something else that is worth an error packet.
 */
export async function invite(
  packet: RequestPacket,
  peer: Deno.NetAddr,
  server: TftpServerOptions,
  catalog: Catalog,
): Promise<Guest> {
  const { type, mode } = packet;
  if (mode !== "octet" && mode !== "netascii") {
    throw new TftpError("illegal-operation", "Unknown mode");
  }
  const name = nameOf(packet, server);
  return type === "rrq"
    ? await inviteReader(packet, peer, server, await catalog.read(name, peer))
    : await inviteWriter(
      packet,
      peer,
      server,
      (size) => catalog.write(name, peer, size),
    );
}

/** The error packet's worth of a guest that is not wanted any more. */
export function dismiss(guest: Guest): void {
  guest.content?.leave();
  guest.destination?.leave();
}

async function inviteReader(
  packet: RequestPacket,
  peer: Deno.NetAddr,
  server: TftpServerOptions,
  content: Content,
): Promise<Guest> {
  const text = packet.mode === "netascii";
  const { terms, granted } = decideFor(
    packet,
    peer,
    server,
    text ? undefined : content.size,
  );
  if (granted.length > 0) {
    const first = encodeOack(granted);
    return { ...open(first, terms, server, answersOack), content };
  }
  try {
    let data = await content.first(terms.blockSize);
    if (text) data = new NetasciiEncoder().encode(data);
    data = data.subarray(0, terms.blockSize);
    const first = encodeData(1, data);
    const firstBytes = data.length;
    return { ...open(first, terms, server, answersData), content, firstBytes };
  } catch (error) {
    content.leave();
    throw error;
  }
}

async function inviteWriter(
  packet: RequestPacket,
  peer: Deno.NetAddr,
  server: TftpServerOptions,
  find: (size: number | undefined) => Promise<Destination>,
): Promise<Guest> {
  const announced = packet.options.get("tsize")?.value ?? "";
  const destination = await find(parseDecimal(announced));
  const { terms, granted } = decideFor(packet, peer, server, undefined);
  const first = granted.length > 0 ? encodeOack(granted) : encodeAck(0);
  return { ...open(first, terms, server, answersWrite), destination };
}

/** Name of the file; only what is well-formed is looked for. */
function nameOf(packet: RequestPacket, server: TftpServerOptions): string {
  try {
    return decodeText(packet.name, server.encoding);
  } catch (cause) {
    throw new TftpError("access-violation", "Malformed file name", { cause });
  }
}

function decideFor(
  packet: RequestPacket,
  peer: Deno.NetAddr,
  server: TftpServerOptions,
  size: number | undefined,
): { terms: Terms; granted: [string, string][] } {
  const quirks = server.quirks?.(peer) ?? {};
  const { max } = BLOCK_SIZE_RANGE;
  const { maxBlockSize = max, maxWindowBlocks = SERVER_WINDOW_BLOCKS } = server;
  return decide(packet.type, packet.options, {
    maxBlockSize: Math.min(maxBlockSize, quirks.maxBlockSize ?? Infinity),
    maxWindowBlocks: Math.min(
      maxWindowBlocks,
      quirks.maxWindowBlocks ?? Infinity,
    ),
    maxWindowBytes: server.maxWindowBytes ?? WINDOW_BYTES,
    size,
    rollover: server.rollover,
    omitOptions: quirks.omitOptions,
    tellEmpty: quirks.tellEmpty,
  });
}

function open(
  packet: Uint8Array<ArrayBuffer>,
  terms: Terms,
  server: TftpServerOptions,
  isReply: (packet: Packet) => boolean,
): Pick<Guest, "terms" | "opening" | "timer" | "ceilingMs"> {
  const { retransmitMs = RETRANSMIT_MS, retries = RETRIES } = server;
  const ceilingMs = terms.retransmitMs ?? retransmitMs;
  const timer = new RetransmissionTimer(ceilingMs);
  const few = Math.min(retries, UNHEARD_RETRIES);
  const opening = new Opening({ packet, timer, retries: few, isReply });
  return { terms, opening, timer, ceilingMs };
}

// What is neither a reply nor to be ignored ends the transfer: its machine tells.

function answersOack(packet: Packet): boolean {
  return packet.type === "ack" ? packet.block === 0 : packet.type !== "oack";
}

function answersData(packet: Packet): boolean {
  return packet.type === "ack" ? packet.block === 1 : packet.type !== "oack";
}

function answersWrite(packet: Packet): boolean {
  return packet.type !== "oack";
}
