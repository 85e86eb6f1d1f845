/**
 * Places at which a test may stop a thread, for ever or for a while: those of the
 * model, one where a thread that is gone has not told the others yet, and one
 * where a thread has seen that somebody is to be woken.
 */
export type Label =
  | "claimed"
  | "published"
  | "refused"
  | "woken"
  | "taken"
  | "cancelled"
  | "chosen"
  | "seen"
  | "released"
  | "gone";

let trapped: ((label: Label) => void) | undefined;

/** Has a function called at each label, in this thread; for tests. */
export function setTrap(fn: ((label: Label) => void) | undefined): void {
  trapped = fn;
}

/** Names a place at which a thread may die. */
export function trap(label: Label): void {
  trapped?.(label);
}
