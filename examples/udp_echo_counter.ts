/**
 * An echo server that counts, for each client and in all.
 *
 *     deno run --unstable-net --allow-net=127.0.0.1 examples/udp_echo_counter.ts
 */
import { formatAddr } from "@lockstep/lockstep/mux";
import { UdpServer, UdpSocket } from "@lockstep/lockstep/udp";

const counts = new Map<string, number>();
const server = new UdpServer({
  handler: async ({ data, addr, reply }) => {
    const client = formatAddr(addr);
    const count = (counts.get(client) ?? 0) + 1;
    counts.set(client, count);
    const text = new TextDecoder().decode(data);
    await reply(new TextEncoder().encode(`${text} #${count}`));
  },
});
const served = server.serveForever();

for (const [name, times] of [["ann", 3], ["bob", 2]] as const) {
  await using client = UdpSocket.bind();
  await client.connect(server.addr);
  for (let i = 0; i < times; i++) {
    await client.send(new TextEncoder().encode(name));
    const { data } = await client.receive({ timeoutMs: 5_000 });
    console.log(new TextDecoder().decode(data));
  }
}

await server.shutdown();
await served;
console.log(`${server.stats.handled} datagrams, ${counts.size} clients`);
