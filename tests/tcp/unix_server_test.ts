import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect } from "../../tcp/connect.ts";
import { TcpServer } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { UnixServer, type UnixServerOptions } from "../../tcp/unix_server.ts";
import { pidOf } from "./_handlers_processes.ts";
import { octets } from "./_pair.ts";

const LIMIT = { timeoutMs: 20_000 };
const MODULE = import.meta.resolve("./_handlers_processes.ts");
const ignore = Deno.build.os === "windows";
const path = "/tmp/lockstep_server"; // a permission names it

/** Answers each line in capitals. */
async function shout(socket: TcpSocket): Promise<void> {
  for await (const line of socket.lines()) {
    await socket.sendAll(octets(`${line.toUpperCase()}\n`));
  }
}

async function say(client: TcpSocket, word: string): Promise<string | null> {
  await client.sendAll(octets(`${word}\n`));
  return await client.readLine(LIMIT);
}

/** Leaves a socket behind, as a server does that is killed. */
async function leaveStale(): Promise<void> {
  const listener = Deno.listen({ transport: "unix", path });
  await Deno.rename(path, `${path}.kept`);
  listener.close(); // would remove it
  await Deno.rename(`${path}.kept`, path);
}

Deno.test({
  name: "UnixServer serves at a path, and removes it",
  ignore,
  async fn() {
    const server = new UnixServer({ path, handler: shout });
    const serving = server.serveForever();
    assertEquals(server.addr, { transport: "unix", path });
    {
      await using client = await connect({ path });
      assertEquals(await say(client, "by path"), "BY PATH");

      // Who is alive is not replaced.
      assertThrows(
        () => new UnixServer({ path, handler: shout }),
        Deno.errors.AddrInUse,
      );
      assertEquals(await say(client, "still here"), "STILL HERE");
    }
    await server.shutdown();
    await serving;
    assertThrows(() => Deno.lstatSync(path), Deno.errors.NotFound);
    await assertRejects(() => connect({ path }), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "UnixServer replaces a socket where nobody listens, and nothing else",
  ignore,
  async fn() {
    await leaveStale();
    assertThrows(
      () => new TcpServer({ path, handler: shout }),
      Deno.errors.AddrInUse,
    );
    {
      await using server = new UnixServer({ path, handler: shout });
      server.serveForever();
      await using client = await connect({ path });
      assertEquals(await say(client, "anew"), "ANEW");
    }

    await Deno.writeTextFile(path, "precious");
    assertThrows(
      () => new UnixServer({ path, handler: shout }),
      Deno.errors.AddrInUse,
    );
    assertEquals(await Deno.readTextFile(path), "precious");
    await Deno.remove(path);
  },
});

Deno.test({
  name: "UnixServer serves by processes, too",
  ignore,
  async fn() {
    for (const concurrency of ["processes", "prefork"] as const) {
      await leaveStale();
      const options: UnixServerOptions = {
        path,
        handler: { module: MODULE, name: "obey" },
        concurrency,
        processFlags: [],
        size: 1,
      };
      const server = new UnixServer(options);
      const serving = server.serveForever();
      assertThrows(() => new UnixServer(options), Deno.errors.AddrInUse);
      const client = await connect({ path });
      const pid = await pidOf(client);
      assertEquals(pid > 0 && pid !== Deno.pid, true);
      assertEquals(await say(client, concurrency), concurrency.toUpperCase());
      client.close();
      await server.shutdown();
      await serving;
      assertThrows(() => Deno.lstatSync(path), Deno.errors.NotFound);
    }
  },
});
