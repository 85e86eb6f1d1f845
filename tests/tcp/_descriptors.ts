import { octets, text } from "./_pair.ts";

/** Runs a program that may have so many descriptors. */
export async function withDescriptors(
  count: number,
  source: string,
): Promise<{ stdout: string; stderr: string }> {
  const flags = ["--quiet", "--allow-net=127.0.0.1", "--allow-read"];
  const limited = `ulimit -n ${count}; exec "$@"`;
  const child = new Deno.Command("sh", {
    args: ["-c", limited, "sh", Deno.execPath(), "run", ...flags, "-"],
    cwd: new URL("../../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(30_000),
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(octets(source));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return { stdout: text(stdout)!, stderr: text(stderr)! };
}
