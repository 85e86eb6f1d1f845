/**
 * Full duplex: both ends send and receive whenever they like.
 * To chat with somebody else: `lockstep udp chat`.
 *
 *     deno run --unstable-net --allow-net=127.0.0.1 examples/udp_chat.ts
 */
import { UdpSocket } from "@lockstep/lockstep/udp";

await using ann = UdpSocket.bind();
await using bob = UdpSocket.bind();

/** Prints what comes, until the other says goodbye. */
async function hear(name: string, socket: UdpSocket): Promise<void> {
  for await (const { data } of socket) {
    const text = new TextDecoder().decode(data);
    console.log(`${name} hears "${text}"`);
    if (text === "bye") return;
  }
}

/** Says a few things and waits for no answer. */
async function say(from: UdpSocket, to: UdpSocket, ...texts: string[]) {
  for (const text of texts) {
    await from.sendTo(new TextEncoder().encode(text), to.localAddr);
  }
}

const heard = [hear("Ann", ann), hear("Bob", bob)];
await Promise.all([
  say(ann, bob, "hello Bob", "are you there?"),
  say(bob, ann, "Ann, I have news"),
]);
await Promise.all([say(ann, bob, "bye"), say(bob, ann, "bye")]);
await Promise.all(heard);
