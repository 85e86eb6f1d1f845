import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  type DataPacket,
  decodePacket,
  type Packet,
} from "../../tftp/packet.ts";
import { RetransmissionTimer } from "../../tftp/_retransmission_timer.ts";
import { Sender } from "../../tftp/_sender.ts";

interface Setup {
  readonly windowBlocks?: number;
  readonly blockSize?: number;
  readonly acknowledged?: 0 | 1;
  readonly rollover?: 0 | 1;
  readonly retries?: number;
  readonly ceilingMs?: number;
  /** Octets that are loaded, then finished; `undefined` loads nothing. */
  readonly size?: number;
}

/** A sender of small blocks whose timer has no jitter: 250, 500, 1000 ms... */
function setUp(setup: Setup = {}) {
  const { windowBlocks = 1, blockSize = 8, retries = 3 } = setup;
  const { acknowledged, rollover } = setup;
  const timer = new RetransmissionTimer(setup.ceilingMs ?? 4_000, () => 0);
  const options = { windowBlocks, blockSize, retries, timer };
  const sender = new Sender({ ...options, acknowledged, rollover });
  let left = setup.size ?? 0;
  const feed = () => {
    while (setup.size !== undefined && sender.wantsData) {
      if (left === 0) sender.finish();
      else left -= sender.load(new Uint8Array(left).fill(7));
    }
  };
  feed();
  return { sender, timer, feed };
}

/** All packets that are due, decoded. */
function take(sender: Sender, now: number): Packet[] {
  const packets: Packet[] = [];
  for (let p = sender.next(now); p !== undefined; p = sender.next(now)) {
    packets.push(decodePacket(p.slice()));
  }
  return packets;
}

/** Numbers of the DATA packets that are due; anything else throws. */
function blocks(sender: Sender, now: number): number[] {
  return take(sender, now).map((packet) => {
    assertEquals(packet.type, "data");
    return (packet as DataPacket).block;
  });
}

const ack = (block: number): Packet => ({ type: "ack", block });
const error = (code: number): Packet => ({
  type: "error",
  code,
  message: new Uint8Array(),
});

Deno.test("Sender goes on behind a block that was acknowledged before", () => {
  const { sender, feed } = setUp({ acknowledged: 1, size: 9 });
  assertEquals(sender.blocks, 1);
  assertEquals(blocks(sender, 0), [2]);
  for (const block of [0, 1, 3, 65_535]) sender.handle(ack(block), 1);
  assertEquals(blocks(sender, 1), []);
  sender.handle(ack(2), 1);
  feed();
  assertEquals(blocks(sender, 1), [3]);
  sender.handle(ack(3), 1);
  assert(sender.done);
});

Deno.test("Sender counts on from block 65535 with 1 if told so", () => {
  const { sender } = setUp({ rollover: 1 });
  const block = new Uint8Array(8);
  const seen: number[] = [];
  while (sender.blocks < 65_537) {
    sender.load(block);
    const [wire = -1] = blocks(sender, 0);
    if (sender.blocks >= 65_533) seen.push(wire);
    sender.handle(ack(wire), 0);
  }
  assertEquals(seen, [65_534, 65_535, 1, 2]);
});

Deno.test("Sender.expire() before the deadline does nothing", () => {
  const { sender } = setUp({ size: 20 });
  blocks(sender, 0);
  sender.expire(249.9);
  assertEquals(sender.deadline, 250);
  assertEquals(blocks(sender, 249.9), []);
});

Deno.test("Sender sends one block, waits, and ends with the short one", () => {
  const { sender, feed } = setUp({ size: 20 });
  assertEquals(blocks(sender, 0), [1]);
  assertEquals(blocks(sender, 1), []);
  sender.handle(ack(1), 5);
  feed();
  assertEquals(blocks(sender, 5), [2]);
  sender.handle(ack(2), 9);
  feed();
  const [last] = take(sender, 9);
  assertEquals((last as DataPacket).data.length, 4);
  assert(!sender.done);
  sender.handle(ack(3), 12);
  assert(sender.done);
  assertEquals([sender.blocks, sender.deadline], [3, Infinity]);
  assertEquals(take(sender, 12), []);
});

Deno.test("Sender ends with an empty block if the last one is exactly full", () => {
  for (const [size, windowBlocks] of [[0, 1], [8, 1], [16, 2], [32, 4]]) {
    const { sender, feed } = setUp({
      size: size!,
      windowBlocks: windowBlocks!,
    });
    const lengths: number[] = [];
    while (!sender.done) {
      for (const packet of take(sender, 0)) {
        lengths.push((packet as DataPacket).data.length);
      }
      sender.handle(ack(lengths.length), 1);
      feed();
    }
    const full = new Array(size! / 8).fill(8);
    assertEquals(lengths, [...full, 0]);
  }
});

Deno.test("Sender.handle() opens the next window behind an ACK inside the window", () => {
  const { sender, feed } = setUp({ size: 800, windowBlocks: 4 });
  assertEquals(blocks(sender, 0), [1, 2, 3, 4]);
  sender.handle(ack(2), 5);
  feed();
  assertEquals(blocks(sender, 5), [3, 4, 5, 6]);
  sender.handle(ack(6), 9);
  feed();
  assertEquals(blocks(sender, 9), [7, 8, 9, 10]);
});

Deno.test("Sender.handle() resends nothing for a duplicate ACK, however many come", () => {
  const { sender, feed } = setUp({ size: 800, windowBlocks: 2 });
  blocks(sender, 0);
  sender.handle(ack(2), 5);
  feed();
  assertEquals(blocks(sender, 5), [3, 4]);
  for (let i = 0; i < 100; i++) {
    for (const block of [2, 1, 0, 65_535]) sender.handle(ack(block), 6);
    assertEquals(blocks(sender, 6), []);
  }
  assertEquals(sender.retransmissions, 0);
});

Deno.test("Sender.handle() never moves the deadline for a duplicate ACK", () => {
  const { sender, feed } = setUp({ size: 800 });
  blocks(sender, 0);
  sender.handle(ack(1), 10);
  feed();
  blocks(sender, 10);
  const { deadline } = sender;
  assertEquals(deadline, 40); // 10 ms measured: 3 times that
  for (let now = 11; now < 40; now++) {
    sender.handle(ack(1), now);
    sender.handle(ack(0), now);
    assertEquals(sender.deadline, deadline);
  }
  sender.expire(40);
  assertEquals(blocks(sender, 40), [2]);
});

Deno.test("Sender.handle() ignores an ACK from the future", () => {
  const { sender } = setUp({ size: 800, windowBlocks: 2 });
  blocks(sender, 0);
  for (const block of [3, 4, 5, 1_000, 40_000]) sender.handle(ack(block), 1);
  assertEquals(blocks(sender, 1), []);
  assertEquals([sender.blocks, sender.deadline], [0, 250]);
});

Deno.test("Sender.expire() repeats from the last ACK on, identical octets", () => {
  const { sender, feed } = setUp({ size: 800, windowBlocks: 3 });
  blocks(sender, 0);
  sender.handle(ack(1), 10);
  feed();
  const first = take(sender, 10);
  sender.expire(sender.deadline);
  const again = take(sender, 40);
  assertEquals(again, first);
  assertEquals(again.map((p) => (p as DataPacket).block), [2, 3, 4]);
  assertEquals(sender.retransmissions, 5); // 2 and 3 behind ACK 1, 2 to 4 now
});

Deno.test("Sender.handle() goes on after an ACK that comes late, without repeating", () => {
  const { sender, feed } = setUp({ size: 800, windowBlocks: 2 });
  blocks(sender, 0);
  sender.expire(250);
  assertEquals(blocks(sender, 250), [1, 2]);
  sender.handle(ack(2), 260); // to the first try
  feed();
  assertEquals(blocks(sender, 260), [3, 4]);
  sender.handle(ack(2), 270); // to the second
  assertEquals(blocks(sender, 270), []);
});

Deno.test("Sender.handle() takes a late ACK that comes before the repetition leaves", () => {
  const { sender, feed } = setUp({ size: 800, windowBlocks: 2 });
  blocks(sender, 0);
  sender.expire(250);
  sender.handle(ack(1), 250);
  feed();
  assertEquals(blocks(sender, 250), [2, 3]);
});

Deno.test("Sender samples no round trip from a block that was sent twice", () => {
  const { sender, timer, feed } = setUp({ size: 800, windowBlocks: 2 });
  blocks(sender, 0);
  sender.expire(250);
  blocks(sender, 250);
  sender.handle(ack(2), 251);
  assertEquals([timer.roundTripMs, timer.waitMs], [undefined, 500]);
  feed();
  blocks(sender, 251);
  sender.handle(ack(4), 261);
  assertEquals(timer.roundTripMs, 10);
});

Deno.test("Sender counts repetitions per block: progress starts again from none", () => {
  const { sender, feed } = setUp({ size: 80, retries: 2 });
  for (let block = 1; block <= 5; block++) {
    blocks(sender, 0);
    for (let i = 0; i < 2; i++) {
      sender.expire(sender.deadline);
      assertEquals(blocks(sender, 0), [block]);
    }
    sender.handle(ack(block), 0);
    feed();
  }
  assertEquals(sender.failure, undefined);
  assertEquals(sender.retransmissions, 10);
});

Deno.test("Sender does not count duplicate ACKs as progress", () => {
  const { sender } = setUp({ size: 80, retries: 2 });
  blocks(sender, 0);
  for (let i = 0; i < 3; i++) {
    sender.handle(ack(0), 0);
    sender.expire(sender.deadline);
    sender.handle(ack(0), 0);
    blocks(sender, 0);
  }
  assertEquals(sender.failure?.code, "no-answer");
  assertEquals(sender.failure?.tellPeer, true);
});

Deno.test("Sender says unconfirmed if only the last ACK is missing", () => {
  const { sender } = setUp({ size: 3, retries: 1 });
  blocks(sender, 0);
  sender.expire(sender.deadline);
  blocks(sender, 0);
  sender.expire(sender.deadline);
  const { code, tellPeer } = sender.failure!;
  assertEquals([code, tellPeer], ["unconfirmed", false]);
});

Deno.test("Sender says unconfirmed if the ACK of the last window is missing", () => {
  const { sender, feed } = setUp({ size: 28, windowBlocks: 4, retries: 1 });
  assertEquals(blocks(sender, 0), [1, 2, 3, 4]); // all there is
  feed();
  sender.expire(sender.deadline);
  blocks(sender, 0);
  sender.expire(sender.deadline);
  const { code, tellPeer } = sender.failure!;
  assertEquals([code, tellPeer], ["unconfirmed", false]);
});

Deno.test("Sender says no-answer if the last block never left", () => {
  const { sender } = setUp({ size: 36, windowBlocks: 4, retries: 0 });
  assertEquals(blocks(sender, 0), [1, 2, 3, 4]);
  sender.expire(sender.deadline);
  assertEquals(sender.failure?.code, "no-answer");
});

Deno.test("Sender waits no longer than the ceiling", () => {
  const { sender } = setUp({ size: 3, ceilingMs: 600, retries: 4 });
  let now = 0;
  blocks(sender, now);
  for (const waitMs of [250, 500, 600, 600]) {
    assertEquals(sender.deadline - now, waitMs);
    sender.expire(now = sender.deadline);
    blocks(sender, now);
  }
});

Deno.test("Sender.handle() ends at an ERROR and answers nothing", () => {
  for (const acknowledged of [0, 1] as const) {
    const { sender } = setUp({ size: 80, acknowledged });
    take(sender, 0);
    sender.handle(error(8), 1);
    const { code, tellPeer } = sender.failure!;
    assertEquals([code, tellPeer], ["option-refused", false]);
    assertEquals([take(sender, 1), sender.deadline], [[], Infinity]);
    sender.handle(ack(0), 2);
    sender.handle(ack(1), 2);
    sender.expire(1e9);
    assertEquals(take(sender, 1e9), []);
  }
});

Deno.test("Sender.handle() ends at a packet that a receiver never sends", () => {
  const packets: Packet[] = [
    { type: "data", block: 1, data: new Uint8Array(3) },
    {
      type: "rrq",
      name: new Uint8Array([1]),
      mode: "octet",
      options: new Map(),
    },
    {
      type: "wrq",
      name: new Uint8Array([1]),
      mode: "octet",
      options: new Map(),
    },
  ];
  for (const packet of packets) {
    const { sender } = setUp({ size: 80 });
    blocks(sender, 0);
    sender.handle(packet, 1);
    const { code, reason, tellPeer } = sender.failure!;
    assertEquals([code, tellPeer], ["illegal-operation", true]);
    assert(reason.includes(packet.type.toUpperCase()), reason);
  }
});

Deno.test("Sender.handle() ignores an OACK that is repeated", () => {
  const { sender } = setUp({ size: 80 });
  blocks(sender, 0);
  sender.handle({ type: "oack", options: new Map() }, 1);
  assertEquals([blocks(sender, 1), sender.deadline], [[], 250]);
  assertEquals(sender.failure, undefined);
});

Deno.test("Sender.handle() changes nothing once it is done", () => {
  const { sender } = setUp({ size: 3 });
  blocks(sender, 0);
  sender.handle(ack(1), 1);
  sender.handle(error(0), 2);
  sender.handle({ type: "data", block: 1, data: new Uint8Array() }, 2);
  sender.handle(ack(1), 2);
  sender.expire(1e9);
  assertEquals([sender.done, sender.failure], [true, undefined]);
  assertEquals(blocks(sender, 1e9), []);
});

Deno.test("Sender has nothing to expire while it waits for data only", () => {
  const { sender } = setUp(); // no data yet
  assertEquals(blocks(sender, 0), []);
  assertEquals(sender.deadline, Infinity);
  assertEquals(sender.load(new Uint8Array(8)), 8);
  assertEquals(blocks(sender, 1_000), [1]);
  assertEquals(sender.deadline, 1_250);
  sender.handle(ack(1), 1_001);
  assertEquals([sender.deadline, sender.done], [Infinity, false]);
});

Deno.test("Sender.load() takes what fits, across blocks of any size", () => {
  const { sender } = setUp({ windowBlocks: 2 });
  assertEquals(sender.load(new Uint8Array(0)), 0);
  assertEquals(sender.load(new Uint8Array([1, 2, 3])), 3);
  assertEquals(blocks(sender, 0), []); // not full, and not known to be last
  assertEquals(sender.load(new Uint8Array(99).fill(9)), 13);
  assert(!sender.wantsData);
  const [one, two] = take(sender, 0) as DataPacket[];
  assertEquals([...one!.data], [1, 2, 3, 9, 9, 9, 9, 9]);
  assertEquals([...two!.data], new Array(8).fill(9));
});

Deno.test("Sender wraps from block 65535 to 0, also inside a window", () => {
  const { sender } = setUp({ windowBlocks: 5 });
  const block = new Uint8Array(8);
  let acknowledged = 0;
  while (acknowledged < 65_535) {
    while (sender.wantsData) sender.load(block);
    acknowledged += blocks(sender, 0).length;
    sender.handle(ack(acknowledged & 0xffff), 0);
  }
  assertStrictEquals(acknowledged, 65_535);
  while (sender.wantsData) sender.load(block);
  assertEquals(blocks(sender, 0), [0, 1, 2, 3, 4]);
  sender.handle(ack(65_535), 0); // a duplicate
  assertEquals(blocks(sender, 0), []);
  sender.handle(ack(1), 0);
  assertEquals(sender.blocks, 65_537);
});
