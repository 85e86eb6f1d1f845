import { assertEquals } from "@std/assert";
import { blocksAhead, toWire } from "../../tftp/_block_number.ts";

Deno.test("toWire() counts on from 65535 with 0 or 1", () => {
  const blocks = [0, 1, 65_535, 65_536, 65_537, 131_070, 131_071, 131_072];
  const zero = [0, 1, 65_535, 0, 1, 65_534, 65_535, 0];
  const one = [0, 1, 65_535, 1, 2, 65_535, 1, 2];
  assertEquals(blocks.map((block) => toWire(block, 0)), zero);
  assertEquals(blocks.map((block) => toWire(block, 1)), one);
});

Deno.test("blocksAhead() undoes toWire() wherever it counts from", () => {
  for (const rollover of [0, 1] as const) {
    for (const from of [1, 7, 65_534, 65_535, 65_536, 131_071, 1e6]) {
      for (const ahead of [0, 1, 2, 63, 65_000]) {
        const wire = toWire(from + ahead, rollover);
        assertEquals(blocksAhead(wire, from, rollover), ahead);
      }
    }
  }
});

Deno.test("blocksAhead() puts the opening's 0 behind everything", () => {
  assertEquals(blocksAhead(0, 1, 0), 65_535);
  assertEquals(blocksAhead(0, 1, 1), 65_534);
  assertEquals(blocksAhead(0, 65_536, 1), 65_534);
});
