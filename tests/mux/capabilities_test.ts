import { assert, assertEquals } from "@std/assert";
import { Worker } from "node:worker_threads";
import { capabilities } from "../../mux/capabilities.ts";
import { until } from "../sync/_until.ts";

const ADDR_URL = import.meta.resolve("../../mux/capabilities.ts");
const SOCKET_URL = import.meta.resolve("../../udp/socket.ts");

/** What a program of its own prints, run with these flags of Deno. */
async function output(flags: string[], program: string): Promise<string> {
  await using file = await temporary(program);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-config",
      "--import-map=deno.json",
      "--vendor",
      "--no-prompt",
      ...flags,
      file.path,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

async function temporary(
  text: string,
): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

const REPORT = `
  import { capabilities } from "${ADDR_URL}";
  console.log(JSON.stringify(capabilities()));`;

Deno.test("capabilities() reports datagrams where they can be opened", () => {
  assertEquals(
    capabilities().datagrams,
    typeof Deno.listenDatagram === "function",
  );
});

Deno.test("capabilities() reports neither datagrams nor reusePort without --unstable-net", async () => {
  const { datagrams, reusePort } = JSON.parse(
    await output(["--allow-all"], REPORT),
  );
  assertEquals({ datagrams, reusePort }, {
    datagrams: false,
    reusePort: false,
  });
});

Deno.test("UdpSocket.bind() says how to run when there is no --unstable-net", async () => {
  const program = `
    import { UdpSocket } from "${SOCKET_URL}";
    try {
      UdpSocket.bind();
    } catch (error) {
      console.log(String(error));
    }`;
  assertEquals(
    await output(["--allow-all"], program),
    "TypeError: Cannot open a UDP socket: run with --unstable-net\n",
  );
});

Deno.test("capabilities() reports what the permissions take away, and never prompts", async () => {
  const none = JSON.parse(await output(["--unstable-net"], REPORT));
  assertEquals([none.handOver, none.doorbell], [false, false]);
  const net = JSON.parse(
    await output(["--unstable-net", "--allow-net=127.0.0.1"], REPORT),
  );
  assertEquals([net.handOver, net.doorbell], [false, true]);
});

Deno.test({
  name:
    "capabilities() reports reusePort and handOver on Linux with all permissions",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const all = JSON.parse(
      await output(["--unstable-net", "--allow-all"], REPORT),
    );
    assertEquals([all.reusePort, all.handOver], [true, true]);
  },
});

Deno.test("capabilities() is right about hardKill: a worker that spins is stopped", async () => {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const spin = `
    import { workerData } from "node:worker_threads";
    await new Promise((held) =>
      navigator.locks.request(crypto.randomUUID(), () => {
        held();
        return new Promise(() => {});
      })
    );
    setTimeout(() => {
      for (;;) Atomics.add(workerData, 0, 1);
    });`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(spin)}`);
  const worker = new Worker(url, { workerData: counter });
  const spins = () => Atomics.load(counter, 0);
  await until(() => spins() > 0);
  await worker.terminate();
  // It counts as stopped if it stands still; it may take a moment to.
  let [still, before] = [0, -1];
  await until(() => {
    still = spins() === before ? still + 1 : 0;
    before = spins();
    return still === 20;
  });
  assert(capabilities().hardKill);
});
