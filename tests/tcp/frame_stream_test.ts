import { assert, assertEquals, assertRejects } from "@std/assert";
import { equals } from "@std/bytes";
import { delimited } from "../../tcp/delimited.ts";
import { FrameError } from "../../tcp/frame_error.ts";
import { FrameReader } from "../../tcp/frame_reader.ts";
import {
  frameDecoderStream,
  frameEncoderStream,
} from "../../tcp/frame_stream.ts";
import { FrameWriter } from "../../tcp/frame_writer.ts";
import { type JsonFrameInit, jsonHeader } from "../../tcp/json_header.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { type Next, random, STRESS, withSeed } from "../sync/_random.ts";
import { until } from "../sync/_until.ts";
import { ascii, bytes, filled, joined, pieces, shown } from "./_framing.ts";
import { relayedPair } from "./_relay.ts";

/** A stream of what these texts are in octets. */
function texts(...pieces: string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces.map(ascii));
}

Deno.test("frameDecoderStream() finds frames in any pieces", async () => {
  const lines = texts("one\ntwo\nth", "", "re", "e\n")
    .pipeThrough(frameDecoderStream(delimited()));
  assertEquals((await Array.fromAsync(lines)).map(shown), [
    "one",
    "two",
    "three",
  ]);
});

Deno.test("frameEncoderStream() makes octets that frameDecoderStream() reads", async () => {
  const codec = lengthPrefixed();
  const frames = [0, 1, 255, 65_532, 65_533, 200_000].map((n) => filled(n));
  const read = ReadableStream.from(frames)
    .pipeThrough(frameEncoderStream(codec))
    .pipeThrough(frameDecoderStream(codec));
  assertEquals(await Array.fromAsync(read), frames);
});

Deno.test("frameDecoderStream() decodes what is wanted, and no more", async () => {
  const codec = lengthPrefixed({ bytes: 1 });
  let decoded = 0;
  const { readable, writable } = frameDecoderStream({
    decoder: () => {
      const decoder = codec.decoder();
      const next = () => {
        const frame = decoder.next();
        if (frame !== undefined) decoded++;
        return frame;
      };
      return {
        next,
        push: (octets) => decoder.push(octets),
        end: () => decoder.end(),
        pending: 0,
        held: 0,
        finished: 0,
      };
    },
  });
  const writer = writable.getWriter();
  const written = writer.write(new Uint8Array(60_000)); // of empty frames
  const frames = readable.getReader();
  for (let i = 0; i < 3; i++) {
    assertEquals((await frames.read()).value, bytes());
  }
  assertEquals(decoded, 3);
  await written;
  const next = writer.write(bytes(0));
  await frames.cancel("enough");
  assertEquals(await next.catch((reason) => reason), "enough");
});

Deno.test("frameDecoderStream() fails at the end inside of a frame", async () => {
  const lines = texts("one\ntwo").pipeThrough(frameDecoderStream(delimited()));
  const reader = lines.getReader();
  assertEquals(shown((await reader.read()).value), "one");
  await assertRejects(() => reader.read(), UnexpectedEofError);
});

Deno.test("frameDecoderStream() stops its input when it fails", async () => {
  let cancelled: unknown;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes(1, 7, 9, 1)),
    cancel: (reason) => void (cancelled = reason),
  });
  const codec = lengthPrefixed({ bytes: 1, maxFrameBytes: 5 });
  const frames = endless.pipeThrough(frameDecoderStream(codec));
  const error = await assertRejects(() => Array.fromAsync(frames), FrameError);
  assertEquals(error.code, "frame-too-large");
  await until(() => cancelled === error);
});

Deno.test("frameDecoderStream() passes on an error of its input", async () => {
  const { readable, writable } = frameDecoderStream(delimited());
  const read = readable.getReader().read().catch((reason) => reason);
  await writable.abort("gone");
  assertEquals(await read, "gone");
});

Deno.test("frameDecoderStream() ends a wait when it is cancelled", async () => {
  const { readable, writable } = frameDecoderStream(delimited());
  const writer = writable.getWriter();
  const reader = readable.getReader();
  const read = reader.read();
  await writer.write(ascii("on"));
  await reader.cancel("enough");
  assertEquals((await read).done, true);
  assertEquals(await writer.closed.catch((reason) => reason), "enough");
});

Deno.test("frameDecoderStream() ends a peer that is silent", async () => {
  const { readable, writable } = frameDecoderStream(delimited(), {
    idleTimeoutMs: 5,
  });
  const writer = writable.getWriter();
  const read = readable.getReader().read();
  await writer.write(ascii("on"));
  const error = await assertRejects(
    () => read,
    DOMException,
    "nothing came within 5 ms",
  );
  assertEquals(await writer.closed.catch((reason) => reason), error);
});

Deno.test("frameEncoderStream() fails, and stops its input, if a frame does not fit", async () => {
  const { readable, writable } = frameEncoderStream(
    lengthPrefixed({ bytes: 1 }),
  );
  const writer = writable.getWriter();
  const written = writer.write(filled(256)).catch((reason) => reason);
  const reader = readable.getReader();
  const error = await assertRejects(() => reader.read(), RangeError);
  await written;
  assertEquals(await writer.closed.catch((reason) => reason), error);
});

Deno.test("frame streams carry bodies that stream", async () => {
  const codec = jsonHeader();
  const large = filled(300_000);
  const body = ReadableStream.from(pieces(large, 7000));
  const sent: JsonFrameInit[] = [
    { header: { name: "a", bodyBytes: 300_000 }, body },
    { header: { name: "b" } },
    { header: { name: "c" }, body: ascii("hello") },
  ];
  const frames = ReadableStream.from(sent)
    .pipeThrough(frameEncoderStream(codec))
    .pipeThrough(frameDecoderStream(codec));
  const got: [unknown, Uint8Array][] = [];
  for await (const { header, body } of frames) {
    got.push([header.name, await new Response(body).bytes()]);
  }
  assertEquals(got, [["a", large], ["b", bytes()], ["c", ascii("hello")]]);
});

Deno.test("frameDecoderStream() loses nothing when a body is cancelled", async () => {
  const codec = jsonHeader();
  const wire = joined(codec.encode({ body: filled(10) }));
  const next = joined(codec.encode({ body: ascii("hello") }));
  const { readable, writable } = frameDecoderStream(codec);
  const writer = writable.getWriter();
  const frames = readable.getReader();
  const read = frames.read();
  await writer.write(wire.subarray(0, -10));
  const { body } = (await read).value!;
  const chunks = body.getReader();
  const waiting = chunks.read();
  await new Promise((resolve) => setTimeout(resolve, 1)); // it waits
  await chunks.cancel();
  await waiting;
  const written = [wire.subarray(-10), next].map((part) => writer.write(part));
  const frame = (await frames.read()).value!;
  assertEquals(await new Response(frame.body).bytes(), ascii("hello"));
  await Promise.all(written);
});

Deno.test("frameEncoderStream() cancels a body when it is cancelled", async () => {
  let cancelled: unknown;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(filled(10)),
    cancel: (reason) => void (cancelled = reason),
  });
  const frames = [{ header: { bodyBytes: 1000 }, body }];
  const reader = ReadableStream.from(frames)
    .pipeThrough(frameEncoderStream(jsonHeader())).getReader();
  await reader.read();
  assert((await reader.read()).value!.length === 10);
  await reader.cancel("enough");
  assertEquals(cancelled, "enough");
});

const MOST_BYTES = 1_048_576;

/** What is sent in all, in octets. */
const ALL_BYTES = STRESS ? 1024 * MOST_BYTES : 16 * MOST_BYTES;

/** Random octets, of which frames are views. */
const NOISE = new Uint8Array(2 * MOST_BYTES);
for (let at = 0; at < NOISE.length; at += 65_536) {
  crypto.getRandomValues(NOISE.subarray(at, at + 65_536));
}

/** Frames of 0 octets to 1 MiB, small ones as often as large ones. */
function* frames(next: Next, allBytes: number): Generator<Uint8Array> {
  for (let left = allBytes; left > 0;) {
    const length = Math.floor(MOST_BYTES ** (next(1001) / 1000)) - next(2);
    yield NOISE.subarray(next(MOST_BYTES)).subarray(0, length);
    left -= length;
  }
}

Deno.test("frames with a length survive a relay that splits and joins", async () => {
  await withSeed(1, async (seed) => {
    using ends = await relayedPair(random(seed));
    const writer = new FrameWriter(ends.client, lengthPrefixed());
    const write = async () => {
      for (const frame of frames(random(seed), ALL_BYTES)) {
        await writer.write(frame);
      }
      await ends.client.closeWrite();
    };
    const written = write();
    const expected = frames(random(seed), ALL_BYTES);
    let count = 0;
    for await (const frame of new FrameReader(ends.server, lengthPrefixed())) {
      const { value } = expected.next();
      assert(value && equals(frame, value), `frame ${count}`);
      count++;
    }
    await written;
    assertEquals(expected.next().done, true);
  });
});

Deno.test("frames with a header of JSON survive a relay, both ways at once", async () => {
  await withSeed(1, async (seed) => {
    using ends = await relayedPair(random(seed));
    const most = ALL_BYTES / 8;
    const sides = [ends.client, ends.server];
    await Promise.all(sides.map(async (side) => {
      const writer = new FrameWriter(side, jsonHeader());
      const write = async () => {
        let id = 0;
        for (const body of frames(random(seed), most)) {
          await writer.write({ header: { id: id++ }, body });
        }
        await side.closeWrite();
      };
      const written = write();
      const expected = frames(random(seed), most);
      let id = 0;
      for await (
        const { header, body } of new FrameReader(side, jsonHeader())
      ) {
        assertEquals(header.id, id++);
        const { value } = expected.next();
        const octets = await new Response(body).bytes();
        assert(value && equals(octets, value), `frame ${header.id}`);
      }
      await written;
      assertEquals(expected.next().done, true);
    }));
  });
});
