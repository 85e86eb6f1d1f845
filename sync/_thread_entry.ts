/**
 * Entry of each thread: runs what it was started for, and leaves behind how it
 * ended; see `_host.ts`.
 */
import process from "node:process";
import { setImmediate } from "node:timers";
import { workerData } from "node:worker_threads";
import { setUpstream } from "./_host.ts";
import { type Body, lockName, type Started } from "./_job.ts";
import { addErrand, bury, ring } from "./_mailbox.ts";
import { END, Outcome } from "./_outcome.ts";
import { enterAs, STATE, uuidOf } from "./_registry.ts";
import { toShared } from "./_sharing.ts";
import { compiled, exported } from "./_source.ts";
import { friends } from "./_threads.ts";
import { joinGraph } from "./_wait_graph.ts";
import { hasWebLocks, holdWebLock } from "./_web_lock.ts";
import { attach } from "./share.ts";
import { Thread } from "./thread.ts";

// Whatever may be among the arguments, or arrive in a queue.
import "./barrier.ts";
import "./bounded_semaphore.ts";
import "./condition.ts";
import "./event.ts";
import "./lifo_queue.ts";
import "./lock.ts";
import "./pipe.ts";
import "./priority_queue.ts";
import "./queue.ts";
import "./rlock.ts";
import "./rw_lock.ts";
import "./semaphore.ts";
import "./shared_array.ts";
import "./shared_value.ts";

const { job, host, requests } = workerData as Started;
const outcome = new Outcome(job.outcome);
await holdWebLock(lockName(uuidOf(job.threads), job.id));
const table = enterAs(job.threads, job.id);
if (hasWebLocks) table.setWatchable();
ring(table, table.watcher);
setUpstream({ host, requests });
if (job.graph !== undefined) joinGraph(job.graph);

/** Code of the exit of a thread that is over: nothing is to be reported. */
const OVER = 0;
let over = false;

const exit = Deno.exit;
Deno.exit = (code) => {
  exited();
  return exit(code);
};
process.on("exit", exited);
addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});
addErrand(table, () => {
  if (table.isToStop) halt();
});

try {
  if (table.isToStop) halt();
  const call = await prepare(job.body);
  // In a turn of its own: Deno reports an end by lack of memory only from there.
  setImmediate(() => begin(call));
} catch (error) {
  fail(error);
}

/** Makes the call that is the thread. */
async function prepare(body: Body): Promise<() => unknown> {
  if ("Class" in body) {
    const Class = await exported(body.module, body.Class);
    const thread = adopt(Class as unknown as typeof Thread);
    Object.assign(thread, attach(body.fields));
    return () => thread.run();
  }
  adopt(Thread);
  const fn = "source" in body
    ? await compiled(body.source)
    : await exported(body.module, body.name);
  const args = attach(body.args) as unknown[];
  return () => fn(...args);
}

function begin(call: () => unknown): void {
  try {
    Promise.resolve(call()).then(succeed).catch(fail);
  } catch (error) {
    fail(error);
  }
}

function adopt(Class: typeof Thread): Thread {
  const { id, name, daemon } = job;
  return friends.adopt!(Class, { id, name, daemon, outcome: undefined });
}

function succeed(value: unknown): void {
  if (over) return;
  leave(END.VALUE, END.POSTED_VALUE, value);
  end(STATE.ENDED);
}

/** Writes how the thread ended, or posts what can only be posted. */
function leave(
  written: typeof END.VALUE | typeof END.ERROR,
  posted: typeof END.POSTED_VALUE | typeof END.POSTED_ERROR,
  value: unknown,
): void {
  let isPosted = false;
  const shared = toShared(value, () => isPosted = true);
  if (isPosted) {
    job.results.postMessage(shared);
    outcome.mark(posted);
  } else {
    outcome.write(written, shared);
  }
}

function fail(error: unknown): void {
  if (over) return;
  try {
    leave(END.ERROR, END.POSTED_ERROR, error);
  } catch (unshareable) { // what was thrown cannot be told, but why
    leave(END.ERROR, END.POSTED_ERROR, unshareable);
  }
  try {
    Thread.onUncaught(error, Thread.current);
  } finally {
    end(STATE.DEAD);
  }
}

/** Ends this thread here and now: it was told to stop, nothing of it is to run. */
function halt(): never {
  over = true;
  bury(table, job.id, STATE.DEAD);
  close();
  for (;;);
}

/** Somebody called `exit()`: nothing of this thread runs after that. */
function exited(): void {
  if (over) return;
  over = true;
  outcome.mark(END.EXITED);
  bury(table, job.id, STATE.DEAD);
}

function end(state: typeof STATE.ENDED | typeof STATE.DEAD): void {
  over = true;
  bury(table, job.id, state);
  process.exit(OVER);
}
