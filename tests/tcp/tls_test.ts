import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect, connectEx, type ConnectOptions } from "../../tcp/connect.ts";
import { listen, type TcpListener } from "../../tcp/listener.ts";
import { AUTHORITY, CERTIFICATE, KEY } from "./_certificate.ts";
import { octets, text } from "./_pair.ts";

const LIMIT = { timeoutMs: 10_000 };

const OURS = { cert: CERTIFICATE, key: KEY };

const TRUSTING = { caCerts: [AUTHORITY] };

/** Connects to a listener by TLS. */
function connectTo(listener: TcpListener, options: ConnectOptions) {
  return connect({ ...listener.addr as Deno.NetAddr, ...LIMIT, ...options });
}

/** A listener that accepts, and never says a word. */
function mute() {
  const listener = listen();
  const accepted = Array.fromAsync(listener);
  return {
    addr: listener.addr as Deno.NetAddr,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const socket of await accepted) socket.close();
    },
  };
}

/** Requires an error by timeout that says so. */
async function assertLate(
  wait: () => Promise<unknown>,
  state: string,
): Promise<void> {
  const error = await assertRejects(wait, DOMException, state);
  assertEquals(error.name, "TimeoutError");
}

Deno.test("connect() and listen() speak TLS, half close included", async () => {
  using listener = listen({ tls: OURS });
  const connecting = connectTo(listener, { tls: TRUSTING });
  using server = await listener.accept(LIMIT);
  using client = await connecting;
  await client.sendAll(octets("secret\n"));
  await client.closeWrite();
  assertEquals(await server.readLine(LIMIT), "secret");
  assertEquals(await server.receive(1, LIMIT), null);
  await server.sendAll(octets("understood"));
  assertEquals(text(await client.receiveExactly(10, LIMIT)), "understood");
  await assertRejects(
    () => client.setNoDelay(),
    TypeError,
    "Cannot setNoDelay: it is no plain TCP connection",
  );
});

Deno.test("connect() refuses whom nobody vouches for, and the wrong name", async () => {
  using listener = listen({ tls: OURS });
  const refused = async (tls: ConnectOptions["tls"]) => {
    const connecting = connectTo(listener, { tls });
    connecting.catch(() => {}); // it may fail before we wait for it
    using server = await listener.accept(LIMIT);
    await assertRejects(() => connecting, Deno.errors.InvalidData);
    await assertRejects(() => server.receive(1, LIMIT));
  };
  await refused({});
  await refused({ ...TRUSTING, hostname: "example.com" });
});

Deno.test("connect() takes the name of the certificate as an option", async () => {
  using listener = listen({ tls: OURS });
  const tls = { ...TRUSTING, hostname: "localhost" };
  const connecting = connectTo(listener, { tls });
  using server = await listener.accept(LIMIT);
  using client = await connecting;
  await client.sendAll(octets("x"));
  assertEquals(text(await server.receive(1, LIMIT)), "x");
});

Deno.test("connect() gives a handshake its own time, and leaves nothing open", async () => {
  await using peer = mute();
  const addr = { ...peer.addr, tls: TRUSTING };
  await assertLate(
    () => connect({ ...addr, handshakeTimeoutMs: 5 }),
    `Cannot connect to 127.0.0.1:${peer.addr.port}: no handshake within 5 ms`,
  );
  await assertLate(
    () => connect({ ...addr, timeoutMs: 5 }),
    `Cannot connect to 127.0.0.1:${peer.addr.port}: not done within 5 ms`,
  );
  const { code } = await connectEx({ ...addr, handshakeTimeoutMs: 5 });
  assertEquals(code, "ETIMEDOUT");
  await assertRejects(
    () => connect({ ...addr, handshakeTimeoutMs: -1 }),
    RangeError,
  );
});

Deno.test("connect() aborted in a handshake leaves nothing open", async () => {
  await using peer = mute();
  const { startTls } = Deno;
  for (const isLate of [false, true]) {
    const abort = new AbortController();
    const stop = () => abort.abort("enough");
    Deno.startTls = async (...args) => {
      const secured = await startTls(...args);
      if (isLate) setTimeout(stop);
      else stop(); // before anybody waits for the handshake
      return secured;
    };
    const { signal } = abort;
    const failed = connect({ ...peer.addr, tls: TRUSTING, signal });
    assertEquals(await failed.catch((reason) => reason), "enough");
    Deno.startTls = startTls;
  }
});

Deno.test("connect() fails with the error of a handshake, and leaves nothing open", async () => {
  await using peer = mute();
  const addr = { ...peer.addr, ...LIMIT };
  const noCertificate = "-----BEGIN CERTIFICATE-----\nAAAA\n" +
    "-----END CERTIFICATE-----\n";
  await assertRejects(
    () => connect({ ...addr, tls: { caCerts: [noCertificate] } }),
    Error,
    "invalid peer certificate",
  );
  await assertRejects(
    () => connect({ ...addr, tls: { hostname: "not a name" } }),
    TypeError,
    "Invalid hostname",
  );
});

Deno.test("TcpListener closes who does not shake hands in time, or not at all", async () => {
  using listener = listen({ tls: OURS, handshakeTimeoutMs: 20 });
  using _mute = await connect(listener.addr);
  using late = await listener.accept(LIMIT);
  await assertRejects(() => late.receive(), Deno.errors.Interrupted);
  assertEquals(late.closed, true);
  using plain = await connect(listener.addr);
  using fooled = await listener.accept(LIMIT);
  await plain.sendAll(octets("GET / HTTP/1.1\r\n\r\n"));
  await assertRejects(() => fooled.receive());
});

Deno.test("connect() and listen() refuse TLS by a path", async () => {
  const path = "/tmp/lockstep_nobody";
  await assertRejects(
    () => connect({ path, tls: {} }),
    TypeError,
    "Cannot connect: a path goes neither with a port nor with TLS",
  );
  await assertRejects(() => connect({ path, port: 1 }), TypeError);
  assertThrows(() => listen({ path, tls: OURS }), TypeError);
});
