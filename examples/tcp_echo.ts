/**
 * A server that sends back what it gets, in capitals, and two clients of it: one
 * that reads lines, one that counts octets and says when it has sent all.
 *
 *     deno run --allow-net=127.0.0.1 examples/tcp_echo.ts
 */
import { connect, connectEx, TcpServer } from "@lockstep/lockstep/tcp";

const utf8 = new TextEncoder();
const text = new TextDecoder();

const server = new TcpServer({
  handler: async (socket) => {
    for (;;) {
      const received = await socket.receive();
      if (received === null) return; // the client has sent all
      await socket.sendAll(utf8.encode(text.decode(received).toUpperCase()));
    }
  },
});
const served = server.serveForever();

{
  await using client = await connect({ ...server.addr, timeoutMs: 1_000 });
  for (const line of ["hello", "grüße"]) {
    await client.sendAll(utf8.encode(`${line}\n`));
    console.log(`${line} -> ${await client.readLine({ timeoutMs: 1_000 })}`);
  }
}

{
  await using client = await connect(server.addr);
  const sent = client.sendAll(new Uint8Array(1_000_000).fill(0x61))
    .then(() => client.closeWrite());
  let octets = 0;
  for await (const chunk of client.readable) octets += chunk.length;
  await sent;
  console.log(`${octets} octets came back, then the end`);
}

await server.shutdown();
await served;
const { code } = await connectEx(server.addr);
console.log(`after the shutdown: ${code}`);
