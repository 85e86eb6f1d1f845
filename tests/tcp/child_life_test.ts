import { assertEquals } from "@std/assert";
import { connect } from "../../tcp/connect.ts";
import { until } from "../sync/_until.ts";
import { pidOf, rest } from "./_handlers_processes.ts";
import { octets } from "./_pair.ts";

const MODULE = import.meta.resolve("./_handlers_processes.ts");

Deno.test({
  name: "a process of a TcpServer ends with its parent, whatever it does",
  ignore: Deno.build.os !== "linux", // where processes can be looked at
  async fn() {
    const parent = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--allow-net=127.0.0.1",
        "--allow-read",
        "--allow-run",
        "-",
      ],
      cwd: new URL("../../", import.meta.url),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = parent.stdin.getWriter();
    await writer.write(octets(`
      import { TcpServer } from "./tcp/server.ts";
      const server = new TcpServer({
        handler: { module: ${JSON.stringify(MODULE)}, name: "obey" },
        concurrency: "processes",
        processFlags: [],
        size: 1,
        onListen: ({ port }) => console.log(port),
      });
      await server.serveForever();
    `));
    await writer.close();
    const output = parent.stdout.getReader();
    const said = new TextDecoder().decode((await output.read()).value);
    const client = await connect({ port: Number(said), hostname: "127.0.0.1" });
    const pid = await pidOf(client);
    await client.sendAll(octets("spin\n"));
    parent.kill("SIGKILL");
    assertEquals(await rest(client), "");
    await until(() => !isRunning(pid));
    await parent.status;
    await output.cancel();
    client.close();
  },
});

/** Dead ones whom nobody has buried yet do not count. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
