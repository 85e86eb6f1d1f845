/** Errors of sources that are registered where they should not be, or are not. */

/** @param who Such as "Poll". */
export function unknownSource(who: string, what: string): Error {
  return new Deno.errors.NotFound(
    `Cannot ${what} a source of the ${who}: it is not registered`,
  );
}

/** @param who Such as "Epoll". */
export function twice(who: string): Error {
  return new Deno.errors.AlreadyExists(
    `Cannot register a source with the ${who}: it is registered already`,
  );
}

/** @throws {Deno.errors.BadResource} If it is closed. */
export function checkOpen(who: string, closed: boolean): void {
  if (!closed) return;
  throw new Deno.errors.BadResource(`Cannot use the ${who}: it is closed`);
}

/** @throws {RangeError} If there are other bits than those known. */
export function checkEvents(events: number, known: number): void {
  const isMask = (events | 0) === events || (events >>> 0) === events;
  if (isMask && (events & ~known) === 0) return;
  throw new RangeError(
    `Cannot wait for the events ${events}: it must be a sum of known ones`,
  );
}
