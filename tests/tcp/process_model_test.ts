import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect } from "../../tcp/connect.ts";
import { TcpServer, type TcpServerOptions } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { until } from "../sync/_until.ts";
import { door, heard, pidOf, rest } from "./_handlers_processes.ts";
import { octets } from "./_pair.ts";

const LIMIT = { timeoutMs: 20_000 };
const MODULE = import.meta.resolve("./_handlers_processes.ts");
const ignore = Deno.build.os === "windows";

function serverOf(options: Partial<TcpServerOptions> = {}): TcpServer {
  heard.clients.length = heard.errors.length = 0;
  return new TcpServer({
    handler: { module: MODULE, name: "obey" },
    concurrency: "processes",
    processFlags: [], // no permission at all
    size: 1,
    ...options,
  });
}

/** A client, and the process that serves it. */
async function served(server: TcpServer) {
  const client = await connect(server.addr);
  const pid = await pidOf(client);
  return { client, pid };
}

async function say(client: TcpSocket, word: string): Promise<string | null> {
  await client.sendAll(octets(`${word}\n`));
  return await client.readLine(LIMIT);
}

Deno.test({
  name: "TcpServer processes accepts here, and serves in other processes",
  ignore,
  async fn() {
    const server = serverOf({ size: 2 });
    const serving = server.serveForever();

    // Each goes to the process with the fewest; what was sent early goes along.
    const early = await connect(server.addr);
    await early.sendAll(octets("early\n"));
    const one = { client: early, pid: await pidOf(early) };
    assertEquals(await early.readLine(LIMIT), "EARLY");
    await untilBoth(server, one.pid);
    const more = [];
    for (let i = 0; i < 3; i++) more.push(await served(server));
    const pids = [one, ...more].map(({ pid }) => pid);
    assertEquals(pids.filter((pid) => pid === one.pid).length, 2);
    assertEquals(new Set(pids).size, 2);
    assert(!pids.includes(Deno.pid));

    // All were accepted here: verify() was called with them.
    const clients = [one, ...more].map(({ client }) => client.localAddr);
    assertEquals(heard.clients.slice(-3), clients.slice(1));

    // A process that is killed takes its connections along, and no others.
    const mine = more.filter(({ pid }) => pid === one.pid)[0]!;
    const others = more.filter(({ pid }) => pid !== one.pid);
    Deno.kill(one.pid, "SIGKILL");
    assertEquals(await rest(one.client), "");
    assertEquals(await rest(mine.client), "");
    for (const { client } of others) {
      assertEquals(await say(client, "alive"), "ALIVE");
    }
    await until(() => heard.errors.length === 2);
    for (const error of heard.errors) {
      assertEquals(
        (error as Error).message,
        `Cannot serve any longer: process ${one.pid} died of SIGKILL`,
      );
    }
    const heir = await untilBoth(server, others[0]!.pid);
    assert(heir !== one.pid, "another process has taken its place");

    for (const { client } of [one, ...more]) client.close();
    await until(() => server.stats.inFlight === 0);
    assertEquals(server.stats.failed, 2);
    await server.shutdown();
    await serving;
    await assertRejects(
      () => connect(server.addr),
      Deno.errors.ConnectionRefused,
    );
  },
});

/** Waits until somebody else than a busy process serves; who that is. */
async function untilBoth(server: TcpServer, busy: number): Promise<number> {
  for (;;) {
    const { client, pid } = await served(server);
    client.close();
    if (pid !== busy) {
      await until(() => server.stats.inFlight <= 2);
      return pid;
    }
  }
}

Deno.test({
  name: "TcpServer processes tells here what went wrong there, and drains",
  ignore,
  async fn() {
    const server = serverOf({ signals: ["SIGUSR1"] });
    const serving = server.serveForever();

    const { client, pid } = await served(server);
    assertEquals(await say(client, "permissions"), "");
    await client.sendAll(octets("fail\n"));
    assertEquals(await rest(client), "");
    await until(() => heard.errors.length === 1);
    const [error] = heard.errors as (Error & { code: string })[];
    assert(error instanceof Error);
    const { name, message, code, stack, cause } = error;
    assertEquals([name, message, code], ["Refusal", "as asked", "no-entry"]);
    assert(stack?.includes("_handlers_processes.ts"));
    assert(cause instanceof RangeError && cause.message === "why not");

    const reset = await served(server);
    await reset.client.sendAll(octets("reset\n"));
    await until(() => heard.errors.length === 2);
    assert(heard.errors[1] instanceof Deno.errors.ConnectionReset);

    // verify() may send, but not read: that would be lost to the handler.
    door.state = "closed";
    const refused = await connect(server.addr);
    assertEquals(await rest(refused), "come later\n");
    door.state = "reading";
    const read = await connect(server.addr);
    await read.sendAll(octets("x"));
    assertEquals(await rest(read), "");
    door.state = "open";
    await until(() => heard.errors.length === 3);
    assert(heard.errors[2] instanceof TypeError);
    assertEquals(server.stats.refused, 1);

    // Signals for the whole group end no process: the server drains.
    const last = await served(server);
    assertEquals(last.pid, pid);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.kill(pid, signal);
    }
    assertEquals(await say(last.client, "alive"), "ALIVE");
    const told = Promise.withResolvers<void>();
    Deno.addSignalListener("SIGUSR1", told.resolve);
    Deno.kill(Deno.pid, "SIGUSR1");
    await told.promise;
    Deno.removeSignalListener("SIGUSR1", told.resolve);
    assertEquals(await say(last.client, "still"), "STILL");
    for (const each of [client, reset.client, refused, read, last.client]) {
      each.close();
    }
    await serving;
    assertThrows(() => Deno.kill(pid, "SIGCONT"), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "TcpServer processes keeps the limits of time where the handler is",
  ignore,
  async fn() {
    const server = serverOf({ idleTimeoutMs: 50 });
    const serving = server.serveForever();
    const silent = await served(server);
    assertEquals(await rest(silent.client), "idle\n"); // of onTimeout()
    const waiting = await served(server);
    await waiting.client.sendAll(octets("stay\n"));
    const words = (await rest(waiting.client)).split("\n");
    assert(words[0] === "staying" && words.includes("idle"), words.join());
    await until(() => server.stats.handled === 2); // its signal was aborted
    assertEquals(heard.errors, []);
    await server.shutdown();
    await serving;
    silent.client.close();
    waiting.client.close();
  },
});

Deno.test({
  name: "TcpServer processes does not serve if its processes cannot",
  ignore,
  async fn() {
    const module = import.meta.resolve("./_handlers_stillborn.ts");
    const server = serverOf({ handler: { module, name: "never" } });
    const error = await assertRejects(() => server.serveForever(), Error);
    assert(
      /^Cannot serve any longer: process \d+ ended with code 7$/
        .test(error.message),
      error.message,
    );
    await assertRejects(
      () => connect(server.addr),
      Deno.errors.ConnectionRefused,
    );
  },
});
