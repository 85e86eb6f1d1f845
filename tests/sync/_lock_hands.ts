import { Hands } from "./_hands.ts";

/** Threads for the tests of whatever one waits for. */
export const hands: Hands<typeof import("./_lock_bodies.ts")> = new Hands(
  import.meta.resolve("./_lock_bodies.ts"),
  3,
);
