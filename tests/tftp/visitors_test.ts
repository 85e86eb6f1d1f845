import { assert, assertEquals } from "@std/assert";
import type { Content } from "../../tftp/_content.ts";
import { MAX_GUESTS } from "../../tftp/_defaults.ts";
import { Guest } from "../../tftp/_guest.ts";
import { encodeOack } from "../../tftp/packet.ts";
import { type Visitor, Visitors } from "../../tftp/_visitors.ts";
import type { UdpSocket } from "../../udp/socket.ts";
import { until } from "../sync/_until.ts";

const FIRST = encodeOack([["tsize", "5"]]);

/** Visitors, and what was called. */
function setUp() {
  const due: string[] = [];
  const left: string[] = [];
  let emptied = 0;
  const visitors = new Visitors(
    ({ key }) => void due.push(key),
    () => void emptied++,
  );
  const make = (key: string, sent = Infinity): Visitor => {
    const content = { leave: () => void left.push(key) } as Content;
    const guest = new Guest(FIRST, { content }, {});
    if (sent < Infinity) guest.next(sent);
    const addr = { transport: "udp", hostname: key, port: 1 } as const;
    return { key, addr, request: "", askedAt: 0, guest, socket: undefined };
  };
  return { visitors, make, due, left, emptied: () => emptied };
}

Deno.test("Visitors are so many at most: the oldest go", () => {
  const { visitors, make, left } = setUp();
  const total = MAX_GUESTS + 3;
  for (let i = 0; i < total; i++) visitors.add(make(`${i}`));
  assertEquals([visitors.size, left], [MAX_GUESTS, ["0", "1", "2"]]);
  assertEquals(visitors.get("2"), undefined);
  assertEquals(visitors.get("3")?.key, "3");
  visitors.clear();
});

Deno.test("Visitors gives up a place, and what was found, only with forget()", () => {
  const { visitors, make, left, emptied } = setUp();
  let closed = 0;
  const socket = { close: () => void closed++ } as UdpSocket;
  const [stays, goes] = [make("stays"), make("goes")];
  for (const visitor of [stays, goes]) {
    visitors.add(visitor);
    visitors.give(visitor, socket);
  }
  assertEquals([visitors.size, visitors.sockets], [2, 2]);
  visitors.release(stays); // it becomes a transfer, with its socket
  assertEquals([visitors.sockets, closed, left, emptied()], [1, 0, [], 0]);
  visitors.forget(goes);
  assertEquals([visitors.sockets, closed, left], [0, 1, ["goes"]]);
  assertEquals([visitors.size, emptied()], [0, 1]);
  visitors.forget(goes);
  assertEquals([closed, emptied()], [1, 1]);
});

Deno.test("Visitors knows one from another of the same address", () => {
  const { visitors, make, left } = setUp();
  const [first, second] = [make("a"), make("a")];
  visitors.add(first);
  visitors.add(second);
  assert(!visitors.has(first) && visitors.has(second));
  visitors.forget(first);
  assertEquals([visitors.size, left], [1, []]);
});

Deno.test("Visitors looks after those whose time is over, and no others", async () => {
  const { visitors, make, due } = setUp();
  const now = performance.now();
  const [late, later] = [make("late", now - 1_000), make("later", now)];
  for (const visitor of [late, later]) visitors.add(visitor);
  visitors.wakeAt(later.guest!.deadline);
  visitors.wakeAt(now); // earlier: counts
  await until(() => due.length > 0);
  assertEquals([...new Set(due)], ["late"]);
  visitors.clear();
  assertEquals(visitors.size, 0);
});
