/**
 * Streams of octets between two programs: what Python's `socket`, `socketserver`
 * and `struct` are to a Python programmer.
 *
 * - {@linkcode connect}, {@linkcode listen}: a {@linkcode TcpSocket} loses nothing
 *   to a timeout and never mixes two messages; a {@linkcode TcpListener} cannot be
 *   stopped by clients. Unix sockets and TLS by options.
 * - {@linkcode TcpServer}, {@linkcode UnixServer}: a handler for each connection. here or in threads,
 *   where it may block: {@linkcode BlockingSocket}.
 * - {@linkcode FrameReader}, {@linkcode FrameWriter}: messages in a stream, by
 *   {@linkcode lengthPrefixed}, {@linkcode delimited}, {@linkcode jsonHeader}, or
 *   the duplex {@linkcode handshake}.
 * - {@linkcode pack}, {@linkcode unpack}, {@linkcode Struct}: numbers as octets.
 *
 * @example Two small messages arrive as two
 * ```ts
 * import {
 *   connect,
 *   FrameReader,
 *   FrameWriter,
 *   lengthPrefixed,
 *   listen,
 * } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = listen();
 * await using client = await connect(listener.addr);
 * await using server = await listener.accept();
 *
 * const codec = lengthPrefixed();
 * const writer = new FrameWriter(client, codec);
 * for (const word of ["one", "two"]) {
 *   await writer.write(new TextEncoder().encode(word));
 * }
 * await client.closeWrite();
 *
 * const words: string[] = [];
 * for await (const frame of new FrameReader(server, codec)) {
 *   words.push(new TextDecoder().decode(frame));
 * }
 * assertEquals(words, ["one", "two"]);
 * ```
 *
 * @module
 */
export * from "./blocking_socket.ts";
export * from "./concurrency.ts";
export * from "./connect.ts";
export * from "./delimited.ts";
export * from "./frame_budget.ts";
export * from "./frame_error.ts";
export * from "./frame_reader.ts";
export * from "./frame_stream.ts";
export * from "./frame_writer.ts";
export * from "./framing.ts";
export * from "./handler.ts";
export * from "./handshake.ts";
export * from "./json_header.ts";
export * from "./length_prefixed.ts";
export * from "./listener.ts";
export * from "./server.ts";
export * from "./socket.ts";
export * from "./start_connect.ts";
export * from "./struct.ts";
export * from "./unexpected_eof.ts";
export * from "./unix_server.ts";
