import { assertEquals, assertRejects } from "@std/assert";
import { IncomingFile } from "../../tftp/_incoming_file.ts";

/** A folder that goes away again. */
async function folder(): Promise<
  AsyncDisposable & { path: string; names(): Promise<string[]> }
> {
  const path = await Deno.makeTempDir({ prefix: "lockstep-test-" });
  return {
    path,
    names: async () => {
      const entries = await Array.fromAsync(Deno.readDir(path));
      return entries.map(({ name }) => name).sort();
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("IncomingFile appears under its name by commit(), and not before", async () => {
  await using dir = await folder();
  const path = `${dir.path}/file`;
  const file = await IncomingFile.create(path);
  await file.write(bytes("one "));
  await file.write(new Uint8Array(0));
  await file.write(bytes("two"));
  assertEquals((await dir.names()).includes("file"), false);
  await file.commit({ overwrite: false });
  assertEquals(await dir.names(), ["file"]);
  assertEquals(await Deno.readTextFile(path), "one two");
});

Deno.test("IncomingFile.commit() makes an empty file of nothing", async () => {
  await using dir = await folder();
  const file = await IncomingFile.create(`${dir.path}/file`);
  await file.commit({ overwrite: true });
  assertEquals((await Deno.stat(`${dir.path}/file`)).size, 0);
  assertEquals(await dir.names(), ["file"]);
});

Deno.test("IncomingFile.commit() replaces a file as a whole if it may", async () => {
  await using dir = await folder();
  const path = `${dir.path}/file`;
  await Deno.writeTextFile(path, "a longer previous version");
  const file = await IncomingFile.create(path);
  await file.write(bytes("new"));
  assertEquals(await Deno.readTextFile(path), "a longer previous version");
  await file.commit({ overwrite: true });
  assertEquals(await Deno.readTextFile(path), "new");
  assertEquals(await dir.names(), ["file"]);
});

Deno.test("IncomingFile.commit() of two files with one new name lets the first win", async () => {
  await using dir = await folder();
  const path = `${dir.path}/file`;
  const first = await IncomingFile.create(path);
  const second = await IncomingFile.create(path);
  await first.write(bytes("first"));
  await second.write(bytes("second"));
  await first.commit({ overwrite: false });
  await assertRejects(
    () => second.commit({ overwrite: false }),
    Deno.errors.AlreadyExists,
  );
  assertEquals(await Deno.readTextFile(path), "first");
  assertEquals(await dir.names(), ["file"]);
});

Deno.test("IncomingFile.commit() writes through no link that has appeared", {
  ignore: Deno.build.os === "windows",
}, async () => {
  for (const overwrite of [true, false]) {
    await using dir = await folder();
    await Deno.writeTextFile(`${dir.path}/target`, "target");
    const file = await IncomingFile.create(`${dir.path}/file`);
    await file.write(bytes("new"));
    await Deno.symlink(`${dir.path}/target`, `${dir.path}/file`);
    await file.commit({ overwrite }).catch(() => file.discard());
    assertEquals(await Deno.readTextFile(`${dir.path}/target`), "target");
    assertEquals(await dir.names(), ["file", "target"]);
  }
});

Deno.test("IncomingFile.commit() leaves nothing behind where it fails", async () => {
  await using dir = await folder();
  await Deno.mkdir(`${dir.path}/file/inside`, { recursive: true });
  for (const overwrite of [true, false]) {
    const file = await IncomingFile.create(`${dir.path}/file`);
    await assertRejects(() => file.commit({ overwrite }));
    assertEquals(await dir.names(), ["file"]);
  }
});

Deno.test("IncomingFile.discard() leaves the previous version untouched", async () => {
  await using dir = await folder();
  const path = `${dir.path}/file`;
  await Deno.writeTextFile(path, "previous");
  const file = await IncomingFile.create(path);
  await file.write(bytes("part"));
  await file.discard();
  await file.discard();
  assertEquals(await dir.names(), ["file"]);
  assertEquals(await Deno.readTextFile(path), "previous");
});

Deno.test("IncomingFile.discard() does nothing after a commit", async () => {
  await using dir = await folder();
  const file = await IncomingFile.create(`${dir.path}/file`);
  await file.commit({ overwrite: false });
  await file.discard();
  assertEquals(await dir.names(), ["file"]);
});

Deno.test("IncomingFile.create() rejects where there is no folder", async () => {
  await using dir = await folder();
  await assertRejects(
    () => IncomingFile.create(`${dir.path}/no/file`),
    Deno.errors.NotFound,
  );
});
