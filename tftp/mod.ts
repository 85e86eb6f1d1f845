/**
 * File transfer with the programs that people run: TFTP client and server.
 *
 * - {@linkcode TftpClient}: read, write, ask for the size.
 * - {@linkcode TftpServer}: serve a folder.
 * - {@linkcode decodePacket} and its neighbours: the packets, as pure functions.
 *
 * Needs `--unstable-net` and `--allow-net`, and `--allow-read` and
 * `--allow-write` for the files.
 *
 * Source: RFC 1350 (TFTP), 1123 section 4.2, 2347 (options), 2348 (blksize),
 * 2349 (timeout, tsize), 7440 (windowsize).
 *
 * @example Serve a folder and read from it
 * ```ts
 * import { TftpClient, TftpServer } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/motd`, "hello");
 * const server = new TftpServer({ root });
 * const served = server.serveForever();
 *
 * await using client = new TftpClient(server.addr);
 * const statistics = await client.getFile("motd", `${root}/copy`);
 * assertEquals(statistics.bytes, 5);
 * assertEquals(await Deno.readTextFile(`${root}/copy`), "hello");
 *
 * await server.shutdown();
 * await served;
 * await Deno.remove(root, { recursive: true });
 * ```
 *
 * @module
 */
export * from "./charset.ts";
export * from "./client.ts";
export * from "./error.ts";
export * from "./netascii.ts";
export * from "./options.ts";
export * from "./packet.ts";
export * from "./server.ts";
export * from "./server_options.ts";
export * from "./url.ts";
export * from "./virtual_file.ts";
