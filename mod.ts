/**
 * Threads and sockets for Deno.
 *
 * Each module stands alone and has an entry of its own: `sync` (threads, and what
 * they need to work together), `mux` (one owner for each outstanding operation,
 * servers), `udp` (datagrams), `tcp` (streams) and `tftp` (file transfer). This
 * entry has everything.
 *
 * @example Fetch a file from a TFTP server
 * ```ts
 * import { TftpClient, TftpServer } from "@lockstep/lockstep";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeFile(`${root}/boot.img`, new Uint8Array([1, 2, 3]));
 * const server = new TftpServer({ root });
 * const served = server.serveForever();
 *
 * await using client = new TftpClient(server.addr);
 * assertEquals(await client.bytes("boot.img"), new Uint8Array([1, 2, 3]));
 *
 * await server.shutdown();
 * await served;
 * await Deno.remove(root, { recursive: true });
 * ```
 *
 * @module
 */
export * from "./mux/mod.ts";
export * from "./sync/mod.ts";
export * from "./tcp/mod.ts";
export * from "./tftp/mod.ts";
export * from "./udp/mod.ts";
