/**
 * How a child process lives with its parent; see `_child.ts` for the other side.
 *
 * It ends when the parent says so, or is gone. It does not end when a terminal or
 * an init system sends a signal to the whole group: then the parent drains.
 */
import process from "node:process";

/** What a child is told to end it. */
export const END = "end";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A thread, as it has to end a process that spins, too. */
const WATCHER = `
  Deno.stdin.readSync(new Uint8Array(1)); // ends when the parent is gone
  Deno.kill(Deno.pid, "SIGKILL");
`;

/** Begins to live so; to be called first. */
export function liveWithParent(): void {
  for (const signal of SIGNALS) Deno.addSignalListener(signal, () => {});
  new Worker(`data:text/javascript,${encodeURIComponent(WATCHER)}`, {
    type: "module",
  });
}

/** Calls a function with all that the parent says, and with sockets of it. */
export function listenToParent<M>(
  onMessage: (message: M, socket: unknown) => void,
): void {
  process.on("message", (message, socket) => {
    if (message === END) Deno.exit();
    onMessage(message as M, socket);
  });
}

/** Says something to the parent, if it is there. */
export function tellParent<M>(message: M): void {
  if (process.connected) process.send!(message);
}
