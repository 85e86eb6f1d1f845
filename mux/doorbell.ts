import { enter, leave, pass } from "./_passes.ts";

/**
 * Forces a pass over the kernel's readiness: whatever can be received by then has
 * been, and those who wait for it come first.
 *
 * A loop of microtasks or `setImmediate()` keeps Deno from looking at its sockets
 * at all. An octet to ourselves makes it look, in some 10 µs, where
 * `setTimeout(0)` takes 2 ms; without the permission to connect to 127.0.0.1 it is
 * 64 turns of `setImmediate()`.
 *
 * While one is there, all sockets of this thread are served fairly: no more than
 * 64 reads begin between two passes, however many connections are busy. Servers
 * and selectors have one.
 *
 * @example A loop that polls, and starves nobody
 * ```ts
 * import { Doorbell } from "@lockstep/lockstep/mux";
 * import { UdpSocket } from "@lockstep/lockstep/udp";
 * import { assertEquals } from "@std/assert";
 *
 * await using socket = UdpSocket.bind();
 * using doorbell = new Doorbell();
 * socket.tryReceive(); // begins to receive
 * await socket.sendTo(new Uint8Array([7]), socket.localAddr);
 * await doorbell.ring();
 * assertEquals(socket.tryReceive()?.data, new Uint8Array([7]));
 * ```
 */
export class Doorbell implements Disposable {
  #closed = false;

  /** Nothing is opened before it is rung. */
  constructor() {
    enter();
  }

  /** Waits for a pass that begins now or later; never rejects. */
  ring(): Promise<void> {
    return pass();
  }

  /** Gives back what it holds. Closing twice does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    leave();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
