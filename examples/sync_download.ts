/**
 * A download of several files from a server that answers slowly: one after the
 * other, then each in a task, then at most two at a time. The server counts how
 * many requests it has at once.
 *
 *     deno run --allow-read --allow-net=127.0.0.1 examples/sync_download.ts
 */
import {
  currentTask,
  joinAll,
  sleep,
  spawn,
  TaskGroup,
} from "@lockstep/lockstep/sync";

let [open, most] = [0, 0];

/** Answers after a while. */
async function answer(request: Request): Promise<Response> {
  most = Math.max(most, ++open);
  await sleep(50);
  open--;
  return new Response(`file ${new URL(request.url).pathname}`);
}

/** Fetches a file, until its task is cancelled. */
async function download(url: string): Promise<string> {
  const response = await fetch(url, { signal: currentTask()?.signal ?? null });
  return await response.text();
}

/** Shows what was downloaded; answers how long it took. */
async function measure(fetchAll: () => Promise<string[]>): Promise<number> {
  most = 0;
  const start = performance.now();
  console.log((await fetchAll()).join(", "));
  return performance.now() - start;
}

if (import.meta.main) {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using server = Deno.serve(options, answer);
  const root = `http://127.0.0.1:${server.addr.port}`;
  const urls = [1, 2, 3, 4, 5, 6].map((name) => `${root}/${name}`);

  const slow = await measure(async () => {
    const files = [];
    for (const url of urls) files.push(await download(url));
    return files;
  });
  console.log(`one after the other: at once: ${most > 1}`);

  const fast = await measure(() =>
    joinAll(urls.map((url) => spawn(download, url)))
  );
  console.log(`tasks: at once: ${most > 1}, sooner: ${fast < slow}`);

  await measure(() => {
    const group = new TaskGroup<string>({ limit: 2 });
    for (const url of urls) group.spawn(download, url);
    return group.join();
  });
  console.log(`two tasks: at once: ${most > 1}, more: ${most > 2}`);
}
