import { assert, assertEquals, assertRejects } from "@std/assert";
import { octets, pair, text } from "./_pair.ts";

const LIMIT = { timeoutMs: 10_000 };

/** More than the system takes while nobody receives. */
const MUCH = 5 << 20;

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
