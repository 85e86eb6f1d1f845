import { assert, assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url);

/** Folders of modules, each with those it may import from. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: ["mux"],
  sync: [],
  mux: ["sync"],
  udp: ["sync", "mux"],
  tcp: ["sync", "mux"],
  tftp: ["sync", "mux", "udp", "tcp"],
};

/** Files that make up the command line: they may import `cli/` too. */
const COMMAND_LINE = /^(_cli_\w+|cli)\.ts$/;

interface Source {
  /** Path below the root, such as `udp/socket.ts`. */
  readonly path: string;
  readonly folder: string;
  readonly file: string;
  readonly text: string;
  /** Paths below the root that it imports or re-exports. */
  readonly imports: readonly string[];
}

async function sources(): Promise<Source[]> {
  const found: Source[] = [];
  for (const folder of Object.keys(MAY_IMPORT)) {
    const files = await Array.fromAsync(listing(folder));
    for (const file of files.filter((name) => name.endsWith(".ts"))) {
      const path = `${folder}/${file}`;
      const text = await Deno.readTextFile(new URL(path, ROOT));
      const code = text.replaceAll(/^\s*\*.*$/gm, ""); // examples in comments
      const imports = [...code.matchAll(/\bfrom "(\.[^"]+)"/g)].map(([, to]) =>
        new URL(to!, new URL(path, ROOT)).href.slice(ROOT.href.length)
      );
      found.push({ path, folder, file, text, imports });
    }
  }
  return found;
}

async function* listing(folder: string): AsyncGenerator<string> {
  try {
    for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
      yield entry.name;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function modules(): string[] {
  return Object.keys(config.exports)
    .filter((name) => name !== "." && name !== "./cli")
    .map((name) => name.slice(2));
}

Deno.test("deno.json exports every folder with a mod.ts, and nothing else", async () => {
  const folders = (await sources())
    .filter(({ file }) => file === "mod.ts")
    .map(({ folder }) => folder);
  assertEquals(modules().sort(), folders.sort());
  for (const name of modules()) {
    const path = config.exports[`./${name}` as keyof typeof config.exports];
    assertEquals(path, `./${name}/mod.ts`);
  }
});

Deno.test("deno.json maps the package's own name to the files it exports", () => {
  const own = Object.entries(config.exports).map(([name, path]) => [
    `${config.name}${name.slice(1)}`,
    path,
  ]);
  const mapped = Object.entries(config.imports)
    .filter(([name]) => name.startsWith(config.name));
  assertEquals(mapped.sort(), own.sort());
});

Deno.test("mod.ts of a module re-exports all of its public files", async () => {
  const all = await sources();
  for (const name of modules()) {
    const mod = all.find(({ path }) => path === `${name}/mod.ts`)!;
    const exported = mod.imports.map((path) => path.slice(name.length + 1));
    const files = all
      .filter(({ folder }) => folder === name)
      .map(({ file }) => file)
      .filter((file) => !/^_/.test(file) && !/^(mod|cli)\.ts$/.test(file));
    assertEquals(exported.sort(), files.sort(), name);
  }
});

Deno.test("mod.ts of the package re-exports every module", async () => {
  const text = await Deno.readTextFile(new URL("mod.ts", ROOT));
  const exported = [...text.matchAll(/^export \* from "(.+)";$/gm)]
    .map(([, path]) => path);
  const expected = modules().map((name) => `./${name}/mod.ts`);
  assertEquals(exported.sort(), expected.sort());
});

Deno.test("no two modules export the same name", async () => {
  const owners = new Map<string, string>();
  for (const name of modules()) {
    const module = await import(new URL(`${name}/mod.ts`, ROOT).href);
    for (const symbol of Object.keys(module)) {
      assertEquals(owners.get(symbol), undefined, `${symbol} of ${name}`);
      owners.set(symbol, name);
    }
  }
  assert(owners.size > 0);
});

Deno.test("modules import only from those below them", async () => {
  for (const { path, folder, file, imports } of await sources()) {
    const allowed = [folder, ...MAY_IMPORT[folder]!];
    if (COMMAND_LINE.test(file)) allowed.push("cli");
    for (const imported of imports) {
      const [target = ""] = imported.split("/");
      assert(allowed.includes(target), `${path} imports ${imported}`);
    }
  }
});

Deno.test("files import no mod.ts, and no private file of another folder", async () => {
  for (const { path, folder, file, imports } of await sources()) {
    if (file === "mod.ts") continue;
    for (const imported of imports) {
      assert(!imported.endsWith("/mod.ts"), `${path} imports ${imported}`);
      const foreign = !imported.startsWith(`${folder}/`);
      const isPrivate = imported.split("/").at(-1)!.startsWith("_");
      assert(!(foreign && isPrivate), `${path} imports ${imported}`);
    }
  }
});

Deno.test("imports make no circle, but for types", async () => {
  const all = await sources();
  const graph = new Map(all.map(({ path, text }) => {
    const code = text.replaceAll(/^\s*\*.*$/gm, "");
    const values = [
      ...code.matchAll(/^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)"/gm),
    ].map(([, to]) =>
      new URL(to!, new URL(path, ROOT)).href.slice(ROOT.href.length)
    );
    return [path, values] as const;
  }));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    assert(!trail.includes(path), [...trail, path].join(" -> "));
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
});

Deno.test("whatever a thread begins with is embedded by deno compile", async () => {
  const all = await sources();
  const embedded = new Set(
    all.flatMap(({ folder, text }) =>
      [...text.matchAll(/\bimport\("\.\/([^"]+)"\)/g)]
        .map(([, file]) => `${folder}/${file}`)
    ),
  );
  for (const { folder, text } of all) {
    const code = text.replaceAll(/^\s*\*.*$/gm, "");
    for (const [, file] of code.matchAll(/meta\.resolve\("\.\/([^"]+)"\)/g)) {
      const entry = `${folder}/${file}`;
      assert(config.compile.include.includes(entry), entry); // of this package
      assert(embedded.has(entry), entry); // by whoever depends on it
    }
  }
});

Deno.test("only examples, command lines and defaults of hooks write to the console", async () => {
  // Without a hook an error must be seen somewhere.
  const allowed = [
    "mux/server.ts",
    "sync/thread.ts",
    "tcp/_loop_backend.ts",
    "tcp/_patient_sockets.ts",
  ];
  for (const { path, folder, file, text } of await sources()) {
    if (folder === "cli" || COMMAND_LINE.test(file)) continue;
    if (allowed.includes(path)) continue;
    assert(!/\bconsole\./.test(text.replaceAll(/^\s*\*.*$/gm, "")), path);
  }
});
