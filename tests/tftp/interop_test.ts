import { assertEquals, assertRejects } from "@std/assert";
import { TftpClient } from "../../tftp/client.ts";
import { TftpError, type TftpErrorCode } from "../../tftp/error.ts";
import type { TftpServerOptions } from "../../tftp/server_options.ts";
import {
  CURL,
  curl,
  peerTest,
  TemporaryFolder,
  TFTP,
  tftp,
  TFTPD,
  url,
} from "./_peers.ts";
import { Tftpd } from "./_daemons.ts";
import { assertContent, content, serving, sizesOf } from "./_transfers.ts";

const SIZES = [0, 1, 511, 512, 513, 200_000];
const BLOCK_SIZES = [512, 1_428, 8_192];

/** Exit codes of curl, from its manual. */
const CURL_EXIT = { notFound: 68, denied: 69, exists: 73 };

async function assertTftpError(
  work: () => Promise<unknown>,
  code: TftpErrorCode,
): Promise<void> {
  const error = await assertRejects(work, TftpError);
  assertEquals([error.code, error.remote], [code, true], error.message);
}

peerTest([TFTPD], "TftpClient.getFile() reads from tftpd-hpa", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  for (const size of SIZES) await root.write(`f${size}`, content(size));
  await using server = await Tftpd.start(root.path);
  await using client = new TftpClient(server.addr);
  for (const size of SIZES) {
    for (const blockSize of BLOCK_SIZES) {
      const what = `${size} octets in blocks of ${blockSize}`;
      const to = here.join("copy");
      const got = await client.getFile(`f${size}`, to, { blockSize });
      assertEquals([got.bytes, got.blockSize], [size, blockSize], what);
      await assertContent(to, content(size), what);
    }
  }
  assertEquals(await here.names(), ["copy"]);
});

peerTest([TFTPD], "TftpClient.putFile() writes to tftpd-hpa", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  await using server = await Tftpd.start(root.path);
  await using client = new TftpClient(server.addr);
  for (const size of SIZES) {
    const from = await here.write("file", content(size));
    for (const blockSize of BLOCK_SIZES) {
      const what = `${size} octets in blocks of ${blockSize}`;
      const name = `f${size}-${blockSize}`;
      const put = await client.putFile(name, from, { blockSize });
      assertEquals([put.bytes, put.blockSize], [size, blockSize], what);
      await assertContent(root.join(name), content(size), what);
    }
  }
});

peerTest([TFTPD], "TftpClient.stat() asks tftpd-hpa for the size", async () => {
  await using root = await TemporaryFolder.make();
  await root.write("file", content(70_000));
  await using server = await Tftpd.start(root.path);
  await using client = new TftpClient(server.addr);
  assertEquals(await client.stat("file"), { size: 70_000 });
});

peerTest(
  [TFTPD],
  "TftpClient.getFile() leaves nothing behind if tftpd-hpa refuses",
  async () => {
    await using root = await TemporaryFolder.make();
    await using here = await TemporaryFolder.make();
    await Deno.chmod(await root.write("locked", "secret"), 0);
    await using server = await Tftpd.start(root.path);
    await using client = new TftpClient(server.addr);
    const refusals = [["none", "not-found"], ["locked", "access-violation"]];
    for (const [name, code] of refusals as [string, TftpErrorCode][]) {
      const get = () => client.getFile(name, here.join(name));
      await assertTftpError(get, code);
    }
    assertEquals(await here.names(), []);
  },
);

peerTest(
  [TFTPD],
  "TftpClient.put() leaves a file alone that tftpd-hpa protects, replaces another",
  async () => {
    await using root = await TemporaryFolder.make();
    const shielded = await root.write("shielded", "old"); // tells by o+w
    const open = await root.write("open", "old");
    await Deno.chmod(open, 0o666);
    await using server = await Tftpd.start(root.path);
    await using client = new TftpClient(server.addr);
    const bytes = new TextEncoder().encode("new");
    await assertTftpError(
      () => client.put("shielded", bytes),
      "access-violation",
    );
    await client.put("open", bytes);
    assertEquals(await Deno.readTextFile(shielded), "old");
    assertEquals(await Deno.readTextFile(open), "new");
  },
);

peerTest([CURL], "TftpServer sends files to curl", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  for (const size of SIZES) await root.write(`f${size}`, content(size));
  const expected: number[][] = [];
  const done = await serving({ root: root.path }, async (addr) => {
    for (const size of SIZES) {
      for (const blockSize of BLOCK_SIZES) {
        expected.push([size, blockSize]);
        const what = `${size} octets in blocks of ${blockSize}`;
        const to = here.join(`${size}-${blockSize}`);
        const from = url(addr, `f${size}`);
        const flag = ["--tftp-blksize", String(blockSize)];
        const { code, stderr } = await curl(...flag, "--output", to, from);
        assertEquals([code, stderr], [0, ""], what);
        await assertContent(to, content(size), what);
      }
    }
  });
  assertEquals(sizesOf(done), expected);
});

peerTest([CURL], "TftpServer takes files from curl", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  const expected: number[][] = [];
  const options = { root: root.path, allowWrite: true };
  const done = await serving(options, async (addr) => {
    for (const size of SIZES) {
      const from = await here.write("file", content(size));
      for (const blockSize of BLOCK_SIZES) {
        expected.push([size, blockSize]);
        const what = `${size} octets in blocks of ${blockSize}`;
        const name = `${size}-${blockSize}`;
        const flag = ["--tftp-blksize", String(blockSize)];
        const to = url(addr, name);
        const { code, stderr } = await curl(...flag, "--upload-file", from, to);
        assertEquals([code, stderr], [0, ""], what);
        await assertContent(root.join(name), content(size), what);
      }
    }
  });
  assertEquals(sizesOf(done), expected);
});

peerTest([CURL], "TftpServer serves curl without options", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  const options = { root: root.path, allowWrite: true };
  const plain = "--tftp-no-options";
  const done = await serving(options, async (addr) => {
    for (const size of SIZES) {
      const from = await here.write("file", content(size));
      const there = url(addr, `f${size}`);
      const up = await curl(plain, "--upload-file", from, there);
      assertEquals([up.code, up.stderr], [0, ""], `${size} octets up`);
      const to = here.join("copy");
      const down = await curl(plain, "--output", to, there);
      assertEquals([down.code, down.stderr], [0, ""], `${size} octets down`);
      await assertContent(to, content(size), `${size} octets`);
    }
  });
  const expected = SIZES.flatMap((size) => [[size, 512], [size, 512]]);
  assertEquals(sizesOf(done), expected);
});

peerTest([CURL], "TftpServer tells curl why it refuses to send", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  await Deno.mkdir(root.join("folder"));
  await serving({ root: root.path }, async (addr) => {
    const missing = url(addr, "none");
    const refused = await curl("--output", here.join("a"), missing);
    assertEquals(refused.code, CURL_EXIT.notFound, refused.stderr);
    const folder = url(addr, "folder");
    const denied = await curl("--output", here.join("b"), folder);
    assertEquals(denied.code, CURL_EXIT.denied, denied.stderr);
  });
  assertEquals(await here.names(), []);
});

peerTest([CURL], "TftpServer lets curl replace a file if told so", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  const existing = await root.write("file", "old");
  const from = await here.write("file", "new");
  const put = async (options: Partial<TftpServerOptions>) => {
    let code = -1;
    await serving({ root: root.path, ...options }, async (addr) => {
      const ended = await curl("--upload-file", from, url(addr, "file"));
      code = ended.code;
    });
    return [code, await Deno.readTextFile(existing)];
  };
  assertEquals(await put({}), [CURL_EXIT.denied, "old"]);
  const keep = { allowWrite: true };
  assertEquals(await put(keep), [CURL_EXIT.exists, "old"]);
  const replace = { allowWrite: true, overwrite: true };
  assertEquals(await put(replace), [0, "new"]);
  assertEquals(await root.names(), ["file"]);
});

peerTest([TFTP], "TftpServer serves tftp-hpa, both ways", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  const options = { root: root.path, allowWrite: true };
  const done = await serving(options, async (addr) => {
    for (const size of SIZES) {
      const name = `f${size}`;
      const from = await here.write("file", content(size));
      const up = await tftp(addr, "put", from, name);
      assertEquals([up.stdout, up.stderr], ["", ""], `${size} octets up`);
      await assertContent(root.join(name), content(size), `${size} octets up`);
      const to = here.join("copy");
      const down = await tftp(addr, "get", name, to);
      assertEquals([down.stdout, down.stderr], ["", ""], `${size} down`);
      await assertContent(to, content(size), `${size} octets down`);
    }
  });
  const expected = SIZES.flatMap((size) => [[size, 512], [size, 512]]);
  assertEquals(sizesOf(done), expected);
});

peerTest([TFTP], "TftpServer tells tftp-hpa why it refuses", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  const existing = await root.write("file", "old");
  const from = await here.write("file", "new");
  const put = async (options: Partial<TftpServerOptions>) => {
    let said = "";
    await serving({ root: root.path, ...options }, async (addr) => {
      said = (await tftp(addr, "put", from, "file")).stdout.trim();
    });
    return [said, await Deno.readTextFile(existing)];
  };
  const keep = { allowWrite: true };
  const exists = "Error code 6: File already exists";
  assertEquals(await put(keep), [exists, "old"]);
  const replace = { allowWrite: true, overwrite: true };
  assertEquals(await put(replace), ["", "new"]);
  await serving({ root: root.path }, async (addr) => {
    const { stdout } = await tftp(addr, "get", "none", here.join("copy"));
    assertEquals(stdout.trim(), "Error code 1: File not found");
  });
  assertEquals(await root.names(), ["file"]);
});
