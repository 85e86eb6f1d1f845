import { assertEquals, assertRejects } from "@std/assert";
import { checkTarget, IncomingFile } from "../../tftp/_incoming_file.ts";

/** Links, modes and owners are not the same on Windows. */
const POSIX = { ignore: Deno.build.os === "windows" };

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
  for (const overwrite of [true, false]) {
    await using dir = await folder();
    const file = await IncomingFile.create(`${dir.path}/file`);
    await Deno.mkdir(`${dir.path}/file/inside`, { recursive: true });
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
  await Deno.writeTextFile(`${dir.path}/file`, "");
  for (const name of ["no/file", "no/", "file/below"]) {
    const path = `${dir.path}/${name}`;
    await assertRejects(
      () => IncomingFile.create(path),
      Deno.errors.NotFound,
      `Cannot write "${path}": no such folder`,
    );
  }
  assertEquals(await dir.names(), ["file"]);
});

Deno.test("IncomingFile.create() refuses a folder", async () => {
  await using dir = await folder();
  await assertRejects(
    () => IncomingFile.create(dir.path),
    Error,
    `Cannot write "${dir.path}": is a folder`,
  );
  assertEquals(await dir.names(), []);
});

Deno.test(
  "IncomingFile.create() refuses a device and a pipe",
  POSIX,
  async () => {
    await using dir = await folder();
    const pipe = `${dir.path}/pipe`;
    const { success } = await new Deno.Command("mkfifo", { args: [pipe] })
      .output();
    assertEquals(success, true);
    await Deno.symlink("/dev/null", `${dir.path}/link`);
    for (const path of ["/dev/null", pipe, `${dir.path}/link`]) {
      await assertRejects(
        () => IncomingFile.create(path),
        Error,
        `Cannot write "${path}": not a regular file`,
      );
    }
    assertEquals(await dir.names(), ["link", "pipe"]);
  },
);

Deno.test(
  "IncomingFile replaces the file that a link points to",
  POSIX,
  async () => {
    await using dir = await folder();
    await Deno.mkdir(`${dir.path}/away`);
    await Deno.writeTextFile(`${dir.path}/away/file`, "previous");
    await Deno.symlink("away/file", `${dir.path}/link`);
    const file = await IncomingFile.create(`${dir.path}/link`);
    await file.write(bytes("new"));
    assertEquals(await dir.names(), ["away", "link"]); // written beside the file
    await file.commit({ overwrite: true });
    assertEquals(await Deno.readLink(`${dir.path}/link`), "away/file");
    assertEquals(await Deno.readTextFile(`${dir.path}/away/file`), "new");
    const away = await Array.fromAsync(Deno.readDir(`${dir.path}/away`));
    assertEquals(away.map(({ name }) => name), ["file"]);
  },
);

Deno.test(
  "IncomingFile.create() refuses a link that points to nothing",
  POSIX,
  async () => {
    await using dir = await folder();
    const path = `${dir.path}/link`;
    await Deno.symlink("nothing", path);
    await assertRejects(
      () => IncomingFile.create(path),
      Deno.errors.NotFound,
      `Cannot write "${path}": a link that points to nothing`,
    );
    assertEquals(await dir.names(), ["link"]);
  },
);

Deno.test(
  "IncomingFile.create() follows no link where it may not",
  POSIX,
  async () => {
    await using dir = await folder();
    const path = `${dir.path}/link`;
    await Deno.writeTextFile(`${dir.path}/file`, "previous");
    await Deno.symlink("file", path);
    await assertRejects(
      () => IncomingFile.create(path, { followLinks: false }),
      Error,
      `Cannot write "${path}": not a regular file`,
    );
    assertEquals(await dir.names(), ["file", "link"]);
  },
);

Deno.test("checkTarget() tells whether a file is there", async () => {
  await using dir = await folder();
  const path = `${dir.path}/file`;
  assertEquals(await checkTarget(path), { path, exists: false });
  await Deno.writeTextFile(path, "");
  assertEquals(await checkTarget(path), { path, exists: true });
  assertEquals(await dir.names(), ["file"]);
});

Deno.test(
  "IncomingFile.commit() keeps the mode of what it replaces",
  POSIX,
  async () => {
    await using dir = await folder();
    const path = `${dir.path}/file`;
    for (const mode of [0o600, 0o640, 0o755, 0o444]) {
      await Deno.writeTextFile(path, "previous");
      await Deno.chmod(path, mode);
      const file = await IncomingFile.create(path);
      const [temporary] = await dir.names();
      const part = await Deno.stat(`${dir.path}/${temporary}`);
      assertEquals(part.mode! & 0o777, 0o600); // as long as it is incomplete
      await file.commit({ overwrite: true });
      assertEquals((await Deno.stat(path)).mode! & 0o777, mode);
      await Deno.remove(path);
    }
  },
);

Deno.test(
  "IncomingFile.commit() gives a new file the usual mode",
  POSIX,
  async () => {
    await using dir = await folder();
    await Deno.writeTextFile(`${dir.path}/usual`, "");
    const { mode } = await Deno.stat(`${dir.path}/usual`);
    for (const overwrite of [true, false]) {
      const path = `${dir.path}/${overwrite}`;
      const file = await IncomingFile.create(path);
      await file.commit({ overwrite });
      assertEquals((await Deno.stat(path)).mode, mode);
    }
  },
);

Deno.test(
  "IncomingFile.commit() keeps the owner where the system allows it",
  POSIX,
  async () => {
    await using dir = await folder();
    const path = `${dir.path}/file`;
    await Deno.writeTextFile(path, "previous");
    await Deno.chown(path, 12_345, 23_456).catch(() => {
      // only root can; then the owner is the same anyway
    });
    const { uid, gid } = await Deno.stat(path);
    const file = await IncomingFile.create(path);
    await file.commit({ overwrite: true });
    const now = await Deno.stat(path);
    assertEquals([now.uid, now.gid], [uid, gid]);
  },
);

Deno.test(
  "IncomingFile.commit() replaces where owner and mode cannot be kept",
  POSIX,
  async () => {
    const { chown, chmod } = Deno;
    await using dir = await folder();
    const path = `${dir.path}/file`;
    await Deno.writeTextFile(path, "previous");
    const file = await IncomingFile.create(path);
    await file.write(bytes("new"));
    Object.assign(Deno, {
      chown: () => Promise.reject(new Deno.errors.PermissionDenied("no")),
      chmod: () => Promise.reject(new Deno.errors.NotSupported("no")),
    });
    try {
      await file.commit({ overwrite: true });
    } finally {
      Object.assign(Deno, { chown, chmod });
    }
    assertEquals(await Deno.readTextFile(path), "new");
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  },
);

/** Commits a new file as on a file system without hard links. */
async function commitWithoutLinks(
  file: IncomingFile,
  error: Error,
): Promise<void> {
  const { link } = Deno;
  Object.assign(Deno, { link: () => Promise.reject(error) });
  try {
    await file.commit({ overwrite: false });
  } finally {
    Object.assign(Deno, { link });
  }
}

/** What file systems without hard links say. */
const NO_LINKS = [
  new Deno.errors.PermissionDenied("Operation not permitted (os error 1)"),
  new Deno.errors.NotSupported("Operation not supported (os error 95)"),
  new Error("Incorrect function. (os error 1)"),
];

Deno.test("IncomingFile.commit() does without hard links", async () => {
  for (const error of NO_LINKS) {
    await using dir = await folder();
    const file = await IncomingFile.create(`${dir.path}/file`);
    await file.write(bytes("new"));
    await commitWithoutLinks(file, error);
    assertEquals(await dir.names(), ["file"]);
    assertEquals(await Deno.readTextFile(`${dir.path}/file`), "new");
  }
});

Deno.test("IncomingFile.commit() replaces nothing without hard links either", async () => {
  for (const error of NO_LINKS) {
    await using dir = await folder();
    const file = await IncomingFile.create(`${dir.path}/file`);
    await file.write(bytes("new"));
    await Deno.writeTextFile(`${dir.path}/file`, "first");
    await assertRejects(
      () => commitWithoutLinks(file, error),
      Deno.errors.AlreadyExists,
    );
    assertEquals(await dir.names(), ["file"]);
    assertEquals(await Deno.readTextFile(`${dir.path}/file`), "first");
  }
});

Deno.test("IncomingFile.commit() gives the name up if it cannot be used", async () => {
  await using dir = await folder();
  const file = await IncomingFile.create(`${dir.path}/file`);
  const [temporary] = await dir.names();
  await Deno.remove(`${dir.path}/${temporary}`);
  await assertRejects(
    () => commitWithoutLinks(file, NO_LINKS[0]!),
    Deno.errors.NotFound,
  );
  assertEquals(await dir.names(), []);
});
