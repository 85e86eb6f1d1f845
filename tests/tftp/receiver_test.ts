import { assert, assertEquals, assertLess } from "@std/assert";
import type { Link } from "../../tftp/_link.ts";
import {
  decodePacket,
  encodeAck,
  encodeOack,
  type Packet,
} from "../../tftp/packet.ts";
import { Receiver } from "../../tftp/_receiver.ts";
import { RetransmissionTimer } from "../../tftp/_retransmission_timer.ts";
import { dally } from "../../tftp/_transfer.ts";

const OACK = encodeOack([["windowsize", "4"]]);

interface Setup {
  readonly windowBlocks?: number;
  readonly opening?: Uint8Array<ArrayBuffer>;
  readonly retries?: number;
  readonly dallyMs?: number;
  readonly rollover?: 0 | 1;
}

/** A receiver of blocks of 8 whose timer has no jitter: 250, 500, 1000 ms... */
function setUp(setup: Setup = {}) {
  const { windowBlocks = 1, opening, retries = 3, dallyMs = 0 } = setup;
  const timer = new RetransmissionTimer(4_000, () => 0);
  const { rollover } = setup;
  const agreed = { blockSize: 8, windowBlocks, rollover };
  const options = { ...agreed, opening, retries, timer };
  return { receiver: new Receiver({ ...options, dallyMs }), timer };
}

const data = (block: number, length = 8): Packet => ({
  type: "data",
  block,
  data: new Uint8Array(length).fill(block),
});
const ack = (block: number): Packet => ({ type: "ack", block });
const error = (code: number): Packet => ({
  type: "error",
  code,
  message: new Uint8Array(),
});

function take(receiver: Receiver, now: number): Packet[] {
  const packets: Packet[] = [];
  for (let p = receiver.next(now); p !== undefined; p = receiver.next(now)) {
    packets.push(decodePacket(p.slice()));
  }
  return packets;
}

/** Hands over blocks; says which of them were stored. */
function give(receiver: Receiver, now: number, ...blocks: number[]): number[] {
  return blocks.filter((b) => receiver.handle(data(b), now) !== undefined);
}

Deno.test("Receiver sends its opening and repeats it until block 1 is here", () => {
  for (const opening of [OACK, encodeAck(0)]) {
    const { receiver } = setUp({ opening });
    const expected = [decodePacket(opening)];
    assertEquals(take(receiver, 0), expected);
    receiver.expire(receiver.deadline);
    assertEquals(take(receiver, 250), expected);
    assertEquals(receiver.deadline, 250 + 500);
    assert(!receiver.opened);
    assertEquals(give(receiver, 260, 1), [1]);
    assert(receiver.opened);
    assertEquals(take(receiver, 260), [ack(1)]);
  }
});

Deno.test("Receiver answers a repeated OACK with ACK 0, and none later on", () => {
  const { receiver } = setUp({ opening: encodeAck(0) });
  assertEquals(take(receiver, 0), [ack(0)]);
  receiver.handle({ type: "oack", options: new Map() }, 1);
  assertEquals(take(receiver, 1), [ack(0)]);
  give(receiver, 2, 1);
  take(receiver, 2);
  receiver.handle({ type: "oack", options: new Map() }, 3);
  assertEquals(take(receiver, 3), []);
});

Deno.test("Receiver repeats its opening for a block that is not due", () => {
  const { receiver } = setUp({ opening: OACK });
  take(receiver, 0);
  assertEquals(give(receiver, 1, 2), []);
  assertEquals(take(receiver, 1), [decodePacket(OACK)]);
});

Deno.test("Receiver gives up without block 1 after its retries", () => {
  const { receiver } = setUp({ opening: encodeAck(0), retries: 2 });
  for (let i = 0; i < 3; i++) {
    assertEquals(take(receiver, 0), [ack(0)]);
    receiver.expire(receiver.deadline);
  }
  const { code, tellPeer, reason } = receiver.failure!;
  assertEquals([code, tellPeer], ["no-answer", true]);
  assert(reason.includes("block 1"), reason);
  assertEquals([take(receiver, 9), receiver.deadline], [[], Infinity]);
});

Deno.test("Receiver acknowledges each block, the first without an opening too", () => {
  const { receiver } = setUp();
  assertEquals(receiver.deadline, Infinity);
  for (const block of [1, 2, 3]) {
    const stored = receiver.handle(data(block), block);
    assertEquals(stored, new Uint8Array(8).fill(block));
    assertEquals(take(receiver, block), [ack(block)]);
    assertEquals(take(receiver, block), []);
  }
  assertEquals(receiver.blocks, 3);
});

Deno.test("Receiver acknowledges a duplicate again and stores it once", () => {
  const { receiver } = setUp();
  give(receiver, 0, 1);
  take(receiver, 0);
  give(receiver, 1, 2);
  take(receiver, 1);
  for (const block of [2, 1]) {
    assertEquals(give(receiver, 2, block), []);
    assertEquals(take(receiver, 2), [ack(2)]);
  }
  assertEquals([receiver.blocks, receiver.duplicates], [2, 2]);
});

Deno.test("Receiver stores nothing from the future", () => {
  const { receiver } = setUp();
  give(receiver, 0, 1);
  take(receiver, 0);
  for (const block of [3, 40_000, 0]) {
    assertEquals(give(receiver, 1, block), []);
  }
  assertEquals(take(receiver, 1), [ack(1)]);
  assertEquals(give(receiver, 2, 2), [2]);
});

Deno.test("Receiver acknowledges a full window once", () => {
  const { receiver } = setUp({ windowBlocks: 4 });
  for (const block of [1, 2, 3]) {
    give(receiver, 0, block);
    assertEquals(take(receiver, 0), []);
  }
  give(receiver, 0, 4);
  assertEquals(take(receiver, 0), [ack(4)]);
  give(receiver, 1, 5, 6, 7, 8);
  assertEquals(take(receiver, 1), [ack(8)]);
});

Deno.test("Receiver acknowledges a gap at once, and once per burst", () => {
  const { receiver } = setUp({ windowBlocks: 6 });
  give(receiver, 0, 1, 2);
  assertEquals(give(receiver, 0, 4), []);
  assertEquals(take(receiver, 0), [ack(2)]);
  give(receiver, 0, 5, 6);
  assertEquals(take(receiver, 0), []);
  // The sender starts behind block 2 again, and 3 is lost once more.
  give(receiver, 5, 4);
  assertEquals(take(receiver, 5), [ack(2)]);
  give(receiver, 5, 5, 6, 7, 8);
  assertEquals(take(receiver, 5), []);
  assertEquals(give(receiver, 9, 3, 4, 5), [3, 4, 5]);
  assertEquals(take(receiver, 9), []);
});

Deno.test("Receiver counts a new window from its gap ACK on", () => {
  const { receiver } = setUp({ windowBlocks: 4 });
  give(receiver, 0, 1, 3);
  assertEquals(take(receiver, 0), [ack(1)]);
  give(receiver, 1, 2, 3, 4);
  assertEquals(take(receiver, 1), []);
  give(receiver, 1, 5);
  assertEquals(take(receiver, 1), [ack(5)]);
});

Deno.test("Receiver answers no copy of a block inside the window", () => {
  const { receiver } = setUp({ windowBlocks: 4 });
  give(receiver, 0, 1, 1, 2, 2, 1, 3, 3);
  // An ACK here would make the sender repeat the rest of the window.
  assertEquals(take(receiver, 0), []);
  give(receiver, 0, 4);
  assertEquals(take(receiver, 0), [ack(4)]);
  give(receiver, 1, 4); // but here the ACK may have been lost
  assertEquals(take(receiver, 1), [ack(4)]);
});

Deno.test("Receiver acknowledges part of a window early once it goes quiet", () => {
  const { receiver, timer } = setUp({ windowBlocks: 8, opening: encodeAck(0) });
  take(receiver, 0);
  give(receiver, 10, 1); // a round trip of 10 ms: 30 ms to wait
  give(receiver, 12, 2);
  assertEquals(receiver.deadline, 42);
  receiver.expire(41);
  assertEquals(take(receiver, 41), []);
  receiver.expire(42);
  assertEquals(take(receiver, 42), [ack(2)]);
  assertEquals(timer.waitMs, 30); // no answer was late: nothing backed off
  assertEquals(receiver.retransmissions, 0);
});

Deno.test("Receiver acknowledges early as often as it takes, without a retry", () => {
  const { receiver } = setUp({ windowBlocks: 8, retries: 0 });
  let now = 0;
  for (let block = 1; block <= 20; block++) {
    give(receiver, now, block);
    receiver.expire(now = receiver.deadline);
    assertEquals(take(receiver, now), [ack(block)]);
  }
  assertEquals(receiver.failure, undefined);
});

Deno.test("Receiver repeats the last ACK, backs off and starts anew with progress", () => {
  const { receiver } = setUp({ retries: 2 });
  give(receiver, 0, 1);
  let now = 0;
  assertEquals(take(receiver, now), [ack(1)]);
  for (const waitMs of [250, 500]) {
    assertEquals(receiver.deadline - now, waitMs);
    receiver.expire(now = receiver.deadline);
    assertEquals(take(receiver, now), [ack(1)]);
  }
  give(receiver, now, 2);
  assertEquals(take(receiver, now), [ack(2)]);
  for (let i = 0; i < 2; i++) {
    receiver.expire(now = receiver.deadline);
    assertEquals(take(receiver, now), [ack(2)]);
  }
  assertEquals(receiver.retransmissions, 4);
  receiver.expire(receiver.deadline);
  assertEquals(receiver.failure?.code, "no-answer");
});

Deno.test("Receiver samples no round trip from an ACK that was sent twice", () => {
  const { receiver, timer } = setUp({ opening: encodeAck(0) });
  take(receiver, 0);
  receiver.expire(250);
  take(receiver, 250);
  give(receiver, 251, 1);
  assertEquals(timer.roundTripMs, undefined);
  take(receiver, 251);
  give(receiver, 251, 1); // a duplicate: its ACK leaves twice
  take(receiver, 252);
  give(receiver, 253, 2);
  assertEquals(timer.roundTripMs, undefined);
  take(receiver, 253);
  give(receiver, 260, 3);
  assertEquals(timer.roundTripMs, 7);
});

Deno.test("Receiver samples from the first block of a window only", () => {
  const { receiver, timer } = setUp({ windowBlocks: 3, opening: encodeAck(0) });
  take(receiver, 0);
  give(receiver, 10, 1);
  give(receiver, 500, 2, 3);
  assertEquals(timer.roundTripMs, 10);
});

Deno.test("Receiver acknowledges the last block only after commit()", () => {
  for (const length of [0, 7]) {
    const { receiver } = setUp({ windowBlocks: 4 });
    give(receiver, 0, 1);
    receiver.handle(data(2, length), 0);
    assert(receiver.complete);
    assertEquals([take(receiver, 0), receiver.deadline], [[], Infinity]);
    give(receiver, 1, 2); // repeated while our disk is busy
    receiver.expire(1e6);
    assertEquals(take(receiver, 1e6), []);
    receiver.commit();
    assertEquals(take(receiver, 1e6), [ack(2)]);
    assert(!receiver.complete && !receiver.done);
  }
});

Deno.test("Receiver dallies for two waits at least, and answers repetitions", () => {
  const { receiver } = setUp({ dallyMs: 100 });
  receiver.handle(data(1, 3), 0);
  receiver.commit();
  assertEquals(take(receiver, 0), [ack(1)]);
  assertEquals(receiver.deadline, 500); // nothing measured: 2 * 250 ms
  for (const now of [50, 499]) {
    receiver.handle(data(1, 3), now);
    assertEquals(take(receiver, now), [ack(1)]);
  }
  assertEquals(receiver.deadline, 500); // or somebody could keep it for ever
  receiver.expire(499);
  assert(!receiver.done);
  receiver.expire(500);
  assertEquals([receiver.done, receiver.failure], [true, undefined]);
  receiver.handle(data(1, 3), 501);
  assertEquals(take(receiver, 501), []);
});

Deno.test("Receiver dallies as long as it is told if that is longer", () => {
  const { receiver } = setUp({ dallyMs: 3_000 });
  receiver.handle(data(1, 3), 0);
  receiver.commit();
  take(receiver, 0);
  assertEquals(receiver.deadline, 3_000);
});

/** A receiver whose file is safe, and which dallies. */
function dallying(): Receiver {
  const { receiver } = setUp();
  receiver.handle(data(1, 3), 0);
  receiver.commit();
  take(receiver, 0);
  return receiver;
}

Deno.test("Receiver.handle() lets nothing spoil a file that is safe", () => {
  const rrq = {
    type: "rrq",
    name: new Uint8Array([1]),
    mode: "octet",
  } as const;
  const packets: Packet[] = [
    ...[error(0), error(5), ack(1), ack(0), data(2), data(1, 600)],
    { ...rrq, options: new Map() },
    { type: "oack", options: new Map() },
  ];
  for (const packet of packets) {
    const receiver = dallying();
    receiver.handle(packet, 1);
    assertEquals(receiver.failure, undefined, packet.type);
    receiver.expire(receiver.deadline);
    assert(receiver.done, packet.type);
  }
});

Deno.test("Receiver.handle() fails no file that is complete but not yet safe", () => {
  for (const packet of [error(0), ack(1), data(9), data(1, 600)]) {
    const { receiver } = setUp();
    receiver.handle(data(1, 3), 0);
    receiver.handle(packet, 1);
    assertEquals(receiver.failure, undefined, packet.type);
    receiver.commit();
    assertEquals(take(receiver, 2), [ack(1)]);
  }
});

Deno.test("dally() ends after a packet that a sender never sends", async () => {
  const receiver = dallying();
  let steps = 0;
  let closed = false;
  const link = {
    step: () => {
      if (steps++ === 0) receiver.handle(ack(1), 1);
      else receiver.expire(receiver.deadline);
      if (steps > 9) throw new Error("still dallying");
      return Promise.resolve();
    },
    close: () => closed = true,
  } as unknown as Link;
  await dally(link, receiver);
  assertLess(steps, 9);
  assert(closed);
});

Deno.test("Receiver.handle() ends at an ERROR and answers nothing", () => {
  const { receiver } = setUp({ opening: OACK });
  take(receiver, 0);
  receiver.handle(error(3), 1);
  const { code, tellPeer } = receiver.failure!;
  assertEquals([code, tellPeer], ["disk-full", false]);
  assertEquals([give(receiver, 2, 1), take(receiver, 2)], [[], []]);
  receiver.expire(1e9);
  assertEquals([take(receiver, 1e9), receiver.deadline], [[], Infinity]);
});

Deno.test("Receiver.handle() ends at a packet that a sender never sends", () => {
  for (const opened of [false, true]) {
    const { receiver } = setUp({ opening: encodeAck(0) });
    take(receiver, 0);
    if (opened) give(receiver, 1, 1);
    receiver.handle(ack(0), 2);
    const { code, reason, tellPeer } = receiver.failure!;
    assertEquals([code, tellPeer], ["illegal-operation", true]);
    assert(reason.includes("ACK"), reason);
  }
});

Deno.test("Receiver.handle() ends at a block that is longer than agreed", () => {
  const { receiver } = setUp();
  give(receiver, 0, 1);
  take(receiver, 0);
  assertEquals(receiver.handle(data(2, 9), 1), undefined);
  const { code, tellPeer } = receiver.failure!;
  assertEquals([code, tellPeer], ["illegal-operation", true]);
  assertEquals(receiver.blocks, 1);
});

Deno.test("Receiver wraps from block 65535 to 0, and takes no 1 for it", () => {
  const { receiver } = setUp();
  for (let block = 1; block <= 65_535; block++) {
    assertEquals(give(receiver, 0, block), [block]);
    receiver.next(0);
  }
  assertEquals(give(receiver, 0, 1), []);
  assertEquals(take(receiver, 0), [ack(65_535)]);
  assertEquals(give(receiver, 0, 65_535), []);
  assertEquals(take(receiver, 0), [ack(65_535)]);
  assertEquals(give(receiver, 0, 0), [0]);
  assertEquals(take(receiver, 0), [ack(0)]);
  assertEquals(give(receiver, 0, 65_535), []);
  assertEquals(take(receiver, 0), [ack(0)]);
  assertEquals(give(receiver, 0, 1), [1]);
  assertEquals(receiver.blocks, 65_537);
});

Deno.test("Receiver takes 1 behind 65535 if told so, and no 0 for it", () => {
  const { receiver } = setUp({ rollover: 1 });
  for (let block = 1; block <= 65_535; block++) {
    receiver.handle(data(block), 0);
    receiver.next(0);
  }
  assertEquals(give(receiver, 0, 0), []);
  assertEquals(take(receiver, 0), [ack(65_535)]);
  assertEquals(give(receiver, 0, 1, 2), [1, 2]);
  assertEquals(take(receiver, 0), [ack(2)]);
  assertEquals(receiver.blocks, 65_537);
});
