import { assert, assertEquals, assertRejects } from "@std/assert";
import { Root, type WritePolicy } from "../../tftp/_root.ts";

const ALL: WritePolicy = { create: true, overwrite: true };
const POSIX = { ignore: Deno.build.os === "windows" };

/**
 * `root/file`, `root/folder/file`, and beside the root what must stay secret:
 * `secret` and `root-private/secret`.
 */
async function setUp(): Promise<
  AsyncDisposable & { path: string; root: Root }
> {
  const path = await Deno.makeTempDir({ prefix: "lockstep-test-" });
  await Deno.mkdir(`${path}/root/folder`, { recursive: true });
  await Deno.mkdir(`${path}/root-private`);
  await Deno.writeTextFile(`${path}/root/file`, "file");
  await Deno.writeTextFile(`${path}/root/folder/file`, "inner");
  await Deno.writeTextFile(`${path}/secret`, "secret");
  await Deno.writeTextFile(`${path}/root-private/secret`, "secret");
  return {
    path,
    root: await Root.open(`${path}/root`),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** The content of a file, or the code of the error. */
async function read(root: Root, name: string): Promise<string> {
  try {
    const { file, size } = await root.read(name);
    const text = await new Response(file.readable).text();
    assertEquals(size, text.length);
    return text;
  } catch (error) {
    return codeOf(error);
  }
}

/** `"written"`, or the code of the error. */
async function write(root: Root, name: string, policy = ALL): Promise<string> {
  try {
    const file = await root.write(name, policy);
    await file.write(new TextEncoder().encode("new"));
    await file.commit({ overwrite: policy.overwrite });
    return "written";
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  const { name, code } = error as { name: string; code?: string };
  if (name !== "TftpError") throw error;
  return code!;
}

/** Every file below a folder, with its content; links are not followed. */
async function snapshot(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(path)) {
    const inner = `${path}/${name}`;
    if (isDirectory) found.push(...await snapshot(inner));
    else if (isFile) found.push(`${inner}: ${await Deno.readTextFile(inner)}`);
  }
  return found.sort();
}

Deno.test("Root.open() takes a path, a URL and a link to a folder", async () => {
  await using dir = await setUp();
  const { pathname } = new URL(`file://${dir.path}/root`);
  assertEquals(dir.root.path, await Deno.realPath(`${dir.path}/root`));
  assertEquals(
    await read(await Root.open(new URL(`file://${pathname}`)), "file"),
    "file",
  );
  if (Deno.build.os === "windows") return;
  await Deno.symlink(`${dir.path}/root`, `${dir.path}/link`);
  const linked = await Root.open(`${dir.path}/link`);
  assertEquals(linked.path, dir.root.path);
  assertEquals(await read(linked, "folder/file"), "inner");
});

Deno.test("Root.open() rejects what is missing or no folder", async () => {
  await using dir = await setUp();
  await assertRejects(() => Root.open(`${dir.path}/no`), Deno.errors.NotFound);
  await assertRejects(
    () => Root.open(`${dir.path}/secret`),
    TypeError,
    "not a folder",
  );
});

Deno.test("Root.read() finds files below the root, however the name is spelled", async () => {
  await using dir = await setUp();
  for (const name of ["file", "/file", "//file", "./file", "folder/../file"]) {
    const expected = name.includes("..") ? "access-violation" : "file";
    assertEquals(await read(dir.root, name), expected, name);
  }
  for (const name of ["folder/file", "/folder//file", "folder/./file"]) {
    assertEquals(await read(dir.root, name), "inner", name);
  }
});

Deno.test("Root.read() says not-found for what is not there", async () => {
  await using dir = await setUp();
  for (const name of ["no", "no/file", "folder/no", "file/x"]) {
    assertEquals(await read(dir.root, name), "not-found", name);
  }
});

const HOSTILE = [
  ...["..", "../secret", "/../secret", "folder/../../secret", "../root/file"],
  ...["../root-private/secret", "..\\secret", "folder\\..\\..\\secret", "\\"],
  ...["file\0", "file\0.txt", "\0", "a\nb", "\x1b[2J", "\x7f", "\r"],
  ...["", "/", ".", "./", "//", "folder/.."],
];

Deno.test("Root lets no name out, and takes none that confuses terminals", async () => {
  await using dir = await setUp();
  const before = await snapshot(dir.path);
  for (const name of HOSTILE) {
    assertEquals(await read(dir.root, name), "access-violation", name);
    assertEquals(await write(dir.root, name), "access-violation", name);
  }
  assertEquals(await snapshot(dir.path), before);
});

Deno.test("Root takes an absolute path for one below the root", async () => {
  await using dir = await setUp();
  assertEquals(await read(dir.root, `${dir.path}/secret`), "not-found");
  assertEquals(await write(dir.root, `${dir.path}/secret`), "not-found");
  assertEquals(await Deno.readTextFile(`${dir.path}/secret`), "secret");
});

Deno.test("Root takes dots that are part of a name", async () => {
  await using dir = await setUp();
  for (const name of ["...", "..a", "a..", ".hidden"]) {
    assertEquals(await write(dir.root, name), "written", name);
    assertEquals(await read(dir.root, name), "new", name);
  }
});

Deno.test(
  "Root.read() follows links that stay inside, and no others",
  POSIX,
  async () => {
    await using dir = await setUp();
    const links: [string, string, string][] = [
      ["inside", "file", "file"],
      ["inner", `${dir.path}/root/folder/file`, "inner"],
      ["outside", `${dir.path}/secret`, "access-violation"],
      ["relative", "../secret", "access-violation"],
      ["prefix", `${dir.path}/root-private/secret`, "access-violation"],
      ["chain", "outside", "access-violation"],
      ["dangling", "nowhere", "not-found"],
      ["loop", "loop", "access-violation"],
    ];
    for (const [name, target] of links) {
      await Deno.symlink(target, `${dir.path}/root/${name}`);
    }
    for (const [name, , expected] of links) {
      assertEquals(await read(dir.root, name), expected, name);
    }
  },
);

Deno.test(
  "Root follows folder links that stay inside, and no others",
  POSIX,
  async () => {
    await using dir = await setUp();
    await Deno.symlink("folder", `${dir.path}/root/in`);
    await Deno.symlink(dir.path, `${dir.path}/root/out`);
    await Deno.symlink("../root-private", `${dir.path}/root/sibling`);
    assertEquals(await read(dir.root, "in/file"), "inner");
    assertEquals(await write(dir.root, "in/new"), "written");
    for (const name of ["out/secret", "sibling/secret", "out/root/../secret"]) {
      assertEquals(await read(dir.root, name), "access-violation", name);
      assertEquals(await write(dir.root, name), "access-violation", name);
    }
    assertEquals(await write(dir.root, "out/new"), "access-violation");
    assertEquals(await write(dir.root, "sibling/new"), "access-violation");
    const outside = await snapshot(`${dir.path}/root-private`);
    assertEquals(outside, [`${dir.path}/root-private/secret: secret`]);
  },
);

Deno.test(
  "Root.write() writes through no link, not even one inside",
  POSIX,
  async () => {
    await using dir = await setUp();
    await Deno.symlink("file", `${dir.path}/root/inside`);
    await Deno.symlink("../secret", `${dir.path}/root/outside`);
    await Deno.symlink("../new", `${dir.path}/root/dangling`);
    const before = await snapshot(dir.path);
    for (const name of ["inside", "outside", "dangling"]) {
      assertEquals(await write(dir.root, name), "access-violation", name);
    }
    assertEquals(await snapshot(dir.path), before);
  },
);

Deno.test(
  "Root serves neither folders nor what is no file",
  POSIX,
  async () => {
    await using dir = await setUp();
    const mkfifo = new Deno.Command("mkfifo", {
      args: [`${dir.path}/root/pipe`],
    });
    assert((await mkfifo.output()).success);
    for (const name of ["folder", "pipe"]) {
      assertEquals(await read(dir.root, name), "access-violation", name);
      assertEquals(await write(dir.root, name), "access-violation", name);
    }
  },
);

Deno.test("Root.write() keeps to its policy", async () => {
  await using dir = await setUp();
  const cases: [string, boolean, boolean, string][] = [
    ["new", false, true, "not-found"],
    ["file", true, false, "file-exists"],
    ["file", false, false, "file-exists"],
    ["no/new", true, true, "not-found"],
    ["file/new", true, true, "not-found"],
  ];
  const before = await snapshot(dir.path);
  for (const [name, create, overwrite, code] of cases) {
    assertEquals(await write(dir.root, name, { create, overwrite }), code);
  }
  assertEquals(await snapshot(dir.path), before);
  const replace = { create: false, overwrite: true };
  assertEquals(await write(dir.root, "file", replace), "written");
  const create = { create: true, overwrite: false };
  assertEquals(await write(dir.root, "folder/new", create), "written");
  assertEquals(await read(dir.root, "file"), "new");
  assertEquals(await read(dir.root, "folder/new"), "new");
});

Deno.test("Root.write() touches nothing before the commit", async () => {
  await using dir = await setUp();
  const before = await snapshot(dir.path);
  for (const name of ["file", "new"]) {
    const file = await dir.root.write(name, ALL);
    await file.write(new TextEncoder().encode("half"));
    assertEquals(await read(dir.root, "file"), "file");
    await file.discard();
  }
  assertEquals(await snapshot(dir.path), before);
});

Deno.test("Root refuses names that the file system does not take", async () => {
  await using dir = await setUp();
  for (const name of ["n".repeat(480), `${"n".repeat(400)}/x`]) {
    assertEquals(await read(dir.root, name), "access-violation");
    assertEquals(await write(dir.root, name), "access-violation");
  }
});

/** Permissions hold nobody back who is root, so it becomes nobody. */
const UNPRIVILEGED = `
import process from "node:process";
import { Root } from ${
  JSON.stringify(import.meta.resolve("../../tftp/_root.ts"))
};
try {
  if (process.getuid() === 0) {
    process.setgid(65534);
    process.setuid(65534);
  }
} catch (error) { // a container may have no other user
  console.log("Root cannot become nobody here: " + error.message);
  Deno.exit(77);
}
const path = await Deno.makeTempDir({ prefix: "lockstep-test-" });
try {
  await Deno.mkdir(path + "/folder");
  await Deno.writeTextFile(path + "/file", "file");
  await Deno.chmod(path + "/file", 0o000);
  await Deno.chmod(path + "/folder", 0o500);
  const root = await Root.open(path);
  const all = { create: true, overwrite: true };
  for (
    const [what, call] of [
      ["Deno.readFile()", () => Deno.readFile(path + "/file")],
      ["read file", () => root.read("file")],
      ["write file", () => root.write("file", all)],
      ["write folder/new", () => root.write("folder/new", all)],
    ]
  ) {
    const outcome = await call().then(() => "done", (e) => e.code);
    console.log(what + ": " + outcome);
  }
} finally {
  await Deno.remove(path, { recursive: true });
}`;

Deno.test(
  "Root says access-violation where permissions are missing",
  POSIX,
  async (t) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", UNPRIVILEGED],
      cwd: new URL("../../", import.meta.url),
      stdin: "null",
      env: { NO_COLOR: "1" },
    }).output();
    const [output, errors] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes).trimEnd().split("\n")
    );
    if (code === 77) {
      await t.step({ name: output![0]!, ignore: true, fn: () => {} });
      return;
    }
    assertEquals([output, errors], [[
      "Deno.readFile(): EACCES",
      "read file: access-violation",
      "write file: access-violation",
      "write folder/new: access-violation",
    ], [""]]);
  },
);
