import { assert, assertEquals, assertRejects } from "@std/assert";
import { deadline } from "@std/async";
import { TftpClient } from "../../tftp/client.ts";
import { TftpError } from "../../tftp/error.ts";
import type { TransferProgress } from "../../tftp/options.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { content, LiveServer, octets, RawPeer } from "./_raw_peer.ts";

const PLAIN = { blockSize: 512, windowBlocks: 1, retransmitMs: 4_000 };

interface Wait {
  signal?: AbortSignal;
  timeoutMs?: number;
}

interface Scratch extends AsyncDisposable {
  readonly path: string;
  names(): Promise<string[]>;
}

/** A folder with a file `source` of 600 octets. */
async function scratch(): Promise<Scratch> {
  const path = await Deno.makeTempDir({ prefix: "lockstep-test-" });
  await Deno.writeFile(`${path}/source`, content(600));
  return {
    path,
    names: async () => {
      const entries = await Array.fromAsync(Deno.readDir(path));
      return entries.map(({ name }) => name).sort();
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Every method that transfers something. */
const CALLS: Record<
  string,
  (client: TftpClient, dir: Scratch, wait: Wait) => Promise<unknown>
> = {
  get: (client, _, wait) => Array.fromAsync(client.get("f", wait)),
  bytes: (client, _, wait) => client.bytes("f", wait),
  getFile: (client, dir, wait) => client.getFile("f", `${dir.path}/f`, wait),
  put: (client, _, wait) => client.put("f", content(600), wait),
  putFile: (client, dir, wait) =>
    client.putFile("f", `${dir.path}/source`, wait),
  stat: (client, _, wait) => client.stat("f", wait),
};

/** Lets the server say everything that the call needs, or all but the end. */
async function play(server: RawPeer, name: string, finish: boolean) {
  await server.receive(); // the request
  if (name === "stat") {
    if (!finish) return;
    await server.oack(["tsize", "600"]);
    await server.expect("ERROR 8");
  } else if (name.startsWith("put")) {
    await server.ack(0);
    await server.expect("DATA 1 512");
    if (!finish) return;
    await server.ack(1);
    await server.expect("DATA 2 88");
    await server.ack(2);
  } else {
    await server.data(1, content(600).subarray(0, 512));
    await server.expect("ACK 1");
    if (!finish) return;
    await server.data(2, content(600).subarray(512));
    await server.expect("ACK 2");
  }
}

for (const [name, call] of Object.entries(CALLS)) {
  Deno.test(`TftpClient.${name}() rejects if aborted before, and sends nothing`, async () => {
    await using dir = await scratch();
    await using server = new RawPeer();
    await using client = new TftpClient({ ...server.addr, ...PLAIN });
    const signal = AbortSignal.abort(new Error("no need"));
    await assertRejects(() => call(client, dir, { signal }), Error, "no need");
    await server.expectNothing();
    assertEquals(await dir.names(), ["source"]);
  });

  Deno.test(`TftpClient.${name}() rejects if aborted during, and tells the server`, async () => {
    await using dir = await scratch();
    await using server = new RawPeer();
    await using client = new TftpClient({ ...server.addr, ...PLAIN });
    const controller = new AbortController();
    const { signal } = controller;
    const rejected = assertRejects(
      () => call(client, dir, { signal }),
      Error,
      "enough",
    );
    await play(server, name, false);
    controller.abort(new Error("enough"));
    await server.until("ERROR 0");
    await rejected;
    assertEquals(await dir.names(), ["source"]);
  });

  Deno.test(`TftpClient.${name}() does nothing if aborted after`, async () => {
    await using dir = await scratch();
    await using server = new RawPeer();
    const controller = new AbortController();
    {
      await using client = new TftpClient({ ...server.addr, ...PLAIN });
      const done = call(client, dir, { signal: controller.signal });
      await play(server, name, true);
      await done;
      controller.abort();
    }
    await server.expectNothing();
  });

  Deno.test(`TftpClient.${name}() rejects after timeoutMs, not early`, async () => {
    await using dir = await scratch();
    await using server = new RawPeer();
    await using client = new TftpClient({ ...server.addr, ...PLAIN });
    const started = performance.now();
    const wait = { timeoutMs: 60 };
    const rejected = assertRejects(() => call(client, dir, wait), DOMException);
    await play(server, name, false);
    assertEquals((await rejected).name, "TimeoutError");
    assert(performance.now() - started >= 59);
    await server.until("ERROR 0");
    assertEquals(await dir.names(), ["source"]);
  });
}

Deno.test("TftpClient.close() leaves a transfer under way alone", async () => {
  await using server = new RawPeer();
  await using client = new TftpClient({ ...server.addr, ...PLAIN });
  const call = client.bytes("f");
  await server.receive();
  await server.data(1, content(512));
  await server.expect("ACK 1");
  client.close();
  await server.data(2, "end");
  await server.expect("ACK 2");
  assertEquals((await call).length, 515);
});

Deno.test("TftpClient.close() ends what lingers, and its port is free", async () => {
  await using server = new RawPeer();
  await using client = new TftpClient({ ...server.addr, ...PLAIN });
  const call = client.bytes("f");
  await server.receive();
  await server.data(1, "abc");
  await server.expect("ACK 1");
  await call;
  const { port } = server.to;
  client.close();
  client.close();
  await client[Symbol.asyncDispose]();
  await using _next = await rebound(port);
});

/** Binds a port as soon as the runtime has let go of it. */
async function rebound(port: number): Promise<UdpSocket> {
  for (const until = Date.now() + 5_000;;) {
    try {
      return UdpSocket.bind({ port });
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}

Deno.test("TftpClient.get() tells the server when the loop is left", async () => {
  await using live = await LiveServer.start({}, { f: content(2_000_000) });
  await using client = new TftpClient(live.addr);
  for await (const chunk of client.get("f")) {
    assert(chunk.length > 0);
    break;
  }
  const { state, error } = await live.ended();
  assertEquals([state, error?.remote], ["failed", true]);
});

Deno.test("TftpClient.get() tells the server when the stream is cancelled while it waits", async () => {
  await using server = new RawPeer();
  await using client = new TftpClient({ ...server.addr, ...PLAIN });
  const controller = new AbortController();
  const { signal } = controller;
  const reader = client.get("f", { signal }).getReader();
  const read = reader.read();
  await server.receive();
  await server.data(1, content(512));
  await server.expect("ACK 1");
  try {
    const cancelled = reader.cancel();
    cancelled.catch(() => {});
    await deadline(server.until("ERROR 0"), 3_000);
    await deadline(cancelled, 3_000);
    assertEquals((await read).done, true);
  } finally {
    controller.abort();
  }
});

Deno.test("TftpClient.get() asks for nothing before it is read", async () => {
  await using server = new RawPeer();
  await using client = new TftpClient({ ...server.addr, ...PLAIN });
  const stream = client.get("f");
  await server.expectNothing();
  await stream.cancel();
  await server.expectNothing();
});

Deno.test("TftpClient.get() gives the file in order, each chunk the caller's own", async () => {
  const file = content(700_001);
  await using live = await LiveServer.start({}, { f: file });
  await using client = new TftpClient(live.addr);
  const chunks = await Array.fromAsync(client.get("f"));
  assert(chunks.length > 1 && chunks.every(({ length }) => length <= 262_144));
  assertEquals(new Set(chunks.map(({ buffer }) => buffer)).size, chunks.length);
  assertEquals(await new Blob(chunks).bytes(), file);
  const stream: ReadableStream<Uint8Array<ArrayBuffer>> = client.get("f");
  assertEquals(await new Response(stream).bytes(), file);
});

Deno.test("TftpClient.getFile() keeps the previous file unless all goes well", async () => {
  await using dir = await scratch();
  await using server = new RawPeer();
  await using client = new TftpClient({ ...server.addr, ...PLAIN, retries: 0 });
  const to = `${dir.path}/source`;
  const ways = [
    () => server.error(3, "disk on fire"),
    () => server.ack(1), // the other direction
    () => server.data(2, content(600)), // too long
    () => server.data(2, "short"), // less than tsize said
  ];
  for (const end of ways) {
    const rejected = assertRejects(() => client.getFile("f", to), TftpError);
    await server.receive();
    await server.oack(["tsize", "1000"]);
    await server.expect("ACK 0");
    await server.data(1, content(512));
    await server.expect("ACK 1");
    await end();
    await rejected;
    assertEquals(await Deno.readFile(to), content(600));
    assertEquals(await dir.names(), ["source"]);
    await server.drain();
  }
  const done = client.getFile("f", new URL(`file://${to}`));
  await server.receive();
  await server.data(1, "new");
  await server.expect("ACK 1");
  await done;
  assertEquals(await Deno.readTextFile(to), "new");
  assertEquals(await dir.names(), ["source"]);
});

Deno.test("TftpClient.getFile() counts a block that came in answer to the request", async () => {
  await using dir = await scratch();
  await using server = new RawPeer();
  await using client = new TftpClient({ ...server.addr, ...PLAIN });
  const seen: number[] = [];
  const onProgress = ({ bytes }: TransferProgress) => seen.push(bytes);
  const done = client.getFile("f", `${dir.path}/f`, { onProgress });
  await server.receive();
  await server.data(1, "abc"); // no OACK: the first block, and the last
  await server.expect("ACK 1");
  assertEquals((await done).bytes, 3);
  assertEquals(seen.at(-1), 3);
});

Deno.test("TftpClient.getFile() makes an empty file, and keeps what is there for a missing one", async () => {
  await using dir = await scratch();
  await using live = await LiveServer.start({}, { empty: "" });
  await using client = new TftpClient(live.addr);
  await client.getFile("empty", `${dir.path}/empty`);
  assertEquals((await Deno.stat(`${dir.path}/empty`)).size, 0);
  const to = `${dir.path}/source`;
  await assertRejects(() => client.getFile("gone", to), TftpError, "not found");
  assertEquals(await Deno.readFile(to), content(600));
});

Deno.test("TftpClient.getFile() tells the server if the file cannot be written", async () => {
  await using dir = await scratch();
  await using live = await LiveServer.start({}, { f: content(2_000_000) });
  await using client = new TftpClient(live.addr);
  const to = `${dir.path}/no/f`;
  await assertRejects(() => client.getFile("f", to), Deno.errors.NotFound);
  const { state, error } = await live.ended();
  assertEquals([state, error?.remote], ["failed", true]);
  assertEquals(await dir.names(), ["source"]);
});

Deno.test("TftpClient.put() fails as its source does, and leaves no file behind", async () => {
  await using live = await LiveServer.start({ allowWrite: true });
  await using client = new TftpClient(live.addr);
  async function* broken() {
    yield content(5_000);
    await live.turn();
    throw new Error("the tape is torn");
  }
  await assertRejects(() => client.put("f", broken()), Error, "torn");
  const { state, error } = await live.ended();
  assertEquals([state, error?.remote], ["failed", true]);
  assertEquals(await live.names(), []);
});

Deno.test("TftpClient.put() takes a stream of any pieces, and lets go of it", async () => {
  await using live = await LiveServer.start({ allowWrite: true });
  await using client = new TftpClient(live.addr);
  const file = content(10_000);
  let released = false;
  async function* pieces() {
    try {
      for (
        let at = 0, n = 0;
        at < file.length;
        at += n, n = (n * 7 + 1) % 999
      ) {
        yield file.subarray(at, at + n);
        await null;
      }
    } finally {
      released = true;
    }
  }
  const { bytes } = await client.put("f", pieces());
  assertEquals([bytes, released], [10_000, true]);
  assertEquals(await Deno.readFile(`${live.root}/f`), file);
  await client.put("g", new Blob([file]).stream(), { size: 10_000 });
  assertEquals(await Deno.readFile(`${live.root}/g`), file);
});

Deno.test("TftpClient.put() can be ended though its source never yields", async () => {
  for (const ending of ["abort", "timeout"]) {
    await using server = new RawPeer();
    await using client = new TftpClient({ ...server.addr, ...PLAIN });
    const controller = new AbortController();
    const wait = ending === "abort"
      ? { signal: controller.signal }
      : { timeoutMs: 50 };
    const silent = new ReadableStream<Uint8Array>();
    const call = assertRejects(() => client.put("f", silent, wait));
    await server.receive();
    await server.ack(0);
    controller.abort();
    await server.until("ERROR 0");
    await call;
  }
});

Deno.test("TftpClient.putFile() rejects for a file that is not there, and sends nothing", async () => {
  await using dir = await scratch();
  await using server = new RawPeer();
  await using client = new TftpClient({ ...server.addr, ...PLAIN });
  await assertRejects(
    () => client.putFile("f", `${dir.path}/no`),
    Deno.errors.NotFound,
  );
  await server.expectNothing();
});

Deno.test("TftpClient reports progress that grows and ends with the whole", async () => {
  const file = content(900_000);
  await using live = await LiveServer.start({ allowWrite: true }, { f: file });
  await using client = new TftpClient(live.addr);
  const calls = [
    (onProgress: (p: TransferProgress) => void) =>
      client.bytes("f", { onProgress }),
    (onProgress: (p: TransferProgress) => void) =>
      client.put("g", file, { onProgress }),
  ];
  for (const call of calls) {
    const seen: TransferProgress[] = [];
    await call((progress) => seen.push(progress));
    assert(
      seen.every(({ bytes }, i) => i === 0 || bytes >= seen[i - 1]!.bytes),
    );
    assertEquals(seen.at(-1), { bytes: 900_000, size: 900_000 });
  }
});

Deno.test("TftpClient reads and writes lines of text in netascii", async () => {
  await using live = await LiveServer.start({ allowWrite: true });
  await using client = new TftpClient({ ...live.addr, mode: "netascii" });
  const text = octets("one\ntwo\rthree\r\n".repeat(300));
  await client.put("f", text);
  assertEquals(await Deno.readFile(`${live.root}/f`), text);
  assertEquals(await client.bytes("f"), text);
});
