import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { atMost, into, line } from "../../mux/cut.ts";
import type { Arrived } from "../../mux/inbox.ts";
import { octets, text } from "../tcp/_pair.ts";

/** What has arrived, as an inbox shows it. */
class Octets implements Arrived {
  octets: Uint8Array<ArrayBuffer>;
  ended = false;
  needed = 1;

  constructor(arrived = "") {
    this.octets = octets(arrived);
  }

  get rest(): string {
    return text(this.octets)!;
  }

  add(more: string): void {
    this.octets = octets(this.rest + more);
  }

  consume(count: number): void {
    this.octets = this.octets.slice(count);
  }

  need(count: number): void {
    this.needed = count;
  }
}

Deno.test("atMost() takes what is there, a copy", () => {
  const arrived = new Octets("hello");
  const shown = arrived.octets;
  const taken = atMost(3)(arrived);
  assertEquals([text(taken), arrived.rest], ["hel", "lo"]);
  assert(taken?.buffer !== shown.buffer);
  assertEquals(text(atMost(9)(arrived)), "lo");
  assertEquals(atMost(9)(arrived), undefined);
  arrived.ended = true;
  assertEquals(atMost(9)(arrived), null);
});

Deno.test("into() fills a buffer with what is there", () => {
  const arrived = new Octets("hello");
  const buffer = new Uint8Array(3);
  assertEquals(into(buffer)(arrived), 3);
  assertEquals(text(buffer), "hel");
  assertEquals(into(buffer)(arrived), 2);
  assertEquals(text(buffer), "lol"); // the rest of it is as it was
  assertEquals(into(buffer)(arrived), undefined);
  arrived.ended = true;
  assertEquals(into(buffer)(arrived), null);
});

Deno.test("atMost() and into() refuse to take nothing", () => {
  for (const max of [0, -1, 0.5, NaN, Infinity]) {
    assertThrows(
      () => atMost(max),
      RangeError,
      `Cannot receive ${max} octets: it must be a whole number of at least 1`,
    );
  }
  assertThrows(() => into(new Uint8Array()), RangeError);
});

Deno.test("line() takes lines, whatever they end with", () => {
  const arrived = new Octets("unix\ndos\r\n\n\r\na\rb\nrest");
  const lines = [];
  for (let found; (found = line(80)(arrived)) !== undefined;) lines.push(found);
  assertEquals(lines, ["unix", "dos", "", "", "a\rb"]);
  assertEquals(arrived.rest, "rest");
  arrived.ended = true;
  assertEquals(line(80)(arrived), "rest");
  assertEquals(line(80)(arrived), null);
});

Deno.test("line() waits for the end of a line, and says that it needs more", () => {
  const arrived = new Octets("half");
  const cut = line(80);
  assertEquals(cut(arrived), undefined);
  assertEquals(arrived.needed, 5);
  arrived.add("\r");
  assertEquals(cut(arrived), undefined);
  arrived.add("\nnext\n");
  assertEquals(cut(arrived), "half");
  assertEquals(line(80)(arrived), "next");
});

Deno.test("line() keeps the \\r of a last line that has no \\n", () => {
  const arrived = new Octets("last\r");
  arrived.ended = true;
  assertEquals(line(80)(arrived), "last\r");
});

Deno.test("line() refuses one that is too long, and takes nothing", () => {
  for (const ended of [false, true]) {
    const arrived = new Octets("12345\n");
    arrived.ended = ended;
    assertEquals(line(5)(new Octets("12345\n")), "12345");
    assertThrows(
      () => line(4)(arrived),
      RangeError,
      "Cannot read a line: it is longer than 4 octets",
    );
    assertEquals(arrived.rest, "12345\n");
  }
  const endless = new Octets("1234567");
  assertThrows(() => line(4)(endless), RangeError);
  assertEquals(line(4)(new Octets("12345")), undefined); // a \r, perhaps
});

Deno.test("line() decodes UTF-8, and what is none", async () => {
  assertEquals(line(80)(new Octets("grüße\n")), "grüße");
  const arrived = new Octets();
  arrived.octets = new Uint8Array([0xff, 0x0a]);
  assertEquals(line(80)(arrived), "\ufffd");
  await assertRejects(async () => await line(1)(new Octets("ü\n")), RangeError);
});
