/** Lets the event loop turn until the predicate holds, at most 10 s. */
export async function until(predicate: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!predicate()) {
    if (performance.now() > deadline) {
      throw new Error(`Condition not met within 10 s: ${predicate}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
