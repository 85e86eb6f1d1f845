import { assertEquals } from "@std/assert";
import { deno } from "./_child.ts";

const ROOT = new URL("../../", import.meta.url);

/** What a thread calls that is no file either. */
const BODIES = `
  import type { Lock } from "./sync/lock.ts";
  export const hold = (lock: Lock, n: number) => (lock.acquireSync(), n + 1);
`;

/** Serves the package as a registry does; `deno` has never seen it before. */
async function runServed(program: (base: string) => string) {
  const own = new Map([["/bodies.ts", BODIES]]);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const source = own.get(pathname) ??
        await Deno.readTextFile(new URL(`.${pathname}`, ROOT));
      const headers = { "content-type": "application/typescript" };
      return new Response(source, { headers });
    },
  );
  const { port } = server.addr;
  const base = `http://127.0.0.1:${port}`;
  own.set("/program.ts", program(base));
  const cache = await Deno.makeTempDir();
  try {
    const allowed = `--allow-import=127.0.0.1:${port}`;
    const args = ["run", "--quiet", "--no-config", allowed];
    const env = { DENO_DIR: cache };
    return await deno([...args, `${base}/program.ts`], "", env);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

Deno.test("Thread needs no --allow-read when the package is not in files", async () => {
  const { code, stdout, stderr } = await runServed((base) => `
    import { hardKill } from "${base}/sync/hard_kill.ts";
    import { Lock } from "${base}/sync/lock.ts";
    import { Thread } from "${base}/sync/thread.ts";

    const LIMIT = { timeoutMs: 10_000 };
    const lock = new Lock();
    const holds = Thread.start("${base}/bodies.ts", "hold", [lock, 1]);
    console.log(await holds.join(LIMIT), lock.locked);

    const adds = Thread.fromFunction((n: number) => n + 1, [2]);
    console.log(adds.joinSync(LIMIT), Thread.count);

    while (hardKill() === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    console.log(hardKill());
  `);
  assertEquals([code, stdout], [0, "2 true\n3 1\ntrue\n"], stderr);
});
