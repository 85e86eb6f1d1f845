/** Handlers for the models whose handlers run in other processes. */
import { assert } from "@std/assert"; // by the import map of the configuration
import { connect } from "../../tcp/connect.ts";
import type { TcpContext } from "../../tcp/handler.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { octets, text } from "./_pair.ts";
import { spin } from "./_spin.ts";

const LIMIT = { timeoutMs: 20_000 };

/** What the hooks were told, in this process. */
export const heard: {
  readonly clients: Deno.Addr[];
  readonly errors: unknown[];
} = { clients: [], errors: [] };

/** What `verify` does, in this process. */
export const door: { state: "open" | "closed" | "reading" } = { state: "open" };

export async function verify(socket: TcpSocket): Promise<boolean> {
  heard.clients.push(socket.remoteAddr);
  if (door.state === "reading") await socket.receive(1);
  if (door.state === "closed") await socket.sendAll(octets("come later\n"));
  return door.state !== "closed";
}

export function onError(error: unknown): void {
  heard.errors.push(error);
}

export async function onTimeout(
  socket: TcpSocket,
  limit: string,
): Promise<void> {
  await socket.sendAll(octets(`${limit}\n`));
}

/** An error of a class of its own. */
class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code = "no-entry";
}

/** Tells the number of its process, then does what each line says. */
export async function obey(
  socket: TcpSocket,
  { signal }: TcpContext,
): Promise<void> {
  await socket.sendAll(octets(`${Deno.pid}\n`));
  for await (const line of socket.lines()) {
    switch (line) {
      case "fail":
        throw new Refusal("as asked", { cause: new RangeError("why not") });
      case "reset":
        throw new Deno.errors.ConnectionReset("as if");
      case "permissions":
        await socket.sendAll(octets(`${granted().join(" ")}\n`));
        break;
      case "spin":
        return spin();
      case "die":
        return Deno.exit(3);
      case "stay":
        await socket.sendAll(octets("staying\n"));
        await new Promise((resolve) =>
          signal.addEventListener("abort", resolve)
        );
        await socket.sendAll(octets(`${signal.reason.name}\n`));
        assert(signal.aborted);
        return;
      default:
        await socket.sendAll(octets(`${line.toUpperCase()}\n`));
    }
  }
}

/** The permissions that this process has, of whatever kind. */
function granted(): string[] {
  const kinds = ["read", "write", "net", "env", "run", "ffi", "sys"] as const;
  return kinds.filter((name) => {
    return Deno.permissions.querySync({ name }).state === "granted";
  });
}

/** The processes that serve so many clients, one after the other. */
export async function ask(
  addr: Deno.NetAddr,
  count: number,
): Promise<number[]> {
  const pids: number[] = [];
  for (let i = 0; i < count; i++) {
    using client = await connect(addr);
    pids.push(await pidOf(client));
  }
  return pids;
}

/**
 * The process that serves a client, by what `obey` tells first. Never 0, which to
 * `Deno.kill()` is everybody.
 */
export async function pidOf(client: TcpSocket): Promise<number> {
  const pid = Number(await client.readLine(LIMIT));
  assert(pid > 0, "no process has answered");
  return pid;
}

/** All that a client gets until the end; a reset is one, too. */
export async function rest(client: TcpSocket): Promise<string> {
  let all = "";
  try {
    for (let some; (some = await client.receive(1024, LIMIT)) !== null;) {
      all += text(some);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return all;
}
