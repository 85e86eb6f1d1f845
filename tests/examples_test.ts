import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import config from "../deno.json" with { type: "json" };
import { DISCOVERY_PORT } from "../udp/discover.ts";
import { UdpSocket } from "../udp/socket.ts";

const root = fileURLToPath(import.meta.resolve("../"));

/** What each example must print; the file name without `.ts`. */
const EXPECTED: Record<string, string[]> = {
  demo: [
    "  downloaded 33.6 MB in ",
    "  SHA-256 matches\n",
    "  uploaded   33.6 MB in ",
    '  not-found: Cannot read "missing.img" from 127.0.0.1:',
    "  server: 2 transfers done, 1 failed\n",
    "  printer answers from 127.0.0.1:",
    "  camera answers from 127.0.0.1:",
    "  switch answers from 127.0.0.1:",
  ],
  sync_sleep: [
    "others went on while I slept\nnobody moved while I blocked\n",
    "tea is ready\ncalled: [ true, false ]\n",
  ],
  tftp_files: [
    "size: 8\n",
    "read: Welcome\n",
    "written: vlan 7\n",
    'server answered error 1 "File not found"\n',
  ],
  tftp_struggle: ["141 blocks arrived, ", "intact: true\n"],
  udp_chat: [
    'Bob hears "hello Bob"\n',
    'Bob hears "are you there?"\n',
    'Ann hears "Ann, I have news"\n',
    'Ann hears "bye"\n',
    'Bob hears "bye"\n',
  ],
  udp_discover: [
    "attic at 127.0.0.1:9100, black\n",
    "kitchen at 127.0.0.1:9101, black\n",
    "cellar at 127.0.0.1:9102, colour\n",
    "3 found\n",
  ],
  udp_echo_counter: [
    "ann #1\nann #2\nann #3\nbob #1\nbob #2\n",
    "5 datagrams, 2 clients\n",
  ],
  udp_request: [
    "answer 1 is lost\nanswer 2 is lost\nquestion 3 was answered: 42\n",
  ],
  udp_rtt: ["seq=3 lost\n", "seq=7 lost\n", "min/avg/max/stddev = "],
  udp_upper: ["hello -> HELLO\ndatagram -> DATAGRAM\ngrüße -> GRÜSSE\n"],
};

const examples: string[] = [];
for (const { name } of Deno.readDirSync(`${root}examples`)) {
  if (name.endsWith(".ts")) examples.push(name.slice(0, -3));
}

/** How to run an example; one with a task is run as the task says. */
function argsOf(name: string): string[] {
  const path = `examples/${name}.ts`;
  for (const { command } of Object.values(config.tasks)) {
    const [deno, ...args] = command.split(" ");
    if (deno === "deno" && args.at(-1) === path) return args;
  }
  const allowed = ["--allow-net", "--allow-read", "--allow-write"];
  return ["run", "--quiet", ...allowed, path];
}

/** Runs an example, and requires what it must print, and nothing on stderr. */
async function check(name: string): Promise<void> {
  const expected = EXPECTED[name];
  assert(expected !== undefined, `EXPECTED has no entry for ${name}`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: argsOf(name),
    cwd: root,
    stdin: "null",
    signal: AbortSignal.timeout(60_000),
  }).output();
  const output = new TextDecoder().decode(stdout);
  assertEquals([new TextDecoder().decode(stderr), code], ["", 0], output);
  for (const text of expected) assertStringIncludes(output, text);
}

for (const name of examples.sort()) {
  Deno.test(`examples/${name}.ts shows what it says`, () => check(name));
}

Deno.test("examples/demo.ts runs with the permissions of its task", () => {
  const args = argsOf("demo");
  assert(args.some((arg) => arg.startsWith("--allow-net=")), args.join(" "));
});

Deno.test("examples/demo.ts does not need the port of discovery", async () => {
  using _held = hold(DISCOVERY_PORT);
  await check("demo");
});

/** Takes a port and does not share it, unless somebody else does that. */
function hold(port: number): Disposable {
  try {
    return UdpSocket.bind({ hostname: "0.0.0.0", port });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return new DisposableStack();
  }
}

Deno.test("every expected example exists", () => {
  assertEquals(
    Object.keys(EXPECTED).filter((name) => !examples.includes(name)),
    [],
  );
});
