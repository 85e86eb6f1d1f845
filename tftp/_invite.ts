import type { Catalog, Destination } from "./_catalog.ts";
import type { Content } from "./_content.ts";
import { decodeText } from "./charset.ts";
import { SERVER_WINDOW_BLOCKS, WINDOW_BYTES } from "./_defaults.ts";
import { TftpError } from "./error.ts";
import { Guest } from "./_guest.ts";
import { BLOCK_SIZE_RANGE, decide, PLAIN_TERMS } from "./_negotiation.ts";
import { NetasciiEncoder } from "./netascii.ts";
import {
  encodeAck,
  encodeData,
  encodeOack,
  parseDecimal,
  type RequestPacket,
} from "./packet.ts";
import type { TftpServerOptions } from "./server_options.ts";

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

async function inviteReader(
  packet: RequestPacket,
  peer: Deno.NetAddr,
  server: TftpServerOptions,
  content: Content,
): Promise<Guest> {
  const text = packet.mode === "netascii";
  const size = text ? undefined : content.size;
  const granted = decideFor(packet, peer, server, size);
  if (granted.length > 0) {
    return new Guest(encodeOack(granted), { content }, server);
  }
  try {
    let data = await content.first(PLAIN_TERMS.blockSize);
    if (text) data = new NetasciiEncoder().encode(data);
    const first = encodeData(1, data.subarray(0, PLAIN_TERMS.blockSize));
    return new Guest(first, { content }, server);
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
  const granted = decideFor(packet, peer, server, undefined);
  const first = granted.length > 0 ? encodeOack(granted) : encodeAck(0);
  return new Guest(first, { destination }, server);
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
): [string, string][] {
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
    omitOptions: quirks.omitOptions,
    tellEmpty: quirks.tellEmpty,
  });
}
