import {
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { UdpSocket } from "../../udp/socket.ts";
import { answer, bytes, manual, settle, SOON } from "./_sockets.ts";

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

Deno.test("UdpSocket.request() takes a wait that no timer can hold for none", async () => {
  for (
    const options of [
      { retransmitMs: 3e9 },
      { retransmitMs: 3e9, timeoutMs: 2 ** 31 },
      { retransmitMs: 2 ** 31, timeoutMs: Infinity, retries: Infinity },
    ]
  ) {
    const { conn, sends, arrive } = manual();
    await using socket = new UdpSocket(conn);
    const peer = { hostname: "127.0.0.1", port: 7 };
    const asked = socket.request(bytes(1), peer, options);
    while (sends.length === 0) await settle();
    sends[0]!.resolve(1);
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assertEquals(sends.length, 1, JSON.stringify(options));
    arrive(5, 7);
    assertEquals((await asked).data, bytes(5));
  }
});

Deno.test("UdpSocket.request() leaves no timer behind", async () => {
  await using server = UdpSocket.bind();
  await using socket = UdpSocket.bind();
  const answered = answer(server, () => bytes(9));
  const options = { retransmitMs: 60_000, timeoutMs: 120_000 };
  await socket.request(bytes(1), server.localAddr, options);
  server.close();
  await answered;
}); // or the sanitizer reports it

Deno.test("UdpSocket.request() on a connected socket asks nobody but its peer", async () => {
  await using server = UdpSocket.bind();
  await using other = UdpSocket.bind();
  await using socket = UdpSocket.bind();
  const answered = answer(server, () => bytes(9));
  const { port } = server.localAddr;
  await socket.connect(server.localAddr);
  await assertRejects(
    () => socket.request(bytes(1), other.localAddr, SOON),
    TypeError,
    "hears only",
  );
  const peer = { hostname: "localhost", port };
  assertEquals((await socket.request(bytes(1), peer, SOON)).data, bytes(9));
  await server.sendTo(bytes(2), other.localAddr);
  assertEquals((await other.receive(SOON)).data, bytes(2), "it was asked");
  server.close();
  await answered;
});

Deno.test("UdpSocket.request() refuses port 0 and ports that there are not", async () => {
  await using socket = UdpSocket.bind();
  for (const port of [0, -1, 65_536, 1.5, NaN]) {
    await assertRejects(
      () => socket.request(bytes(1), { hostname: "127.0.0.1", port }),
      RangeError,
      `Cannot get an answer from 127.0.0.1:${port}`,
    );
  }
});
