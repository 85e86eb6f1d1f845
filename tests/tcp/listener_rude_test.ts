import { assertEquals } from "@std/assert";
import { connect } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import { STRESS } from "../sync/_random.ts";
import { octets } from "./_pair.ts";
import { rude } from "./_rude.ts";

const LIMIT = { timeoutMs: 10_000 };

/** Clients of one round; the backlog has room for them. */
const RUDE_CLIENTS = 200;
const ROUNDS = STRESS ? 500 : 10;

Deno.test("TcpListener skips thousands of clients that were gone when they were accepted", async () => {
  using listener = listen();
  const addr = listener.addr as Deno.NetAddr;
  for (let round = 1; round <= ROUNDS; round++) {
    await Promise.all(Array.from({ length: RUDE_CLIENTS }, () => rude(addr)));
    using client = await connect({ ...addr, ...LIMIT });
    using server = await listener.accept(LIMIT); // not before they are gone
    assertEquals(server.remoteAddr, client.localAddr);
    assertEquals(listener.stats.gone, round * RUDE_CLIENTS);
    await client.sendAll(octets(`round ${round}\n`));
    assertEquals(await server.readLine(LIMIT), `round ${round}`);
  }
});
