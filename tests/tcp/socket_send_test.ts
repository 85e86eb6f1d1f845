import { assert, assertEquals, assertRejects } from "@std/assert";
import { octets, pair, text } from "./_pair.ts";

const LIMIT = { timeoutMs: 10_000 };

/** More than the system takes while nobody receives. */
const MUCH = 6 << 20;

Deno.test("TcpSocket.send() sends a part of what is too much", async () => {
  using sockets = await pair();
  const { client } = sockets;
  const sent = await client.send(new Uint8Array(MUCH));
  assert(sent > 0 && sent < MUCH, `${sent}`);
});

Deno.test("TcpSocket.sendAll() sends all, and never mixes two", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const sizes = [1 << 20, 1, 2 << 20, 70_000];
  const sends = sizes.map((size, i) =>
    client.sendAll(new Uint8Array(size).fill(i + 1))
  );
  for (const [i, size] of sizes.entries()) {
    const arrived = await server.receiveExactly(size, LIMIT);
    assert(arrived.every((octet) => octet === i + 1), `message ${i}`);
  }
  await Promise.all(sends);
});

Deno.test("TcpSocket.sendAll() that was aborted before its turn sends nothing", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const much = client.sendAll(new Uint8Array(MUCH));
  const abort = new AbortController();
  const aborted = client.sendAll(octets("never"), { signal: abort.signal });
  const after = client.sendAll(octets("after"));
  abort.abort(new Error("enough"));
  await assertRejects(() => aborted, Error, "enough");
  await server.receiveExactly(MUCH, LIMIT);
  await Promise.all([much, after]);
  assertEquals(text(await server.receiveExactly(5, LIMIT)), "after");
  assertEquals(server.tryReceive(), undefined);
});

Deno.test("TcpSocket.sendAll() that timed out in the middle still sends all", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const data = new Uint8Array(MUCH).fill(1);
  await assertRejects(
    () => client.sendAll(data, { timeoutMs: 20 }),
    DOMException,
  );
  data.fill(2); // it belongs to the caller again
  const after = client.sendAll(octets("after"));
  const arrived = await server.receiveExactly(MUCH, LIMIT);
  assert(arrived.every((octet) => octet === 1));
  assertEquals(text(await server.receiveExactly(5, LIMIT)), "after");
  await after;
});

Deno.test("TcpSocket.closeWrite() comes after all that is sent", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const sent = client.sendAll(new Uint8Array(MUCH));
  const closed = client.closeWrite();
  assertEquals((await server.receiveExactly(MUCH, LIMIT)).length, MUCH);
  assertEquals(await server.receive(1, LIMIT), null);
  await Promise.all([sent, closed]);
  await server.sendAll(octets("still here"));
  assertEquals(text(await client.receive(100, LIMIT)), "still here");
});

Deno.test("TcpSocket.sendAll() fails once the other side is closed", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  server.close();
  await assertRejects(async () => {
    for (;;) await client.sendAll(octets("anybody?"), LIMIT);
  }, Deno.errors.BrokenPipe);
});

Deno.test("TcpSocket.sendAll() of a closed socket is an error", async () => {
  using sockets = await pair();
  const { client } = sockets;
  const waiting = client.sendAll(new Uint8Array(MUCH));
  const behind = client.sendAll(octets("behind"));
  client.close();
  await assertRejects(() => waiting);
  await assertRejects(() => behind, Deno.errors.BadResource);
  await assertRejects(
    () => client.sendAll(octets("x")),
    Deno.errors.BadResource,
  );
  await assertRejects(() => client.closeWrite(), Deno.errors.BadResource);
});

Deno.test("TcpSocket.setNoDelay() and setKeepAlive() wait for what is sent", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const sent = client.sendAll(new Uint8Array(MUCH));
  const set = [client.setNoDelay(), client.setKeepAlive(true)];
  await server.receiveExactly(MUCH, LIMIT);
  await Promise.all([sent, ...set]);
});

Deno.test("TcpSocket.readable and writable are streams of its own octets", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const echoed = server.readable.pipeTo(server.writable);
  const writer = client.writable.getWriter();
  await writer.write(octets("there "));
  await writer.write(octets("and back"));
  await writer.close();
  let back = "";
  for await (const chunk of client.readable) back += text(chunk);
  assertEquals(back, "there and back");
  await echoed;
});

Deno.test("TcpSocket is closed by await using when all is sent", async () => {
  using sockets = await pair();
  const { server } = sockets;
  const arrived = server.receiveExactly(MUCH, LIMIT);
  {
    await using client = sockets.client;
    client.sendAll(new Uint8Array(MUCH));
  }
  assertEquals((await arrived).length, MUCH);
  assertEquals(await server.receive(1, LIMIT), null);
});

for (const first of ["client", "server"] as const) {
  const second = first === "client" ? "server" : "client";

  Deno.test(`TcpSocket.closeWrite() of the ${first} leaves the other way open`, async () => {
    using sockets = await pair();
    const [closer, other] = [sockets[first], sockets[second]];
    const waiting = other.receive(1, LIMIT);
    await closer.closeWrite();
    assertEquals(await waiting, null);
    await assertRejects(
      () => closer.sendAll(octets("x")),
      Deno.errors.BrokenPipe,
    );
    for (const word of ["still", " here\n"]) await other.sendAll(octets(word));
    assertEquals(await closer.readLine(LIMIT), "still here");
    await other.closeWrite();
    assertEquals(await closer.receive(1, LIMIT), null);
    assertEquals(await other.receive(1, LIMIT), null);
    await closer.closeWrite(); // again, and both ends are there
    assert(!closer.closed && !other.closed);
  });
}

Deno.test("TcpSocket.closeWrite() of both at once loses nothing, either way", async () => {
  using sockets = await pair();
  const sides = [sockets.client, sockets.server];
  const received = await Promise.all(sides.map(async (side, i) => {
    const sent = side.sendAll(new Uint8Array(MUCH).fill(i + 1));
    const closed = side.closeWrite();
    let count = 0;
    for (;;) {
      const octets = await side.receive(65_536, LIMIT);
      if (octets === null) break;
      assert(octets.every((octet) => octet === 2 - i), `to ${i}`);
      count += octets.length;
    }
    await Promise.all([sent, closed]);
    return count;
  }));
  assertEquals(received, [MUCH, MUCH]);
});

Deno.test("TcpSocket.receive() at the end of input does not end what is sent", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.closeWrite();
  assertEquals(await server.receive(1, LIMIT), null);
  const sent = server.sendAll(new Uint8Array(MUCH));
  assertEquals((await client.receiveExactly(MUCH, LIMIT)).length, MUCH);
  await sent;
  await server.sendAll(octets("end"));
  assertEquals(text(await client.receiveExactly(3, LIMIT)), "end");
});
