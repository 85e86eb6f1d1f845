/** Handlers for the models whose handlers run in other threads. */
import { Thread } from "../../sync/thread.ts";
import type { BlockingSocket } from "../../tcp/blocking_socket.ts";
import { connect } from "../../tcp/connect.ts";
import type { TcpContext } from "../../tcp/handler.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { octets, text } from "./_pair.ts";
import { spin } from "./_spin.ts";

/** What the hooks were told, in this thread. */
export const heard: {
  readonly sockets: TcpSocket[];
  readonly errors: unknown[];
  readonly timeouts: string[];
} = { sockets: [], errors: [], timeouts: [] };

export function verify(socket: TcpSocket): boolean {
  heard.sockets.push(socket);
  return true;
}

export function onError(error: unknown): void {
  heard.errors.push(error);
}

export function onTimeout(_socket: TcpSocket, limit: string): void {
  heard.timeouts.push(limit);
}

/** Sends back whatever comes, under every model. */
export async function echo(socket: TcpSocket): Promise<void> {
  for (let some; (some = await socket.receive()) !== null;) {
    await socket.sendAll(some);
  }
}

type Command = (
  socket: BlockingSocket,
  context: TcpContext,
) => void | Promise<void>;

/** Does what the first line says. */
export function obey(
  socket: BlockingSocket,
  context: TcpContext,
): void | Promise<void> {
  return COMMANDS[socket.readLineSync()!]!(socket, context);
}

/** Does what the first line says; without blocking, but for one. */
export async function obeyAsync(socket: TcpSocket): Promise<void> {
  switch (await socket.readLine()) {
    case "id":
      return await socket.sendAll(octets(`${Thread.current.id}`));
    case "echo":
      return await echo(socket);
    case "fail":
      throw new RangeError("as asked");
    case "exit":
      return Deno.exit(3);
    case "spin":
      await socket.sendAll(octets("!"));
      return spin();
  }
}

/** What so many clients at once are answered, from a thread of their own. */
export function ask(
  addr: Deno.NetAddr,
  words: string,
  count: number,
): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, async () => {
    await using client = await connect(addr);
    await client.sendAll(octets(`${words}\n`));
    let all = "";
    for (let some; (some = await client.receive()) !== null;) all += text(some);
    return all;
  }));
}

const COMMANDS: Readonly<Record<string, Command>> = {
  echo(socket) {
    for (let some; (some = socket.receiveSync()) !== null;) {
      socket.sendAllSync(some);
    }
  },
  echoAsync: (socket) => echo(socket as unknown as TcpSocket),
  id: (socket) => socket.sendAllSync(octets(`${Thread.current.id}`)),
  spin(socket) {
    socket.sendAllSync(octets("!"));
    spin();
  },
  spinAs(socket) {
    socket.sendAllSync(octets(`${Thread.current.id}`));
    spin();
  },
  sum(socket) {
    const count = Number(socket.readLineSync());
    const sum = socket.receiveExactlySync(count).reduce((a, b) => a + b, 0);
    socket.sendAllSync(octets(`${sum}\n`));
  },
  flood(socket) {
    const count = Number(socket.readLineSync());
    socket.sendAllSync(new Uint8Array(count).fill(7));
    socket.sendAllSync(octets("end"));
  },
  async stay(_socket, { signal }) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
  async halfClose(socket) {
    const all = socket.readLineSync();
    if (socket.receiveSync() !== null) throw new Error("no end");
    socket.sendAllSync(octets(`got ${all}`));
    await socket.closeWrite();
    await new Promise<void>(() => {}); // until it is aborted
  },
  failLate(socket) {
    socket.sendAllSync(new Uint8Array(100_000));
    throw new RangeError("after all was sent");
  },
  fail() {
    throw new RangeError("as asked");
  },
  exit() {
    Deno.exit(3);
  },
  async uncaught() {
    queueMicrotask(() => {
      throw new RangeError("nobody caught it");
    });
    await new Promise<void>(() => {});
  },
  close(socket) {
    socket.close();
  },
  abort(socket, { signal }) {
    socket.sendAllSync(octets("!"));
    try {
      socket.receiveSync();
    } catch (error) {
      const { name } = error as Error;
      socket.sendAllSync(octets(`${name} ${signal.aborted}`));
    }
  },
  async abortAsync(socket, { signal }) {
    socket.sendAllSync(octets("!"));
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await socket.sendAll(octets(`${signal.reason.name} ${signal.aborted}`));
  },
};
