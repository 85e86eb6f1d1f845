import { assert, assertEquals, assertRejects } from "@std/assert";
import { Thread } from "../../sync/thread.ts";
import { connect } from "../../tcp/connect.ts";
import { TcpServer, type TcpServerOptions } from "../../tcp/server.ts";
import { until } from "../sync/_until.ts";
import { heard, pidOf, rest } from "./_handlers_processes.ts";
import { octets } from "./_pair.ts";

const LIMIT = { timeoutMs: 20_000 };
const MODULE = import.meta.resolve("./_handlers_processes.ts");
const ignore = Deno.build.os === "windows";

function serverOf(options: Partial<TcpServerOptions> = {}): TcpServer {
  return new TcpServer({
    handler: { module: MODULE, name: "obey" },
    concurrency: "prefork",
    processFlags: [], // no permission at all: the listener is inherited
    size: 1,
    ...options,
  });
}

/** A client, and the process that serves it. */
async function served({ addr }: TcpServer) {
  const client = await connect(addr);
  const pid = await pidOf(client);
  const say = async (word: string) => {
    await client.sendAll(octets(`${word}\n`));
    return await client.readLine(LIMIT);
  };
  return { client, pid, say };
}

Deno.test({
  name:
    "TcpServer prefork serves by processes that accept, while this one blocks",
  ignore,
  async fn() {
    const server = serverOf({ size: 2, maxConnections: 1 });
    const early = connect(server.addr); // waits until there are processes
    const listening = Promise.withResolvers<void>();
    const serving = server.serveForever();
    serving.catch(listening.reject);
    until(() => server.stats.inFlight === 1).then(listening.resolve);
    const one = { client: await early, pid: 0 };
    one.pid = await pidOf(one.client);
    await listening.promise;

    // One process is full, so the other one serves them all.
    const addr = server.addr as Deno.NetAddr;
    const asking = Thread.start(MODULE, "ask", [addr, 10]);
    const pids = new Set(asking.joinSync(LIMIT) as number[]); // this one blocks
    assertEquals(pids.size, 1);
    const two = { pid: [...pids][0]! };
    assert(two.pid !== one.pid && ![one.pid, two.pid].includes(Deno.pid));

    await until(() => server.stats.handled === 10);
    assertEquals(server.stats.taken, 11);
    assertEquals(server.stats.inFlight, 1);

    // Who is killed takes its connections along, and is replaced.
    const other = await served(server);
    assertEquals(other.pid, two.pid);
    await until(() => server.stats.inFlight === 2);
    Deno.kill(one.pid, "SIGKILL");
    assertEquals(await rest(one.client), "");
    assertEquals(await other.say("alive"), "ALIVE");
    const heir = await served(server); // there is room in no other
    assert(![one.pid, two.pid].includes(heir.pid));
    assertEquals(await heir.say("hello"), "HELLO");
    await until(() => server.stats.inFlight === 2);
    assertEquals(server.stats.failed, 1);
    assertEquals(server.stats.taken, 13);

    for (const { client } of [one, other, heir]) client.close();
    await until(() => server.stats.handled === 12);
    await server.shutdown();
    await serving;
    assertEquals(server.stats.handled, 12);
    await assertRejects(() => connect(addr), Deno.errors.ConnectionRefused);
  },
});

Deno.test({
  name: "TcpServer prefork drains by a signal, and ends who does not",
  ignore,
  async fn() {
    heard.clients.length = heard.errors.length = 0;
    const processFlags = ["--allow-net"];
    let server = serverOf({ signals: ["SIGWINCH"], processFlags });
    let serving = server.serveForever();
    const last = await served(server);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.kill(last.pid, signal); // as for the whole group: ends no process
    }
    const told = Promise.withResolvers<void>();
    Deno.addSignalListener("SIGWINCH", told.resolve);
    Deno.kill(Deno.pid, "SIGWINCH");
    await told.promise;
    Deno.removeSignalListener("SIGWINCH", told.resolve);
    assertEquals(await last.say("still"), "STILL");
    assertEquals(await last.say("permissions"), "net");
    last.client.close();
    await serving;
    assertEquals(server.stats.handled, 1);
    assertEquals(heard, { clients: [], errors: [] }); // hooks are called there

    server = serverOf({ port: (server.addr as Deno.NetAddr).port });
    serving = server.serveForever();
    const spinning = await served(server);
    await until(() => server.stats.inFlight === 1);
    await spinning.client.sendAll(octets("spin\n"));
    assertEquals(await server.shutdown({ graceMs: 0 }), 1);
    await serving;
    assertEquals(await rest(spinning.client), "");
    assertEquals(server.stats.failed, 1);
    spinning.client.close();
  },
});

Deno.test({
  name: "TcpServer prefork gives up if its processes cannot serve",
  ignore,
  async fn() {
    const module = import.meta.resolve("./_handlers_processes.ts");
    const missing = serverOf({ handler: { module, name: "missing" } });
    await assertRejects(
      () => missing.serveForever(),
      TypeError,
      'exports no function or class "missing"',
    );
    await assertRejects(
      () => connect(missing.addr),
      Deno.errors.ConnectionRefused,
    );
  },
});
