import { hardKill } from "../sync/hard_kill.ts";

/** What this runtime, on this system, with these permissions, can do. */
export interface Capabilities {
  /** UDP sockets: needs `--unstable-net` or `"unstable": ["net"]`. */
  readonly datagrams: boolean;
  /** Several listeners on one TCP port: Linux, and `--unstable-net`. */
  readonly reusePort: boolean;
  /**
   * Accepted connections can be handed to another process: Linux or macOS, and
   * the permission to run Deno itself.
   */
  readonly handOver: boolean;
  /**
   * A thread that spins or is blocked can be stopped: what `hardKill()` of `sync`
   * found out, or else whether the runtime has what it takes, Web Locks.
   */
  readonly hardKill: boolean;
  /**
   * One pass over the kernel's readiness can be forced by a byte to ourselves:
   * needs the permission to listen on and connect to 127.0.0.1.
   */
  readonly doorbell: boolean;
}

/**
 * Reports what works here, so that a program can choose or complain early.
 *
 * Asks `Deno.permissions.querySync`; it never prompts.
 *
 * @returns One boolean for each thing that may be missing.
 *
 * @example
 * ```ts
 * import { capabilities } from "@lockstep/lockstep/mux";
 * import { assert } from "@std/assert";
 *
 * assert(capabilities().datagrams, "run with --unstable-net");
 * ```
 */
export function capabilities(): Capabilities {
  const { os } = Deno.build;
  const unstableNet = Deno.listenDatagram !== undefined;
  return {
    datagrams: unstableNet,
    reusePort: unstableNet && os === "linux",
    handOver: (os === "linux" || os === "darwin") && mayRunDeno(),
    hardKill: hardKill() ?? "locks" in navigator,
    doorbell: granted({ name: "net", host: "127.0.0.1:0" }),
  };
}

function mayRunDeno(): boolean {
  return granted({ name: "run", command: Deno.execPath() });
}

function granted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}
