import { assertEquals, assertThrows } from "@std/assert";
import { programOf } from "../../tcp/_child_command.ts";
import { connect } from "../../tcp/connect.ts";
import { TcpServer, type TcpServerOptions } from "../../tcp/server.ts";
import { until } from "../sync/_until.ts";
import { withDescriptors } from "./_descriptors.ts";
import { pidOf, rest } from "./_handlers_processes.ts";
import { octets, text } from "./_pair.ts";

const ignore = Deno.build.os === "windows";

function serverOf(options: Partial<TcpServerOptions>): TcpServer {
  const handler = { module: "file:///nowhere.ts", name: "nothing" };
  return new TcpServer({ handler, ...options });
}

Deno.test("TcpServer processes and prefork refuse what cannot be", async () => {
  for (const concurrency of ["processes", "prefork"] as const) {
    assertThrows(
      () => serverOf({ concurrency, handler: () => {} }),
      TypeError,
      concurrency,
    );
    if (ignore) continue;
    assertThrows(
      () => serverOf({ concurrency, tls: { cert: "", key: "" } }),
      TypeError,
      `Cannot serve by "${concurrency}": what is encrypted cannot be handed over`,
    );
    for (
      const wrong of [
        { size: 0 },
        { maxConnections: 0 },
        { idleTimeoutMs: 0 },
        { port: -1 },
      ]
    ) {
      assertThrows(() => serverOf({ concurrency, ...wrong }), RangeError);
    }
  }

  if (ignore) return;
  const source = `
    import { TcpServer } from "./tcp/server.ts";
    const handler = { module: "file:///x.ts", name: "x" };
    for (const concurrency of ["processes", "prefork"]) {
      try {
        new TcpServer({ handler, concurrency });
      } catch (error) {
        console.log(error.name, error.message);
      }
    }
  `;
  const { stdout, stderr } = await withDescriptors(1024, source); // not --allow-run
  const how = `run with --allow-run=${Deno.execPath()}`;
  assertEquals(
    stdout,
    `TypeError Cannot serve by "processes": ${how}\n` +
      `TypeError Cannot serve by "prefork": ${how}\n`,
    stderr,
  );
});

/** What a program with these flags would start others with. */
async function told(...flags: string[]): Promise<unknown> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...flags, "-"],
    cwd: new URL("../../", import.meta.url),
    env: { HOME: "/home/of/nobody" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(octets(`
    import { argumentsFor, environment } from "./tcp/_child_command.ts";
    const [run, , , ...flags] = argumentsFor("").slice(0, -1);
    console.log(JSON.stringify({ run, flags, env: environment() }));
  `));
  await writer.close();
  return JSON.parse(text((await child.output()).stdout)!);
}

const config = `--config=${
  new URL("../../deno.json", import.meta.url).pathname
}`;

Deno.test("a child process has no more permissions than its parent", async () => {
  const [some, few] = await Promise.all([
    told(
      "--allow-read",
      "--allow-write",
      "--deny-write=/etc",
      "--allow-net=127.0.0.1",
      "--allow-sys",
      "--allow-env=HOME",
    ),
    told("--allow-run=deno"),
  ]);
  // Neither what is limited nor what is denied in part can be passed on.
  assertEquals(some, {
    run: "run",
    flags: [config, "--allow-read", "--allow-sys", "--unstable-net"],
    env: { HOME: "/home/of/nobody" },
  });
  const flags = ["--unstable-net", "--deny-ffi"]; // or it would have them all
  assertEquals(few, { run: "run", flags, env: {} });
});

Deno.test("a child process gets its options as they are, also infinity", () => {
  const module = 'file:///a"b.ts';
  const handler = { module, name: "it" };
  const program = programOf("./entry.ts", "serve", {
    handler,
    idleTimeoutMs: Infinity,
    maxConnections: undefined,
  } as { handler: typeof handler });
  const [, call] = /^ *serve\((.*)\);$/m.exec(program)!;
  assertEquals(new Function(`return ${call}`)(), {
    handler,
    idleTimeoutMs: Infinity,
  });
  assertEquals(program.includes('import "file:///a\\"b.ts"'), true);
});

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
