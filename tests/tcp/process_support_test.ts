import { assertEquals, assertThrows } from "@std/assert";
import { TcpServer, type TcpServerOptions } from "../../tcp/server.ts";
import { withDescriptors } from "./_descriptors.ts";

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
