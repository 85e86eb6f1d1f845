import { Thread } from "../sync/thread.ts";

/**
 * Removes a Unix socket where nobody listens; leaves everything else as it is.
 *
 * Deno cannot connect without turning the event loop, so a thread does.
 */
export function removeStale(path: string): void {
  if (!isSocket(path)) return;
  const probe = Thread.fromFunction(refuses, [path], { daemon: true });
  if (probe.joinSync()) Deno.removeSync(path);
}

/** Whether nobody listens. */
async function refuses(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

function isSocket(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSocket === true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
