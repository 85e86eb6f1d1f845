import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { MAX_DATAGRAM_BYTES, UdpSocket } from "../../udp/socket.ts";

const IPV6 = hasIpv6();
const SOON = { timeoutMs: 5_000 };

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(values);

/** Waits until a datagram is here, without taking it. */
async function readable(socket: UdpSocket): Promise<void> {
  while (!socket.readable) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

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
  for (const port of [0, -1, 65_536, 1.5, NaN]) {
    await assertRejects(
      () => socket.sendTo(bytes(1), { hostname: "127.0.0.1", port }),
      RangeError,
      String(port),
    );
  }
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

/** Answers each datagram as it is told; ends when its socket is closed. */
async function answer(
  socket: UdpSocket,
  reply: (data: Uint8Array, nth: number) => Uint8Array | undefined,
): Promise<void> {
  let nth = 0;
  for await (const { data, addr } of socket) {
    const answered = reply(data, nth++);
    if (answered) await socket.sendTo(answered, addr);
  }
}

Deno.test("UdpSocket.request() asks again while no answer comes", async () => {
  await using server = UdpSocket.bind();
  await using socket = UdpSocket.bind();
  const asked: number[] = [];
  const answered = answer(server, (data, nth) => {
    asked.push(...data);
    return nth === 2 ? bytes(9) : undefined;
  });
  const options = { retries: 9, retransmitMs: 5, ...SOON };
  const { data, addr } = await socket.request(
    bytes(7),
    server.localAddr,
    options,
  );
  assertEquals([data, addr], [bytes(9), server.localAddr]);
  assertEquals(asked.slice(0, 3), [7, 7, 7]);
  server.close();
  await answered;
});

Deno.test("UdpSocket.request() asks once and retries times, then times out", async () => {
  await using server = UdpSocket.bind();
  await using socket = UdpSocket.bind();
  const error = await assertRejects(
    () =>
      socket.request(bytes(7), server.localAddr, {
        retries: 2,
        retransmitMs: 1,
      }),
    DOMException,
  );
  assertEquals(error.name, "TimeoutError");
  for (let i = 0; i < 3; i++) {
    assertEquals((await server.receive(SOON)).data, bytes(7));
  }
  await socket.sendTo(bytes(8), server.localAddr);
  assertEquals((await server.receive(SOON)).data, bytes(8));
});

Deno.test("UdpSocket.request() takes no answer that does not match", async () => {
  await using server = UdpSocket.bind();
  await using socket = UdpSocket.bind();
  const asked = socket.request(bytes(1), server.localAddr, {
    match: ({ data }) => data[0] === 3,
    ...SOON,
  });
  const { addr } = await server.receive(SOON);
  for (const i of [1, 2, 3]) await server.sendTo(bytes(i), addr);
  assertEquals((await asked).data, bytes(3));
});

Deno.test("UdpSocket.request() takes no answer from somebody else", async () => {
  await using server = UdpSocket.bind();
  await using other = UdpSocket.bind();
  await using socket = UdpSocket.bind();
  const asked = socket.request(bytes(1), server.localAddr, SOON);
  const { addr } = await server.receive(SOON); // the request waits
  const besides = socket.receive(SOON);
  await other.sendTo(bytes(2), addr);
  await server.sendTo(bytes(3), addr);
  assertEquals([(await asked).data, (await besides).data], [
    bytes(3),
    bytes(2),
  ]);
});

Deno.test("UdpSocket.request() may be called several times at once", async () => {
  await using server = UdpSocket.bind();
  await using socket = UdpSocket.bind();
  const asked = [1, 2, 3].map((i) =>
    socket.request(bytes(i), server.localAddr, {
      match: ({ data }) => data[0] === i,
      ...SOON,
    })
  );
  const questions = await Promise.all(asked.map(() => server.receive(SOON)));
  for (const { data, addr } of questions.reverse()) {
    await server.sendTo(data, addr);
  }
  assertEquals((await Promise.all(asked)).map(({ data }) => data[0]), [
    1,
    2,
    3,
  ]);
});

Deno.test("UdpSocket.request() rejects with the reason of its signal", async () => {
  await using socket = UdpSocket.bind();
  const controller = new AbortController();
  const asked = socket.request(bytes(1), socket.localAddr, {
    signal: controller.signal,
    match: () => false,
  });
  const reason = new DOMException("the caller's own limit", "TimeoutError");
  controller.abort(reason);
  assertStrictEquals(await asked.catch((error) => error), reason);
});

Deno.test("UdpSocket.request() rejects with what match throws", async () => {
  await using socket = UdpSocket.bind();
  const match = () => {
    throw new SyntaxError("not an answer");
  };
  await assertRejects(
    () => socket.request(bytes(1), socket.localAddr, { match, ...SOON }),
    SyntaxError,
  );
});

Deno.test("UdpSocket.request() is limited as a whole by timeoutMs", async () => {
  await using socket = UdpSocket.bind();
  await using silent = UdpSocket.bind();
  const options = { timeoutMs: 20, retransmitMs: 1, retries: Infinity };
  await assertRejects(
    () => socket.request(bytes(1), silent.localAddr, options),
    DOMException,
  );
});

/** A socket below a `UdpSocket` whose operations the test settles. */
function manual(): {
  conn: Deno.DatagramConn;
  sends: PromiseWithResolvers<number>[];
  arrive: (byte: number, port: number) => void;
} {
  const sends: PromiseWithResolvers<number>[] = [];
  let received: PromiseWithResolvers<unknown> | undefined;
  const conn = {
    addr: { transport: "udp", hostname: "127.0.0.1", port: 9 },
    send: () => {
      sends.push(Promise.withResolvers<number>());
      return sends.at(-1)!.promise;
    },
    receive: () => (received = Promise.withResolvers<unknown>()).promise,
    close: () => received?.reject(new Deno.errors.Interrupted("closed")),
  } as unknown as Deno.DatagramConn;
  const arrive = (byte: number, port: number) =>
    received!.resolve([bytes(byte), {
      transport: "udp",
      hostname: "127.0.0.1",
      port,
    }]);
  return { conn, sends, arrive };
}

/** Runs all that is ready to run: microtasks, and what they lead to. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("UdpSocket.request() that could not send takes no datagram from others", async () => {
  const { conn, sends, arrive } = manual();
  await using socket = new UdpSocket(conn);
  const asked = socket.request(bytes(1), { hostname: "127.0.0.1", port: 7 });
  while (sends.length === 0) await settle();
  sends[0]!.reject(new Deno.errors.NetworkUnreachable("no route"));
  await assertRejects(() => asked, Deno.errors.NetworkUnreachable);
  const received = socket.receive({ timeoutMs: 1_000 });
  arrive(5, 7);
  assertEquals((await received).data, bytes(5));
});

Deno.test("UdpSocket.request() keeps its place in line when it asks again", async () => {
  await using server = UdpSocket.bind();
  await using socket = UdpSocket.bind();
  const asked = socket.request(bytes(1), server.localAddr, {
    retries: 9,
    retransmitMs: 5,
    ...SOON,
  });
  await server.receive(SOON);
  let besides = 0;
  const other = socket.receive().then(() => besides++, () => {});
  const { addr } = await server.receive(SOON); // asked again
  await server.sendTo(bytes(2), addr);
  const answered = await Promise.race([asked, other]);
  socket.close();
  await other;
  await asked.catch(() => {});
  assertEquals(
    [typeof answered, besides],
    ["object", 0],
    "the answer went to another",
  );
});

Deno.test("UdpSocket.sendTo() does not settle before the system has the data", async () => {
  const { conn, sends } = manual();
  await using socket = new UdpSocket(conn);
  let settled = false;
  const sent = socket.sendTo(bytes(1), { hostname: "127.0.0.1", port: 7 })
    .finally(() => settled = true);
  await settle();
  assertFalse(settled);
  sends[0]!.resolve(1);
  assertEquals(await sent, 1);
});

Deno.test("UdpSocket.request() does not end while a send still reads the question", async () => {
  for (const how of ["abort", "timeout", "close"]) {
    const { conn, sends } = manual();
    const socket = new UdpSocket(conn);
    const controller = new AbortController();
    let ended = false;
    const asked = socket.request(bytes(1), { hostname: "127.0.0.1", port: 9 }, {
      signal: controller.signal,
      timeoutMs: how === "timeout" ? 1 : 60_000,
    }).catch(() => {}).finally(() => ended = true);
    while (sends.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    if (how === "abort") controller.abort();
    if (how === "close") socket.close();
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assertFalse(ended, `${how}: the caller may now change what is being sent`);
    sends[0]!.resolve(1);
    await asked;
    await socket[Symbol.asyncDispose]();
  }
});

Deno.test("UdpSocket.broadcast() reaches a socket on every address", async () => {
  await using hears = UdpSocket.bind({ hostname: "0.0.0.0" });
  await using sender = UdpSocket.bind();
  const { port } = hears.localAddr;
  assertEquals(await sender.broadcast(bytes(1, 2), port, "127.255.255.255"), 2);
  assertEquals((await hears.receive(SOON)).data, bytes(1, 2));
});

Deno.test({
  name: "UdpSocket speaks IPv6",
  ignore: !IPV6,
  fn: async () => {
    await using server = UdpSocket.bind({ hostname: "::1" });
    await using socket = UdpSocket.bind({ hostname: "::1" });
    assertEquals(server.localAddr.hostname, "::1");
    const answered = answer(server, (data) => data);
    assertEquals(
      (await socket.request(bytes(6), server.localAddr, SOON)).data,
      bytes(6),
    );
    await socket.connect(server.localAddr);
    await socket.send(bytes(7));
    assertEquals((await socket.receive(SOON)).addr, server.localAddr);
    server.close();
    await answered;
  },
});

Deno.test({
  name: "UdpSocket.connect() on IPv6 refuses a peer that has only IPv4",
  ignore: !IPV6,
  fn: async () => {
    await using socket = UdpSocket.bind({ hostname: "::1" });
    await assertRejects(
      () => socket.connect({ hostname: "127.0.0.1", port: 9 }),
      Error,
    );
    assertEquals(socket.remoteAddr, undefined);
  },
});

Deno.test({
  name:
    "UdpSocket.connect() hears an IPv6 peer in whatever spelling it was named",
  ignore: !IPV6,
  fn: async () => {
    await using peer = UdpSocket.bind({ hostname: "::1" });
    await using socket = UdpSocket.bind({ hostname: "::1" });
    const { port } = peer.localAddr;
    for (const hostname of ["::1", "0:0:0:0:0:0:0:1", "::0001"]) {
      await socket.connect({ hostname, port });
      await peer.sendTo(bytes(1), socket.localAddr);
      assertEquals((await socket.receive({ timeoutMs: 1_000 })).data, bytes(1));
    }
  },
});

Deno.test({
  name:
    'UdpSocket on "::" shows IPv4 peers as IPv4, and answers, asks and hears them',
  ignore: !IPV6,
  fn: async () => {
    await using dual = UdpSocket.bind({ hostname: "::" });
    await using peer = UdpSocket.bind();
    const { port } = dual.localAddr;
    await peer.sendTo(bytes(1), { hostname: "127.0.0.1", port });
    const { addr } = await dual.receive(SOON);
    assertEquals(addr, peer.localAddr);
    await dual.sendTo(bytes(2), addr);
    assertEquals((await peer.receive(SOON)).data, bytes(2));
    const answered = answer(peer, (data) => data);
    assertEquals((await dual.request(bytes(3), addr, SOON)).data, bytes(3));
    await dual.connect(addr);
    await dual.send(bytes(4));
    assertEquals((await dual.receive(SOON)).addr, peer.localAddr);
    peer.close();
    await answered;
  },
});

/** Mulberry32: numbers from 0 up to, but not including, the limit. */
function random(seed: number): (limit: number) => number {
  return (limit) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/**
 * Sends numbered datagrams to many callers that give up at random. Answers the
 * numbers received, in the order in which their receivers began to wait.
 */
async function storm(
  total: number,
  next: (limit: number) => number,
): Promise<number[]> {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const received: [place: number, datagram: number][] = [];
  const controllers = Array.from({ length: 24 }, () => new AbortController());
  let places = 0;
  let progress = performance.now();
  const caller = async (_: unknown, id: number) => {
    while (received.length < total) {
      const place = places++;
      if (controllers[id]!.signal.aborted) {
        controllers[id] = new AbortController();
      }
      const { signal } = controllers[id]!;
      try {
        const { data } = await to.receive({ timeoutMs: next(4), signal });
        received.push([place, new DataView(data.buffer).getUint32(0)]);
        progress = performance.now();
      } catch (error) {
        if (
          error !== "gone" && (error as DOMException).name !== "TimeoutError"
        ) throw error;
        if (performance.now() - progress > 5_000) {
          throw new Error("a datagram is lost");
        }
      }
    }
  };
  const callers = Promise.all(controllers.map(caller));
  const sender = (async () => {
    for (let sent = 0; sent < total; sent++) {
      const data = new Uint8Array(4);
      new DataView(data.buffer).setUint32(0, sent);
      controllers[next(24)]!.abort("gone");
      await from.sendTo(data, to.localAddr);
      controllers[next(24)]!.abort("gone");
      if (next(64) === 0) {
        await new Promise((resolve) => setTimeout(resolve, next(4)));
      }
      while (sent - received.length > 100) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
  })();
  await Promise.all([callers, sender]);
  return received.sort(([a], [b]) => a - b).map(([, datagram]) => datagram);
}

Deno.test("UdpSocket.receive() loses, doubles and reorders nothing when callers give up at random", async () => {
  const seed = Number(
    Deno.env.get("LOCKSTEP_SEED") ??
      crypto.getRandomValues(new Uint32Array(1))[0],
  );
  const total = Deno.env.get("LOCKSTEP_STRESS") ? 200_000 : 4_000;
  const received = await storm(total, random(seed)).catch((cause) => {
    throw new Error(`Cannot pass: LOCKSTEP_SEED=${seed} repeats it`, { cause });
  });
  assertEquals(
    received,
    [...Array(total).keys()],
    `LOCKSTEP_SEED=${seed} repeats it`,
  );
});
