/** Something that lives in shared memory. */
export interface Primitive {
  share(): { readonly type: string; readonly buffer: SharedArrayBuffer };
}

/** How to use what another thread shared. */
export interface PrimitiveClass {
  new (...args: never[]): Primitive;
  attach(handle: never): unknown;
}

const classes = new Map<string, PrimitiveClass>();

/**
 * Makes a class known to those who send and receive values. Each declares itself,
 * as some of them send values, too; `_thread_entry.ts` loads them all.
 */
export function declare(Class: PrimitiveClass): void {
  classes.set(Class.name, Class);
}

/** The class of that name, if it is one. */
export function primitiveClass(name: string): PrimitiveClass | undefined {
  return classes.get(name);
}

/** Whether an object is of such a class itself. */
export function isPrimitive(object: object): object is Primitive {
  const Class: unknown = object.constructor;
  return typeof Class === "function" && classes.get(Class.name) === Class;
}
