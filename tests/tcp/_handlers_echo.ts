/** Handlers in module form, which run under every model. */
import { RequestHandler, type TcpContext } from "../../tcp/handler.ts";
import type { TcpSocket } from "../../tcp/socket.ts";

/** What the hook was told, in the thread that accepts. */
export const told: unknown[] = [];

/** The hook of these handlers: errors are expected. */
export function onError(error: unknown): void {
  told.push(error);
}

/** Sends back whatever comes, until the end. */
export async function echo(socket: TcpSocket): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await socket.receiveInto(buffer);
    if (count === null) return;
    await socket.sendAll(buffer.subarray(0, count));
  }
}

/** Sends back lines as they are asked for; throws when told to. */
export async function talk(socket: TcpSocket): Promise<void> {
  for await (const line of socket.lines({ maxBytes: 1_000_000 })) {
    if (line === "throw") throw new RangeError("as you wish");
    const count = /^take (\d+)$/.exec(line)?.[1];
    const answer = count === undefined
      ? new TextEncoder().encode(`${line.toUpperCase()}\n`)
      : await socket.receiveExactly(Number(count));
    await socket.sendAll(answer);
  }
  await socket.sendAll(new TextEncoder().encode("the end\n"));
}

/** Waits until it is told to end, and says so. */
export async function wait(
  socket: TcpSocket,
  { signal }: TcpContext,
): Promise<void> {
  await socket.receiveExactly(2);
  await socket.sendAll(new TextEncoder().encode("waiting\n"));
  try {
    await socket.receive(1, { signal });
  } catch {
    await socket.sendAll(new TextEncoder().encode("told to end\n"));
  }
}

/** Says hello, its own way. */
export class Greeter extends RequestHandler {
  #name = "";

  override async setup(): Promise<void> {
    this.#name = await this.socket.readLine() ?? "";
  }

  override async handle(): Promise<void> {
    await this.socket.sendAll(new TextEncoder().encode(`hi ${this.#name}\n`));
    if (this.#name === "nobody") throw new RangeError("nobody is not welcome");
  }

  override async finish(): Promise<void> {
    await this.socket.sendAll(new TextEncoder().encode("bye\n"));
  }
}
