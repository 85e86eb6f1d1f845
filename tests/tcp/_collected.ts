import { assert } from "@std/assert";
import { fileURLToPath } from "node:url";
import { STRESS } from "../sync/_random.ts";

/** A function of the program that collects what is not used any more. */
const COLLECT = `
  async function collect() {
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      gc();
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
`;

/**
 * Runs a program that can call `await collect()`; answers the line of JSON that it
 * prints. Its imports are relative to the root.
 */
export async function collected(program: string): Promise<unknown> {
  // To read /proc takes all permissions.
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--v8-flags=--expose-gc", "--allow-all", "-"],
    cwd: fileURLToPath(import.meta.resolve("../../")),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(STRESS ? 300_000 : 30_000),
  }).spawn();
  await new Blob([program, COLLECT]).stream().pipeTo(child.stdin);
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout);
  assert(text !== "", new TextDecoder().decode(stderr));
  return JSON.parse(text);
}
