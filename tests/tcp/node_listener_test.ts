import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { setImmediate } from "node:timers";
import { bind, closeDescriptor } from "../../tcp/_descriptor.ts";
import { NodeListener } from "../../tcp/_node_listener.ts";
import { connect } from "../../tcp/connect.ts";
import { TcpListener } from "../../tcp/listener.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { withDescriptors } from "./_descriptors.ts";
import { octets, text } from "./_pair.ts";
import { rude } from "./_rude.ts";

const LIMIT = { timeoutMs: 20_000 };
const ignore = Deno.build.os === "windows"; // passes no descriptors on

/** Addresses of the clients, as both sides see them. */
function addrs(sockets: TcpSocket[], side: "localAddr" | "remoteAddr") {
  return sockets.map((socket) => socket[side]);
}

Deno.test({
  name: "NodeListener leaves to others who comes while nobody asks",
  ignore,
  async fn() {
    const bound = bind({});
    using one = new TcpListener(new NodeListener(bound.copy(), bound.addr));
    using two = new TcpListener(new NodeListener(bound.copy(), bound.addr));
    const clients: TcpSocket[] = [];
    const come = async (count: number) => {
      for (let i = 0; i < count; i++) clients.push(await connect(bound.addr));
    };
    const accept = async (listener: TcpListener, count: number) => {
      const sockets: TcpSocket[] = [];
      while (sockets.length < count) sockets.push(await listener.accept(LIMIT));
      return sockets;
    };

    await come(5); // before anybody asks: the system keeps them
    const served = await accept(one, 1); // it gets all of them, and keeps four
    await new Promise((resolve) => setImmediate(resolve)); // no more from here on
    await come(3);
    const others = await accept(two, 3);
    assertEquals(
      addrs(others, "remoteAddr"),
      addrs(clients.slice(5), "localAddr"),
    );
    served.push(...await accept(one, 4));
    assertEquals(
      addrs(served, "remoteAddr"),
      addrs(clients.slice(0, 5), "localAddr"),
    );

    const next = one.accept(LIMIT); // it goes on
    two.close();
    await come(1);
    served.push(await next);
    await clients.at(-1)!.sendAll(octets("hello\n"));
    assertEquals(await served.at(-1)!.readLine(LIMIT), "hello");
    for (const socket of [...clients, ...served, ...others]) socket.close();
    bound.close();
  },
});

Deno.test({
  name: "NodeListener outlives clients that reset their connections",
  ignore,
  async fn() {
    const bound = bind({});
    using listener = new TcpListener(
      new NodeListener(bound.copy(), bound.addr),
    );
    const serving = (async () => {
      for await (const socket of listener) {
        await socket.sendAll(octets("hello")).catch(() => {}); // it is rude
        socket.close();
      }
    })();
    for (let round = 0; round < 3; round++) {
      const crowd = Array.from({ length: 50 }, () => {
        return rude(bound.addr as Deno.NetAddr);
      });
      await Promise.all(crowd);
      using polite = await connect(bound.addr);
      assertEquals(text(await polite.receiveExactly(5, LIMIT)), "hello");
    }
    listener.close();
    await serving;
    bound.close();
  },
});

Deno.test({
  name: "NodeListener.close() rejects who asks, and cuts off whom it keeps",
  ignore,
  async fn() {
    const bound = bind({});
    const listener = new NodeListener(bound.copy(), bound.addr);
    const clients = [await connect(bound.addr), await connect(bound.addr)];
    (await listener.accept()).close();
    for (const client of clients.slice(0, 1)) {
      assertEquals(await client.receive(1, LIMIT), null);
    }
    listener.close();
    listener.close();
    const cut = clients[1]!.receive(1, LIMIT).catch(() => null); // or reset
    assertEquals(await cut, null);
    await assertRejects(() => listener.accept(), Deno.errors.BadResource);

    const other = new NodeListener(bound.copy(), bound.addr);
    const waiting = assertRejects(
      () => other.accept(),
      Deno.errors.BadResource,
    );
    other.close();
    await waiting;
    new NodeListener(bound.copy(), bound.addr).close(); // never asked

    for (const client of clients) client.close();
    bound.close();
    await assertRejects(
      () => connect(bound.addr),
      Deno.errors.ConnectionRefused,
    );
  },
});

Deno.test({
  name: "bind() says what is wrong as listen() does",
  ignore,
  async fn() {
    const bound = bind({ port: 0, backlog: 1 });
    const { port } = bound.addr as Deno.NetAddr;
    assertThrows(
      () => bind({ port }),
      Deno.errors.AddrInUse,
      `Cannot listen on 127.0.0.1:${port}: it is in use`,
    );
    const foreign = "192.0.2.9";
    const host = `${foreign}:0`;
    const { state } = Deno.permissions.querySync({ name: "net", host });
    assertThrows(
      () => bind({ hostname: foreign }),
      state === "granted" ? Error : Deno.errors.NotCapable,
    );
    for (const port of [-1, 65_536, 1.5]) {
      assertThrows(() => bind({ port }), RangeError);
    }

    // Who comes before anybody accepts is kept, also when a copy is closed.
    using client = await connect(bound.addr);
    closeDescriptor(bound.copy());
    const listener = new NodeListener(bound.copy(), bound.addr);
    const conn = await listener.accept();
    assertEquals(conn.remoteAddr, client.localAddr);
    conn.close();
    listener.close();
    bound.close();
    bind({ port }).close(); // free again

    const six = bind({ hostname: "::1" });
    assertEquals((six.addr as Deno.NetAddr).hostname, "::1");
    six.close();
  },
});

Deno.test({
  name: "NodeListener waits for descriptors when there are none left",
  ignore,
  async fn() {
    const { stdout, stderr } = await withDescriptors(
      128,
      `
        import { bind } from "./tcp/_descriptor.ts";
        import { NodeListener } from "./tcp/_node_listener.ts";
        import { connect } from "./tcp/connect.ts";
        // Deno takes descriptors for signals when it first needs them, and
        // panics if there are none.
        const ignore = () => {};
        Deno.addSignalListener("SIGUSR2", ignore);
        Deno.removeSignalListener("SIGUSR2", ignore);
        const bound = bind({});
        const listener = new NodeListener(bound.copy(), bound.addr, { renewMs: 10 });
        const files = [];
        const accepted = listener.accept();
        const client = await connect(bound.addr);
        (await accepted).close();
        for (;;) { // nothing is left then
          try { files.push(Deno.openSync("deno.json")); } catch { break; }
        }
        files.pop().close(); // but one, for the next client
        const next = await connect(bound.addr);
        const waiting = listener.accept();
        await new Promise((resolve) => setTimeout(resolve, 50));
        for (const file of files) file.close();
        const conn = await waiting;
        await conn.write(new TextEncoder().encode("back again\\n"));
        console.log(await next.readLine());
        for (const each of [client, next, conn, listener, bound]) each.close();
      `,
    );
    assertEquals(stdout, "back again\n", stderr);
  },
});
