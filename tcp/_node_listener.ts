/**
 * A listener on a descriptor that was bound elsewhere, by `node:net`, with the
 * face of a listener of Deno.
 *
 * `node:net` accepts whatever comes, asked or not. So it only runs while somebody
 * asks: when that is over, nothing is accepted from the end of this turn of the
 * event loop on, and who came in the same turn is kept. Others may listen on the
 * same socket, and get who comes then. No client can end it: to `node:net` one that
 * resets its connection at once is like any other.
 *
 * When there are no descriptors left, `node:net` says nothing, and looks again only
 * when somebody else comes. So whoever waits long has the listener opened anew.
 */
import { createServer, type Server, type Socket } from "node:net";
import { clearImmediate, setImmediate } from "node:timers";
import { closeDescriptor, type ServerHandle } from "./_descriptor.ts";
import { NodeConn } from "./_node_conn.ts";

const BACKLOG = 511;
const RENEW_MS = 1_000;

/** Options of a {@linkcode NodeListener}. */
export interface NodeListenerOptions {
  /** How many clients the system keeps until they are accepted. Default: 511. */
  readonly backlog?: number | undefined;
  /**
   * How long nobody may come before the listener is opened anew, in milliseconds.
   * Default: 1000.
   */
  readonly renewMs?: number | undefined;
}

type Immediate = ReturnType<typeof setImmediate>;
type Waiter = PromiseWithResolvers<Socket>;

/** See the top of this file. */
export class NodeListener {
  /** Address that the descriptor is bound to. */
  readonly addr: Deno.Addr;
  readonly #backlog: number;
  readonly #renewMs: number;
  readonly #kept: Socket[] = [];
  #waiter: Waiter | undefined;
  /** Accepts at present. */
  #server: Server | undefined;
  /** Where to accept later on; -1 while `#server` has it. */
  #descriptor: number;
  #pausing: Immediate | undefined;
  #renewing: ReturnType<typeof setInterval> | undefined;
  #cameLately = false;
  #closed = false;

  /** @param descriptor Becomes this listener's own. */
  constructor(
    descriptor: number,
    addr: Deno.Addr,
    options: NodeListenerOptions = {},
  ) {
    this.#descriptor = descriptor;
    this.addr = addr;
    this.#backlog = options.backlog ?? BACKLOG;
    this.#renewMs = options.renewMs ?? RENEW_MS;
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
    clearImmediate(this.#pausing);
    clearInterval(this.#renewing);
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
    this.#renewing ??= setInterval(() => this.#renew(), this.#renewMs);
  }

  #accepted(socket: Socket): void {
    this.#cameLately = true;
    // Not here: of several that came at once, the rest would be cut off.
    this.#pausing ??= setImmediate(() => this.#pause());
    const waiter = this.#settle();
    if (waiter !== undefined) return waiter.resolve(socket);
    socket.on("error", () => {}); // it is told to whoever gets the socket
    this.#kept.push(socket);
  }

  #settle(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    return waiter;
  }

  #pause(): void {
    this.#pausing = undefined;
    if (this.#waiter !== undefined || !this.#stop()) return;
    clearInterval(this.#renewing);
    this.#renewing = undefined;
  }

  #renew(): void {
    if (!this.#cameLately && this.#stop()) this.#resume();
    this.#cameLately = false;
  }

  /** Accepts no more, but keeps the socket; whether that was possible. */
  #stop(): boolean {
    if (this.#server === undefined) return false;
    const { _handle } = this.#server as unknown as { _handle: ServerHandle };
    const descriptor = _handle.fdForIpc();
    if (descriptor < 0) return false; // there is none left
    this.#descriptor = descriptor;
    this.#server.close();
    this.#server = undefined;
    return true;
  }
}

function closed(): Error {
  return new Deno.errors.BadResource("Listener has been closed");
}
