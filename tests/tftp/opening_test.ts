import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Opening } from "../../tftp/_opening.ts";
import { encodeRequest, type Packet } from "../../tftp/packet.ts";
import { RetransmissionTimer } from "../../tftp/_retransmission_timer.ts";

const REQUEST = encodeRequest({
  type: "rrq",
  name: new Uint8Array([102]),
  mode: "octet",
});

/** An opening whose timer has no jitter: 250, 500, 1000 ms... */
function setUp(retries = 3) {
  const timer = new RetransmissionTimer(4_000, () => 0);
  return { timer, opening: new Opening({ packet: REQUEST, timer, retries }) };
}

Deno.test("Opening sends the request once, then waits", () => {
  const { opening } = setUp();
  assertEquals(opening.deadline, Infinity);
  assertStrictEquals(opening.next(0), REQUEST);
  assertEquals([opening.next(0), opening.deadline], [undefined, 250]);
  opening.expire(249);
  assertEquals([opening.next(249), opening.deadline], [undefined, 250]);
});

Deno.test("Opening.expire() repeats the request with doubled waits, then fails", () => {
  const { opening } = setUp(3);
  let now = 0;
  opening.next(now);
  for (const waitMs of [250, 500, 1_000]) {
    assertEquals(opening.deadline - now, waitMs);
    opening.expire(now = opening.deadline);
    assertStrictEquals(opening.next(now), REQUEST);
  }
  assertEquals(opening.deadline - now, 2_000);
  opening.expire(opening.deadline);
  const { code, reason, tellPeer } = opening.failure!;
  assertEquals([code, tellPeer], ["no-answer", false]);
  assert(reason.includes("4 tries"), reason);
  assertEquals([opening.next(1e9), opening.deadline], [undefined, Infinity]);
  assertEquals(opening.retransmissions, 3);
});

Deno.test("Opening fails after one try if it may not repeat", () => {
  const { opening } = setUp(0);
  opening.next(0);
  opening.expire(250);
  assertEquals(opening.failure?.code, "no-answer");
});

Deno.test("Opening.handle() keeps the first reply, whatever it is", () => {
  const packets: Packet[] = [
    { type: "ack", block: 0 },
    { type: "ack", block: 9 },
    { type: "oack", options: new Map() },
    { type: "rrq", name: REQUEST, mode: "octet", options: new Map() },
  ];
  for (const packet of packets) {
    const { opening } = setUp();
    opening.next(0);
    opening.handle(packet, 5);
    opening.handle({ type: "ack", block: 77 }, 6);
    assertEquals(opening.reply, packet);
    assertEquals([opening.next(6), opening.deadline], [undefined, Infinity]);
  }
});

Deno.test("Opening.handle() copies the data of the reply", () => {
  const { opening } = setUp();
  opening.next(0);
  const data = new Uint8Array([1, 2, 3]);
  opening.handle({ type: "data", block: 1, data }, 5);
  data.fill(0);
  const reply = opening.reply;
  assert(reply?.type === "data");
  assertEquals([...reply.data], [1, 2, 3]);
});

Deno.test("Opening.handle() fails at an ERROR, and nothing comes after it", () => {
  const { opening } = setUp();
  opening.next(0);
  const message = new TextEncoder().encode("gone");
  opening.handle({ type: "error", code: 1, message }, 5);
  const { code, tellPeer, peerMessage } = opening.failure!;
  assertEquals([code, tellPeer], ["not-found", false]);
  assertEquals(peerMessage, message);
  opening.handle({ type: "ack", block: 0 }, 6);
  assertEquals([opening.reply, opening.deadline], [undefined, Infinity]);
  opening.expire(1e9);
  assertEquals(opening.next(1e9), undefined);
});

Deno.test("Opening.handle() takes an ERROR with an unknown code for one", () => {
  const { opening } = setUp();
  opening.next(0);
  opening.handle({ type: "error", code: 999, message: new Uint8Array() }, 5);
  assertEquals(opening.failure?.code, "undefined");
});

Deno.test("Opening measures the round trip unless it has asked twice", () => {
  const once = setUp();
  once.opening.next(100);
  once.opening.handle({ type: "ack", block: 0 }, 140);
  assertEquals(once.timer.roundTripMs, 40);
  const twice = setUp();
  twice.opening.next(0);
  twice.opening.expire(250);
  twice.opening.next(250);
  twice.opening.handle({ type: "ack", block: 0 }, 251);
  assertEquals(twice.timer.roundTripMs, undefined);
  assertEquals(twice.timer.waitMs, 500);
});

Deno.test("Opening.handle() takes a late reply while a repetition is due", () => {
  const { opening } = setUp();
  opening.next(0);
  opening.expire(250);
  opening.handle({ type: "ack", block: 0 }, 251);
  assertEquals(opening.next(251), undefined);
  assert(opening.reply !== undefined);
});
