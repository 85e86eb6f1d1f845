/**
 * A question whose answer gets lost twice, while a stranger answers, too.
 *
 *     deno run --unstable-net --allow-net=127.0.0.1 examples/udp_request.ts
 */
import { UdpServer, UdpSocket } from "@lockstep/lockstep/udp";

const encoder = new TextEncoder();
await using stranger = UdpSocket.bind();

let questions = 0;
const server = new UdpServer({
  handler: async ({ addr, reply }) => {
    questions++;
    await stranger.sendTo(encoder.encode("believe me!"), addr);
    if (questions < 3) console.log(`answer ${questions} is lost`);
    else await reply(encoder.encode("42"));
  },
});
const served = server.serveForever();

await using client = UdpSocket.bind();
const question = encoder.encode("6 times 7?");
const { data } = await client.request(question, server.addr, {
  retries: 4,
  retransmitMs: 50, // then 100, 200, …
  match: ({ data }) => data.length > 0,
});
console.log(
  `question ${questions} was answered:`,
  new TextDecoder().decode(data),
);

await server.shutdown();
await served;
