/*
 * What it costs to find frames in a stream, and to make one of them: 4 octets of
 * length, then the payload. The baselines do the same by hand and no more: no
 * limits, no truncated frames, no timeouts. The numbers decide whether readers and
 * writers are good enough for protocols with many small messages. A send or
 * a receive of a socket takes several microseconds, which is not in them.
 */
import { concat } from "@std/bytes";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { FrameWriter } from "../../tcp/frame_writer.ts";
import type { ByteSink, ByteSource } from "../../tcp/framing.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";

const STREAM_BYTES = 4_194_304;
const RECEIVE_BYTES = 65_536;

const codec = lengthPrefixed();

/** Answers a stream of frames, 64 KiB at a time, as a socket does. */
function source(wire: Uint8Array): ByteSource {
  let at = 0;
  return {
    receive: () => {
      if (at === wire.length) return Promise.resolve(null);
      const octets = wire.subarray(at, at + RECEIVE_BYTES);
      at += octets.length;
      return Promise.resolve(octets);
    },
  };
}

async function readByHand(source: ByteSource): Promise<number> {
  let rest: Uint8Array = new Uint8Array();
  let frames = 0;
  for (;;) {
    const octets = await source.receive();
    if (octets === null) return frames;
    const all = rest.length === 0 ? octets : concat([rest, octets]);
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    let at = 0;
    while (all.length - at >= 4) {
      const end = at + 4 + view.getUint32(at);
      if (end > all.length) break;
      if (all.slice(at + 4, end).length >= 0) frames++;
      at = end;
    }
    rest = all.slice(at);
  }
}

async function iterate(source: ByteSource): Promise<number> {
  let frames = 0;
  for await (const _frame of new FrameReader(source, codec)) frames++;
  return frames;
}

async function read(source: ByteSource): Promise<number> {
  const reader = new FrameReader(source, codec);
  let frames = 0;
  while (await reader.read() !== null) frames++;
  return frames;
}

async function tryRead(source: ByteSource): Promise<number> {
  const reader = new FrameReader(source, codec);
  let frames = 0;
  for (;;) {
    const frame = reader.tryRead() ?? await reader.read();
    if (frame === null) return frames;
    frames++;
  }
}

for (const [size, bytes] of [["64 B", 64], ["64 KiB", 65_536]] as const) {
  const payload = new Uint8Array(bytes).fill(7);
  const count = Math.floor(STREAM_BYTES / (4 + bytes));
  const frame = concat([...codec.encode(payload) as Uint8Array[]]);
  const wire = concat(Array.from({ length: count }, () => frame));

  const reading = `read ${count} frames of ${size}`;
  Deno.bench("by hand", { group: reading, baseline: true }, async () => {
    if (await readByHand(source(wire)) !== count) throw new Error("lost");
  });
  const readers = {
    "tryRead()": tryRead,
    "read()": read,
    "for await": iterate,
  };
  for (const [name, reader] of Object.entries(readers)) {
    Deno.bench(`FrameReader, ${name}`, { group: reading }, async () => {
      if (await reader(source(wire)) !== count) throw new Error("lost");
    });
  }

  const writing = `write ${count} frames of ${size}`;
  const sink: ByteSink = { sendAll: () => Promise.resolve() };
  Deno.bench("by hand", { group: writing, baseline: true }, async () => {
    for (let i = 0; i < count; i++) {
      const octets = new Uint8Array(4 + payload.length);
      new DataView(octets.buffer).setUint32(0, payload.length);
      octets.set(payload, 4);
      await sink.sendAll(octets);
    }
  });
  Deno.bench("FrameWriter", { group: writing }, async () => {
    const writer = new FrameWriter(sink, codec);
    for (let i = 0; i < count; i++) await writer.write(payload);
  });
}
