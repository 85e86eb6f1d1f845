import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { UdpSocket } from "../../udp/socket.ts";
import { Here, here } from "../cli/_here.ts";
import { PATIENCE_MS, Program } from "../cli/_program.ts";

/** No signals that a program could catch can be sent on Windows. */
const ignore = Deno.build.os === "windows";

/** Runs a command to its end, in this process. */
async function run(...args: string[]) {
  const { code, out, err } = await here("udp", ...args);
  return { code, out, err };
}

/** Runs a command to its end, in a process of its own. */
async function runApart(...args: string[]) {
  await using program = new Program("udp", ...args);
  return await program.end();
}

Deno.test({
  name: "udp rtt prints each probe and the statistics, udp echo its counters",
  ignore,
  async fn() {
    await using echo = new Program("udp", "echo", "--port", "0");
    const to = `127.0.0.1:${await echo.port()}`;
    const rtt = await runApart("rtt", to, "-c", "3", "-i", "0.01", "-W", "30");
    assertEquals([rtt.code, rtt.err], [0, []]);
    for (const sequence of [0, 1, 2]) {
      assertMatch(
        rtt.out[sequence] ?? "",
        new RegExp(
          `^56 bytes from ${to}: seq=${sequence} time=\\d+\\.\\d{3} ms$`,
        ),
      );
    }
    assertEquals(rtt.out[3], `--- ${to} ---`);
    assertEquals(rtt.out[4], "3 sent, 3 received, 0% loss");
    assertMatch(
      rtt.out[5] ?? "",
      /^min\/avg\/max\/stddev = \d+\.\d+\/\d+\.\d+\/\d+\.\d+\/\d+\.\d+ ms$/,
    );
    echo.interrupt();
    const { code, out } = await echo.end();
    assertEquals(code, 0);
    assertEquals(out, [
      "3 datagrams of 168 bytes echoed, 0 refused, 0 failed",
    ]);
  },
});

Deno.test("udp rtt exits with 1 if nothing comes back", async () => {
  await using silent = UdpSocket.bind();
  const to = `127.0.0.1:${silent.localAddr.port}`;
  const args = ["-c", "2", "-i", "0.01", "-W", "0.05"];
  const { code, out, err } = await run("rtt", to, ...args);
  assertEquals(code, 1);
  assertEquals(out, [
    `no answer from ${to}: seq=0`,
    `no answer from ${to}: seq=1`,
    `--- ${to} ---`,
    "2 sent, 0 received, 100% loss",
  ]);
  assertEquals(err, [
    `lockstep udp rtt: Cannot reach ${to}: nothing came back`,
  ]);
});

Deno.test({
  name: "udp rtt prints the statistics so far on Ctrl-C",
  ignore,
  async fn() {
    await using socket = UdpSocket.bind();
    const to = `127.0.0.1:${socket.localAddr.port}`;
    await using rtt = new Here("udp", "rtt", to, "-i", "3600", "-W", "3600");
    const { data, addr } = await socket.receive({ timeoutMs: PATIENCE_MS });
    await socket.sendTo(data, addr);
    assertStringIncludes(await rtt.out() ?? "", "seq=0");
    rtt.interrupt();
    const { code, out } = await rtt.end();
    assertEquals(out[1], "1 sent, 1 received, 0% loss");
    assertEquals(code, 0);
  },
});

Deno.test({
  name: "udp echo does not answer another echo server",
  ignore: Deno.build.os !== "linux", // elsewhere 127.0.0.2 must be set up
  async fn() {
    await using echo = new Here("udp", "echo", "--port", "0");
    const to = { hostname: "127.0.0.1", port: await echo.port() };
    await using twin = UdpSocket.bind({ hostname: "127.0.0.2", port: to.port });
    await using other = UdpSocket.bind({ hostname: "127.0.0.2" });
    await twin.sendTo(new Uint8Array(5), to);
    await other.request(new Uint8Array(6), to);
    assertEquals(twin.tryReceive(), undefined);
    echo.interrupt();
    const { out } = await echo.end();
    assertMatch(out[0] ?? "", /echoed, 1 refused, 0 failed$/);
  },
});

Deno.test("udp send sends its argument, or stdin to the end", async () => {
  await using socket = UdpSocket.bind();
  const to = `127.0.0.1:${socket.localAddr.port}`;
  const received = async () => {
    const { data } = await socket.receive({ timeoutMs: PATIENCE_MS });
    return new TextDecoder().decode(data);
  };
  assertEquals(await run("send", to, "grüße"), { code: 0, out: [], err: [] });
  assertEquals(await received(), "grüße");
  await using program = new Program("udp", "send", to);
  await program.type("one");
  await program.type("two");
  assertEquals((await program.end()).code, 0);
  assertEquals(await received(), "one\ntwo\n");
  assertEquals((await run("send", to, "")).code, 0);
  assertEquals(await received(), "");
});

Deno.test("udp send prints the answer that it waits for", async () => {
  await using socket = UdpSocket.bind();
  const to = `127.0.0.1:${socket.localAddr.port}`;
  await using program = new Here("udp", "send", to, "hi", "--wait", "30");
  const { addr } = await socket.receive({ timeoutMs: PATIENCE_MS });
  await socket.sendTo(new TextEncoder().encode("hello\n"), addr);
  const { code, out } = await program.end();
  assertEquals([code, out], [0, ["hello\\n"]]);

  const { code: failed, err } = await run("send", to, "hi", "-w", "0.05");
  assertEquals(failed, 1);
  assertEquals(err, [
    `lockstep udp send: Cannot get an answer from ${to}: none in 0.05 s`,
  ]);
});

Deno.test("udp send refuses more than a datagram carries", async () => {
  await using program = new Here("udp", "send", "127.0.0.1:9");
  await program.type("x".repeat(65_507)).catch(() => {}); // it stops reading
  const { code, err } = await program.end();
  assertEquals(code, 1);
  assertEquals(err, [
    "lockstep udp send: " +
    "Cannot send what stdin holds: it is longer than 65507 bytes",
  ]);
});

Deno.test({
  name: "udp listen prints datagrams as harmless text or hex",
  ignore,
  async fn() {
    await using listen = new Program("udp", "listen");
    const to = { hostname: "127.0.0.1", port: await listen.port() };
    await using socket = UdpSocket.bind();
    const from = `127.0.0.1:${socket.localAddr.port}`;
    await socket.sendTo(new TextEncoder().encode("grüße\n"), to);
    await socket.sendTo(new TextEncoder().encode("\x1b[2J"), to);
    await socket.sendTo(new Uint8Array([0, 255]), to);
    await socket.sendTo(new Uint8Array(), to);
    assertEquals(await listen.out(), `${from} 8 bytes: grüße\\n`);
    assertEquals(await listen.out(), `${from} 4 bytes: 1b 5b 32 4a`);
    assertEquals(await listen.out(), `${from} 2 bytes: 00 ff`);
    assertEquals(await listen.out(), `${from} 0 bytes: `);
    listen.interrupt();
    assertEquals(await listen.end(), { code: 0, out: [], err: [] });
  },
});

Deno.test({
  name: "udp chat lets two talk at any time, by name",
  ignore,
  async fn() {
    await using ann = new Program("udp", "chat", "--name", "ann");
    const port = await ann.port();
    const contact = `ann=127.0.0.1:${port}`;
    await using bob = new Here("udp", "chat", "--name", "bob", contact);
    const bobPort = await bob.port();

    await bob.type("hello");
    assertEquals(await ann.out(), "bob: hello");
    assertEquals(await ann.err(), `New contact bob is 127.0.0.1:${bobPort}`);
    await Promise.all([ann.type("1"), bob.type("2"), ann.type("bob: grüße")]);
    assertEquals(await bob.out(), "ann: 1");
    assertEquals(await bob.out(), "ann: grüße");
    assertEquals(await ann.out(), "bob: 2");
    await bob.type("/to ann \x1b[2J");
    assertEquals(await ann.out(), "bob: \\u{1b}[2J");

    await ann.type("bbo: hi");
    assertStringIncludes(await ann.err() ?? "", 'No contact named "bbo"');
    await ann.type("/bogus");
    assertStringIncludes(await ann.err() ?? "", 'Unknown command "/bogus"');
    await ann.type(`/add me 127.0.0.1:${port}`);
    await ann.type("/who");
    assertEquals(await ann.out(), `* bob 127.0.0.1:${bobPort}`);
    assertEquals(await ann.out(), `  me 127.0.0.1:${port}`);
    await ann.type("/to me");
    await ann.type("note");
    assertEquals(await ann.out(), "me: note");

    await bob.type("/quit");
    const { code, out, err } = await bob.end();
    assertEquals([code, out, err], [0, [], []]);
    ann.interrupt();
    assertEquals(await ann.out(), undefined); // before its input ends
    assertEquals(await ann.end(), { code: 0, out: [], err: [] });
  },
});

Deno.test("udp chat ends with its input, and says what it cannot send", async () => {
  await using chat = new Here("udp", "chat");
  assertMatch(
    await chat.err() ?? "",
    /^Chatting as user-(\d+) on 127\.0\.0\.1:\1, \/help for help$/,
  );
  await chat.type("anybody?");
  assertStringIncludes(await chat.err() ?? "", "No contact yet");
  await chat.type("/add far 203.0.113.1:9");
  assertStringIncludes(await chat.err() ?? "", "bind --host 0.0.0.0");
  await chat.type("/help");
  assertStringIncludes(await chat.out() ?? "", "TEXT");
  assertEquals((await chat.end()).code, 0);
});

Deno.test({
  name: "udp discover finds three that answer",
  ignore,
  async fn() {
    const more = ["--service", "printer", "--service-port", "9100"];
    more.push("--info", "A4\x1b[2J");
    await using ann = new Program(
      "udp",
      "answer",
      "ann",
      "--port",
      "0",
      ...more,
    );
    const port = String(await ann.port());
    await using bob = new Here("udp", "answer", "bob", "--port", port);
    await using eve = new Here("udp", "answer", "eve", "--port", port);
    await Promise.all([bob.port(), eve.port()]);

    const all = await runApart("discover", "-p", port, "--limit", "3");
    assertEquals([all.code, all.err], [0, []]);
    assertEquals(all.out.sort(), [
      "ann  127.0.0.1:9100  printer  A4\\u{1b}[2J",
      `bob  127.0.0.1:${port}  lockstep`,
      `eve  127.0.0.1:${port}  lockstep`,
    ]);
    const args = ["-p", port, "--timeout", "0.2", "--service"];
    const printers = await run("discover", ...args, "printer");
    assertEquals(printers.out.length, 1);
    const tides = await run("discover", ...args, "tide");
    assertEquals(tides, {
      code: 1,
      out: [],
      err: ["lockstep udp discover: Cannot find anybody: no answer came"],
    });
    for (const responder of [ann, bob, eve]) {
      responder.interrupt();
      const { code, out, err } = await responder.end();
      assertEquals([code, out, err], [0, [], []]);
    }
  },
});

Deno.test("udp exits with 2 and one line if it is used wrong", async () => {
  const long = "x".repeat(70);
  const wrong: [args: string[], message: string][] = [
    [["bogus"], 'Unknown command "bogus"'],
    [["echo", "x"], 'Unexpected "x"'],
    [["echo", "--port", "65536"], "--port 65536"],
    [["echo", "--bogus"], "Unknown option --bogus"],
    [["send"], "Missing HOST:PORT"],
    [["send", "127.0.0.1"], "no port"],
    [["send", "127.0.0.1:0", "x"], "the port must be 1 to 65535"],
    [["send", "127.0.0.1:9", "a", "b"], 'Unexpected "b"'],
    [["send", "127.0.0.1:9", "a", "--wait", "soon"], "--wait soon"],
    [["listen", "--port", "x"], "--port x"],
    [["chat", "ann"], "NAME=HOST:PORT"],
    [["chat", "ann=127.0.0.1"], "no port"],
    [["chat", "--name", "a b"], "as a name"],
    [["chat", "far=203.0.113.1:9"], "bind --host 0.0.0.0"],
    [["rtt"], "Missing HOST:PORT"],
    [["rtt", "127.0.0.1:9", "--bytes", "15"], "from 16 to 65507"],
    [["rtt", "127.0.0.1:9", "--count", "0"], "--count 0"],
    [["rtt", "127.0.0.1:9", "--timeout", "0"], "--timeout 0"],
    [["discover", "--timeout", "soon"], "--timeout soon"],
    [["discover", "--service", long], "1 to 63"],
    [["answer"], "Missing NAME"],
    [["answer", long], "1 to 63"],
    [["answer", "ann", "--info", "x".repeat(513)], "1 to 512"],
  ];
  for (const [args, message] of wrong) {
    const { code, out, err } = await run(...args);
    assertEquals([code, out, err.length], [2, [], 1], args.join(" "));
    assertStringIncludes(err[0]!, message);
  }
});

Deno.test("udp exits with 1 and one line if an address cannot be used", async () => {
  await using taken = UdpSocket.bind();
  const port = String(taken.localAddr.port);
  const wrong: [args: string[], message: string][] = [
    [["echo", "--port", port], `Cannot open 127.0.0.1:${port}`],
    [["listen", "--port", port], `Cannot open 127.0.0.1:${port}`],
    [["chat", "--port", port], `Cannot open 127.0.0.1:${port}`],
    [["listen", "--host", "203.0.113.1"], "Cannot open 203.0.113.1:0"],
    [["answer", "a", "-p", "0", "--host", "203.0.113.1"], "203.0.113.1"],
  ];
  for (const [args, message] of wrong) {
    const { code, out, err } = await run(...args);
    assertEquals([code, out, err.length], [1, [], 1], args.join(" "));
    assertStringIncludes(err[0]!, message);
  }
  const { code, err } = await runApart("discover", "--host", "203.0.113.1");
  assertEquals([code, err.length], [1, 1]);
  assertStringIncludes(err[0]!, "from 203.0.113.1: ");
});
