/**
 * Starts and stops the threads of the process.
 *
 * ```
 *  main thread, the host                        a thread
 *   worker = new Worker ─────────────────────►  _thread_entry.ts
 *   requests ◄───── start and stop of others ─  Thread.start(), terminate()
 *   exit event                                  holds a Web Lock, and its line
 *        ╲                                       ╱
 *         _watcher.ts: has the other end of its line; when that closes, the thread
 *         is gone, and everybody who waits for anything looks again
 * ```
 *
 * All threads are started by the main thread, since a worker ends with whoever
 * started it, and one that is started by a worker takes half a second to begin.
 * Requests are served whenever the main thread is rung, also while it blocks in
 * a wait of this module. So only a main thread that computes, or blocks
 * otherwise, keeps others from starting threads.
 *
 * The watcher is a thread, too: the death of a thread is seen while all others
 * block.
 */
import process from "node:process";
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from "node:worker_threads";
import type { Job, Parcel, Request, Started, Watched } from "./_job.ts";
import { addErrand, bury, parkUntil, ring } from "./_mailbox.ts";
import { END, Outcome } from "./_outcome.ts";
import { type Registry, registry, STATE } from "./_registry.ts";

/** A thread that runs here. */
interface Hosted {
  readonly worker: Worker;
  readonly requests: MessagePort;
  readonly outcome: Outcome;
  /** The thread with which it is to end. */
  readonly owner: number | undefined;
}

/** How to reach the host from another thread; `undefined` in the host. */
interface Upstream {
  readonly host: number;
  readonly requests: MessagePort;
}

/** How long the end of the process waits for threads, in milliseconds. */
const END_MS = 1000;

const hosted = new Map<number, Hosted>();
const parcels = new Map<string, Parcel>();
let upstream: Upstream | undefined;
let watching: Worker | undefined;

/** What was asked for, and who was gone, when the host last looked. */
let served = 0;

/** Makes this thread ask another to start and stop threads. */
export function setUpstream(to: Upstream): void {
  upstream = to;
}

/**
 * Starts a thread.
 *
 * @param transfer What moves there, rather than being copied.
 */
export function launch(job: Job, transfer: readonly Transferable[]): void {
  const moved = movedOf(job, transfer);
  if (upstream === undefined) return start(job, moved);
  ask({ start: job, transfer }, moved);
}

/** Asks for the end of a thread. */
export function stop(id: number): void {
  if (upstream === undefined) kill(id);
  else ask({ stop: id }, []);
}

function movedOf(
  job: Job,
  transfer: readonly Transferable[],
): Transferable[] {
  return [job.results as unknown as Transferable, ...transfer];
}

function ask(request: Request, moved: Transferable[]): void {
  const { requests, host } = upstream!;
  const table = registry();
  requests.postMessage(request, moved as never[]);
  table.noteRequest();
  ring(table, host);
}

/** Has the host keep something, under a key of its own. */
export function deposit(key: string, given: Parcel): void {
  const transfer = [...given.transfer];
  if (upstream !== undefined) {
    return ask({ deposit: key, parcel: given }, transfer);
  }
  parcels.set(key, structuredClone(given, { transfer }));
}

/** Fetches what was deposited; blocks until the host has looked. */
export function collect(key: string): Parcel | undefined {
  if (upstream === undefined) {
    for (const id of hosted.keys()) grant(id);
    return taken(key);
  }
  const { requests } = upstream;
  ask({ collect: key }, []);
  let answer: ReturnType<typeof receiveMessageOnPort>;
  parkUntil(registry(), Infinity, () => {
    answer = receiveMessageOnPort(requests);
    return answer !== undefined;
  });
  return answer!.message;
}

/** Forgets what was deposited; does not wait. */
export function discard(key: string): void {
  if (upstream !== undefined) return ask({ discard: key }, []);
  for (const id of hosted.keys()) grant(id); // it may still be on its way
  taken(key);
}

function taken(key: string): Parcel | undefined {
  const parcel = parcels.get(key);
  parcels.delete(key);
  return parcel;
}

function start(job: Job, moved: Transferable[]): void {
  const { id, name, daemon, resourceLimits } = job;
  const table = registry();
  const { port1: requests, port2 } = new MessageChannel();
  const { port1: end, port2: line } = new MessageChannel();
  const started: Started = { job, host: table.me, requests: port2, line };
  let worker: Worker;
  try {
    worker = new Worker(entry(import.meta.resolve("./_thread_entry.ts")), {
      name,
      resourceLimits,
      workerData: started,
      transferList: [port2, line, ...moved] as never[],
    });
  } catch (error) {
    requests.close();
    end.close();
    throw error;
  }
  if (daemon) worker.unref();
  const outcome = new Outcome(job.outcome);
  if (hosted.size === 0) addErrand(table, serve);
  hosted.set(id, { worker, requests, outcome, owner: job.owner });
  worker.on("error", () => {}); // what was thrown is in the outcome
  worker.on("exit", () => forget(id)); // of one that is killed before it stands
  watch(table, { id, line: end });
}

/** Stops a thread that runs, at once; one that is about to will not begin. */
function kill(id: number): void {
  const table = registry();
  const thread = hosted.get(id);
  if (thread === undefined || !table.isAlive(id)) return;
  thread.outcome.mark(END.TERMINATED);
  table.requestStop(id);
  const runs = table.stateOf(id) === STATE.RUNNING;
  ring(table, id); // who waits ends by itself: Deno would print of its kill
  if (runs && table.hardKill !== false) thread.worker.terminate();
}

/** At the end of the process: lets the threads that wait end by themselves. */
function stopAll(): void {
  const table = registry();
  const stopping = [...hosted.keys()].filter((id) => {
    table.requestStop(id);
    ring(table, id);
    return table.stateOf(id) === STATE.BLOCKED;
  });
  const { watcher } = table;
  if (table.stateOf(watcher) === STATE.RUNNING) {
    table.requestStop(watcher);
    ring(table, watcher);
    stopping.push(watcher);
  }
  const late = performance.now() + END_MS;
  parkUntil(table, late, () => !stopping.some((id) => table.isAlive(id)));
}

/** What this thread does for those that it hosts, whenever it is rung. */
function serve(): void {
  const table = registry();
  const due = table.changes() + table.requests();
  if (due === served) return;
  served = due;
  for (const id of hosted.keys()) {
    grant(id);
    const owner = hosted.get(id)?.owner;
    if (owner !== undefined && !table.isAlive(owner)) kill(id);
    if (!table.isAlive(id)) forget(id);
  }
}

/** Does what a thread has asked for. */
function grant(id: number): void {
  for (;;) {
    const thread = hosted.get(id);
    const received = thread && receiveMessageOnPort(thread.requests);
    if (received === undefined) return;
    const request = received.message as Request;
    if ("stop" in request) {
      kill(request.stop);
    } else if ("deposit" in request) {
      parcels.set(request.deposit, request.parcel);
    } else if ("collect" in request) {
      hand(thread!.requests, request.collect);
      ring(registry(), id);
    } else if ("discard" in request) {
      discard(request.discard);
    } else {
      startFor(request.start, movedOf(request.start, request.transfer));
    }
  }
}

/** Starts a thread for another one, to which it ended if that fails. */
function startFor(job: Job, moved: Transferable[]): void {
  try {
    start(job, moved);
  } catch {
    new Outcome(job.outcome).mark(END.DIED);
    bury(registry(), job.id, STATE.DEAD);
  }
}

/** Gives a thread what others have deposited. */
function hand(requests: MessagePort, key: string): void {
  for (const id of hosted.keys()) grant(id); // it may still be on its way
  const parcel = taken(key);
  try {
    requests.postMessage(parcel, [...parcel?.transfer ?? []] as never[]);
  } catch {
    requests.postMessage(undefined); // what was to move is gone
  }
}

/** Gives back what is kept for a thread that is gone. */
export function forget(id: number): void {
  grant(id); // what it asked for last
  hosted.get(id)?.requests.close();
  hosted.delete(id);
}

/** Tells the watcher of a thread; the first starts it. */
function watch(table: Registry, thread: Watched): void {
  watching ??= startWatcher(table);
  watching.postMessage(thread, [thread.line] as never[]);
}

function startWatcher(table: Registry): Worker {
  process.on("exit", stopAll);
  table.watcher = table.reserve("watcher", true);
  const worker = new Worker(entry(import.meta.resolve("./_watcher.ts")), {
    name: "watcher",
    workerData: { threads: table.buffer, id: table.watcher },
  });
  worker.unref();
  return worker;
}

/**
 * Where a worker begins. `node:worker_threads` takes files and data: URLs only,
 * so that what came from elsewhere is imported by a line of text.
 */
function entry(url: string): URL {
  if (url.startsWith("file:")) return new URL(url);
  const source = `await import(${JSON.stringify(url)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

/** Never called: makes `deno compile` embed the entries. */
export function embed(): unknown {
  return [
    import("./_thread_entry.ts"),
    import("./_watcher.ts"),
    import("./_pool_thread.ts"),
  ];
}
