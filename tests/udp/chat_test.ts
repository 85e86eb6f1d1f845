import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import {
  Contacts,
  decodeMessage,
  encodeMessage,
  MAX_CONTACTS,
  MAX_TEXT_BYTES,
  parseContact,
  parseLine,
  parseName,
} from "../../udp/_chat.ts";
import { showBytes } from "../../udp/_show_bytes.ts";

const ANN = { hostname: "127.0.0.1", port: 4001 };
const BOB = { hostname: "127.0.0.1", port: 4002 };
const EVE = { hostname: "127.0.0.1", port: 4003 };

Deno.test("parseLine() reads each form of input", () => {
  assertEquals(parseLine(""), { type: "nothing" });
  assertEquals(parseLine("  "), { type: "nothing" });
  assertEquals(parseLine("hi all"), { type: "send", text: "hi all" });
  assertEquals(parseLine("ann: hi"), { type: "send", to: "ann", text: "hi" });
  assertEquals(parseLine("/to ann"), { type: "choose", to: "ann" });
  assertEquals(parseLine("/to ann a: b"), {
    type: "send",
    to: "ann",
    text: "a: b",
  });
  assertEquals(parseLine("/add bob 127.0.0.1:4002"), {
    type: "add",
    name: "bob",
    addr: BOB,
  });
  assertEquals(parseLine("/who"), { type: "who" });
  assertEquals(parseLine("/help"), { type: "help" });
  assertEquals(parseLine("/quit"), { type: "quit" });
});

Deno.test("parseLine() takes a colon inside of text as text", () => {
  for (
    const text of ["10:30 at the pub", "see http://x/", "so ann: no", "a:b"]
  ) {
    assertEquals(parseLine(text), { type: "send", text });
  }
});

Deno.test("parseLine() refuses what it does not understand", () => {
  const wrong = ["/bogus", "/", "/to", "/to a:b", "/add", "/add ann"];
  wrong.push("/add a=b 1.2.3.4:5", "/add ann nowhere", "/add ann 1.2.3.4:5 x");
  wrong.push("/quit now", "/add ann 1.2.3.4:65536");
  for (const line of wrong) {
    assertThrows(() => parseLine(line), SyntaxError, "", line);
  }
});

Deno.test("parseName() keeps out what could be taken for something else", () => {
  for (const name of ["a", "Jörg", "李", "a.b-c_9", "x".repeat(32)]) {
    assertEquals(parseName(name), name);
  }
  for (const name of ["", "a b", "a:b", "a=b", "/a", "\u202ea", "\x1b[1m"]) {
    assertThrows(() => parseName(name), SyntaxError, "as a name", name);
  }
  assertThrows(() => parseName("x".repeat(33)), SyntaxError);
});

Deno.test("parseContact() reads NAME=HOST:PORT", () => {
  assertEquals(parseContact("ann=127.0.0.1:4001"), { name: "ann", addr: ANN });
  assertEquals(parseContact("six=[::1]:9").addr, { hostname: "::1", port: 9 });
  for (const text of ["ann", "=1.2.3.4:5", "ann=", "ann=host", "ann=host:x"]) {
    assertThrows(() => parseContact(text), SyntaxError, "", text);
  }
});

Deno.test("decodeMessage() reads what encodeMessage() wrote", () => {
  for (const text of ["", "hi", "grüße 你好", "x".repeat(MAX_TEXT_BYTES)]) {
    const message = { name: "Jörg", text };
    assertEquals(decodeMessage(encodeMessage(message)), message);
  }
});

Deno.test("encodeMessage() refuses a text that is too long", () => {
  const text = "ü".repeat(MAX_TEXT_BYTES / 2 + 1);
  assertThrows(() => encodeMessage({ name: "a", text }), RangeError, "1026");
});

Deno.test("decodeMessage() ignores what is no message", () => {
  const good = encodeMessage({ name: "ann", text: "hi" });
  const change = (at: number, byte: number) => good.with(at, byte);
  const long = new Uint8Array(good.length + MAX_TEXT_BYTES);
  long.set(good);
  const bad = [
    new Uint8Array(),
    good.subarray(0, 4),
    good.subarray(0, 7), // inside the name
    change(0, 0), // magic
    change(4, 0), // no name
    change(4, 255), // a name longer than the packet
    change(5, 0x20), // a name with a blank
    change(5, 0xff), // a name that is not UTF-8
    change(8, 0xff), // a text that is not UTF-8
    long,
  ];
  assert(decodeMessage(good) !== undefined);
  for (const packet of bad) assertEquals(decodeMessage(packet), undefined);
});

Deno.test("decodeMessage() reads a view that starts inside its buffer", () => {
  const message = { name: "ann", text: "hi" };
  const packet = encodeMessage(message);
  const buffer = new Uint8Array(packet.length + 7);
  buffer.set(packet, 7);
  assertEquals(decodeMessage(buffer.subarray(7)), message);
});

Deno.test("Contacts.choose() keeps the current contact until told otherwise", () => {
  const contacts = new Contacts();
  assertThrows(() => contacts.choose(), SyntaxError, "No contact yet");
  contacts.add("ann", ANN);
  contacts.add("bob", BOB);
  assertEquals(contacts.choose(), { name: "ann", addr: ANN });
  assertEquals(contacts.choose("bob"), { name: "bob", addr: BOB });
  assertEquals(contacts.choose(), { name: "bob", addr: BOB });
  assertThrows(() => contacts.choose("eve"), SyntaxError, '"eve"');
  assertEquals(contacts.current, "bob");
});

Deno.test("Contacts.add() replaces the address of a name, and the name of an address", () => {
  const contacts = new Contacts();
  contacts.add("ann", ANN);
  contacts.add("ann", BOB);
  assertEquals([...contacts], [["ann", BOB]]);
  contacts.add("bob", BOB);
  assertEquals([...contacts], [["bob", BOB]]);
  assertEquals(contacts.current, "bob");
  assertEquals(contacts.meet("x", ANN), { name: "x", added: true });
});

Deno.test("Contacts.meet() adds a stranger, once", () => {
  const contacts = new Contacts();
  assertEquals(contacts.meet("ann", ANN), { name: "ann", added: true });
  assertEquals(contacts.meet("ann", ANN), { name: "ann", added: false });
  assertEquals(contacts.current, "ann");
  contacts.meet("bob", BOB);
  assertEquals(contacts.current, "ann");
});

Deno.test("Contacts.meet() goes by the address, not by the claimed name", () => {
  const contacts = new Contacts();
  contacts.add("ann", ANN);
  assertEquals(contacts.meet("bob", ANN).name, "ann");
  assertEquals(contacts.meet("ann", EVE), { name: "ann-2", added: true });
  assertEquals(contacts.meet("ann", EVE), { name: "ann-2", added: false });
  assertEquals(contacts.choose("ann").addr, ANN);
  const mapped = { hostname: "::ffff:127.0.0.1", port: ANN.port };
  assertEquals(contacts.meet("eve", mapped).name, "ann");
});

Deno.test("Contacts.meet() makes names that can be typed", () => {
  const contacts = new Contacts();
  const name = "x".repeat(32);
  contacts.add(name, ANN);
  const met = contacts.meet(name, EVE).name;
  assertEquals(parseName(met), met);
});

Deno.test("Contacts.meet() lets strangers fill the list only so far", () => {
  const contacts = new Contacts();
  for (let port = 1; port <= MAX_CONTACTS; port++) {
    assert(contacts.meet("ann", { hostname: "10.0.0.1", port }).added);
  }
  const { name, added } = contacts.meet("bob", BOB);
  assertFalse(added);
  assertEquals(name, "127.0.0.1:4002");
  assertEquals([...contacts].length, MAX_CONTACTS);
});

Deno.test("showBytes() shows text as text, the rest in hex", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assertEquals(showBytes(bytes("hé\n")), "hé\\n");
  assertEquals(showBytes(bytes("")), "");
  assertEquals(showBytes(bytes("a\x1b")), "61 1b");
  assertEquals(showBytes(new Uint8Array([0x61, 0xff, 0])), "61 ff 00");
});
