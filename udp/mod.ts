/**
 * Datagrams: sockets that lose nothing to a timeout, servers, questions with
 * answers, round-trip times and discovery.
 *
 * Needs `--unstable-net` (or `"unstable": ["net"]` in deno.json) and
 * `--allow-net`. Sockets bind 127.0.0.1 unless told otherwise.
 *
 * - {@linkcode UdpSocket}: send, receive, request, broadcast, multicast.
 * - {@linkcode UdpServer}: a handler for each datagram.
 * - {@linkcode rtt}: round-trip time and loss, to any echo server.
 * - {@linkcode discover} and {@linkcode answerDiscovery}: who is there.
 *
 * @example Ask, and ask again if the answer is lost
 * ```ts
 * import { UdpServer, UdpSocket } from "@lockstep/lockstep/udp";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = new UdpServer({
 *   handler: async ({ data, reply }) => void await reply(data),
 * });
 * const served = server.serveForever();
 *
 * await using socket = UdpSocket.bind();
 * const question = new Uint8Array([1, 2, 3]);
 * const { data } = await socket.request(question, server.addr, { retries: 2 });
 * assertEquals(data, question);
 *
 * await server.shutdown();
 * await served;
 * ```
 *
 * @module
 */
export * from "./discover.ts";
export * from "./handler.ts";
export * from "./rtt.ts";
export * from "./server.ts";
export * from "./socket.ts";
