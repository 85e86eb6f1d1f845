import { assertEquals } from "@std/assert";
import { TftpClient } from "../../tftp/client.ts";
import { STRESS } from "../sync/_random.ts";
import { Tftpd } from "./_daemons.ts";
import {
  CURL,
  curl,
  longPeerTest,
  TemporaryFolder,
  TFTPD,
  url,
} from "./_peers.ts";
import { assertContent, content, serving, sizesOf } from "./_transfers.ts";

/** In blocks of 512, their numbers wrap once, or three times. */
const MIB = STRESS ? 100 : 33;
const LARGE = MIB * 1_048_576;

longPeerTest(
  [TFTPD],
  `TftpClient.getFile() reads ${MIB} MiB in blocks of 512 from tftpd-hpa`,
  async () => {
    await using root = await TemporaryFolder.make();
    await using here = await TemporaryFolder.make();
    await root.write("large", content(LARGE));
    await using server = await Tftpd.start(root.path);
    await using client = new TftpClient(server.addr);
    const to = here.join("copy");
    const got = await client.getFile("large", to, { blockSize: 512 });
    assertEquals(got.blocks, LARGE / 512 + 1);
    await assertContent(to, content(LARGE), `${MIB} MiB`);
  },
);

longPeerTest(
  [TFTPD],
  `TftpClient.putFile() writes ${MIB} MiB in blocks of 512 to tftpd-hpa`,
  async () => {
    await using root = await TemporaryFolder.make();
    await using here = await TemporaryFolder.make();
    const from = await here.write("large", content(LARGE));
    await using server = await Tftpd.start(root.path);
    await using client = new TftpClient(server.addr);
    const put = await client.putFile("large", from, { blockSize: 512 });
    assertEquals(put.blocks, LARGE / 512 + 1);
    await assertContent(root.join("large"), content(LARGE), `${MIB} MiB`);
  },
);

longPeerTest(
  [CURL],
  `TftpServer sends ${MIB} MiB in blocks of 512 to curl`,
  async () => {
    await using root = await TemporaryFolder.make();
    await using here = await TemporaryFolder.make();
    await root.write("large", content(LARGE));
    const to = here.join("copy");
    const done = await serving({ root: root.path }, async (addr) => {
      const flag = ["--tftp-blksize", "512"];
      const from = url(addr, "large");
      const { code, stderr } = await curl(...flag, "--output", to, from);
      assertEquals([code, stderr], [0, ""]);
    });
    assertEquals(sizesOf(done), [[LARGE, 512]]);
    await assertContent(to, content(LARGE), `${MIB} MiB`);
  },
);

longPeerTest(
  [CURL],
  `TftpServer takes ${MIB} MiB in blocks of 512 from curl`,
  async () => {
    await using root = await TemporaryFolder.make();
    await using here = await TemporaryFolder.make();
    const from = await here.write("large", content(LARGE));
    const options = { root: root.path, allowWrite: true };
    const done = await serving(options, async (addr) => {
      const flag = ["--tftp-blksize", "512"];
      const to = url(addr, "large");
      const { code, stderr } = await curl(...flag, "--upload-file", from, to);
      assertEquals([code, stderr], [0, ""]);
    });
    assertEquals(sizesOf(done), [[LARGE, 512]]);
    await assertContent(root.join("large"), content(LARGE), `${MIB} MiB`);
  },
);
