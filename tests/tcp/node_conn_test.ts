import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createConnection, type Socket } from "node:net";
import { bind } from "../../tcp/_descriptor.ts";
import type { NodeConn } from "../../tcp/_node_conn.ts";
import { NodeListener } from "../../tcp/_node_listener.ts";
import { connect } from "../../tcp/connect.ts";
import { TcpSocket } from "../../tcp/socket.ts";
import { octets, text } from "./_pair.ts";

const LIMIT = { timeoutMs: 20_000 };
const ignore = Deno.build.os === "windows"; // hands no sockets to processes

interface Pair extends Disposable {
  readonly client: TcpSocket;
  readonly conn: NodeConn;
}

/** A client of Deno's, and the other end by `node:net`. */
async function pair(): Promise<Pair> {
  const bound = bind({});
  const listener = new NodeListener(bound.copy(), bound.addr);
  try {
    const client = await connect(bound.addr);
    const conn = await listener.accept();
    return {
      client,
      conn,
      [Symbol.dispose]() {
        client.close();
        conn.close();
      },
    };
  } finally {
    listener.close();
    bound.close();
  }
}

/** As `pair()`, but that the client resets the connection when told to. */
async function resettable(): Promise<{ conn: NodeConn; reset: () => void }> {
  const bound = bind({});
  const listener = new NodeListener(bound.copy(), bound.addr);
  const { port, hostname } = bound.addr as Deno.NetAddr;
  const client: Socket = createConnection(port, hostname);
  client.on("error", () => {});
  const conn = await listener.accept();
  listener.close();
  bound.close();
  return { conn, reset: () => client.resetAndDestroy() };
}

Deno.test({
  name: "NodeConn reads and writes as a connection of Deno",
  ignore,
  async fn() {
    using both = await pair();
    const { client, conn } = both;
    assertEquals(conn.remoteAddr, client.localAddr);
    assertEquals(conn.localAddr, client.remoteAddr);

    await client.sendAll(octets("0123456789"));
    const buffer = new Uint8Array(4);
    const parts: string[] = [];
    while (parts.join("").length < 10) {
      const count = await conn.read(buffer);
      parts.push(text(buffer.subarray(0, count!))!);
    }
    assertEquals(parts, ["0123", "4567", "89"]); // what did not fit is next

    assertEquals(await conn.write(octets("abc")), 3);
    assertEquals(text(await client.receiveExactly(3, LIMIT)), "abc");
    await conn.setNoDelay!(true);
    await conn.setKeepAlive!(true);

    await client.closeWrite();
    assertEquals(await conn.read(buffer), null);
    assertEquals(await conn.read(buffer), null);
    await conn.write(octets("half closed"));
    await conn.closeWrite();
    await conn.closeWrite();
    assertEquals(text(await client.receiveExactly(11, LIMIT)), "half closed");
    assertEquals(await client.receive(1, LIMIT), null);
    conn.close();
    conn.close();
  },
});

Deno.test({
  name: "NodeConn closes its half first, and reads on",
  ignore,
  async fn() {
    using both = await pair();
    const { client } = both;
    const socket = new TcpSocket(both.conn);
    await socket.closeWrite();
    assertEquals(await client.receive(1, LIMIT), null);
    await client.sendAll(octets("still here\n"));
    assertEquals(await socket.readLine(LIMIT), "still here");
  },
});

Deno.test({
  name:
    "NodeConn.write() resolves when all is with the system, however slow the peer",
  ignore,
  async fn() {
    using both = await pair();
    const { client, conn } = both;
    const sent = crypto.getRandomValues(new Uint8Array(65_536));
    const many = new Uint8Array(8 * 1024 * 1024);
    for (let at = 0; at < many.length; at += sent.length) many.set(sent, at);
    let isDone = false;
    const writing = conn.write(many).then((count) => {
      isDone = true;
      return count;
    });
    // More than the system keeps: it waits for the client.
    assertEquals(await client.receiveExactly(65_536, LIMIT), sent);
    assert(!isDone);
    const rest = await client.receiveExactly(many.length - 65_536, LIMIT);
    assertEquals(await writing, many.length);
    assertEquals(rest.subarray(-65_536), sent);
  },
});

Deno.test({
  name: "NodeConn fails as a connection of Deno does",
  ignore,
  async fn() {
    const { conn, reset } = await resettable();
    const reading = assertRejects(
      () => conn.read(new Uint8Array(1)),
      Deno.errors.ConnectionReset,
    );
    reset();
    await reading;
    await assertRejects(
      () => conn.read(new Uint8Array(1)),
      Deno.errors.ConnectionReset,
    );
    await assertRejects(() => conn.write(octets("x")), Error);
    conn.close();

    using both = await pair();
    const { client } = both;
    client.close();
    const broken = await assertRejects(async () => {
      for (;;) await both.conn.write(new Uint8Array(65_536));
    }, Error);
    assert(
      broken instanceof Deno.errors.BrokenPipe ||
        broken instanceof Deno.errors.ConnectionReset,
      `${broken}`,
    );
  },
});

Deno.test({
  name: "NodeConn.close() rejects those who wait",
  ignore,
  async fn() {
    using both = await pair();
    const { conn } = both;
    const reading = conn.read(new Uint8Array(1));
    const writing = conn.write(new Uint8Array(8 * 1024 * 1024));
    conn.close();
    await Promise.all([
      assertRejects(() => reading, Deno.errors.Interrupted),
      assertRejects(() => writing, Deno.errors.Interrupted),
    ]);
  },
});

Deno.test({
  name: "NodeConn is not handed over once it was read from",
  ignore,
  async fn() {
    using both = await pair();
    const { client, conn } = both;
    await client.sendAll(octets("x"));
    conn.toHandOver();
    await conn.read(new Uint8Array(1));
    assertThrows(
      () => conn.toHandOver(),
      TypeError,
      "Cannot hand over a connection: it was read from before",
    );
  },
});
