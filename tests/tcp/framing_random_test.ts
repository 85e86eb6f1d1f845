import { assert, assertEquals } from "@std/assert";
import { equals } from "@std/bytes";
import { delimited } from "../../tcp/delimited.ts";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { FrameWriter } from "../../tcp/frame_writer.ts";
import type { FrameCodec } from "../../tcp/framing.ts";
import { handshake } from "../../tcp/handshake.ts";
import { jsonHeader } from "../../tcp/json_header.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { type Next, random, STRESS, withSeed } from "../sync/_random.ts";
import { memoryStream } from "./_memory_stream.ts";

const MANY_FRAMES = STRESS ? 10_000 : 2_000;
const FRAMES = STRESS ? MANY_FRAMES : 200;
const MOST_BYTES = 1_048_576;

/** Random octets, of which frames are cut. */
const NOISE = crypto.getRandomValues(new Uint8Array(65_536));

/** Lengths from 0 to 1 MiB, small ones as often as large ones. */
function lengthOf(next: Next): number {
  return next(2 ** next(21) + 1) % (MOST_BYTES + 1);
}

function frameOf(next: Next, length = lengthOf(next)): Uint8Array {
  const frame = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const piece = NOISE.subarray(next(1000)).subarray(0, length - at);
    frame.set(piece, at);
    at += piece.length;
  }
  return frame;
}

/** A stream that splits and joins as it likes. */
function roughStream(next: Next) {
  return memoryStream({
    capacity: 65_536,
    pieceOf: (most) => next(4) === 0 ? 1 + next(most) : most,
  });
}

/** Writes frames, in turn or several at once, and requires all of them. */
async function check(
  codec: FrameCodec<Uint8Array<ArrayBuffer>, Uint8Array>,
  next: Next,
  { frames = FRAMES, clean = (frame: Uint8Array) => frame } = {},
): Promise<void> {
  const [near, far] = roughStream(next);
  const writer = new FrameWriter(near, codec);
  const sent: Uint8Array[] = [];
  const write = async () => {
    for (let i = 0; i < frames;) {
      const batch = Array.from({ length: 1 + next(3) }, () => {
        const frame = clean(frameOf(next));
        sent.push(frame);
        i++;
        return writer.write(frame);
      });
      await Promise.all(batch);
    }
    near.closeWrite();
  };
  const written = write();
  let count = 0;
  for await (const frame of new FrameReader(far, codec)) {
    const expected = sent.shift()!;
    assert(equals(frame, expected), `frame ${count} of ${expected.length}`);
    count++;
  }
  await written;
  assertEquals(sent.length, 0);
  assert(count >= frames);
}

for (const bytes of [4, 8] as const) {
  for (const endian of ["big", "little"] as const) {
    Deno.test(`lengthPrefixed() of ${bytes} octets, ${endian}, survives any splits and joins`, async () => {
      await withSeed(1, (seed) => {
        const codec = lengthPrefixed({ bytes, endian });
        const frames = bytes === 4 && endian === "big" ? MANY_FRAMES : FRAMES;
        return check(codec, random(seed), { frames });
      });
    });
  }
}

Deno.test("delimited() survives any splits and joins", async () => {
  await withSeed(1, (seed) => {
    const next = random(seed);
    const codec = delimited({ delimiter: new Uint8Array([7, 7, 8]) });
    const clean = (frame: Uint8Array) => frame.map((n) => n === 7 ? 9 : n);
    return check(codec, next, { clean });
  });
});

Deno.test("jsonHeader() survives any splits and joins", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const [near, far] = roughStream(next);
    const writer = new FrameWriter(near, jsonHeader());
    const sent: Uint8Array[] = [];
    const write = async () => {
      for (let id = 0; id < FRAMES; id++) {
        const body = frameOf(next);
        sent.push(body);
        await writer.write({ header: { id }, body });
      }
      near.closeWrite();
    };
    const written = write();
    let id = 0;
    for await (const { header, body } of new FrameReader(far, jsonHeader())) {
      const expected = sent.shift()!;
      assertEquals({ ...header }, { id, bodyBytes: expected.length });
      id++;
      if (next(5) === 0) continue; // not even looked at
      if (next(5) === 0) await body.cancel();
      else assert(equals(await new Response(body).bytes(), expected));
    }
    await written;
    assertEquals(id, FRAMES);
  });
});

Deno.test("handshake() survives any splits and joins", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const streams = roughStream(next);
    const most = 500_000;
    const sides = streams.map((s) => handshake(s, { maxFrameBytes: most }));
    const frames = Array.from({ length: FRAMES / 4 }, () => frameOf(next))
      .filter(({ length }) => length <= most);
    await Promise.all(sides.map(async (side) => {
      const sent = Promise.all(frames.map((frame) => side.send(frame)));
      for (const frame of frames) {
        assert(equals((await side.receive())!, frame));
      }
      await sent;
    }));
  });
});

Deno.test("FrameReader survives callers that give up at any time", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const [near, far] = roughStream(next);
    const codec = lengthPrefixed({ bytes: 2 });
    const writer = new FrameWriter(near, codec);
    const reader = new FrameReader(far, codec);
    const frames = Array.from(
      { length: FRAMES / 4 },
      () => frameOf(next, next(2 ** next(16))),
    );
    const write = async () => {
      for (const frame of frames) {
        if (next(4) === 0) await new Promise((r) => setTimeout(r, next(3)));
        await writer.write(frame);
      }
    };
    const written = write();
    for (const frame of frames) {
      for (;;) {
        try {
          const read = await reader.read({ timeoutMs: next(3) });
          assert(equals(read!, frame));
          break;
        } catch (error) {
          assertEquals((error as Error).name, "TimeoutError");
        }
      }
    }
    await written;
  });
});
