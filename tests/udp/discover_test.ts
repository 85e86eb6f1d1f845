import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  decodeAnswer,
  decodeQuestion,
  type DiscoveryAnswer,
  encodeAnswer,
  encodeQuestion,
  MAX_INFO_BYTES,
  MAX_NAME_BYTES,
  QUESTION_BYTES,
} from "../../udp/_discovery_packet.ts";
import { inScope } from "../../udp/_discovery_scope.ts";
import {
  answerDiscovery,
  discover,
  type DiscoveryResponder,
} from "../../udp/discover.ts";
import { UdpSocket } from "../../udp/socket.ts";

const TOKEN = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
const ANSWER: DiscoveryAnswer = {
  token: TOKEN,
  service: "printer",
  name: "ann",
  servicePort: 0,
  info: "",
};

/** Responders that share a port of their own, by their names. */
async function answerAs(
  stack: AsyncDisposableStack,
  ...names: string[]
): Promise<DiscoveryResponder[]> {
  const responders: DiscoveryResponder[] = [];
  for (const name of names) {
    const port = responders[0]?.addr.port ?? 0;
    const service = "printer";
    responders.push(
      stack.use(await answerDiscovery({ service, name, port })),
    );
  }
  return responders;
}

/** A socket that answers every question with these packets. */
function forge(
  stack: AsyncDisposableStack,
  answers: (token: Uint8Array) => Uint8Array[],
): UdpSocket {
  const socket = stack.use(UdpSocket.bind());
  (async () => {
    for await (const { data, addr } of socket) {
      const { token } = decodeQuestion(data)!;
      for (const answer of answers(token)) await socket.sendTo(answer, addr);
    }
  })();
  return socket;
}

Deno.test("discover() finds three that answer, each once", async () => {
  await using stack = new AsyncDisposableStack();
  const [first] = await answerAs(stack, "ann", "bob", "eve");
  const { port } = first!.addr;
  const told: string[] = [];
  const found = await discover({
    service: "printer",
    port,
    timeoutMs: 300,
    retransmitMs: 5,
    onFound: ({ name }) => void told.push(name),
  });
  assertEquals(found.map(({ name }) => name).sort(), ["ann", "bob", "eve"]);
  assertEquals(told, found.map(({ name }) => name));
  for (const { addr, service, info } of found) {
    assertEquals(addr, { hostname: "127.0.0.1", port });
    assertEquals([service, info], ["printer", undefined]);
  }
});

Deno.test({
  name: "discover() finds three by broadcast",
  ignore: Deno.build.os !== "linux", // elsewhere loopback has no broadcast
  async fn() {
    await using stack = new AsyncDisposableStack();
    const [first] = await answerAs(stack, "ann", "bob", "eve");
    const found = await discover({
      port: first!.addr.port,
      broadcast: "127.255.255.255",
      limit: 3,
      timeoutMs: 30_000,
    });
    assertEquals(found.map(({ name }) => name).sort(), ["ann", "bob", "eve"]);
  },
});

Deno.test("discover() tells the port of the service and the info", async () => {
  await using responder = await answerDiscovery({
    service: "printer",
    name: "ann",
    servicePort: 9100,
    info: "A4, grüße",
    port: 0,
  });
  const { port } = responder.addr;
  assertEquals(await discover({ port, limit: 1, timeoutMs: 30_000 }), [{
    addr: { hostname: "127.0.0.1", port: 9100 },
    service: "printer",
    name: "ann",
    info: "A4, grüße",
  }]);
});

Deno.test("discover() asks for one service, or for any", async () => {
  await using stack = new AsyncDisposableStack();
  const printer = stack.use(
    await answerDiscovery({ service: "printer", name: "ann", port: 0 }),
  );
  const { port } = printer.addr;
  stack.use(await answerDiscovery({ service: "clock", name: "bob", port }));
  const names = async (service?: string) => {
    const found = await discover({ service, port, timeoutMs: 200 });
    return found.map(({ name }) => name).sort();
  };
  assertEquals(await names("printer"), ["ann"]);
  assertEquals(await names("clock"), ["bob"]);
  assertEquals(await names("tide"), []);
  assertEquals(await names(), ["ann", "bob"]);
});

Deno.test("discover() asks again, at growing intervals, the same question", async () => {
  await using silent = UdpSocket.bind();
  const { port } = silent.localAddr;
  const options = { port, broadcast: "127.0.0.1" };
  const start = performance.now();
  assertEquals(
    await discover({ ...options, timeoutMs: 200, retransmitMs: 20 }),
    [],
  );
  assertGreaterOrEqual(performance.now() - start, 199);
  const questions: Uint8Array[] = [];
  for (;;) {
    const datagram = await silent.receive({ timeoutMs: 0 }).catch(() => {});
    if (datagram === undefined) break;
    questions.push(datagram.data);
  }
  assertGreaterOrEqual(questions.length, 2);
  assertLess(questions.length, 5); // at 0, 20, 60 and 140 ms; not ten times
  for (const question of questions) assertEquals(question, questions[0]);
});

Deno.test("discover() hears an answer to its second question", async () => {
  await using stack = new AsyncDisposableStack();
  let questions = 0;
  const { localAddr } = forge(
    stack,
    (token) => ++questions < 2 ? [] : [encodeAnswer({ ...ANSWER, token })],
  );
  const found = await discover({
    port: localAddr.port,
    broadcast: "127.0.0.1",
    limit: 1,
    retransmitMs: 5,
    timeoutMs: 30_000,
  });
  assertEquals([found[0]?.name, questions], ["ann", 2]);
});

Deno.test("discover() ignores what does not answer its question", async () => {
  await using stack = new AsyncDisposableStack();
  const { localAddr } = forge(stack, (token) => [
    encodeAnswer({ ...ANSWER, token: TOKEN, name: "stale" }),
    encodeAnswer({ ...ANSWER, token, name: "other", service: "clock" }),
    encodeQuestion({ token, service: "printer" }),
    new Uint8Array(),
    new Uint8Array(700).fill(0xff),
    encodeAnswer({ ...ANSWER, token, name: "ann" }),
  ]);
  const found = await discover({
    service: "printer",
    port: localAddr.port,
    broadcast: "127.0.0.1",
    timeoutMs: 100,
  });
  assertEquals(found.map(({ name }) => name), ["ann"]);
});

Deno.test("discover() stops at the limit", async () => {
  await using stack = new AsyncDisposableStack();
  const { localAddr } = forge(
    stack,
    (token) =>
      ["a", "b", "c", "d"].map((name) =>
        encodeAnswer({ ...ANSWER, token, name })
      ),
  );
  const found = await discover({
    port: localAddr.port,
    broadcast: "127.0.0.1",
    limit: 2,
    timeoutMs: 60_000,
  });
  assertEquals(found.map(({ name }) => name), ["a", "b"]);
});

Deno.test("discover() tells peers apart by address, service and name", async () => {
  await using stack = new AsyncDisposableStack();
  const { localAddr } = forge(stack, (token) => [
    encodeAnswer({ ...ANSWER, token }),
    encodeAnswer({ ...ANSWER, token, info: "again" }),
    encodeAnswer({ ...ANSWER, token, service: "clock" }),
    encodeAnswer({ ...ANSWER, token, servicePort: 9100 }),
  ]);
  const found = await discover({
    port: localAddr.port,
    broadcast: "127.0.0.1",
    timeoutMs: 100,
  });
  assertEquals(
    found.map(({ service, addr }) => [service, addr.port]),
    [["printer", localAddr.port], ["clock", localAddr.port], ["printer", 9100]],
  );
});

Deno.test("discover() rejects with the reason of the signal", async () => {
  await using stack = new AsyncDisposableStack();
  const [ann] = await answerAs(stack, "ann");
  const reason = new Error("enough");
  const before = discover({ signal: AbortSignal.abort(reason) });
  assertEquals(await before.catch((error) => error), reason);
  const during = new AbortController();
  const found = discover({
    port: ann!.addr.port,
    timeoutMs: 60_000,
    signal: during.signal,
    onFound: () => during.abort(reason),
  });
  assertEquals(await found.catch((error) => error), reason);
});

Deno.test("discover() refuses options out of range", async () => {
  for (const wrong of [{ limit: 0 }, { limit: NaN }, { timeoutMs: -1 }]) {
    const [name = ""] = Object.keys(wrong);
    await assertRejects(() => discover(wrong), RangeError, name);
  }
  const retransmitMs = 0;
  await assertRejects(() => discover({ retransmitMs }), RangeError, "above 0");
  const service = "x".repeat(MAX_NAME_BYTES + 1);
  await assertRejects(() => discover({ service }), RangeError, "got 64");
  for (const group of ["ff02::1", "10.0.0.1", "223.1.1.1", "240.1.1.1", "x"]) {
    await assertRejects(() => discover({ group }), TypeError, group);
  }
});

Deno.test("answerDiscovery() sends its answer to the asker, and tells no stranger", async () => {
  await using stack = new AsyncDisposableStack();
  const [ann] = await answerAs(stack, "ann");
  const asker = stack.use(UdpSocket.bind());
  const to = { hostname: "127.0.0.1", port: ann!.addr.port };
  const other = new Uint8Array(8); // the token of what is not answered
  const short = encodeQuestion({ token: other, service: "" }).subarray(
    0,
    QUESTION_BYTES - 1,
  );
  const clock = encodeQuestion({ token: other, service: "clock" });
  const question = encodeQuestion({ token: TOKEN, service: "" });
  const junk = new Uint8Array(QUESTION_BYTES);
  for (const packet of [short, junk, clock, question]) {
    await asker.sendTo(packet, to);
  }
  const { data } = await asker.receive({ timeoutMs: 30_000 });
  assertEquals(decodeAnswer(data), ANSWER);
  assertEquals(asker.tryReceive(), undefined);
});

Deno.test("answerDiscovery() on loopback answers nobody else", () => {
  assert(inScope("127.0.0.1", "127.0.0.9"));
  assert(!inScope("127.0.0.1", "192.0.2.7"));
  assert(inScope("192.0.2.1", "192.0.2.7"));
  assert(inScope("0.0.0.0", "192.0.2.7"));
});

Deno.test("answerDiscovery() stops when it is closed, as often as one likes", async () => {
  const options = { service: "printer", name: "ann" };
  const responder = await answerDiscovery({ ...options, port: 0 });
  const { port } = responder.addr;
  assertEquals((await discover({ port, limit: 1 })).length, 1);
  await Promise.all([responder.close(), responder.close()]);
  await responder.close();
  await responder.finished;
  assertEquals(await discover({ port, timeoutMs: 30 }), []);
});

Deno.test("answerDiscovery() answers no more at the end of its block", async () => {
  let finished: Promise<void>;
  let port: number;
  {
    using responder = await answerDiscovery({
      service: "clock",
      name: "attic",
      port: 0,
    });
    ({ finished, addr: { port } } = responder);
  }
  await finished;
  assertEquals(await discover({ timeoutMs: 20, port }), []);
});

Deno.test("answerDiscovery() has given its port back once it is closed", async () => {
  let port = 0;
  for (let round = 0; round < 20; round++) {
    const options = { service: "printer", name: "ann", port };
    const responder = await answerDiscovery(options);
    port = responder.addr.port;
    assertEquals((await discover({ port, limit: 1 })).length, 1);
    await responder.close();
    UdpSocket.bind({ hostname: "0.0.0.0", port }).close();
  }
});

Deno.test("answerDiscovery() leaves the others on its port alone", async () => {
  await using stack = new AsyncDisposableStack();
  const [ann, , eve] = await answerAs(stack, "ann", "bob", "eve");
  await ann!.close();
  await eve!.close();
  const { port } = ann!.addr;
  const found = await discover({ port, timeoutMs: 200 });
  assertEquals(found.map(({ name }) => name), ["bob"]);
});

Deno.test("answerDiscovery() refuses a port that somebody does not share", async () => {
  await using selfish = UdpSocket.bind({ hostname: "0.0.0.0" });
  const { port } = selfish.localAddr;
  await assertRejects(
    () => answerDiscovery({ service: "printer", name: "ann", port }),
    Deno.errors.AddrInUse,
  );
});

Deno.test("answerDiscovery() refuses what it could not answer with", async () => {
  const good = { service: "printer", name: "ann", port: 0 };
  const wrong = [
    { name: "" },
    { service: "" },
    { name: "x".repeat(MAX_NAME_BYTES + 1) },
    { service: "ü".repeat(32) },
    { info: "x".repeat(MAX_INFO_BYTES + 1) },
    { servicePort: 65536 },
    { servicePort: -1 },
  ];
  for (const options of wrong) {
    const [name = ""] = Object.keys(options);
    await assertRejects(
      () => answerDiscovery({ ...good, ...options }),
      RangeError,
      name,
    );
  }
  await assertRejects(
    () => answerDiscovery({ ...good, group: "10.0.0.1" }),
    TypeError,
    "10.0.0.1",
  );
});

Deno.test("answerDiscovery() closes its socket if it cannot join", async () => {
  await assertRejects(() =>
    answerDiscovery({
      service: "printer",
      name: "ann",
      port: 0,
      networkInterface: "203.0.113.1", // nobody's: RFC 5737
    })
  ); // the sanitizer sees a socket left open
});

Deno.test("decodeQuestion() reads what encodeQuestion() wrote", () => {
  for (const service of ["", "printer", "x".repeat(MAX_NAME_BYTES)]) {
    const packet = encodeQuestion({ token: TOKEN, service });
    assertEquals(packet.length, QUESTION_BYTES);
    assertEquals(decodeQuestion(packet), { token: TOKEN, service });
    const longer = new Uint8Array([...packet, 1]);
    assertEquals(decodeQuestion(longer), { token: TOKEN, service });
  }
});

Deno.test("decodeAnswer() reads what encodeAnswer() wrote", () => {
  const longest = {
    token: TOKEN,
    service: "s".repeat(MAX_NAME_BYTES),
    name: "n".repeat(MAX_NAME_BYTES),
    servicePort: 65535,
    info: "i".repeat(MAX_INFO_BYTES),
  };
  for (const answer of [ANSWER, { ...ANSWER, info: "grüße" }, longest]) {
    assertEquals(decodeAnswer(encodeAnswer(answer)), answer);
  }
  assertLess(encodeAnswer(longest).length, 3 * QUESTION_BYTES);
});

Deno.test("decodeAnswer() and decodeQuestion() read a view inside a buffer", () => {
  const shifted = (packet: Uint8Array) =>
    new Uint8Array([9, 9, 9, ...packet, 9]).subarray(3, 3 + packet.length);
  const question = encodeQuestion({ token: TOKEN, service: "printer" });
  assertEquals(decodeQuestion(shifted(question))?.service, "printer");
  assertEquals(decodeAnswer(shifted(encodeAnswer(ANSWER))), ANSWER);
});

Deno.test("decodeAnswer() ignores a packet that is cut or too long", () => {
  const packet = encodeAnswer({ ...ANSWER, info: "A4" });
  for (let length = 0; length < packet.length; length++) {
    assertEquals(decodeAnswer(packet.subarray(0, length)), undefined);
  }
  assertEquals(decodeAnswer(new Uint8Array([...packet, 0])), undefined);
});

Deno.test("decodeAnswer() and decodeQuestion() ignore what is malformed", () => {
  const answer = encodeAnswer({ ...ANSWER, info: "A4" });
  for (const at of [0, 3, 4, 5]) { // magic, version, kind
    assertEquals(decodeAnswer(answer.with(at, 0)), undefined);
  }
  assertEquals(decodeAnswer(answer.with(16, 0)), undefined); // no service
  assertEquals(decodeAnswer(answer.with(17, 0xff)), undefined); // not UTF-8
  assertEquals(decodeAnswer(answer.with(16, 64)), undefined); // too long
  const question = encodeQuestion({ token: TOKEN, service: "printer" });
  for (const at of [0, 3, 4, 5]) {
    assertEquals(decodeQuestion(question.with(at, 0)), undefined);
  }
  assertEquals(decodeQuestion(question.with(14, 64)), undefined);
  assertEquals(decodeQuestion(question.with(15, 0xff)), undefined);
  assertEquals(decodeQuestion(question.subarray(0, 255)), undefined);
  assertEquals(decodeQuestion(answer), undefined);
  assertEquals(decodeAnswer(question), undefined);
});

Deno.test("decodeAnswer() refuses info that is longer than allowed", () => {
  const answer = encodeAnswer({ ...ANSWER, info: "i".repeat(MAX_INFO_BYTES) });
  const packet = new Uint8Array([...answer, 0x69]);
  new DataView(packet.buffer).setUint16(28, MAX_INFO_BYTES + 1);
  assertEquals(decodeAnswer(packet), undefined);
});

Deno.test("encodeAnswer() says what is wrong, and how long it may be", () => {
  assertThrows(
    () => encodeAnswer({ ...ANSWER, info: "x".repeat(513) }),
    RangeError,
    "as info in discovery: it must be 0 to 512 bytes long, got 513",
  );
});
