import { assertEquals, assertRejects } from "@std/assert";
import { Source } from "../../mux/source.ts";

Deno.test("Source loses no connection of a listener to a timeout", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using source = new Source<Deno.Conn>({
    action: "accept a connection",
    read: () => listener.accept(),
    close: () => listener.close(),
    discard: (conn) => conn.close(),
  });
  await assertRejects(
    () => source.take((conn) => conn, { timeoutMs: 1 }),
    DOMException,
  );
  using client = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  using served = await source.take((conn) => conn);
  assertEquals(served.remoteAddr, client.localAddr);
});

Deno.test("Source closes a connection that nobody accepted", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const source = new Source<Deno.Conn>({
    action: "accept a connection",
    read: () => listener.accept(),
    close: () => listener.close(),
    discard: (conn) => conn.close(),
  });
  const taken = source.take((conn) => conn);
  using first = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  using served = await taken;
  assertEquals(served.remoteAddr, first.localAddr);
  assertEquals(source.tryTake((conn) => conn), undefined);
  using second = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  while (!source.readable) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await source[Symbol.asyncDispose]();
  assertEquals(await second.read(new Uint8Array(1)), null);
});

Deno.test("Source loses no byte of a stream to a timeout", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  const conn = await listener.accept();
  const buffer = new Uint8Array(4);
  await using source = new Source<number | null>({
    action: "read bytes",
    read: () => conn.read(buffer),
    close: () => conn.close(),
  });
  const copy = (count: number | null) => [...buffer.subarray(0, count ?? 0)];
  const received: number[] = [];
  await assertRejects(() => source.take(copy, { timeoutMs: 1 }), DOMException);
  await client.write(new Uint8Array([1, 2, 3, 4, 5, 6]));
  while (received.length < 6) received.push(...await source.take(copy));
  assertEquals(received, [1, 2, 3, 4, 5, 6]);
  await assertRejects(() => source.take(copy, { timeoutMs: 1 }), DOMException);
  await client.closeWrite();
  assertEquals(await source.take((count) => count), null);
});
