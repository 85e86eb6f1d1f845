import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(import.meta.resolve("../"));

/** What each example must print; the file name without `.ts`. */
const EXPECTED: Record<string, string[]> = {
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

/** Not run here: the demonstration of the README has a task of its own. */
const NOT_RUN = ["demo"];

const examples: string[] = [];
for (const { name } of Deno.readDirSync(`${root}examples`)) {
  if (name.endsWith(".ts")) examples.push(name.slice(0, -3));
}

for (const name of examples.sort()) {
  if (NOT_RUN.includes(name)) continue;
  Deno.test(`examples/${name}.ts shows what it says`, async () => {
    const expected = EXPECTED[name];
    assert(expected !== undefined, `EXPECTED has no entry for ${name}`);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        `--config=${root}deno.json`,
        "--allow-net",
        "--allow-read",
        "--allow-write",
        `${root}examples/${name}.ts`,
      ],
      stdin: "null",
      signal: AbortSignal.timeout(60_000),
    }).output();
    const output = new TextDecoder().decode(stdout);
    assertEquals([new TextDecoder().decode(stderr), code], ["", 0], output);
    for (const text of expected) assertStringIncludes(output, text);
  });
}

Deno.test("every expected example exists", () => {
  assertEquals(
    Object.keys(EXPECTED).filter((name) => !examples.includes(name)),
    [],
  );
});
