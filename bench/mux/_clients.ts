/**
 * The other side of the benchmarks, in a process of its own: connections that say
 * nothing, and busy ones that send again as soon as the echo is there.
 *
 *     deno run --allow-net=127.0.0.1 bench/mux/_clients.ts PORT BUSY IDLE BYTES
 */
const [port, busy, idle, bytes] = Deno.args.map(Number) as [
  number,
  number,
  number,
  number,
];
const AT_ONCE = 100;

const message = new Uint8Array(bytes).fill(7);
const conns: Deno.TcpConn[] = [];
while (conns.length < busy + idle) {
  const length = Math.min(AT_ONCE, busy + idle - conns.length);
  const more = Array.from(
    { length },
    () => Deno.connect({ hostname: "127.0.0.1", port }),
  );
  conns.push(...await Promise.all(more));
}

async function talk(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(bytes);
  for (;;) {
    await conn.write(message);
    for (let count = 0; count < bytes;) {
      const more = await conn.read(buffer);
      if (more === null) return;
      count += more;
    }
  }
}

// The busy ones are not those that came first.
const ends = conns.slice(-busy).map(talk);
await Promise.all(ends).catch(() => {}); // the benchmark has ended
