/**
 * A server that answers in upper case, and its client.
 *
 *     deno run --unstable-net --allow-net=127.0.0.1 examples/udp_upper.ts
 */
import { UdpServer, UdpSocket } from "@lockstep/lockstep/udp";

const server = new UdpServer({
  handler: async ({ data, reply }) => {
    const text = new TextDecoder().decode(data);
    await reply(new TextEncoder().encode(text.toUpperCase()));
  },
});
const served = server.serveForever();

await using client = UdpSocket.bind();
for (const word of ["hello", "datagram", "grüße"]) {
  const question = new TextEncoder().encode(word);
  const { data } = await client.request(question, server.addr);
  console.log(`${word} -> ${new TextDecoder().decode(data)}`);
}

await server.shutdown();
await served;
