import { assert, assertEquals } from "@std/assert";
import { equals } from "@std/bytes";
import { TftpServer } from "../../tftp/server.ts";
import type {
  TftpServerOptions,
  TftpTransfer,
} from "../../tftp/server_options.ts";
import { until } from "../sync/_until.ts";

/** Bytes that are the same nowhere, so that a block out of place shows. */
export function content(size: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let index = 0; index < words.length; index++) {
    words[index] = Math.imul(index + 1, 0x9e3779b1);
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** A file must hold these bytes. */
export async function assertContent(
  path: string,
  expected: Uint8Array,
  what: string,
): Promise<void> {
  const actual = await Deno.readFile(path);
  assertEquals(actual.length, expected.length, `${what}: length`);
  assert(equals(actual, expected), `${what}: content differs`);
}

/**
 * A file must hold these bytes within 10 s: some servers close it after they
 * have acknowledged its last block.
 */
export async function untilContent(
  path: string,
  expected: Uint8Array,
  what: string,
): Promise<void> {
  await until(() => Deno.statSync(path).size === expected.length);
  await assertContent(path, expected, what);
}

/** Serves a folder while the test does something; the transfers that went well. */
export async function serving(
  options: TftpServerOptions,
  work: (addr: Deno.NetAddr) => Promise<void>,
): Promise<TftpTransfer[]> {
  const transfers: TftpTransfer[] = [];
  const server = new TftpServer({
    ...options,
    onTransfer: (transfer) => void transfers.push(transfer),
  });
  const served = server.serveForever();
  try {
    await work(server.addr);
  } finally {
    await server.shutdown();
    await served;
  }
  return transfers.filter(({ state }) => state === "done");
}

/** Octets and block size of each transfer, as the server saw them. */
export function sizesOf(transfers: TftpTransfer[]): (number | undefined)[][] {
  return transfers.map(({ statistics }) => [
    statistics?.bytes,
    statistics?.blockSize,
  ]);
}
