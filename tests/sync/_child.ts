import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(import.meta.resolve("../../"));

/** How a program ended, and what it printed. */
export interface Ended {
  /** Exit code; not 0 if it had to be killed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `deno` in the folder of the package; kills it after 30 s. */
export async function deno(
  args: readonly string[],
  stdin = "",
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { ...env, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  try {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program that may read files, from its source. */
export function run(
  source: string,
  flags: readonly string[] = ["--allow-read"],
): Promise<Ended> {
  return deno(["run", "--quiet", ...flags, "-"], source);
}

/** Runs a program that must end by itself, without an error. */
export async function printed(source: string): Promise<string> {
  const { code, stdout, stderr } = await run(source);
  assertEquals(code, 0, `${stdout}${stderr}`);
  return stdout;
}
