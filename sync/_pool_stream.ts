/** A task that runs. */
export interface Running<R> {
  readonly results: Promise<R[]>;
  /** Ends it, if it has not ended. */
  end(): void;
}

/** Runs a task for some items. */
export type Run<R> = (chunk: unknown[]) => Running<R>;

type Items = Iterable<unknown> | AsyncIterable<unknown>;

/** Results in the order of the items, as they come; see `Pool.imap()`. */
export async function* inOrder<R>(
  items: Items,
  chunkSize: number,
  ahead: number,
  run: Run<R>,
): AsyncGenerator<R, void, void> {
  const chunks = chunksOf(items, chunkSize);
  const tasks: Running<R>[] = [];
  try {
    for (let more = true; more || tasks.length > 0;) {
      while (more && tasks.length < ahead) {
        const next = await chunks.next();
        if (next.done) more = false;
        else tasks.push(quiet(run(next.value)));
      }
      if (tasks.length === 0) return;
      const results = await tasks[0]!.results;
      tasks.shift();
      yield* results;
    }
  } finally {
    for (const task of tasks) task.end();
    await chunks.return();
  }
}

/** Results as they are done; see `Pool.imapUnordered()`. */
export async function* unordered<R>(
  items: Items,
  chunkSize: number,
  ahead: number,
  run: Run<R>,
): AsyncGenerator<R, void, void> {
  const chunks = chunksOf(items, chunkSize);
  const tasks = new Set<Running<R>>();
  const done: Running<R>[] = [];
  let oneMore = Promise.withResolvers<void>();
  const start = (chunk: unknown[]) => {
    const task = run(chunk);
    tasks.add(task);
    const ended = () => {
      done.push(task);
      oneMore.resolve();
    };
    task.results.then(ended, ended);
  };
  try {
    for (let more = true; more || tasks.size > 0;) {
      while (more && tasks.size < ahead) {
        const next = await chunks.next();
        if (next.done) more = false;
        else start(next.value);
      }
      if (tasks.size === 0) return;
      if (done.length === 0) await oneMore.promise;
      oneMore = Promise.withResolvers();
      const task = done.shift()!;
      tasks.delete(task);
      yield* await task.results;
    }
  } finally {
    for (const task of tasks) task.end();
    await chunks.return();
  }
}

async function* chunksOf(
  items: Items,
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

/** Its error is seen when it is its turn, if ever. */
function quiet<R>(task: Running<R>): Running<R> {
  task.results.catch(() => {});
  return task;
}
