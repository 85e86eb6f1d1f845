import { assert, assertEquals, assertRejects } from "@std/assert";
import { TftpClient } from "../../tftp/client.ts";
import { TftpError } from "../../tftp/error.ts";
import { Atftpd, type Daemon, Dnsmasq } from "./_daemons.ts";
import {
  ATFTP,
  ATFTPD,
  BUSYBOX,
  DNSMASQ,
  peerTest,
  run,
  TemporaryFolder,
} from "./_peers.ts";
import { assertContent, content, serving, untilContent } from "./_transfers.ts";

const SIZES = [0, 1, 511, 512, 513, 100_000];

/** Block size and window. */
const TERMS = [[512, 1], [1_428, 1], [1_428, 8], [8_192, 4]] as const;

/** Reads all sizes on all terms from a server of somebody else's. */
async function readAll(
  start: (root: string) => Promise<Daemon>,
  agreed: (blockSize: number, windowBlocks: number) => number[],
): Promise<void> {
  await using root = await TemporaryFolder.make();
  await Deno.chmod(root.path, 0o755);
  await using here = await TemporaryFolder.make();
  for (const size of SIZES) await root.write(`f${size}`, content(size));
  await using server = await start(root.path);
  await using client = new TftpClient(server.addr);
  for (const size of SIZES) {
    for (const [blockSize, windowBlocks] of TERMS) {
      const what = `${size} octets in blocks of ${blockSize}/${windowBlocks}`;
      const to = here.join("copy");
      const options = { blockSize, windowBlocks };
      const got = await client.getFile(`f${size}`, to, options);
      assertEquals(got.bytes, size, what);
      const terms = [got.blockSize, got.windowBlocks];
      assertEquals(terms, agreed(blockSize, windowBlocks), what);
      await assertContent(to, content(size), what);
    }
  }
  assertEquals(await client.stat("f100000"), { size: 100_000 });
  const none = here.join("none");
  const error = await assertRejects(
    () => client.getFile("none", none),
    TftpError,
  );
  assertEquals([error.code, error.remote], ["not-found", true]);
  assertEquals(await here.names(), ["copy"]);
}

peerTest([ATFTPD], "TftpClient reads from atftpd, windows too", async () => {
  await readAll(Atftpd.start, (...terms) => terms);
});

peerTest([ATFTPD], "TftpClient writes to atftpd, windows too", async () => {
  await using root = await TemporaryFolder.make();
  await using server = await Atftpd.start(root.path);
  await using client = new TftpClient(server.addr);
  for (const size of SIZES) {
    for (const [blockSize, windowBlocks] of TERMS) {
      const what = `${size} octets in blocks of ${blockSize}/${windowBlocks}`;
      const name = `${size}-${blockSize}-${windowBlocks}`;
      const options = { blockSize, windowBlocks };
      const put = await client.put(name, content(size), options);
      assertEquals(put.bytes, size, what);
      await untilContent(root.join(name), content(size), what);
    }
  }
});

peerTest(
  [DNSMASQ],
  "TftpClient reads from dnsmasq, without windows",
  async () => {
    const most = 2_263; // what its buffer holds, whatever is asked for
    await readAll(
      Dnsmasq.start,
      (blockSize) => [Math.min(blockSize, most), 1],
    );
  },
);

peerTest(
  [ATFTP],
  "TftpServer serves atftp, both ways, windows too",
  async () => {
    await using root = await TemporaryFolder.make();
    await using here = await TemporaryFolder.make();
    const options = { root: root.path, allowWrite: true, overwrite: true };
    const done = await serving(options, async ({ hostname, port }) => {
      for (const size of SIZES) {
        const from = await here.write("file", content(size));
        for (const [blockSize, windowBlocks] of TERMS) {
          const what =
            `${size} octets in blocks of ${blockSize}/${windowBlocks}`;
          const terms = [
            ...["--option", `blksize ${blockSize}`],
            ...["--option", `windowsize ${windowBlocks}`],
          ];
          const at = [hostname, String(port)];
          const atftp = async (...words: string[]) => {
            const { code, stderr } = await run(ATFTP.command, [
              ...terms,
              ...words,
              ...at,
            ]);
            assertEquals(code, 0, `${what}: ${stderr}`);
          };
          await atftp("--put", "-l", from, "-r", "there");
          await assertContent(root.join("there"), content(size), `${what} up`);
          const to = here.join("copy");
          await Deno.remove(to).catch(() => {}); // the first has none
          await atftp("--get", "-r", "there", "-l", to);
          await assertContent(to, content(size), `${what} down`);
        }
      }
    });
    assertEquals(done.length, 2 * SIZES.length * TERMS.length);
    const windows = done.map(({ statistics }) => statistics?.windowBlocks);
    assert(windows.includes(8) && windows.includes(4));
  },
);

peerTest([BUSYBOX], "TftpServer serves busybox, both ways", async () => {
  await using root = await TemporaryFolder.make();
  await using here = await TemporaryFolder.make();
  const options = { root: root.path, allowWrite: true, overwrite: true };
  const done = await serving(options, async ({ hostname, port }) => {
    for (const size of SIZES) {
      const from = await here.write("file", content(size));
      for (const blockSize of [512, 1_428, 8_192]) {
        const what = `${size} octets in blocks of ${blockSize}`;
        const busybox = async (...words: string[]) => {
          const { code, stderr } = await run(BUSYBOX.command, [
            ...["tftp", "-b", String(blockSize), ...words],
            ...[hostname, String(port)],
          ]);
          assertEquals(code, 0, `${what}: ${stderr}`);
        };
        await busybox("-p", "-l", from, "-r", "there");
        await assertContent(root.join("there"), content(size), `${what} up`);
        const to = here.join("copy");
        await busybox("-g", "-r", "there", "-l", to);
        await assertContent(to, content(size), `${what} down`);
      }
    }
    const none = here.join("none");
    const { code, stderr } = await run(BUSYBOX.command, [
      ...["tftp", "-g", "-r", "none", "-l", none, hostname, String(port)],
    ]);
    assertEquals([code, stderr.includes("File not found")], [1, true], stderr);
  });
  assertEquals(done.length, 2 * SIZES.length * 3);
});
