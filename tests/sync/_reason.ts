import type { Thread } from "../../sync/thread.ts";

/** What a thread threw, error or not. */
export async function reasonOf(thread: Thread): Promise<unknown> {
  let result: unknown;
  try {
    result = await thread.join({ timeoutMs: 10_000 });
  } catch (reason) {
    return reason;
  }
  throw new Error(`Thread "${thread.name}" has returned ${result}`);
}
