import { assertEquals } from "@std/assert";
import { programOf } from "../../tcp/_child_command.ts";
import { octets, text } from "./_pair.ts";

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
