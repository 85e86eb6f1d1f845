/** No thread, or one that is not known. */
export const NOBODY = 0;

let recipient = NOBODY;

/** Identity of the thread that what is shared now goes to. */
export function recipientOf(): number {
  return recipient;
}

/** Shares something with a thread that is to start. */
export function shareWith<T>(thread: number, share: () => T): T {
  recipient = thread;
  try {
    return share();
  } finally {
    recipient = NOBODY;
  }
}
