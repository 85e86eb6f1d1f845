import { assert, assertEquals } from "@std/assert";
import type { Destination } from "../../tftp/_catalog.ts";
import type { Content } from "../../tftp/_content.ts";
import { dismiss, Guest } from "../../tftp/_guest.ts";
import { PLAIN_TERMS } from "../../tftp/_negotiation.ts";
import {
  encodeAck,
  encodeData,
  encodeOack,
  type Packet,
} from "../../tftp/packet.ts";
import type { TftpServerOptions } from "../../tftp/server_options.ts";

const left: string[] = [];
const content = { size: 5, leave: () => void left.push("content") } as Content;
const destination = {
  leave: () => void left.push("destination"),
} as Destination;

const OACK = encodeOack([["BlkSize", "1024"], ["timeout", "2"]]);

/** Who reads, or writes, and what was sent first. */
const FIRST = {
  oack: () => new Guest(OACK, { content }, {}),
  data: () => new Guest(encodeData(1, new Uint8Array(9)), { content }, {}),
  ack: () => new Guest(encodeAck(0), { destination }, {}),
  writerOack: () => new Guest(OACK, { destination }, {}),
};

const DATA: Packet = { type: "data", block: 1, data: new Uint8Array([7]) };
const ERROR: Packet = { type: "error", code: 8, message: new Uint8Array() };
const ANY_OACK: Packet = { type: "oack", options: new Map() };
const ack = (block: number): Packet => ({ type: "ack", block });

/** Waits of a guest until it gives up; each is up to a quarter longer. */
function waits(server: TftpServerOptions): number[] {
  const guest = new Guest(encodeAck(0), { destination }, server);
  const waits: number[] = [];
  do {
    guest.next(1_000);
    waits.push(guest.deadline - 1_000);
  } while (guest.repeat());
  return waits;
}

Deno.test("Guest knows what answers its first packet", () => {
  const cases: [keyof typeof FIRST, Packet, boolean][] = [
    ["oack", ack(0), true],
    ["oack", ack(1), false],
    ["data", ack(1), true],
    ["data", ack(0), false],
    ["ack", DATA, true],
    ["ack", ack(3), true], // makes no sense: its machine tells
    ["writerOack", DATA, true],
    ["oack", DATA, true],
  ];
  for (const [first, packet, expected] of cases) {
    const what = `${first}: ${packet.type}`;
    assertEquals(FIRST[first]().isAnswer(packet), expected, what);
  }
  for (const make of Object.values(FIRST)) {
    assertEquals([make().isAnswer(ERROR), make().isAnswer(ANY_OACK)], [
      true,
      false,
    ]);
  }
});

Deno.test("Guest has its first packet sent three times, then is silent", () => {
  const guest = FIRST.oack();
  assertEquals(guest.deadline, Infinity);
  assertEquals(guest.next(0), OACK);
  assertEquals(guest.deadline, 250);
  assertEquals([guest.repeat(), guest.next(250)], [true, OACK]);
  assertEquals([guest.repeat(), guest.next(900)], [true, OACK]);
  assertEquals(guest.repeat(), false);
  const { code, reason, tellPeer } = guest.silence;
  assertEquals([code, reason, tellPeer], [
    "no-answer",
    "no answer after 3 tries",
    false,
  ]);
});

Deno.test("Guest waits twice as long each time, within the limits of its server", () => {
  const [first, second = 0, third = 0, ...more] = waits({});
  assertEquals([first, more], [250, []]);
  assert(second >= 500 && second <= 625, `${second}`);
  assert(third >= 1_000 && third <= 1_563, `${third}`);
  assertEquals(waits({ retransmitMs: 100 }), [100, 100, 100]);
  assertEquals(waits({ retries: 1 }).length, 2);
  assertEquals(waits({ retries: 0 }).length, 1);
});

Deno.test("Guest agrees on what its OACK told", () => {
  const guest = new Guest(OACK, { content }, { rollover: 1 });
  guest.next(0);
  const agreed = guest.agree(ack(0), 30);
  assertEquals(agreed.terms, {
    ...PLAIN_TERMS,
    options: { blksize: "1024", timeout: "2" },
    blockSize: 1_024,
    retransmitMs: 2_000,
    rollover: 1,
  });
  assertEquals([agreed.ceilingMs, agreed.timer.roundTripMs], [2_000, 30]);
  assertEquals([agreed.repetitions, agreed.firstBytes], [0, undefined]);
  const told = encodeOack([["rollover", "0"]]);
  const asked = new Guest(told, { content }, { rollover: 1 });
  assertEquals(asked.agree(ack(0), 1).terms.rollover, 0);
});

Deno.test("Guest agrees on the plain terms without an OACK", () => {
  const guest = FIRST.data();
  guest.next(0);
  const agreed = guest.agree(ack(1), 1);
  assertEquals([agreed.terms, agreed.firstBytes], [PLAIN_TERMS, 9]);
  assertEquals(FIRST.ack().agree(DATA, 1).firstBytes, undefined);
});

Deno.test("Guest measures no round trip of a packet that was sent again", () => {
  const guest = FIRST.ack();
  guest.next(0);
  guest.repeat();
  guest.next(250);
  const { timer, repetitions } = guest.agree(DATA, 260);
  assertEquals([timer.roundTripMs, repetitions], [undefined, 1]);
  assert(timer.waitMs >= 500, "waits no longer than before");
});

Deno.test("Guest keeps a copy of the first block", () => {
  const data = new Uint8Array([1, 2]);
  const { reply } = FIRST.ack().agree({ type: "data", block: 1, data }, 0);
  data.fill(9);
  assertEquals(reply, {
    type: "data",
    block: 1,
    data: new Uint8Array([1, 2]),
  });
});

Deno.test("dismiss() gives back what was found", () => {
  left.length = 0;
  dismiss(FIRST.oack());
  dismiss(FIRST.ack());
  assertEquals(left, ["content", "destination"]);
});
