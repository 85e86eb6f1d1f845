/** The error of a wait whose time is over. */
export function timeoutError(
  what: string,
  timeoutMs: number | undefined,
): DOMException {
  return new DOMException(
    `Cannot ${what}: not possible within ${timeoutMs} ms`,
    "TimeoutError",
  );
}
