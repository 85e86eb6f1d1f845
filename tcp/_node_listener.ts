/**
 * A listener on a descriptor that was bound elsewhere, by `node:net`, with the
 * face of a listener of Deno.
 *
 * `node:net` accepts whatever comes, asked or not. So it only runs while somebody
 * asks: who comes too much is kept, and from the next turn of the event loop on
 * nothing is accepted until those are served. Others may listen on the same
 * socket, and get who comes then. No client can end it: to `node:net` one that
 * resets its connection at once is like any other.
 */
import { createServer, type Server, type Socket } from "node:net";
import { closeDescriptor, type ServerHandle } from "./_descriptor.ts";
import { NodeConn } from "./_node_conn.ts";

const BACKLOG = 511;

type Waiter = PromiseWithResolvers<Socket>;

/** See the top of this file. */
export class NodeListener {
  /** Address that the descriptor is bound to. */
  readonly addr: Deno.Addr;
  readonly #backlog: number;
  readonly #kept: Socket[] = [];
  #waiter: Waiter | undefined;
  /** Accepts at present. */
  #server: Server | undefined;
  /** Where to accept later on; -1 while `#server` has it. */
  #descriptor: number;
  #pausing: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @param descriptor Becomes this listener's own. */
  constructor(descriptor: number, addr: Deno.Addr, backlog: number = BACKLOG) {
    this.#descriptor = descriptor;
    this.addr = addr;
    this.#backlog = backlog;
  }

  /** Waits for a connection; to be called again only when that has settled. */
  async accept(): Promise<NodeConn> {
    if (this.#closed) throw closed();
    const socket = this.#kept.shift() ?? await this.#next();
    return new NodeConn(socket, this.addr);
  }

  /** Closes; clients that are not served yet are cut off. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#pausing);
    for (const socket of this.#kept) socket.destroy();
    this.#kept.length = 0;
    if (this.#server === undefined) closeDescriptor(this.#descriptor);
    else this.#server.close();
    this.#waiter?.reject(closed());
  }

  #next(): Promise<Socket> {
    this.#waiter = Promise.withResolvers();
    if (this.#server === undefined) this.#resume();
    return this.#waiter.promise;
  }

  #resume(): void {
    const how = { pauseOnConnect: true, allowHalfOpen: true };
    this.#server = createServer(how, (socket) => this.#accepted(socket));
    this.#server.on("error", (error) => this.#settle()?.reject(error));
    this.#server.listen({ fd: this.#descriptor, backlog: this.#backlog });
    this.#descriptor = -1;
  }

  #accepted(socket: Socket): void {
    const waiter = this.#settle();
    if (waiter !== undefined) return waiter.resolve(socket);
    socket.on("error", () => {}); // it is told to whoever gets the socket
    this.#kept.push(socket);
    // Not here: of several that came at once, the rest would be cut off.
    this.#pausing ??= setTimeout(() => this.#pause());
  }

  #settle(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    return waiter;
  }

  #pause(): void {
    this.#pausing = undefined;
    if (this.#kept.length === 0 || this.#server === undefined) return;
    const { _handle } = this.#server as unknown as { _handle: ServerHandle };
    this.#descriptor = _handle.fdForIpc();
    this.#server.close();
    this.#server = undefined;
  }
}

function closed(): Error {
  return new Deno.errors.BadResource("Listener has been closed");
}
