/**
 * Makes `@std/*` importable on a machine that cannot reach JSR.
 *
 * Where JSR answers, this does nothing: Deno downloads the packages that
 * deno.json names into the git-ignored vendor/ folder. Elsewhere it fills that
 * folder, which Deno reads before it asks the network, with stand-ins: the
 * modules under _tools/std/, laid out as JSR serves packages. They re-export
 * the same library from `npm:deno-std` and give it back its types.
 *
 * The stand-ins leave as soon as JSR answers again, and
 * tests/tools/stand_ins_test.ts then compares them with the originals.
 *
 * @module
 */

const root = new URL("../", import.meta.url);
const standIns = new URL("_tools/std/", root);
const vendor = new URL("vendor/", root);
const registry = new URL("jsr.io/@std/", vendor);
const marker = new URL("STAND_INS.txt", vendor);

if (import.meta.main && !Deno.env.has("JSR_URL")) await main();

async function main(): Promise<void> {
  const haveStandIns = await exists(marker);
  if (await exists(registry) && !haveStandIns) return;
  if (!await jsrAnswers()) return await writeStandIns(haveStandIns);
  if (haveStandIns) await Deno.remove(vendor, { recursive: true });
}

/** Whether JSR can be reached from here, within three seconds. */
export async function jsrAnswers(): Promise<boolean> {
  try {
    const response = await fetch("https://jsr.io/@std/assert/meta.json", {
      signal: AbortSignal.timeout(3_000),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // offline, blocked or too slow: all the same to the caller
  }
}

async function writeStandIns(again: boolean): Promise<void> {
  const config = await Deno.readTextFile(new URL("deno.json", root));
  const imports: Record<string, string> = JSON.parse(config).imports;

  if (!again) {
    console.error("JSR does not answer: taking @std from the npm registry");
  }
  await write(marker, "Written by `deno task deps`: JSR did not answer.\n");
  for await (const { name } of Deno.readDir(standIns)) {
    const version = lowestVersion(imports[`@std/${name}`] ?? "");
    const exports: Record<string, string> = {};
    for await (const file of Deno.readDir(new URL(`${name}/`, standIns))) {
      exports[exportName(file.name)] = `./${file.name}`;
      const source = new URL(`${name}/${file.name}`, standIns);
      const target = new URL(`${name}/${version}/${file.name}`, registry);
      await write(target, await Deno.readTextFile(source));
    }
    const versions = { versions: { [version]: {} } };
    await write(
      new URL(`${name}/meta.json`, registry),
      JSON.stringify(versions),
    );
    await write(
      new URL(`${name}/${version}_meta.json`, registry),
      JSON.stringify({ manifest: {}, exports }),
    );
  }
}

/** `jsr:@std/cli@^1.2` accepts 1.2.0 and up: the stand-in claims just that. */
function lowestVersion(specifier: string): string {
  const range = specifier.match(/@[\^~]?([\d.]+)$/)?.[1];
  if (range === undefined) {
    throw new SyntaxError(`Cannot read a version from "${specifier}"`);
  }
  return `${range}.0.0`.split(".").slice(0, 3).join(".");
}

/** `mod.ts` is the package itself; `parse_args.ts` is `./parse-args`. */
function exportName(file: string): string {
  const stem = file.replace(/\.ts$/, "").replaceAll("_", "-");
  return stem === "mod" ? "." : `./${stem}`;
}

async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

async function write(url: URL, text: string): Promise<void> {
  await Deno.mkdir(new URL(".", url), { recursive: true });
  await Deno.writeTextFile(url, text);
}
