/** Where processes can serve, and what they cannot. */
import { checkPatience } from "./_patient_sockets.ts";
import { isGranted } from "./_child_command.ts";
import type { TcpServerOptions } from "./server.ts";

/**
 * Refuses what cannot be.
 *
 * @throws {TypeError} With what to do instead.
 */
export function refuseProcesses({ concurrency, tls }: TcpServerOptions): void {
  const why = reason(tls !== undefined);
  if (why === undefined) return;
  throw new TypeError(`Cannot serve by "${concurrency}": ${why}`);
}

function reason(isTls: boolean): string | undefined {
  const { os, standalone } = Deno.build;
  if (os !== "linux" && os !== "darwin") {
    return 'this system hands no sockets to processes, use "threads"';
  }
  if (standalone) {
    return 'a compiled program cannot start others of its kind, use "threads" or "pool"';
  }
  const command = Deno.execPath();
  if (!isGranted({ name: "run", command })) {
    return `run with --allow-run=${command}`;
  }
  if (isTls) {
    return 'what is encrypted cannot be handed over, use "threads" or "pool"';
  }
  return undefined;
}

/**
 * Refuses limits that a process would refuse, later on.
 *
 * @throws {RangeError}
 */
export function checkLimits(options: TcpServerOptions): void {
  const { maxConnections = 1 } = options;
  if (!(maxConnections >= 1)) {
    throw new RangeError(
      `Cannot serve: maxConnections must be 1 or more, got ${maxConnections}`,
    );
  }
  checkPatience(options);
}
