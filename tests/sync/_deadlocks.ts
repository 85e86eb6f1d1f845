import { Lock } from "../../sync/lock.ts";

/** Makes a test that runs while deadlocks are reported. */
export function reporting(claim: string, body: () => Promise<void>): void {
  Deno.test(claim, async () => {
    Lock.detectDeadlocks(true);
    try {
      await body();
    } finally {
      Lock.detectDeadlocks(false);
    }
  });
}
