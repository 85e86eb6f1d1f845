/*
 * The floor: what any TFTP client on Deno pays. Nothing is checked, nothing is
 * repeated, nothing is kept; one receive and one send a block.
 */
import { run } from "../../../tests/tftp/_peers.ts";
import { measureClientCalls, PINNED } from "./measure.ts";

await run("taskset", ["-a", "-p", ...PINNED, String(Deno.pid)]);
await measureClientCalls("", async (addr, name, blockSize) => {
  const udp = { transport: "udp", hostname: "127.0.0.1" } as const;
  const socket = Deno.listenDatagram({ ...udp, port: 0 });
  const words = ["\0\x01" + name, "octet", "blksize", String(blockSize), ""];
  const request = new TextEncoder().encode(words.join("\0"));
  await socket.send(request, { ...udp, ...addr });
  const inbox = new Uint8Array(4 + blockSize);
  const ack = new Uint8Array([0, 4, 0, 0]);
  let [packet, peer] = await socket.receive(inbox); // the OACK
  do {
    socket.send(ack, peer);
    [packet] = await socket.receive(inbox);
    ack.set(packet.subarray(2, 4), 2);
  } while (packet.length === inbox.length);
  await socket.send(ack, peer);
  socket.close();
});
