import { assertEquals } from "@std/assert";
import { jsrAnswers } from "../../_tools/vendor_std.ts";

const ROOT = new URL("../../", import.meta.url);
const STAND_INS = new URL("_tools/std/", ROOT);

interface StandIn {
  /** As JSR knows it: `jsr:@std/cli@^1/parse-args`. */
  readonly specifier: string;
  readonly url: URL;
}

async function standIns(): Promise<StandIn[]> {
  const config = await Deno.readTextFile(new URL("deno.json", ROOT));
  const imports: Record<string, string> = JSON.parse(config).imports;
  const found: StandIn[] = [];
  for await (const { name } of Deno.readDir(STAND_INS)) {
    const folder = new URL(`${name}/`, STAND_INS);
    for await (const file of Deno.readDir(folder)) {
      const stem = file.name.replace(/\.ts$/, "").replaceAll("_", "-");
      const entry = stem === "mod" ? "" : `/${stem}`;
      const specifier = `${imports[`@std/${name}`]}${entry}`;
      found.push({ specifier, url: new URL(file.name, folder) });
    }
  }
  return found;
}

/** A program that type-checks only if the original can do what we rely on. */
function comparison(all: StandIn[]): string {
  return all.map(({ specifier, url }, index) => `
    import * as original${index} from "${specifier}";
    import * as standIn${index} from "${url}";
    export const relied${index}: typeof standIn${index} = original${index};
  `).join("");
}

Deno.test("stand-ins of @std re-export functions that are there", async () => {
  for (const { url } of await standIns()) {
    for (const [name, value] of Object.entries(await import(url.href))) {
      assertEquals(typeof value, "function", `${name} of ${url}`);
    }
  }
});

const online = await jsrAnswers();

Deno.test({
  name: "stand-ins of @std take and give what the originals do" +
    (online ? "" : " (skipped: JSR does not answer)"),
  ignore: !online,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const program = `${folder}/comparison.ts`;
      await Deno.writeTextFile(program, comparison(await standIns()));
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["check", "--no-config", "--quiet", program],
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
