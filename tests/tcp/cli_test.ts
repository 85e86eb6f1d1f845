import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { CONCURRENCIES } from "../../tcp/concurrency.ts";
import { listen } from "../../tcp/listener.ts";
import { TcpServer } from "../../tcp/server.ts";
import { echo } from "../../tcp/_echo.ts";
import { type Ended, Here, here } from "../cli/_here.ts";
import { Program } from "../cli/_program.ts";
import { AUTHORITY, CERTIFICATE, KEY } from "./_certificate.ts";
import { octets } from "./_pair.ts";

const LIMIT = { timeoutMs: 10_000 };

/** No signals that a program could catch can be sent on Windows. */
const ignore = Deno.build.os === "windows";

/** Runs a command to its end, in this process. */
function run(...args: string[]): Promise<Ended> {
  return here("tcp", ...args);
}

/** The address of a server, as a word. */
function wordOf({ addr }: { readonly addr: Deno.Addr }): string {
  const { hostname, port } = addr as Deno.NetAddr;
  return `${hostname}:${port}`;
}

Deno.test({
  name: "tcp echo serves connect and load, and counts connections",
  ignore,
  async fn() {
    await using echo = new Program(
      "tcp",
      "echo",
      "--port",
      "0",
      "-c",
      "serial",
    );
    const to = `127.0.0.1:${await echo.port()}`;
    await using connect = new Program("tcp", "connect", to);
    assertEquals(await connect.err(), `Connected to ${to}`);
    await connect.type("hello");
    assertEquals(await connect.out(), "hello");
    await connect.type("grüße");
    assertEquals(await connect.end(), { code: 0, out: ["grüße"], err: [] });

    const load = await run("load", to, "-c", "1", "-t", "0.05", "--json");
    assertEquals([load.code, load.err], [0, []]);
    const report = JSON.parse(load.out[0]!);
    assertEquals([report.connections, report.bytes], [1, 64]);
    assert(report.messages > 0 && report.jain === 1);

    echo.interrupt();
    const { code, out } = await echo.end();
    assertEquals([code, out], [0, ["2 connections served, 0 failed"]]);
  },
});

Deno.test("tcp connect ends when the other side has, and tells its own end", async () => {
  await using listener = listen();
  await using program = new Program("tcp", "connect", wordOf(listener));
  using server = await listener.accept(LIMIT);
  await server.sendAll(octets("login: ")); // no whole line
  await program.type("ann");
  assertEquals(await server.readLine(LIMIT), "ann");
  const ended = program.end();
  assertEquals(await server.receive(1, LIMIT), null);
  await server.sendAll(octets("welcome\n"));
  server.close();
  const { code, out } = await ended;
  assertEquals([code, out], [0, ["login: welcome"]]);
});

Deno.test("tcp connect is ended by Ctrl-C", async () => {
  await using listener = listen();
  await using program = new Here("tcp", "connect", wordOf(listener));
  using server = await listener.accept(LIMIT);
  await program.err(); // it is connected
  program.interrupt();
  assertEquals(await server.receive(1, LIMIT), null);
  const { code, err } = await program.end();
  assertEquals([code, err], [1, ["lockstep tcp connect: Interrupted"]]);
});

Deno.test("tcp load measures many connections, with TLS too", async () => {
  const ca = await Deno.makeTempFile();
  await Deno.writeTextFile(ca, AUTHORITY);
  const tls = { cert: CERTIFICATE, key: KEY };
  for (const options of [{}, { tls }]) {
    await using server = new TcpServer({ handler: echo, ...options });
    server.serveForever();
    const args = "tls" in options ? ["--ca", ca] : [];
    const to = wordOf(server);
    const sizes = ["-c", "20", "-s", "100000", "-t", "0.05"];
    const { code, out, err } = await run("load", to, ...sizes, ...args);
    assertEquals([code, err], [0, []]);
    assertMatch(
      out.join("\n"),
      /^\d+ messages in \d+\.\d+ s, \d+ a second\np50\/p99\/worst = [\d.]+\/[\d.]+\/[\d.]+ ms\n\d+ to \d+ for each connection, Jain's index [01]\.\d{4}$/,
    );
  }
  await Deno.remove(ca);
});

Deno.test("tcp load fails if something else comes back", async () => {
  await using server = new TcpServer({
    handler: async (socket) => {
      for (let octets; (octets = await socket.receive()) !== null;) {
        octets[octets.length - 1]! ^= 1;
        await socket.sendAll(octets);
      }
    },
  });
  server.serveForever();
  const { code, err } = await run("load", wordOf(server), "-c", "1");
  assertEquals(code, 1);
  assertEquals(err, [
    "lockstep tcp load: Cannot go on: message 1 of client 0 came back changed",
  ]);
});

Deno.test("tcp exits with 2 and one line if it is used wrong", async () => {
  const wrong: [args: string[], message: string][] = [
    [["bogus"], 'Unknown command "bogus"'],
    [["echo", "x"], 'Unexpected "x"'],
    [["echo", "-c", "magic"], `none of ${CONCURRENCIES.join(", ")}`],
    [["echo", "--port", "65536"], "--port 65536"],
    [["echo", "--size", "0"], "--size 0"],
    [["echo", "--unix", "x", "--port", "1"], "--unix with --host or --port"],
    [["connect"], "Missing HOST:PORT"],
    [["connect", "127.0.0.1"], "no port"],
    [["connect", "127.0.0.1:0"], "the port must be 1 to 65535"],
    [["connect", "127.0.0.1:9", "x"], 'Unexpected "x"'],
    [["connect", "--unix", "x", "--tls"], "--tls with --unix"],
    [["connect", "--unix", "x", "127.0.0.1:9"], 'Unexpected "127.0.0.1:9"'],
    [["load"], "Missing HOST:PORT"],
    [["load", "127.0.0.1:9", "--bytes", "0"], "from 1 to 16777216"],
    [["load", "127.0.0.1:9", "-c", "0"], "--connections 0"],
    [["load", "127.0.0.1:9", "-t", "301"], "--seconds 301"],
  ];
  for (const [args, message] of wrong) {
    const { code, out, err } = await run(...args);
    assertEquals([code, out, err.length], [2, [], 1], args.join(" "));
    assertStringIncludes(err[0]!, message);
  }
});

Deno.test("tcp exits with 1 and one line if an address cannot be used", async () => {
  const listener = listen();
  const taken = wordOf(listener);
  const port = taken.split(":")[1]!;
  const { code, err } = await run("echo", "--port", port);
  assertEquals([code, err.length], [1, 1]);
  assertStringIncludes(err[0]!, `Cannot open ${taken}: `);
  listener.close();
  for (const verb of ["connect", "load"]) {
    const { code, err } = await run(verb, taken);
    assertEquals([code, err.length], [1, 1]);
    assertStringIncludes(err[0]!, `Cannot connect to ${taken}: `);
  }
  const nobody = await run("load", "--unix", "/tmp/lockstep_nobody");
  assertStringIncludes(nobody.err[0]!, "to /tmp/lockstep_nobody: No such file");
});
