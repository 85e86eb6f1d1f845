import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { MAX_DATAGRAM_BYTES, UdpSocket } from "../../udp/socket.ts";
import { bytes, manual, readable, SOON } from "./_sockets.ts";

Deno.test("UdpSocket.bind() binds 127.0.0.1 and a free port", () => {
  using socket = UdpSocket.bind();
  assertEquals([socket.localAddr.hostname, socket.localAddr.transport], [
    "127.0.0.1",
    "udp",
  ]);
  assert(socket.localAddr.port > 0);
});

Deno.test("UdpSocket.bind() throws AddrInUse for a port that is taken", () => {
  using socket = UdpSocket.bind();
  const { port } = socket.localAddr;
  assertThrows(() => UdpSocket.bind({ port }), Deno.errors.AddrInUse);
});

Deno.test("UdpSocket.bind() shares a port by reuseAddress", () => {
  using first = UdpSocket.bind({ reuseAddress: true });
  const { port } = first.localAddr;
  using second = UdpSocket.bind({ port, reuseAddress: true });
  assertEquals(second.localAddr.port, port);
});

Deno.test("UdpSocket sends and receives datagrams of 0 to 65,507 bytes", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  for (const length of [0, 1, 512, 2048, 65_506, MAX_DATAGRAM_BYTES]) {
    const sent = crypto.getRandomValues(
      new Uint8Array(Math.min(length, 65_536)),
    );
    assertEquals(await from.sendTo(sent, to.localAddr), length);
    const { data, addr, truncated } = await to.receive(SOON);
    assertEquals([data, addr, truncated], [sent, from.localAddr, false]);
  }
});

Deno.test("UdpSocket.sendTo() refuses more than 65,507 bytes", async () => {
  await using socket = UdpSocket.bind();
  const data = new Uint8Array(MAX_DATAGRAM_BYTES + 1);
  await assertRejects(
    () => socket.sendTo(data, socket.localAddr),
    RangeError,
    "65508",
  );
});

Deno.test("UdpSocket.sendTo() refuses port 0 and ports that there are not", async () => {
  await using socket = UdpSocket.bind();
  const hostname = "127.0.0.1";
  for (const port of [0, -1, 65_536, 70_000, 2 ** 32 + 9, 1.5, NaN]) {
    const netAddr = { transport: "udp" as const, hostname, port };
    for (const addr of [{ hostname, port }, netAddr]) {
      await assertRejects(
        () => socket.sendTo(bytes(1), addr),
        RangeError,
        `Cannot send to 127.0.0.1:${port}: the port must be 1 to 65535`,
      );
    }
  }
});

Deno.test("UdpSocket.connect() refuses port 0 and ports that there are not", async () => {
  await using socket = UdpSocket.bind();
  for (const port of [0, -1, 65_536, 1.5, NaN]) {
    await assertRejects(
      () => socket.connect({ hostname: "127.0.0.1", port }),
      RangeError,
      `Cannot connect to 127.0.0.1:${port}: the port must be 1 to 65535`,
    );
  }
  assertEquals(socket.remoteAddr, undefined);
});

Deno.test("UdpSocket.sendTo() names a host that has no address", async () => {
  await using socket = UdpSocket.bind();
  await assertRejects(
    () =>
      socket.sendTo(bytes(1), { hostname: "no-such-host.invalid", port: 9 }),
    Error,
    "no-such-host.invalid",
  );
});

Deno.test("UdpSocket.receive() gives data that no later datagram changes", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  await from.sendTo(bytes(1, 1, 1), to.localAddr);
  const first = await to.receive(SOON);
  await from.sendTo(bytes(2, 2, 2), to.localAddr);
  await to.receive(SOON);
  assertEquals(first.data, bytes(1, 1, 1));
  assertEquals(
    first.data.buffer.byteLength,
    3,
    "keeps more memory than the datagram",
  );
});

Deno.test("UdpSocket.receive() loses nothing to a timeout", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  for (const timeoutMs of [0, 1, 5]) {
    const error = await assertRejects(
      () => to.receive({ timeoutMs }),
      DOMException,
    );
    assertEquals(error.name, "TimeoutError");
  }
  await from.sendTo(bytes(1), to.localAddr);
  assertEquals((await to.receive(SOON)).data, bytes(1));
});

Deno.test("UdpSocket.receive() loses nothing to an abort", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const controller = new AbortController();
  const gone = to.receive({ signal: controller.signal });
  controller.abort("gone");
  assertEquals(await gone.catch((reason) => reason), "gone");
  await from.sendTo(bytes(1), to.localAddr);
  assertEquals((await to.receive(SOON)).data, bytes(1));
});

Deno.test("UdpSocket.receive() answers concurrent callers in their order", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const received = Array.from({ length: 50 }, () => to.receive(SOON));
  for (let i = 0; i < 50; i++) await from.sendTo(bytes(i), to.localAddr);
  assertEquals((await Promise.all(received)).map(({ data }) => data[0]), [
    ...Array(50).keys(),
  ]);
});

Deno.test("UdpSocket.receive() cuts at maxBytes, and says so", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  for (
    const [maxBytes, expected] of [[0, []], [2, [1, 2]], [3, [1, 2, 3]], [4, [
      1,
      2,
      3,
    ]]]
  ) {
    await from.sendTo(bytes(1, 2, 3), to.localAddr);
    const { data, truncated } = await to.receive({
      ...SOON,
      maxBytes: maxBytes as number,
    });
    assertEquals([[...data], truncated], [expected, (maxBytes as number) < 3]);
  }
});

Deno.test("UdpSocket.receiveInto() fills the buffer of the caller, and no more", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const whole = new Uint8Array(6).fill(9);
  await from.sendTo(bytes(1, 2, 3), to.localAddr);
  const { data, truncated } = await to.receiveInto(whole.subarray(1, 5), SOON);
  assertEquals([whole, data, truncated], [
    bytes(9, 1, 2, 3, 9, 9),
    bytes(1, 2, 3),
    false,
  ]);
  assertEquals([data.buffer === whole.buffer, data.byteOffset], [true, 1]);
});

Deno.test("UdpSocket.receiveInto() says when the buffer was too short", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  for (const length of [0, 2]) {
    await from.sendTo(bytes(1, 2, 3), to.localAddr);
    const { data, truncated } = await to.receiveInto(
      new Uint8Array(length),
      SOON,
    );
    assertEquals([data.length, truncated], [length, true]);
  }
});

Deno.test("UdpSocket.receiveInto() leaves the buffer alone after a timeout", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const buffer = new Uint8Array(3);
  await assertRejects(
    () => to.receiveInto(buffer, { timeoutMs: 1 }),
    DOMException,
  );
  await from.sendTo(bytes(1, 2, 3), to.localAddr);
  assertEquals((await to.receive(SOON)).data, bytes(1, 2, 3));
  assertEquals(buffer, new Uint8Array(3));
});

Deno.test("UdpSocket.tryReceive() never waits", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  assertEquals(to.tryReceive(), undefined);
  await from.sendTo(bytes(1), to.localAddr);
  await readable(to);
  assertEquals(to.tryReceive()?.data, bytes(1));
  assertEquals([to.tryReceive(), to.readable], [undefined, false]);
});

Deno.test("UdpSocket.close() rejects who waits with Interrupted", async () => {
  await using silent = UdpSocket.bind();
  await using socket = UdpSocket.bind();
  const waiting = [
    socket.request(bytes(1), silent.localAddr),
    socket.receive(),
    socket.receiveInto(new Uint8Array(1), SOON),
  ];
  await silent.receive(SOON); // the request waits
  socket.close();
  socket.close();
  for (const each of waiting) {
    await assertRejects(() => each, Deno.errors.Interrupted);
  }
  assert(socket.closed);
});

Deno.test("UdpSocket throws BadResource once it is closed", async () => {
  const socket = UdpSocket.bind();
  const { localAddr } = socket;
  await socket[Symbol.asyncDispose]();
  const { BadResource } = Deno.errors;
  await assertRejects(() => socket.receive(), BadResource);
  await assertRejects(() => socket.receiveInto(new Uint8Array(1)), BadResource);
  await assertRejects(() => socket.sendTo(bytes(1), localAddr), BadResource);
  await assertRejects(() => socket.request(bytes(1), localAddr), BadResource);
  assertThrows(() => socket.tryReceive(), BadResource);
  assertEquals(socket.localAddr, localAddr);
});

Deno.test("UdpSocket[Symbol.asyncDispose]() frees the port for the next bind", async () => {
  let port = 0;
  for (let round = 0; round < 20; round++) {
    await using socket = UdpSocket.bind({ port });
    port = socket.localAddr.port;
    await assertRejects(() => socket.receive({ timeoutMs: 0 }), DOMException);
  }
});

Deno.test("UdpSocket can be iterated until it is closed", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const seen: number[] = [];
  for (const i of [1, 2, 3]) await from.sendTo(bytes(i), to.localAddr);
  const timer = Promise.withResolvers<void>();
  const iterated = (async () => {
    for await (const { data } of to) {
      if (seen.push(data[0]!) === 3) timer.resolve();
    }
  })();
  await timer.promise;
  to.close(); // while it waits
  await iterated;
  assertEquals(seen, [1, 2, 3]);
});

Deno.test("UdpSocket can be closed by the loop over it", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  await from.sendTo(bytes(1), to.localAddr);
  let count = 0;
  for await (const _ of to) {
    count++;
    to.close();
  }
  assertEquals(count, 1);
});

Deno.test("UdpSocket is not closed by leaving the loop over it, and nothing is lost", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  for (const i of [1, 2, 3]) await from.sendTo(bytes(i), to.localAddr);
  const seen: number[] = [];
  for (let round = 0; round < 3; round++) {
    for await (const { data } of to) {
      seen.push(data[0]!);
      break;
    }
  }
  assertEquals([seen, to.closed], [[1, 2, 3], false]);
});

Deno.test("UdpSocket.connect() hears only the peer, also for those who wait already", async () => {
  await using socket = UdpSocket.bind();
  await using peer = UdpSocket.bind();
  await using other = UdpSocket.bind();
  const waiting = socket.receive(SOON);
  await socket.connect(peer.localAddr);
  await other.sendTo(bytes(1), socket.localAddr);
  await peer.sendTo(bytes(2), socket.localAddr);
  await other.sendTo(bytes(3), socket.localAddr);
  await peer.sendTo(bytes(4), socket.localAddr);
  assertEquals((await waiting).data, bytes(2));
  assertEquals((await socket.receive(SOON)).data, bytes(4));
});

Deno.test("UdpSocket.send() sends to the connected peer", async () => {
  await using socket = UdpSocket.bind();
  await using peer = UdpSocket.bind();
  assertEquals(socket.remoteAddr, undefined);
  await assertRejects(() => socket.send(bytes(1)), TypeError);
  await socket.connect({ hostname: "localhost", port: peer.localAddr.port });
  assertEquals(socket.remoteAddr, peer.localAddr);
  assertEquals(await socket.send(bytes(1, 2)), 2);
  assertEquals((await peer.receive(SOON)).data, bytes(1, 2));
  const data = new Uint8Array(MAX_DATAGRAM_BYTES + 1);
  await assertRejects(() => socket.send(data), RangeError);
});

Deno.test("UdpSocket.connect() on IPv4 refuses a peer that has only IPv6", async () => {
  await using socket = UdpSocket.bind();
  await assertRejects(
    () => socket.connect({ hostname: "::1", port: 9 }),
    Error,
  );
  assertEquals(socket.remoteAddr, undefined);
});

Deno.test("UdpSocket.connect() drops what others send from tryReceive(), too", async () => {
  await using socket = UdpSocket.bind();
  await using other = UdpSocket.bind();
  await socket.connect({ hostname: "127.0.0.1", port: 9 });
  socket.tryReceive();
  await other.sendTo(bytes(1), socket.localAddr);
  await readable(socket);
  assertEquals(socket.tryReceive(), undefined);
});

Deno.test("UdpSocket.receive() refuses maxBytes that is negative or not a number", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  for (const maxBytes of [-1, NaN]) {
    await from.sendTo(bytes(1, 2), to.localAddr);
    await assertRejects(() => to.receive({ ...SOON, maxBytes }), RangeError);
  }
});

Deno.test("UdpSocket.receiveWith() offers a view, and leaves what it declines to the next", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const answers = [
    to.receiveWith((data) => data[0] === 2 ? "two" : undefined, SOON),
    to.receiveWith((data, addr) => [data.length, addr], SOON),
  ];
  for (const i of [1, 2]) await from.sendTo(bytes(i), to.localAddr);
  assertEquals(await Promise.all(answers), ["two", [1, from.localAddr]]);
});

Deno.test("UdpSocket.receiveWith() does not call a function that timed out", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  let called = false;
  const accept = () => called = true;
  await assertRejects(
    () => to.receiveWith(accept, { timeoutMs: 1 }),
    DOMException,
  );
  await from.sendTo(bytes(1), to.localAddr);
  await to.receive(SOON);
  assertFalse(called);
});

Deno.test("UdpSocket.receiveWith() hears only the connected peer", async () => {
  await using socket = UdpSocket.bind();
  await using peer = UdpSocket.bind();
  await using other = UdpSocket.bind();
  await socket.connect(peer.localAddr);
  await other.sendTo(bytes(1), socket.localAddr);
  await peer.sendTo(bytes(2), socket.localAddr);
  assertEquals(await socket.receiveWith((data) => data[0], SOON), 2);
});

Deno.test("UdpSocket.broadcast() reaches a socket on every address", {
  ignore: Deno.build.os !== "linux", // elsewhere loopback has no broadcast
}, async () => {
  await using hears = UdpSocket.bind({ hostname: "0.0.0.0" });
  await using sender = UdpSocket.bind();
  const { port } = hears.localAddr;
  const options = { hostname: "127.255.255.255" };
  assertEquals(await sender.broadcast(bytes(1, 2), port, options), 2);
  assertEquals((await hears.receive(SOON)).data, bytes(1, 2));
  await assertRejects(() => sender.broadcast(bytes(1), 0, options), RangeError);
});

Deno.test("UdpSocket.broadcast() goes to the network of this host by default", async () => {
  const addrs: Deno.Addr[] = [];
  const { conn } = manual();
  conn.send = (data, addr) => {
    addrs.push(addr);
    return Promise.resolve(data.length);
  };
  await using socket = new UdpSocket(conn);
  assertEquals(await socket.broadcast(bytes(1, 2), 7), 2);
  assertEquals(addrs, [{
    transport: "udp",
    hostname: "255.255.255.255",
    port: 7,
  }]);
});
