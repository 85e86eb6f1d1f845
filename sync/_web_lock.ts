/** What Deno has of the Web Locks API, which its types do not know. */
interface WebLocks {
  request(name: string, callback: () => void | Promise<void>): Promise<void>;
}

const { locks } = navigator as { locks?: WebLocks };

/** Whether this Deno has Web Locks. */
export const hasWebLocks: boolean = locks !== undefined;

/** Takes a Web Lock for as long as this thread lives, if there are any. */
export async function holdWebLock(name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  locks?.request(name, () => {
    resolve();
    return new Promise(() => {});
  });
  if (hasWebLocks) await promise;
}

/** Calls a function when nobody holds a Web Lock any more. */
export function onceReleased(name: string, fn: () => void): void {
  locks?.request(name, fn);
}
