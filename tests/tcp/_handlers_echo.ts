/** Handlers in module form, which run under every model. */
import { RequestHandler } from "../../tcp/handler.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { octets } from "./_pair.ts";

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

/** Sends back lines as they are asked for. */
async function talk(socket: TcpSocket): Promise<void> {
  for await (const line of socket.lines({ maxBytes: 1_000_000 })) {
    const count = /^take (\d+)$/.exec(line)?.[1];
    const answer = count === undefined
      ? octets(`${line.toUpperCase()}\n`)
      : await socket.receiveExactly(Number(count));
    await socket.sendAll(answer);
  }
  await socket.sendAll(octets("the end\n"));
}

/** Waits until it is told to end, and says so. */
async function wait(socket: TcpSocket, signal: AbortSignal): Promise<void> {
  await socket.receiveExactly(2);
  await socket.sendAll(octets("waiting\n"));
  try {
    await socket.receive(1, { signal });
  } catch {
    await socket.sendAll(octets("told to end\n"));
  }
}

/** Does what the first line says, or else greets whoever that is. */
export class Host extends RequestHandler {
  #word = "";

  override async setup(): Promise<void> {
    this.#word = await this.socket.readLine() ?? "";
  }

  override async handle(): Promise<void> {
    if (this.#word === "talk") return await talk(this.socket);
    if (this.#word === "wait") {
      return await wait(this.socket, this.context.signal);
    }
    await this.socket.sendAll(octets(`hi ${this.#word}\n`));
    if (this.#word === "nobody") throw new RangeError("nobody is not welcome");
  }

  override async finish(): Promise<void> {
    await this.socket.sendAll(octets("bye\n"));
  }
}
