import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { octets, pair, text } from "./_pair.ts";

const LIMIT = { timeoutMs: 10_000 };

Deno.test("TcpSocket.receive() brings what was sent, at most max at a time", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.sendAll(octets("hello"));
  assertEquals(text(await server.receive(2, LIMIT)), "he");
  assertEquals(text(await server.receive(undefined, LIMIT)), "llo");
});

Deno.test("TcpSocket.receive() answers null at the end, again and again", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.sendAll(octets("bye"));
  await client.closeWrite();
  assertEquals(text(await server.receiveExactly(3)), "bye");
  for (let i = 0; i < 3; i++) assertEquals(await server.receive(), null);
  assertEquals(await server.readLine(), null);
  await assertRejects(() => server.receiveExactly(1), UnexpectedEofError);
  assertEquals((await server.receiveExactly(0)).length, 0);
});

Deno.test("TcpSocket.receive() gives copies", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.sendAll(octets("one"));
  const first = await server.receive();
  await client.sendAll(octets("two"));
  const second = await server.receive();
  assertEquals([text(first), text(second)], ["one", "two"]);
});

Deno.test("TcpSocket.receive() that timed out loses nothing", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await assertRejects(
    () => server.receive(10, { timeoutMs: 5 }),
    DOMException,
  );
  await client.sendAll(octets("late"));
  assertEquals(text(await server.receive(10, LIMIT)), "late");
});

Deno.test("TcpSocket.receive() that was aborted loses nothing", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const reason = new Error("enough");
  await assertRejects(
    () => server.receive(1, { signal: AbortSignal.abort(reason) }),
    Error,
    "enough",
  );
  const abort = new AbortController();
  const waiting = server.receive(1, { signal: abort.signal });
  abort.abort(reason);
  await assertRejects(() => waiting, Error, "enough");
  await client.sendAll(octets("late"));
  assertEquals(text(await server.receiveExactly(4, LIMIT)), "late");
});

Deno.test("TcpSocket serves those who receive in order", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const waiting = [
    server.receiveExactly(3, LIMIT),
    server.receive(2, LIMIT),
    server.readLine(LIMIT),
  ];
  await client.sendAll(octets("ab"));
  await client.sendAll(octets("cdefgh\r\n"));
  const [three, two, line] = await Promise.all(waiting);
  assertEquals(
    [text(three as Uint8Array), text(two as Uint8Array), line],
    ["abc", "de", "fgh"],
  );
});

Deno.test("TcpSocket: who gives up lets the next have what was kept for it", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.sendAll(octets("abc"));
  assertEquals(text(await server.receive(1, LIMIT)), "a"); // the rest is here
  const abort = new AbortController();
  const many = server.receiveExactly(100, { signal: abort.signal });
  const few = server.receiveExactly(2, LIMIT);
  abort.abort(new Error("enough"));
  await assertRejects(() => many, Error, "enough");
  assertEquals(text(await few), "bc");
});

Deno.test("TcpSocket.receiveExactly() keeps what has arrived at a timeout", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.sendAll(octets("half"));
  await assertRejects(
    () => server.receiveExactly(8, { timeoutMs: 20 }),
    DOMException,
  );
  await client.sendAll(octets("full"));
  assertEquals(text(await server.receiveExactly(8, LIMIT)), "halffull");
});

Deno.test("TcpSocket.receiveExactly() says how much is missing at the end", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.sendAll(octets("abc"));
  await client.closeWrite();
  const error = await assertRejects(
    () => server.receiveExactly(10),
    UnexpectedEofError,
  );
  assertEquals([error.have, error.need], [3, 10]);
  assertEquals(text(await server.receive()), "abc");
});

Deno.test("TcpSocket.receiveExactly() brings 4 MiB whole", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const data = new Uint8Array(4 << 20).map((_, i) => i * 7 + (i >> 8));
  const sent = client.sendAll(data);
  const arrived = await server.receiveExactly(data.length, LIMIT);
  await sent;
  assert(arrived.every((octet, i) => octet === data[i]));
});

Deno.test("TcpSocket.receiveInto() fills a buffer", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const buffer = new Uint8Array(4);
  await client.sendAll(octets("abcdef"));
  assertEquals(await server.receiveInto(buffer, LIMIT), 4);
  assertEquals(text(buffer), "abcd");
  assertEquals(await server.receiveInto(buffer, LIMIT), 2);
  await client.closeWrite();
  assertEquals(await server.receiveInto(buffer, LIMIT), null);
  await assertRejects(() => server.receiveInto(new Uint8Array()), RangeError);
});

Deno.test("TcpSocket.readLine() splits at LF and CR LF, also across sends", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  for (const piece of ["on", "e\r", "\ntwo\n\nla", "st"]) {
    await client.sendAll(octets(piece));
  }
  await client.closeWrite();
  const lines: string[] = [];
  for await (const line of server.lines(LIMIT)) lines.push(line);
  assertEquals(lines, ["one", "two", "", "last"]);
});

Deno.test("TcpSocket.readLine() refuses what is too long, and takes nothing", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.sendAll(octets("123456789"));
  await assertRejects(
    () => server.readLine({ maxBytes: 4, ...LIMIT }),
    RangeError,
    "Cannot read a line: it is longer than 4 octets",
  );
  assertEquals(text(await server.receiveExactly(9, LIMIT)), "123456789");
  await client.sendAll(octets("1234\n"));
  assertEquals(await server.readLine({ maxBytes: 4, ...LIMIT }), "1234");
});

Deno.test("TcpSocket.tryReceive() never waits", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  assertEquals(server.tryReceive(), undefined);
  await client.sendAll(octets("ab"));
  let got: Uint8Array | null | undefined;
  while ((got = server.tryReceive(1)) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals([text(got), text(server.tryReceive())], ["a", "b"]);
});

Deno.test("TcpSocket refuses counts that make no sense", async () => {
  using sockets = await pair();
  const { server } = sockets;
  for (const max of [0, -1, 1.5, NaN]) {
    await assertRejects(() => server.receive(max), RangeError);
    assertThrows(() => server.tryReceive(max), RangeError);
  }
  for (const count of [-1, 1.5, NaN, Infinity]) {
    await assertRejects(() => server.receiveExactly(count), RangeError);
  }
});

Deno.test("TcpSocket.close() rejects those who wait", async () => {
  using sockets = await pair();
  const { server } = sockets;
  const waiting = [server.receive(), server.receiveExactly(5, LIMIT)];
  server.close();
  server.close();
  for (const promise of waiting) {
    await assertRejects(() => promise, Deno.errors.Interrupted);
  }
  await assertRejects(() => server.receive(), Deno.errors.BadResource);
  assertThrows(() => server.tryReceive(), Deno.errors.BadResource);
});
