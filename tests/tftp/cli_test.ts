import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { deadline } from "@std/async";
import { fileURLToPath } from "node:url";
import { lines } from "../../cli/lines.ts";
import type { HostPort } from "../../mux/addr.ts";
import { TftpClient } from "../../tftp/client.ts";
import {
  decodePacket,
  encodeAck,
  encodeData,
  encodeRequest,
  type Packet,
} from "../../tftp/packet.ts";
import { TftpServer } from "../../tftp/server.ts";
import type { TftpServerOptions } from "../../tftp/server_options.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { Here, here as run } from "../cli/_here.ts";
import { TemporaryFolder } from "./_peers.ts";

/** The command line under test. */
const COMMAND = [
  "run",
  "--quiet",
  `--config=${fileURLToPath(import.meta.resolve("../../deno.json"))}`,
  "--allow-net",
  "--allow-read",
  "--allow-write",
  fileURLToPath(import.meta.resolve("../../main.ts")),
];

/** Longest wait for a line or an exit; only a failing test takes so long. */
const PATIENCE_MS = 30_000;

/** No signals that a program could catch can be sent on Windows. */
const noSignals = Deno.build.os === "windows";

const encoder = new TextEncoder();

/** How a command line ended. */
interface Ended {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly out: string[];
  readonly err: string[];
}

interface RunOptions {
  /** What stands in its standard input. */
  stdin?: Uint8Array<ArrayBuffer>;
  /** Folder that it runs in. */
  cwd?: string;
}

/** A running `lockstep …`. */
class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #out: Promise<Uint8Array>;
  readonly #err: Promise<string[]>;
  readonly #firstLine: Promise<string>;

  constructor(args: string[], options: RunOptions = {}) {
    const { stdin, cwd } = options;
    const child = new Deno.Command(Deno.execPath(), {
      args: [...COMMAND, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...(cwd === undefined ? {} : { cwd }),
    }).spawn();
    this.#child = child;
    const [first, all] = child.stdout.tee();
    this.#firstLine = firstLine(first);
    this.#out = new Response(all).bytes();
    this.#err = Array.fromAsync(lines(child.stderr));
    const source = new Blob(stdin === undefined ? [] : [stdin]).stream();
    source.pipeTo(child.stdin).catch(() => {
      // the program ended before it had read all
    });
  }

  /** Where `tftp serve` listens, once it says so. */
  async addr(): Promise<HostPort> {
    return addrIn(await this.firstLine());
  }

  /** What it prints first. */
  firstLine(): Promise<string> {
    return deadline(this.#firstLine, PATIENCE_MS);
  }

  interrupt(signal: Deno.Signal = "SIGINT"): void {
    this.#child.kill(signal);
  }

  /** Waits for the end; all that was printed. */
  async end(): Promise<Ended> {
    const ended = Promise.all([this.#out, this.#err, this.#child.status]);
    const [stdout, err, { code }] = await deadline(ended, PATIENCE_MS);
    const text = new TextDecoder().decode(stdout);
    const out = text === "" ? [] : text.trimEnd().split("\n");
    return { code, stdout, out, err };
  }

  /** Kills what a failed test has left. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended as it should
    }
    await this.end();
  }
}

async function firstLine(
  readable: ReadableStream<Uint8Array>,
): Promise<string> {
  for await (const line of lines(readable)) return line;
  return "";
}

/** The address that the first line of `tftp serve` tells. */
function addrIn(line: string): HostPort {
  const [, port] = line.match(/^Serving .* on 127\.0\.0\.1:(\d+)$/) ?? [];
  assert(port !== undefined, `no address in "${line}"`);
  return { hostname: "127.0.0.1", port: Number(port) };
}

/** Runs `lockstep …` to its end, in a process of its own. */
async function runApart(args: string[], options?: RunOptions): Promise<Ended> {
  await using program = new Program(args, options);
  return await program.end();
}

/** Serves a folder in this process while the test does something. */
async function serving<T>(
  options: TftpServerOptions,
  work: (at: string) => Promise<T>,
): Promise<T> {
  const server = new TftpServer(options);
  const served = server.serveForever();
  try {
    return await work(`127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
    await served;
  }
}

/** Text of so many octets, no two lines the same. */
function content(size: number): Uint8Array<ArrayBuffer> {
  let text = "";
  for (let line = 0; text.length < size; line++) text += `line ${line}\n`;
  return encoder.encode(text.slice(0, size));
}

/** What is printed when a transfer is done. */
const SUMMARY = "in \\d+\\.\\d\\d s, [\\d.]+ (k|M|G)?B/s";

Deno.test({
  name: "tftp serve prints its address, tftp put and get go there and back",
  ignore: noSignals,
  async fn() {
    await using root = await TemporaryFolder.make();
    await using here = await TemporaryFolder.make();
    const file = await here.write("file", content(100_000));
    const copy = here.join("copy");
    const serve = ["tftp", "serve", root.path, "--port", "0", "--write"];
    await using server = new Program(serve);
    const { port } = await server.addr();
    const at = `127.0.0.1:${port}`;

    const put = await runApart(["tftp", "put", file, `${at}:there`]);
    assertEquals([put.code, put.out, put.err.length], [0, [], 1]);
    const agreed = "\\(blocks of 1428, window 32, \\d+ repeated\\)$";
    const up = `^${file} -> there: 100 kB ${SUMMARY} ${agreed}`;
    assertMatch(put.err[0]!, new RegExp(up));
    const get = await runApart(["tftp", "get", `${at}:there`, copy]);
    assertEquals([get.code, get.out, get.err.length], [0, [], 1]);
    const down = `^there -> ${copy}: 100 kB ${SUMMARY} ${agreed}`;
    assertMatch(get.err[0]!, new RegExp(down));
    assertEquals(await Deno.readFile(copy), content(100_000));
    assertEquals(await Deno.readFile(root.join("there")), content(100_000));

    server.interrupt();
    const { code, out, err } = await server.end();
    assertEquals([code, err], [0, []]);
    assertEquals(out.length, 4);
    assertEquals(out[0], `Serving ${root.path} on ${at}`);
    const client = "127\\.0\\.0\\.1:\\d+";
    const took = `^Took "there" from ${client}: 100 kB ${SUMMARY}$`;
    assertMatch(out[1]!, new RegExp(took));
    const sent = `^Sent "there" to ${client}: 100 kB ${SUMMARY}$`;
    assertMatch(out[2]!, new RegExp(sent));
    assertEquals(out[3], "2 transfers done, 0 failed");
  },
});

Deno.test("tftp serve takes files with --write, replaces them with --overwrite", async () => {
  await using here = await TemporaryFolder.make();
  const file = await here.write("file", "new");
  const attempts: [flags: string[], name: string, ...expected: unknown[]][] = [
    [[], "new", 1, "Writing is not allowed", undefined],
    [["--write"], "new", 0, "", "new"],
    [["--write"], "old", 1, "File already exists", "old"],
    [["--overwrite"], "old", 0, "", "new"],
  ];
  for (const [flags, name, ...expected] of attempts) {
    await using root = await TemporaryFolder.make();
    await root.write("old", "old");
    const serve = ["tftp", "serve", root.path, "--port", "0", ...flags];
    await using server = new Here(...serve);
    const { port } = addrIn(await server.out() ?? "");
    const to = `127.0.0.1:${port}:${name}`;
    const { code, err } = await run("tftp", "put", "--quiet", file, to);
    const [, said = ""] = err.join("\n").match(/ "([^"]*)"$/) ?? [];
    const now = await Deno.readTextFile(root.join(name))
      .catch(() => undefined);
    assertEquals([code, said, now], expected, `${flags} ${name}`);
  }
});

Deno.test("tftp get takes a URL, with its escapes and its mode", async () => {
  await using root = await TemporaryFolder.make();
  await root.write("a b", "one\ntwo\n");
  await serving({ root: root.path }, async (at) => {
    const to = root.join("copy");
    const from = `tftp://${at}/a%20b;mode=netascii`;
    const { code, err } = await run("tftp", "get", from, to);
    assertEquals(code, 0);
    assertStringIncludes(err.join("\n"), "10 B in"); // each LF is CR LF there
    assertEquals(await Deno.readTextFile(to), "one\ntwo\n");
  });
});

Deno.test("tftp get keeps the name of the file, in this or another folder", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  await Deno.mkdir(root.join("sub"));
  await root.write("sub/file", "content");
  await Deno.mkdir(here.join("folder"));
  await serving({ root: root.path }, async (at) => {
    const get = ["tftp", "get", "-q", `${at}:sub/file`];
    assertEquals((await runApart(get, { cwd: here.path })).code, 0);
    assertEquals((await run(...get, here.join("folder"))).code, 0);
  });
  assertEquals(await here.names(), ["file", "folder"]);
  for (const path of ["file", "folder/file"]) {
    assertEquals(await Deno.readTextFile(here.join(path)), "content");
  }
});

Deno.test("tftp get - writes the file to stdout, and the summary to stderr", async () => {
  await using root = await TemporaryFolder.make();
  const bytes = content(300_000);
  await root.write("file", bytes);
  await serving({ root: root.path }, async (at) => {
    const got = await runApart(["tftp", "get", `${at}:file`, "-"]);
    assertEquals([got.code, got.err.length], [0, 1]);
    assertMatch(got.err[0]!, new RegExp(`^file -> -: 300 kB ${SUMMARY}$`));
    assertEquals(got.stdout, bytes);
    const quiet = await run("tftp", "get", "--quiet", `${at}:file`, "-");
    assertEquals([quiet.code, quiet.err], [0, []]);
    assertEquals(quiet.stdout, bytes);
    const missing = await run("tftp", "get", `${at}:none`, "-");
    assertEquals([missing.code, missing.out], [1, []]);
    assertEquals(missing.stdout.length, 0);
  });
});

/** util-linux's `script` lends a command a terminal. */
const noTerminal = Deno.build.os !== "linux" || !await exists("script");

async function exists(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"] }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test({
  name: "tftp get - draws no progress over the file on a terminal" +
    (noTerminal ? " (skipped: no script of util-linux)" : ""),
  ignore: noTerminal,
  async fn() {
    await using root = await TemporaryFolder.make();
    await root.write("file", "content\n");
    await serving({ root: root.path }, async (at) => {
      const words = [...COMMAND, "tftp", "get", `${at}:file`];
      const line = [Deno.execPath(), ...words].map((word) => `'${word}'`);
      const shown = async (local: string) => {
        const args = ["-qec", [...line, local].join(" "), "/dev/null"];
        const { stdout } = await new Deno.Command("script", {
          args,
          stdin: "null",
        }).output();
        return new TextDecoder().decode(stdout);
      };
      const summary = `file -> -: 8 B ${SUMMARY}\r\n$`;
      assertMatch(await shown("-"), new RegExp(`^content\r\n${summary}`));
      const drawn = await shown("- >/dev/null"); // on stderr, and cleared
      const pattern = `^\rAsking .* …(\r.*)?\r +\r${summary}`; // it may be too quick
      assertMatch(drawn, new RegExp(pattern, "s"));
    });
  },
});

Deno.test("tftp put - reads the file from stdin", async () => {
  await using root = await TemporaryFolder.make();
  const stdin = content(300_000);
  await serving({ root: root.path, allowWrite: true }, async (at) => {
    const put = ["tftp", "put", "-", `${at}:file`];
    const { code, out, err } = await runApart(put, { stdin });
    assertEquals([code, out, err.length], [0, [], 1]);
    assertStringIncludes(err[0]!, "- -> file: 300 kB");
  });
  assertEquals(await Deno.readFile(root.join("file")), stdin);
});

Deno.test("tftp get and put --quiet print nothing if all is well", async () => {
  await using root = await TemporaryFolder.make();
  const file = await root.write("file", "content");
  await serving({ root: root.path, allowWrite: true }, async (at) => {
    const put = await run("tftp", "put", "--quiet", file, `${at}:there`);
    assertEquals([put.code, put.out, put.err], [0, [], []]);
    const copy = root.join("copy");
    const get = await run("tftp", "get", "-q", `${at}:there`, copy);
    assertEquals([get.code, get.out, get.err], [0, [], []]);
  });
  assertEquals(await root.names(), ["copy", "file", "there"]);
});

Deno.test("tftp get says in one line that there is no such file", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  await serving({ root: root.path }, async (at) => {
    const get = ["tftp", "get", `${at}:none`, here.join("file")];
    const { code, out, err } = await run(...get);
    assertEquals([code, out], [1, []]);
    assertEquals(err, [
      `lockstep tftp get: Cannot read "none" from ${at}: ` +
      'server answered error 1 "File not found"',
    ]);
  });
  assertEquals(await here.names(), []);
});

Deno.test("tftp put says in one line that there is no such file", async () => {
  await using here = await TemporaryFolder.make();
  const none = here.join("none");
  const put = ["tftp", "put", none, "127.0.0.1:9:there"];
  const { code, out, err } = await run(...put);
  assertEquals([code, out], [1, []]);
  assertEquals(err, [
    `lockstep tftp put: Cannot read "${none}": no such file or folder`,
  ]);
});

Deno.test("tftp get gives up after --timeout, and leaves nothing behind", async () => {
  await using here = await TemporaryFolder.make();
  await using silent = UdpSocket.bind();
  const at = `127.0.0.1:${silent.localAddr.port}`;
  const get = ["tftp", "get", "--timeout", "0.1", `${at}:file`, here.path];
  const { code, out, err } = await run(...get);
  assertEquals([code, out], [1, []]);
  assertEquals(err, [
    `lockstep tftp get: Cannot read "file" from ${at}: not done within 100 ms`,
  ]);
  assertEquals(await here.names(), []);
});

Deno.test("tftp serve says in one line that there is no such folder", async () => {
  await using here = await TemporaryFolder.make();
  const none = here.join("none");
  const file = await here.write("file", "");
  const wrong = [[none, "no such file or folder"], [file, "not a folder"]];
  for (const [root, why] of wrong) {
    const serve = ["tftp", "serve", root!, "--port", "0"];
    const { code, out, err } = await run(...serve);
    assertEquals([code, out], [1, []]);
    assertEquals(err, [`lockstep tftp serve: Cannot serve "${root}": ${why}`]);
  }
});

Deno.test("tftp serve says in one line that the port is taken", async () => {
  await using here = await TemporaryFolder.make();
  await using other = UdpSocket.bind();
  const { port } = other.localAddr;
  const serve = ["tftp", "serve", here.path, "--port", String(port)];
  const { code, out, err } = await run(...serve);
  assertEquals([code, out, err.length], [1, [], 1]);
  const said = `lockstep tftp serve: Cannot serve on 127.0.0.1:${port}: `;
  assertStringIncludes(err[0]!, said);
  assertMatch(err[0]!, /\(os error \d+\)$/);
});

/** Runs a command that must not ask the server, and what it says on stderr. */
async function unasked(
  command: (at: string) => Promise<Omit<Ended, "stdout">>,
): Promise<string> {
  await using server = UdpSocket.bind();
  const at = `127.0.0.1:${server.localAddr.port}`;
  const { code, out, err } = await command(at);
  assertEquals([code, out, err.length], [1, [], 1]);
  assertEquals(server.readable, false);
  return err[0]!;
}

Deno.test("tftp get refuses a folder before it asks the server", async () => {
  await using here = await TemporaryFolder.make();
  await Deno.mkdir(here.join("small"));
  assertEquals(
    await unasked((at) =>
      runApart(["tftp", "get", `${at}:small`], { cwd: here.path })
    ),
    'lockstep tftp get: Cannot write "small": is a folder',
  );
  const none = here.join("no/file");
  assertEquals(
    await unasked((at) => run("tftp", "get", `${at}:small`, none)),
    `lockstep tftp get: Cannot write "${none}": no such folder`,
  );
  assertEquals(await here.names(), ["small"]);
});

Deno.test({
  name: "tftp get refuses a device before it asks the server",
  ignore: noSignals, // there are no such files on Windows
  async fn() {
    assertEquals(
      await unasked((at) => run("tftp", "get", `${at}:file`, "/dev/null")),
      'lockstep tftp get: Cannot write "/dev/null": not a regular file',
    );
    assertEquals((await Deno.stat("/dev/null")).isCharDevice, true);
  },
});

Deno.test("tftp put refuses a folder before it asks the server", async () => {
  await using here = await TemporaryFolder.make();
  assertEquals(
    await unasked((at) => run("tftp", "put", here.path, `${at}:file`)),
    `lockstep tftp put: Cannot read "${here.path}": is a folder`,
  );
});

Deno.test("tftp get says in one line what the file system has against a name", async () => {
  await using here = await TemporaryFolder.make();
  const name = here.join("x".repeat(300));
  const said = await unasked((at) => run("tftp", "get", `${at}:file`, name));
  assertStringIncludes(said, `Cannot write "${name}": `);
  assertMatch(said, /\(os error \d+\)$/);
});

async function answer(socket: UdpSocket): Promise<Packet> {
  return decodePacket((await socket.receive({ timeoutMs: PATIENCE_MS })).data);
}

/** Sends 600 blocks, enough for a first piece of the file to be on disk. */
async function sendFirstPiece(
  socket: UdpSocket,
  addr: Deno.NetAddr,
): Promise<void> {
  for (let block = 1; block <= 600; block++) {
    await socket.sendTo(encodeData(block, new Uint8Array(512)), addr);
    for (;;) {
      const packet = await answer(socket);
      if (packet.type === "ack" && packet.block === block) break;
    }
  }
}

Deno.test("tftp get names the file, and not the temporary one, if it fails at the end", async () => {
  await using here = await TemporaryFolder.make();
  await using listener = UdpSocket.bind();
  const at = `127.0.0.1:${listener.localAddr.port}`;
  const file = here.join("file");
  await using program = new Here("tftp", "get", "-q", `${at}:file`, file);
  const { addr } = await listener.receive({ timeoutMs: PATIENCE_MS });
  await using transfer = UdpSocket.bind();
  await sendFirstPiece(transfer, addr);
  await Deno.mkdir(here.join("file/inside"), { recursive: true });
  await transfer.sendTo(encodeData(601, new Uint8Array(0)), addr);
  const { code, err } = await program.end();
  assertEquals([code, err.length], [1, 1]);
  assertStringIncludes(err[0]!, `lockstep tftp get: Cannot write "${file}": `);
  assertMatch(err[0]!, /\(os error \d+\)$/);
  assertEquals(await here.names(), ["file"]);
});

Deno.test("tftp exits with 2 and one line for wrong usage", async () => {
  const at = "127.0.0.1:9:file";
  const wrong: [args: string[], message: string][] = [
    [["nope"], 'Unknown command "nope"'],
    [["get"], "Missing HOST[:PORT]:FILE"],
    [["get", at, "here", "there"], 'Unexpected "there"'],
    [["get", "file"], 'Cannot read "file" as HOST[:PORT]:FILE'],
    [["get", "host:99999:file"], "port 99999 is above 65535"],
    [["get", "tftp://host:x/file"], 'Cannot read "host:x" as HOST:PORT'],
    [["get", at, "--rollover", "2"], "it must be a whole number from 0 to 1"],
    [["serve", ".", "--port-range", "9-8"], "Cannot use --port-range 9-8"],
    [
      ["serve", ".", "--allow-from", "boot"],
      'Cannot read "boot" as an address',
    ],
    [["serve", ".", "--remap", "x"], "Cannot use --remap x: it is not"],
    [["serve", ".", "--remap", "(=x"], "Cannot use --remap (=x: "],
    [["get", at, ""], 'Cannot use "" as LOCAL'],
    [["put", "", at], 'Cannot use "" as LOCAL'],
    [["serve", ""], 'Cannot use "" as ROOT'],
    [["get", "127.0.0.1:9:.."], 'Cannot tell a local name from ".."'],
    [["get", "--nope", at], "Unknown option --nope"],
    [["get", "--window", "0", at], "Cannot use --window 0"],
    [["get", "--block-size", "7", at], "Cannot use --block-size 7"],
    [["get", "--mode", "mail", at], "Cannot use --mode mail"],
    [["get", "--encoding", "nope", at], '"nope"'],
    [["get", "--encoding", "utf-16", at], '"utf-16"'],
    [["get", "--timeout", "soon", at], "Cannot use --timeout soon"],
    [["put"], "Missing LOCAL"],
    [["put", "file"], "Missing HOST[:PORT]:NAME"],
    [["put", "file", at, "more"], 'Unexpected "more"'],
    [["serve"], "Missing ROOT"],
    [["serve", ".", "more"], 'Unexpected "more"'],
    [["serve", ".", "--port", "65536"], "Cannot use --port 65536"],
    [["serve", ".", "--port"], "Option --port needs a value"],
    [["serve", ".", "--window", "0"], "Cannot use --window 0"],
    [["serve", ".", "--encoding", "nope"], '"nope"'],
  ];
  for (const [args, message] of wrong) {
    const { code, err } = await run("tftp", ...args);
    assertEquals([code, err.length], [2, 1], args.join(" "));
    assertStringIncludes(err[0]!, message);
    assertMatch(err[0]!, /^lockstep tftp.* \(see lockstep tftp.* --help\)$/);
  }
});

Deno.test("lockstep helps at every level, and refuses what it does not know", async () => {
  const words: [args: string[], code: number, out: RegExp, err: RegExp][] = [
    [["--help"], 0, /^Usage: lockstep MODULE VERB .*\n.* tftp /s, /^$/],
    [["tftp", "--help"], 0, /^Usage: lockstep tftp VERB .* serve ROOT/s, /^$/],
    [["tftp", "get", "--help"], 0, /^Usage: .* get .*--block-size/s, /^$/],
    [["tftp", "put", "-h"], 0, /^Usage: .* put .*--encoding/s, /^$/],
    [["tftp", "serve", "--help"], 0, /^Usage: .* serve ROOT.*--over/s, /^$/],
    [["--version"], 0, /^\d+\.\d+\.\d+$/, /^$/],
    [[], 2, /^Usage: lockstep MODULE VERB/, /^$/],
    [["nope"], 2, /^$/, /^lockstep: Unknown module "nope" \(see .*\)$/],
    [["nope", "get"], 2, /^$/, /^lockstep: Unknown module "nope" \(see .*\)$/],
  ];
  const apart = words.length - 1;
  for (const [i, [args, code, out, err]] of words.entries()) {
    const ended = await (i === apart ? runApart(args) : run(...args));
    assertEquals(ended.code, code, args.join(" "));
    assertMatch(ended.out.join("\n"), out, args.join(" "));
    assertMatch(ended.err.join("\n"), err, args.join(" "));
  }
});

Deno.test({
  name: "tftp get exits with 1 on SIGINT, leaves nothing and tells the server",
  ignore: noSignals,
  async fn() {
    await using here = await TemporaryFolder.make();
    await using listener = UdpSocket.bind();
    const at = `127.0.0.1:${listener.localAddr.port}`;
    const get = ["tftp", "get", "--quiet", `${at}:file`];
    await using program = new Program(get, { cwd: here.path });
    const { addr } = await listener.receive({ timeoutMs: PATIENCE_MS });
    await using transfer = UdpSocket.bind();
    await sendFirstPiece(transfer, addr);
    assertMatch((await here.names()).join(), /^\.lockstep-[^,]+\.part$/);

    program.interrupt();
    const { code, out, err } = await program.end();
    assertEquals([code, out], [1, []]);
    assertEquals(err, ["lockstep tftp get: Interrupted"]);
    assertEquals(await here.names(), []);
    let packet = await answer(transfer);
    while (packet.type === "ack") packet = await answer(transfer); // repeated
    assert(packet.type === "error", packet.type);
    assertEquals(packet.code, 0);
  },
});

/** Sends what is no request until nobody answers: no more are taken. */
async function untilDeaf(addr: HostPort): Promise<void> {
  await using socket = UdpSocket.bind();
  for (;;) {
    await socket.sendTo(encodeAck(1), addr);
    try {
      await socket.receive({ timeoutMs: 200 });
    } catch (error) {
      if ((error as Error).name === "TimeoutError") return;
      throw error;
    }
  }
}

/** Asks for a file and gets its first block, of 512 octets. */
async function begin(
  socket: UdpSocket,
  server: HostPort,
  name: Uint8Array,
): Promise<Deno.NetAddr> {
  const request = encodeRequest({ type: "rrq", name, mode: "octet" });
  await socket.sendTo(request, server);
  const { data, addr } = await socket.receive({ timeoutMs: PATIENCE_MS });
  assertEquals(data, encodeData(1, content(512)));
  return addr;
}

Deno.test({
  name: "tftp serve lets transfers finish on SIGINT, then exits with 0",
  ignore: noSignals,
  async fn() {
    await using root = await TemporaryFolder.make();
    await root.write("file", content(1_100));
    const serve = ["tftp", "serve", root.path, "--port", "0"];
    await using server = new Program(serve);
    const addr = await server.addr();
    await using socket = UdpSocket.bind();
    const transfer = await begin(socket, addr, encoder.encode("file"));
    await acknowledge(socket, transfer, 1);

    server.interrupt();
    await untilDeaf(addr);
    const data = await acknowledge(socket, transfer, 2);
    assertEquals(data, encodeData(3, content(1_100).subarray(1_024)));
    await socket.sendTo(encodeAck(3), transfer);
    const { code, out, err } = await server.end();
    assertEquals([code, err], [0, [
      "Waiting for 1 transfer, until Ctrl-C again",
    ]]);
    assertEquals(out.at(-1), "1 transfers done, 0 failed");
  },
});

Deno.test({
  name: "tftp serve ends at once on a second SIGINT, and leaves nothing behind",
  ignore: noSignals,
  async fn() {
    await using root = await TemporaryFolder.make();
    await root.write("file", content(600));
    const serve = ["tftp", "serve", root.path, "--port", "0", "--write"];
    await using server = new Program(serve);
    const addr = await server.addr();
    await using reader = UdpSocket.bind();
    const transfer = await begin(reader, addr, encoder.encode("file"));
    await acknowledge(reader, transfer, 1);
    await using writer = UdpSocket.bind();
    const name = encoder.encode("half");
    const request = encodeRequest({ type: "wrq", name, mode: "octet" });
    await writer.sendTo(request, addr);
    const ack0 = await writer.receive({ timeoutMs: PATIENCE_MS });
    const block = encodeData(1, new Uint8Array(512)); // never followed
    await writer.request(block, ack0.addr, {
      match: ({ data }) => data[3] === 1,
      timeoutMs: PATIENCE_MS,
    });
    assertMatch((await root.names()).join(), /^\.lockstep-[^,]+\.part,file$/);

    server.interrupt();
    await untilDeaf(addr);
    server.interrupt();
    const { code, out, err } = await server.end();
    assertEquals([code, out.length], [1, 1]); // no summary of a drain
    assertEquals(err, ["Waiting for 2 transfers, until Ctrl-C again"]);
    assertEquals(await root.names(), ["file"]);
  },
});

/** Acknowledges a block; the next one. */
async function acknowledge(
  socket: UdpSocket,
  transfer: Deno.NetAddr,
  block: number,
): Promise<Uint8Array> {
  const { data } = await socket.request(encodeAck(block), transfer, {
    match: ({ data }) => data[3] === block + 1, // others may be repeated
    timeoutMs: PATIENCE_MS,
  });
  return data;
}

/** 中.txt in GB 2312. */
const CHINESE = new Uint8Array([0xd6, 0xd0, 0x2e, 0x74, 0x78, 0x74]);

Deno.test("tftp get and put --encoding name files in that encoding", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  const file = await here.write("中.txt", "content");
  const options = { root: root.path, allowWrite: true, encoding: "gb2312" };
  await serving(options, async (at) => {
    const flags = ["--quiet", "--encoding", "gb2312"];
    const put = await run("tftp", "put", ...flags, file, `${at}:中.txt`);
    assertEquals([put.code, put.err], [0, []]);
    assertEquals(await root.names(), ["中.txt"]);
    await Deno.remove(file);
    const get = ["tftp", "get", ...flags, `${at}:中.txt`, here.path];
    const { code, err } = await run(...get);
    assertEquals([code, err], [0, []]);
  });
  assertEquals(await here.names(), ["中.txt"]);
  assertEquals(await Deno.readTextFile(file), "content");
});

Deno.test("tftp serve --encoding reads and writes names in that encoding", async () => {
  await using root = await TemporaryFolder.make();
  await root.write("中.txt", content(512));
  const flags = ["--port", "0", "--encoding", "gb2312", "--write"];
  await using server = new Here("tftp", "serve", root.path, ...flags);
  const addr = addrIn(await server.out() ?? "");
  await using socket = UdpSocket.bind();
  const transfer = await begin(socket, addr, CHINESE);
  await acknowledge(socket, transfer, 1);
  await socket.sendTo(encodeAck(2), transfer);

  await using client = new TftpClient({ ...addr, encoding: "gb2312" });
  await client.put("文.txt", encoder.encode("content"));
  assertEquals(await root.names(), ["中.txt", "文.txt"]);
});

Deno.test({
  name: "tftp serve --json prints a line of JSON for each event, until SIGTERM",
  ignore: noSignals,
  async fn() {
    await using root = await TemporaryFolder.make();
    await root.write("boot", content(600));
    const serve = ["tftp", "serve", root.path, "--port", "0", "--json"];
    const limits = [
      "--allow-from",
      "127.0.0.0/8,::1",
      "--omit-options",
      "tsize",
    ];
    const names = ["--remap", "^pxe/(.*)=$1", "--single-port"];
    await using server = new Program([...serve, ...limits, ...names]);
    const { addr } = JSON.parse(await server.firstLine());
    const port = Number(addr.split(":")[1]);
    {
      await using client = new TftpClient({ hostname: "127.0.0.1", port });
      assertEquals(await client.bytes("pxe/boot"), content(600));
      assertEquals(await client.stat("pxe/boot"), { size: undefined });
      await client.bytes("none").catch(() => {}); // looked at below
    }
    server.interrupt("SIGTERM");
    const { code, out, err } = await server.end();
    assertEquals([code, err], [0, []]);
    const events = out.map((line) => JSON.parse(line));
    assertEquals(events.map(({ event }) => event), [
      "listening",
      "started",
      "done",
      "failed",
      "failed",
      "draining",
      "stopped",
    ]);
    const { operation, name, client, bytes, options } = events[2];
    assertEquals([operation, name, bytes], ["read", "pxe/boot", 600]);
    assertEquals(options, { blksize: "1428", windowsize: "32" });
    assertMatch(client, /^127\.0\.0\.1:\d+$/);
    assertEquals(events[4].error.code, "not-found");
    assertMatch(events[4].time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  },
});
