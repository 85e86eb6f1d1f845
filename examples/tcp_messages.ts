/**
 * A stream has no messages: two that are sent at once arrive as one. Three ways to
 * get two out of it again: shake hands before each, begin each with its length, or
 * say in JSON what it is.
 *
 *     deno run examples/tcp_messages.ts
 */
import {
  type ByteSink,
  type ByteSource,
  FrameReader,
  FrameWriter,
  handshake,
  jsonHeader,
  lengthPrefixed,
} from "@lockstep/lockstep/tcp";

/** One direction of a stream in memory; a `TcpSocket` has both. */
class Wire implements ByteSource, ByteSink {
  #octets: number[] = [];
  #arrival = Promise.withResolvers<void>();

  sendAll(octets: Uint8Array): Promise<void> {
    this.#octets.push(...octets);
    this.#arrival.resolve();
    return Promise.resolve();
  }

  async receive(max = 65_536): Promise<Uint8Array> {
    await this.#arrival.promise;
    const octets = this.#octets.splice(0, max);
    if (this.#octets.length === 0) this.#arrival = Promise.withResolvers();
    return new Uint8Array(octets);
  }
}

const octets = (text: string) => new TextEncoder().encode(text);
const text = (octets: Uint8Array | null) => new TextDecoder().decode(octets!);

const bare = new Wire();
await Promise.all([bare.sendAll(octets("hello")), bare.sendAll(octets("bye"))]);
console.log(`nothing: ${text(await bare.receive())}`);

const [there, back] = [new Wire(), new Wire()];
const ours = handshake({
  sendAll: (octets) => there.sendAll(octets),
  receive: (max) => back.receive(max),
});
const theirs = handshake({
  sendAll: (octets) => back.sendAll(octets),
  receive: (max) => there.receive(max),
});
const sent = [ours.send(octets("hello")), ours.send(octets("bye"))];
const first = text(await theirs.receive());
console.log(`hand-shake: ${first}, ${text(await theirs.receive())}`);
await Promise.all(sent);

const prefixed = new Wire();
const writer = new FrameWriter(prefixed, lengthPrefixed());
const reader = new FrameReader(prefixed, lengthPrefixed());
await Promise.all([writer.write(octets("hello")), writer.write(octets("bye"))]);
const one = text(await reader.read());
console.log(`length: ${one}, ${text(await reader.read())}`);

const described = new Wire();
const sender = new FrameWriter(described, jsonHeader());
const receiver = new FrameReader(described, jsonHeader());
await Promise.all([
  sender.write({ header: { name: "a.txt" }, body: octets("hello") }),
  sender.write({ header: { name: "b.txt" }, body: octets("bye") }),
]);
for await (const { header, body } of receiver) {
  console.log(`JSON: ${header.name}: ${await new Response(body).text()}`);
  if (header.name === "b.txt") break;
}
