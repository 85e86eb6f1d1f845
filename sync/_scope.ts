import { AsyncLocalStorage } from "node:async_hooks";
import { MAX_ID, registry } from "./_registry.ts";

/**
 * Something asynchronous that runs in order, and can therefore own a lock: a
 * task, or what `withLock()` calls. They share the identity of their thread,
 * hence this. What runs within a scope is part of it.
 */
export interface Scope {
  /** Unique in the process, and no identity of a thread. */
  readonly id: number;
  /** What it is part of. */
  readonly parent: Scope | undefined;
  /** The memory of the lock that is held throughout. */
  readonly lock?: Int32Array;
}

const storage = new AsyncLocalStorage<Scope>();

/** What runs now; `undefined` outside of all. */
export function currentScope(): Scope | undefined {
  return storage.getStore();
}

/** What runs now and all that it is part of, from the inside. */
export function* scopes(): Generator<Scope, void, void> {
  for (let scope = currentScope(); scope; scope = scope.parent) yield scope;
}

/** Whether what runs now is part of a scope. */
export function isWithin(id: number): boolean {
  for (let scope = currentScope(); scope; scope = scope.parent) {
    if (scope.id === id) return true;
  }
  return false;
}

/** An identity for a scope. */
export function newScopeId(): number {
  return MAX_ID + registry().nextTask();
}

/** Runs a function as part of a scope. */
export function runIn<T>(scope: Scope, fn: () => T): T {
  return storage.run(scope, fn);
}

/** Runs a function, which acquires a lock first, in a scope of its own. */
export function runLocking<T>(lock: Int32Array, fn: () => T): T {
  const scope = { id: newScopeId(), parent: currentScope(), lock };
  return storage.run(scope, fn);
}
