import { assert, assertEquals } from "@std/assert";
import { equals } from "@std/bytes";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { FrameWriter } from "../../tcp/frame_writer.ts";
import { jsonHeader } from "../../tcp/json_header.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { type Next, random, STRESS, withSeed } from "../sync/_random.ts";
import { relayedPair } from "./_relay.ts";

const MOST_BYTES = 1_048_576;

/** What is sent in all, in octets. */
const ALL_BYTES = STRESS ? 1024 * MOST_BYTES : 64 * MOST_BYTES;

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
    const most = ALL_BYTES / 16;
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
