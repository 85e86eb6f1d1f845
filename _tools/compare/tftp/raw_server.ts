/*
 * The floor: what any TFTP server on Deno pays. Nothing is checked, nothing is
 * repeated, files are read without waiting; one receive and one send a block.
 *
 * deno run --unstable-net --allow-net --allow-read raw_server.ts PORT ROOT
 */
const [port, root] = Deno.args;
const hostname = "127.0.0.1";
const udp = { transport: "udp", hostname } as const;
const listener = Deno.listenDatagram({ ...udp, port: Number(port) });

for await (const [request, client] of listener) {
  const [name, , ...options] = new TextDecoder().decode(request.subarray(2))
    .split("\0");
  serve(`${root}/${name}`, options, client).catch(() =>
    listener.send(new Uint8Array([0, 5, 0, 1, 0]), client)
  );
}

async function serve(
  path: string,
  options: string[],
  client: Deno.Addr,
): Promise<void> {
  using file = Deno.openSync(path);
  const terms: Record<string, number> = { blksize: 512, windowsize: 1 };
  let oack = "\0\x06";
  for (let i = 0; i + 1 < options.length; i += 2) {
    const key = options[i]!.toLowerCase();
    if (key === "tsize") terms[key] = file.statSync().size;
    else if (key in terms) terms[key] = Number(options[i + 1]);
    else continue;
    oack += `${key}\0${terms[key]}\0`;
  }
  const socket = Deno.listenDatagram({ ...udp, port: 0 });
  const { blksize = 0, windowsize = 0 } = terms;
  const slots = Array.from(
    { length: 2 * windowsize },
    () => new Uint8Array(4 + blksize),
  );
  const piece = new Uint8Array(256 * 1024);
  const inbox = new Uint8Array(1_024);
  let [start, end, sent, last] = [0, 0, 0, Infinity];
  const send = () => {
    const slot = slots[++sent % slots.length]!;
    slot.set([0, 3, sent >> 8, sent]);
    let length = 0;
    while (length < blksize) {
      if (start === end) {
        [start, end] = [0, file.readSync(piece) ?? 0];
        if (end === 0) break;
      }
      const some = piece.subarray(
        start,
        Math.min(end, start + blksize - length),
      );
      slot.set(some, 4 + length);
      length += some.length;
      start += some.length;
    }
    if (length < blksize) last = sent;
    socket.send(slot.subarray(0, 4 + length), client);
  };
  let acknowledged = 0;
  if (oack.length > 2) {
    await socket.send(new TextEncoder().encode(oack), client);
  } else send();
  while (acknowledged < last) {
    const [ack] = await socket.receive(inbox);
    const wire = ack[2]! << 8 | ack[3]!;
    acknowledged += (wire - acknowledged) & 0xffff;
    while (sent < acknowledged + windowsize && sent < last) send();
  }
  socket.close();
}
