/** Keeps a place filled, by threads or processes that may die. */

/** Who dies this often within this time would only die again. */
const MAX_DEATHS = 5;
const WITHIN_MS = 30_000;

/** Who can take a place. */
export interface Occupant {
  /** Resolves when it is at work; rejects if it cannot. */
  readonly ready: Promise<void>;
  /** Settles when it is gone; rejects with the reason if one is known. */
  readonly gone: Promise<void>;
}

/** A place, and who takes it. */
export interface Place<O extends Occupant> {
  /** What messages call it. */
  readonly name: string;
  /** Whether it is to be left empty from now on. */
  isOver(): boolean;
  /** Makes an occupant. */
  start(): O;
  /** Called when the first occupant is ready. */
  onReady?(): void | Promise<void>;
  /** Called with each that is gone. */
  onGone(occupant: O): void;
  /** The time in milliseconds; for tests. */
  now?(): number;
}

/**
 * Starts an occupant, and another one whenever it is gone, until the place is to
 * be left empty and the last one is gone.
 *
 * @throws What keeps the first occupant from being ready.
 * @throws {Error} If they die too often, with what the last one died of.
 */
export async function keepFilled<O extends Occupant>(
  place: Place<O>,
): Promise<void> {
  const { now = () => performance.now() } = place;
  const deaths: number[] = [];
  for (let isFirst = true; !place.isOver(); isFirst = false) {
    const occupant = place.start();
    const cause = await lifeOf(occupant, isFirst ? place : undefined);
    place.onGone(occupant);
    if (place.isOver()) return;
    deaths.push(now());
    if (deaths.length < MAX_DEATHS) continue;
    if (now() - deaths.shift()! <= WITHIN_MS) {
      const often = `${MAX_DEATHS} times within ${WITHIN_MS / 1000} seconds`;
      throw new Error(`Cannot serve: ${place.name} died ${often}`, { cause });
    }
  }
}

/** Waits until an occupant is gone; what it died of, if that is known. */
async function lifeOf<O extends Occupant>(
  { ready, gone }: O,
  first: Place<O> | undefined,
): Promise<unknown> {
  const end = gone.then(() => undefined, (reason) => reason);
  const stillborn = end.then((reason) => {
    throw reason ?? new Error("Cannot serve: it was gone before it was ready");
  });
  try {
    await Promise.race([ready, stillborn]);
  } catch (error) {
    if (first !== undefined && !first.isOver()) throw error;
    await end;
    return error;
  }
  await first?.onReady?.();
  return await end;
}
