/**
 * The life of a thread: its five states, and what becomes of it when the thread
 * that started it has ended. Threads are peers: a child outlives its parent. It
 * is a daemon if its parent is one, and the program does not wait for daemons.
 *
 *     deno run --allow-read examples/sync_thread_life.ts
 */
import {
  Event,
  sleepSync,
  Thread,
  threads,
  type ThreadState,
} from "@lockstep/lockstep/sync";

/** Computes until it is told to stop, then blocks until it is told to go. */
export function live(stop: Event, go: Event): void {
  while (!stop.isSet);
  go.waitSync();
}

/** Starts a thread, and watches it until its end. */
export function watch(): ThreadState[] {
  const [stop, go] = [new Event(), new Event()];
  const thread = new Thread(import.meta.url, "live", [stop, go]);
  const states = [thread.state];
  thread.start();
  states.push(thread.state); // it takes a while to begin
  while (thread.state === "runnable") sleepSync(1);
  states.push(thread.state);
  stop.set();
  while (thread.state === "running") sleepSync(1);
  states.push(thread.state);
  go.set();
  thread.joinSync();
  return [...states, thread.state];
}

/** Starts a child, and ends before it; answers whether that is a daemon. */
export function parent(go: Event): boolean {
  return Thread.start(import.meta.url, "child", [go], { name: "child" }).daemon;
}

/** Goes on when it is told to. */
export function child(go: Event): void {
  go.waitSync();
  console.log("the child went on without its parent");
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_thread_life.ts")>(import.meta.url);
  console.log((await here.start("watch", []).join()).join(" -> "));

  for (const daemon of [false, true]) {
    const go = new Event();
    const started = here.start("parent", [go], { daemon });
    console.log(`daemons: parent ${daemon}, child ${await started.join()}`);
    console.log("alive:", Thread.all().map(({ name }) => name).join(", "));
    if (daemon) break; // its child waits for ever, but we may end
    go.set();
    await Thread.all().find(({ name }) => name === "child")?.join();
  }
}
