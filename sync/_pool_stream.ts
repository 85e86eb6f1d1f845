/** A task that runs. */
export interface Running<R> {
  readonly results: Promise<R[]>;
  /** Ends it, if it has not ended. */
  end(): void;
}

/** Runs a task for some items. */
export type Run<R> = (chunk: unknown[]) => Running<R>;

/** How to run tasks for items; see `Pool.imap()`. */
export interface StreamPlan<R> {
  readonly items: Iterable<unknown> | AsyncIterable<unknown>;
  readonly chunkSize: number;
  /** How many tasks are ahead of the results that were taken. */
  readonly ahead: number;
  /** Whether results come in the order of the items. */
  readonly ordered: boolean;
  readonly signal: AbortSignal | undefined;
  readonly run: Run<R>;
}

/**
 * Results as they come.
 *
 * Unlike that of other generators, `return()` need not wait for a `next()` under
 * way: it ends that wait.
 */
export function stream<R>(plan: StreamPlan<R>): AsyncGenerator<R, void, void> {
  const leave = new AbortController();
  const results = resultsOf(plan, leave.signal);
  const end = results.return.bind(results);
  results.return = () => {
    leave.abort();
    return end();
  };
  return results;
}

/**
 * While nothing is ready it waits for two things at once: for the next items, and
 * for a result; so neither a slow source nor a slow task keeps back what is there.
 */
async function* resultsOf<R>(
  plan: StreamPlan<R>,
  left: AbortSignal,
): AsyncGenerator<R, void, void> {
  const { ahead, ordered, signal, run } = plan;
  const chunks = chunksOf(plan.items, plan.chunkSize);
  /** Whose results were not taken, in the order of the items. */
  const tasks: Running<R>[] = [];
  const over = new Set<Running<R>>();
  let change = Promise.withResolvers<void>();
  let reading = false;
  let more = true;

  const add = (task: Running<R>) => {
    const ended = () => {
      over.add(task);
      change.resolve();
    };
    tasks.push(task);
    task.results.then(ended, ended);
  };
  const read = async () => {
    reading = true;
    try {
      while (more && tasks.length < ahead) {
        const next = await chunks.next();
        if (next.done) more = false;
        else if (more) add(run(next.value)); // nobody has left meanwhile
      }
    } catch (error) { // of the items: it comes when it is its turn
      more = false;
      add({ results: Promise.reject(error), end() {} });
    } finally {
      reading = false;
      change.resolve();
    }
  };

  const onAbort = () => change.resolve();
  signal?.addEventListener("abort", onAbort);
  left.addEventListener("abort", onAbort);
  try {
    while (!left.aborted && (more || tasks.length > 0)) {
      signal?.throwIfAborted();
      change = Promise.withResolvers();
      const [first] = ordered ? tasks : over;
      const isOver = first !== undefined && over.delete(first);
      if (isOver) tasks.splice(tasks.indexOf(first), 1);
      if (more && !reading && tasks.length < ahead) void read();
      if (isOver) yield* await first.results;
      else await change.promise;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    more = false;
    for (const task of tasks.reverse()) task.end();
    if (reading) chunks.return().catch(() => {}); // when that has come
    else await chunks.return();
  }
}

async function* chunksOf(
  items: Iterable<unknown> | AsyncIterable<unknown>,
  size: number,
): AsyncGenerator<unknown[], void, void> {
  let chunk: unknown[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
