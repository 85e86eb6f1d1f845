/*
 * What it costs to look once at a socket that has nothing, and not to wait: a pass
 * over the kernel's readiness by a doorbell, where a timer would be used otherwise.
 * select() opens the doorbell's sockets each time, if nobody else has them open.
 * Goal: Poll.poll() within 0.05 of a timer. The number decides whether a loop may
 * look at its sockets between two pieces of its work.
 */
import { POLLIN } from "../../mux/event_bits.ts";
import { Poll } from "../../mux/poll.ts";
import { select } from "../../mux/select.ts";
import { UdpSocket } from "../../udp/socket.ts";

const group = "look once";
const now = { timeoutMs: 0 };
const socket = UdpSocket.bind();

Deno.bench("setTimeout(0)", { group, baseline: true }, async () => {
  await new Promise((done) => setTimeout(done, 0));
});

Deno.bench("select(), timeoutMs 0", { group }, async () => {
  await select([socket], [], [], now);
});

let poll: Poll | undefined; // opens its doorbell after that
Deno.bench("Poll.poll(), timeoutMs 0", { group }, async () => {
  if (poll === undefined) {
    poll = new Poll();
    poll.register(socket, POLLIN);
  }
  await poll.poll(now);
});
